// SPDX-License-Identifier: GPL-2.0
/*
 * testlib.c - see testlib.h. Locking: none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "testlib.h"

int device_open(void)
{
	return open(DEVICE, O_RDWR | O_CLOEXEC);
}

struct soba_test_info device_info(int fd)
{
	struct soba_test_info info = { 0 };

	if (ioctl(fd, SOBA_TEST_INFO, &info))
		info.version = 0;
	return info;
}

struct soba_test_call call_init(enum soba_test_op op)
{
	return (struct soba_test_call){
		.op = op,
		.cpu = SOBA_TEST_ANY_CPU,
		.node = SOBA_TEST_ANY_NODE,
	};
}

int call_run(int fd, struct soba_test_call *call)
{
	return ioctl(fd, SOBA_TEST_CALL, call) ? -errno : 0;
}

uint32_t page_alloc(int fd, uint64_t gfp, unsigned int order)
{
	return page_alloc_form(fd, SOBA_FORM_PAGES, gfp, order,
			       SOBA_CTX_PROCESS, SOBA_TEST_ANY_CPU);
}

uint32_t page_alloc_form(int fd, uint32_t form, uint64_t gfp,
			 unsigned int order, uint32_t context, int cpu)
{
	struct soba_test_call call = call_init(SOBA_OP_ALLOC);

	call.form = form;
	call.gfp = gfp;
	call.order = order;
	call.context = context;
	call.cpu = cpu;
	return call_run(fd, &call) ? 0 : call.handle;
}

int page_free_in(int fd, uint32_t handle, uint32_t context, int cpu)
{
	struct soba_test_call call = call_init(SOBA_OP_FREE);

	call.handle = handle;
	call.context = context;
	call.cpu = cpu;
	return call_run(fd, &call);
}

int page_op(int fd, enum soba_test_op op, uint32_t handle, uint64_t index)
{
	struct soba_test_call call = call_init(op);

	call.handle = handle;
	call.index = index;
	return call_run(fd, &call);
}

int page_free(int fd, uint32_t handle)
{
	return page_op(fd, SOBA_OP_FREE, handle, 0);
}

struct soba_test_call page_query(int fd, uint32_t handle, uint64_t index)
{
	struct soba_test_call call = call_init(SOBA_OP_QUERY);

	call.handle = handle;
	call.index = index;
	if (call_run(fd, &call))
		call.frames = 0;
	return call;
}

int page_fill(int fd, uint32_t handle, uint64_t seed)
{
	struct soba_test_call call = call_init(SOBA_OP_FILL);

	call.handle = handle;
	call.seed = seed;
	return call_run(fd, &call);
}

/* Offset of the first wrong byte, SOBA_TEST_GOOD, or below that -errno - 1. */
static int64_t look(int fd, enum soba_test_op op, uint32_t handle,
		    uint64_t seed)
{
	struct soba_test_call call = call_init(op);
	int ret;

	call.handle = handle;
	call.seed = seed;
	ret = call_run(fd, &call);
	return ret ? ret - 1 : call.value;
}

int64_t page_check(int fd, uint32_t handle, uint64_t seed)
{
	return look(fd, SOBA_OP_CHECK, handle, seed);
}

int64_t page_zeroed(int fd, uint32_t handle)
{
	return look(fd, SOBA_OP_ZEROED, handle, 0);
}

size_t page_alloc_all(int fd, uint64_t gfp, unsigned int order,
		      uint32_t *handles, size_t max)
{
	size_t nr;

	for (nr = 0; nr < max; nr++) {
		handles[nr] = page_alloc(fd, gfp, order);
		if (!handles[nr])
			break;
	}
	return nr;
}

size_t page_exhaust(int fd, uint64_t gfp, uint32_t *handles, size_t max)
{
	unsigned int i;
	size_t nr = 0;

	for (i = 0; i < 100; i++) {
		/* looked at before: what was held then has been asked for */
		bool all_held = soba_meminfo("Held") >= soba_meminfo("Limit");

		nr += page_alloc_all(fd, gfp, 0, handles + nr, max - nr);
		if (all_held)
			break;
		usleep(20000);
	}
	return nr;
}

void page_free_all(int fd, const uint32_t *handles, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		page_free(fd, handles[i]);
}

/*
 * On PREEMPT_RT the kernel's own page calls are for preemptible contexts only,
 * and a timer's handler is one.
 */
bool context_usable(const struct soba_test_info *info, unsigned int context)
{
	if (!(info->config & SOBA_TEST_RT))
		return true;
	return context == SOBA_CTX_PROCESS || context == SOBA_CTX_SOFTIRQ ||
	       context == SOBA_CTX_BH_OFF || context == SOBA_CTX_SPINLOCK ||
	       context == SOBA_CTX_RCU;
}

