// SPDX-License-Identifier: GPL-2.0
/*
 * soba_demo_vm.c - the chapter about mapped memory of what `make run` shows.
 *
 * Locking: none.
 */
#include <stdio.h>
#include <stdlib.h>

#include "testlib.h"
#include "vmlib.h"

static const struct {
	const char *call;
	__u32 form;
	unsigned long size;
} calls[] = {
	{ "vmalloc(100)", SOBA_VM_VMALLOC, 100 },
	{ "vmalloc(1 MiB)", SOBA_VM_VMALLOC, 1 << 20 },
	{ "vzalloc(5000)", SOBA_VM_VZALLOC, 5000 },
	{ "vmalloc_user(64 KiB)", SOBA_VM_USER, 1 << 16 },
	{ "vmalloc_32(200 KiB)", SOBA_VM_32, 200 << 10 },
	{ "vcalloc(1000, 8)", SOBA_VM_VCALLOC, 8000 },
	{ "vmap(9 pages)", SOBA_VM_VMAP, 9 * PAGE },
	{ "kvmalloc(3000)", SOBA_VM_KVMALLOC, 3000 },
	{ "kvmalloc(5 MiB)", SOBA_VM_KVMALLOC, 5 << 20 },
	{ "page_frag_alloc(256)", SOBA_VM_FRAG, 256 },
};

#define NR (sizeof(calls) / sizeof(calls[0]))

static int show_call(int fd, unsigned int i, __u32 *handle)
{
	struct soba_vm q;
	int bad;

	*handle = vm_alloc(fd, calls[i].form, calls[i].size, 1);
	if (!*handle) {
		printf("  %-22s NULL\n", calls[i].call);
		return 1;
	}
	q = vm_query(fd, *handle, 0, 0);
	vm_fill(fd, *handle, i);
	bad = vm_check(fd, *handle, i) != SOBA_TEST_GOOD;
	printf("  %-22s %#18llx %6llu %5llu %#10llx  %s\n", calls[i].call,
	       (unsigned long long)q.addr, (unsigned long long)q.pages,
	       (unsigned long long)q.runs, (unsigned long long)q.pfn,
	       bad ? "NO" : "yes");
	return bad;
}

/* The same size again: the same address, and no page table touched. */
static int show_repetition(int fd)
{
	long long maps = soba_event("area_map"), hits = soba_event("area_hit");
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		__u32 h = vm_alloc(fd, SOBA_VM_VMALLOC, 300 << 10, 1);

		if (!h || vm_free(fd, h))
			return 1;
	}
	printf("\n  1000 times vmalloc(300 KiB) and vfree(): mapped anew %lld, from the cache %lld\n",
	       soba_event("area_map") - maps, soba_event("area_hit") - hits);
	return 0;
}

int main(void)
{
	int fd = device_open(), rc = 0;
	__u32 handle[NR];
	unsigned int i;

	if (fd < 0)
		return 1;
	file_write("/proc/sys/kernel/kptr_restrict", "1");
	printf("  %-22s %18s %6s %5s %10s  %s\n", "call", "address", "pages",
	       "runs", "first pfn", "bytes hold?");
	for (i = 0; i < NR; i++)
		rc |= show_call(fd, i, &handle[i]);
	printf("\n  /proc/soba/vmallocinfo, the kernel's format, kernel.kptr_restrict=1:\n\n");
	fflush(stdout);
	rc |= system("sed 's/^/  /' /proc/soba/vmallocinfo | cut -c 1-110") != 0;
	for (i = 0; i < NR; i++)
		if (handle[i])
			vm_free(fd, handle[i]);
	rc |= show_repetition(fd);
	file_write("/proc/sys/kernel/kptr_restrict", "0");
	return rc;
}
