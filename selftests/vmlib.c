// SPDX-License-Identifier: GPL-2.0
/*
 * vmlib.c - see vmlib.h.
 *
 * Locking: none.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "testlib.h"
#include "vmlib.h"

struct soba_vm vm_init(enum soba_vm_op op)
{
	return (struct soba_vm){
		.op = op,
		.node = SOBA_TEST_ANY_NODE,
		.align = 1,
		.gfp = SOBA_GFP_KERNEL,
	};
}

int vm_run(int fd, struct soba_vm *vm)
{
	return ioctl(fd, SOBA_TEST_VM, vm) ? -errno : 0;
}

uint32_t vm_alloc(int fd, uint32_t form, unsigned long size, unsigned long count)
{
	struct soba_vm vm = vm_init(SOBA_VM_ALLOC);

	vm.form = form;
	vm.size = size;
	vm.count = count;
	return vm_run(fd, &vm) ? 0 : vm.handle;
}

int vm_free_in(int fd, uint32_t handle, uint32_t form, uint32_t context)
{
	struct soba_vm vm = vm_init(SOBA_VM_FREE);

	vm.handle = handle;
	vm.form = form;
	vm.context = context;
	return vm_run(fd, &vm);
}

int vm_free(int fd, uint32_t handle)
{
	return vm_free_in(fd, handle, SOBA_VM_FIT, SOBA_CTX_PROCESS);
}

struct soba_vm vm_query(int fd, uint32_t handle, uint64_t index, uint64_t page)
{
	struct soba_vm vm = vm_init(SOBA_VM_QUERY);

	vm.handle = handle;
	vm.index = index;
	vm.page = page;
	if (vm_run(fd, &vm))
		memset(&vm, 0, sizeof(vm));
	return vm;
}

static int64_t value_of(int fd, enum soba_vm_op op, uint32_t handle,
			uint64_t seed)
{
	struct soba_vm vm = vm_init(op);
	int ret;

	vm.handle = handle;
	vm.seed = seed;
	ret = vm_run(fd, &vm);
	return ret ? ret - 1000 : vm.value;
}

int vm_fill(int fd, uint32_t handle, uint64_t seed)
{
	return (int)value_of(fd, SOBA_VM_FILL, handle, seed);
}

int64_t vm_check(int fd, uint32_t handle, uint64_t seed)
{
	return value_of(fd, SOBA_VM_CHECK, handle, seed);
}

int64_t vm_zeroed(int fd, uint32_t handle)
{
	return value_of(fd, SOBA_VM_ZEROED, handle, 0);
}

int64_t vm_zeroed_from(int fd, uint32_t handle, uint64_t from)
{
	return value_of(fd, SOBA_VM_ZEROED, handle, from);
}

int64_t vm_probe(int fd, uint32_t handle, uint64_t offset)
{
	return value_of(fd, SOBA_VM_PROBE, handle, offset);
}

int vm_wrong(int fd, uint32_t wrong, uint32_t handle, uint32_t context)
{
	struct soba_vm vm = vm_init(SOBA_VM_WRONG);

	vm.wrong = wrong;
	vm.handle = handle;
	vm.context = context;
	return vm_run(fd, &vm);
}

bool vm_cache_on(void)
{
	return file_number(DEBUGFS "/vmalloc", "cache_limit_bytes") > 0;
}

static int parse_word(const char *word, struct vm_line *out)
{
	unsigned long n;

	if (sscanf(word, "pages=%lu", &n) == 1) {
		out->pages = n;
	} else if (word[0] == 'N' && isdigit((unsigned char)word[1]) &&
		   strchr(word, '=')) {
		out->nodes += strtoul(strchr(word, '=') + 1, NULL, 10);
	} else if (!strcmp(word, "vmalloc")) {
		out->vmalloc = true;
	} else if (!strcmp(word, "vmap")) {
		out->vmap = true;
	} else if (!strcmp(word, "user")) {
		out->user = true;
	} else if (!strcmp(word, "ioremap")) {
		out->ioremap = true;
	} else if (!strcmp(word, "dma-coherent")) {
		out->dma = true;
	} else if (!strcmp(word, "vpages")) {
		out->vpages = true;
	} else if (!strcmp(word, "unpurged")) {
		out->unpurged = true;
	} else if (strcmp(word, "vm_area") && strcmp(word, "vm_map_ram") &&
		   strncmp(word, "phys=", 5)) {
		/* "function+0x1/0x2 [module]" is two words */
		snprintf(out->caller + strlen(out->caller),
			 sizeof(out->caller) - strlen(out->caller), "%s%s",
			 out->caller[0] ? " " : "", word);
		return word[0] == '[' || strchr(word, '+') ||
		       !strncmp(word, "0x", 2) ? 0 : -1;
	}
	return 0;
}

int vm_parse(const char *line, struct vm_line *out)
{
	char copy[256], *word, *save;
	int at = 0;

	memset(out, 0, sizeof(*out));
	/* "0x%pK-0x%pK %7ld" */
	if (sscanf(line, "0x%16lx-0x%16lx %lu%n", &out->start, &out->end,
		   &out->size, &at) != 3 || !at ||
	    line[18] != '-' || line[37] != ' ')
		return -1;
	snprintf(copy, sizeof(copy), "%s", line + at);
	for (word = strtok_r(copy, " \n", &save); word;
	     word = strtok_r(NULL, " \n", &save))
		if (parse_word(word, out))
			return -1;
	return 0;
}

struct vm_line *vm_lines(const char *path, unsigned long *nr, char *bad,
			 size_t size)
{
	char *text = file_text(path), *line, *save;
	struct vm_line *lines = NULL;
	unsigned long room = 0;

	*nr = 0;
	snprintf(bad, size, "cannot read %s", path);
	if (!text)
		return NULL;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (*nr == room) {
			room = room ? 2 * room : 64;
			lines = realloc(lines, room * sizeof(*lines));
		}
		if (vm_parse(line, &lines[*nr])) {
			snprintf(bad, size, "%s", line);
			free(lines);
			free(text);
			return NULL;
		}
		++*nr;
	}
	free(text);
	return lines ? lines : calloc(1, sizeof(*lines));
}