const char *context_name(unsigned int context)
{
	static const char *const names[SOBA_NR_CONTEXTS] = {
		[SOBA_CTX_PROCESS] = "process",
		[SOBA_CTX_SOFTIRQ] = "softirq",
		[SOBA_CTX_HARDIRQ] = "irq_work",
		[SOBA_CTX_HRTIMER] = "hrtimer",
		[SOBA_CTX_PREEMPT_OFF] = "preempt off",
		[SOBA_CTX_BH_OFF] = "bh off",
		[SOBA_CTX_SPINLOCK] = "spinlock",
		[SOBA_CTX_IRQS_OFF] = "irqs off",
		[SOBA_CTX_RCU] = "rcu reader",
	};

	return context < SOBA_NR_CONTEXTS ? names[context] : "?";
}

char *file_text(const char *path)
{
	size_t len = 0, size = 65536;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = malloc(size);
	while (text && (n = read(fd, text + len, size - len - 1)) > 0) {
		len += n;
		if (size - len < 4096) {
			size *= 2;
			text = realloc(text, size);
		}
	}
	close(fd);
	if (text)
		text[len] = '\0';
	return text;
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

long long file_number(const char *path, const char *name)
{
	char *text = file_text(path), *line, *save;
	long long number = -1;
	size_t len = strlen(name);

	if (!text)
		return -1;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " ");
		if (strncmp(line, name, len) || !strchr(": \t", line[len]))
			continue;
		if (sscanf(line + len, "%*[: \t]%lld", &number) == 1)
			break;
	}
	free(text);
	return number;
}

long long soba_event(const char *name)
{
	return file_number(DEBUGFS "/events", name);
}

/* A class that never happened may have no line. */
long long soba_errors(const char *class)
{
	long long number = file_number(DEBUGFS "/errors", class);

	return number < 0 ? 0 : number;
}

long long soba_meminfo(const char *name)
{
	return file_number(PROC "/meminfo", name);
}

/* "              count: 123" lines of the host's zoneinfo, in kB. */
static long long host_percpu(void)
{
	char *text = file_text("/proc/zoneinfo"), *at = text;
	long long pages = 0;

	while (at && (at = strstr(at, " count: "))) {
		at += 8;
		pages += atoll(at);
	}
	free(text);
	return pages * 4;
}

/* What the host keeps in its slab caches; KASAN keeps there what was freed. */
static void host_shrink_slabs(void)
{
	glob_t found;
	size_t i;

	if (glob("/sys/kernel/slab/*/shrink", GLOB_NOSORT, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++)
		file_write(found.gl_pathv[i], "1");
	globfree(&found);
}

/*
 * MemFree leaves out the host's per-CPU lists, which move by hundreds. The most
 * of some readings: what is on its way to be freed gets there.
 */
long long host_free(void)
{
	long long most = 0;
	unsigned int i;

	host_shrink_slabs();
	for (i = 0; i < 5; i++) {
		long long now;

		sync();
		file_write("/proc/sys/vm/drop_caches", "3");
		now = file_number("/proc/meminfo", "MemFree") + host_percpu();
		if (now > most)
			most = now;
		usleep(50000);
	}
	return most;
}

bool soba_valid(char *why, size_t size)
{
	char *text = file_text(DEBUGFS "/validate");
	bool valid = text && !strncmp(text, "ok", 2);

	snprintf(why, size, "%s", text ? text : "unreadable");
	why[strcspn(why, "\n")] = '\0';
	free(text);
	return valid;
}

bool debug_kernel(void)
{
	return access("/sys/kernel/debug/kmemleak", F_OK) == 0;
}

unsigned int online_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

bool cpu_pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

void cpu_unpin(void)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	sched_setaffinity(0, sizeof(set), &set);
}

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

unsigned int kmsg_count(int kmsg, const char *text, char *line, size_t size)
{
	unsigned int count = 0;
	char record[8192];
	ssize_t n;

	if (line)
		line[0] = '\0';
	for (;;) {
		n = read(kmsg, record, sizeof(record) - 1);
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;	/* records were overwritten */
		if (n <= 0)
			break;
		record[n] = '\0';
		if (!strstr(record, text))
			continue;
		count++;
		if (line)
			snprintf(line, size, "%s", strchr(record, ';') ?
				 strchr(record, ';') + 1 : record);
	}
	return count;
}

/* splitmix64 */
uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}
