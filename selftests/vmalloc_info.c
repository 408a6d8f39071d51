// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc_info.c - /proc/soba/vmallocinfo: the kernel's format, line by line
 * what was allocated, at up to 100,000 areas.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <sys/wait.h>

#include "fixture.h"
#include "vmlib.h"

#define INFO PROC "/vmallocinfo"

/* Lines of areas that are allocated, by a caller in the test module. */
static unsigned long ours(const struct vm_line *lines, unsigned long nr,
			  unsigned long pages)
{
	unsigned long i, n = 0;

	for (i = 0; i < nr; i++)
		n += lines[i].vmalloc && !lines[i].unpurged &&
		     lines[i].pages == pages &&
		     lines[i].size == (pages + 1) * PAGE &&
		     lines[i].end - lines[i].start == lines[i].size &&
		     lines[i].nodes == pages &&
		     strstr(lines[i].caller, "[soba_test]");
	return n;
}

static int by_start(const void *a, const void *b)
{
	const struct vm_line *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int by_value(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

/* Where the areas of a set are, sorted; to be freed. */
static unsigned long *addresses(int fd, __u32 handle, unsigned long n)
{
	unsigned long i, *at = calloc(n + 1, sizeof(*at));

	for (i = 0; i < n; i++)
		at[i] = vm_query(fd, handle, i, 0).addr;
	qsort(at, n, sizeof(*at), by_value);
	return at;
}

/* Where soba_test.ko makes the areas of a set: a compiler may jump, not call. */
static bool made_a_set(const char *caller)
{
	return (!strncmp(caller, "alloc_one+", 10) ||
		!strncmp(caller, "vm_alloc+", 9)) &&
	       strstr(caller, "[soba_test]");
}

static bool line_fits(const struct vm_line *l, unsigned long at,
		      unsigned long pages)
{
	return l->start == at && l->end == at + (pages + 1) * PAGE &&
	       l->size == (pages + 1) * PAGE && l->pages == pages &&
	       l->nodes == pages && l->vmalloc && !l->unpurged &&
	       made_a_set(l->caller);
}

/*
 * How many of the areas at @at are met in exactly one line that says all of
 * them right. Sorts the lines.
 */
static unsigned long met_once(struct vm_line *lines, unsigned long nr,
			      const unsigned long *at, unsigned long n,
			      unsigned long pages)
{
	unsigned long i = 0, k, met = 0;

	qsort(lines, nr, sizeof(*lines), by_start);
	for (k = 0; k < n; k++) {
		/* An area is one line only if none else begins inside of it. */
		while (i < nr && lines[i].start < at[k])
			i++;
		met += i < nr && line_fits(&lines[i], at[k], pages) &&
		       (i + 1 == nr || lines[i + 1].start >= lines[i].end);
	}
	return met;
}

static struct vm_line *read_info(struct __test_metadata *_metadata,
				 unsigned long *nr)
{
	char bad[160];
	struct vm_line *lines = vm_lines(INFO, nr, bad, sizeof(bad));

	EXPECT_NE(lines, NULL)
		TH_LOG("not of the format: %s", bad);
	return lines;
}

/* Addresses in clear, for those who may. */
FIXTURE(info) {
	int fd;
};

FIXTURE_SETUP(info)
{
	self->fd = device_open();
	ASSERT_GE(self->fd, 0);
	file_write("/proc/sys/kernel/kptr_restrict", "1");
	file_write(DEBUGFS "/shrink", "1");
}

FIXTURE_TEARDOWN(info)
{
	close(self->fd);
	file_write("/proc/sys/kernel/kptr_restrict", "0");
	CHECK_VALID();
}

/* As many areas of a page as are asked for, but not all of a small machine. */
static unsigned long that_fit(int fd, unsigned long count)
{
	unsigned long most = device_info(fd).host_frames / (debug_kernel() ? 20 : 2);

	return count < most ? count : most;
}

/*
 * The least of some readings of the whole file, for people: a vCPU that its host
 * preempts while it holds a lock says nothing about the lock, so it is no
 * verdict. A hold is for SOBA_INDEX_BATCH areas at most, however many there are.
 */
static long long longest_hold(struct __test_metadata *_metadata)
{
	long long ns, least = LLONG_MAX;
	unsigned int round;
	unsigned long nr;

	for (round = 0; round < 3 && least >= 1000000; round++) {
		file_number(DEBUGFS "/vmalloc", "longest_hold_ns");
		free(read_info(_metadata, &nr));
		ns = file_number(DEBUGFS "/vmalloc", "longest_hold_ns");
		if (ns < least)
			least = ns;
	}
	return least;
}

TEST_F(info, agrees_with_what_was_allocated)
{
	static const unsigned long counts[] = { 0, 1, 1000, 100000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		unsigned long n = that_fit(self->fd, counts[i]), nr, before;
		struct vm_line *lines = read_info(_metadata, &before);
		unsigned long *at;
		__u32 h = 0;

		ASSERT_NE(lines, NULL);
		EXPECT_EQ(0, ours(lines, before, 1));
		free(lines);
		if (n)
			h = vm_alloc(self->fd, SOBA_VM_VMALLOC, 100, n);
		if (n)
			ASSERT_NE(h, 0)
				TH_LOG("%lu areas were not to be had", n);
		lines = read_info(_metadata, &nr);
		ASSERT_NE(lines, NULL);
		EXPECT_EQ(n, ours(lines, nr, 1));
		EXPECT_EQ(n + before, nr);
		at = addresses(self->fd, h, n);
		EXPECT_EQ(n, met_once(lines, nr, at, n, 1))
			TH_LOG("areas with a line that says what they are");
		free(at);
		free(lines);
		printf("# %lu areas: no lock was held for longer than %lld ns\n", n,
		       longest_hold(_metadata));
		if (n)
			EXPECT_EQ(0, vm_free(self->fd, h));
		file_write(DEBUGFS "/shrink", "1");
	}
}

/* One parser for the host's file and ours; every word has its place. */
TEST_F(info, kernel_format)
{
	unsigned long nr, i, user = 0, vmap = 0, unpurged = 0, size;
	struct vm_line *lines;
	char bad[160];
	__u32 h[4];

	lines = vm_lines("/proc/vmallocinfo", &nr, bad, sizeof(bad));
	ASSERT_NE(lines, NULL)
		TH_LOG("the parser does not know the host's line: %s", bad);
	EXPECT_GT(nr, 10);
	free(lines);
	h[0] = vm_alloc(self->fd, SOBA_VM_USER, 5 * PAGE, 1);
	h[1] = vm_alloc(self->fd, SOBA_VM_VMAP, 9 * PAGE, 1);
	h[2] = vm_alloc(self->fd, SOBA_VM_VMALLOC, 600 * PAGE, 1);
	h[3] = vm_alloc(self->fd, SOBA_VM_VMALLOC, 13 * PAGE, 1);
	size = vm_cache_on() ? 1 : 0;
	vm_free(self->fd, h[3]);
	lines = read_info(_metadata, &nr);
	ASSERT_NE(lines, NULL);
	EXPECT_EQ(1, ours(lines, nr, 600));
	EXPECT_EQ(1, ours(lines, nr, 5));
	for (i = 0; i < nr; i++) {
		user += lines[i].user && lines[i].pages == 5;
		vmap += lines[i].vmap && lines[i].size == 10 * PAGE &&
			!lines[i].pages;
		unpurged += lines[i].unpurged && lines[i].size == 14 * PAGE;
	}
	EXPECT_EQ(user, 1);
	EXPECT_EQ(vmap, 1);
	EXPECT_EQ(unpurged, size);
	free(lines);
	for (i = 0; i < 3; i++)
		vm_free(self->fd, h[i]);
}

/* Read while areas come and go: every line is whole, what stays is met once. */
TEST_F(info, while_areas_come_and_go)
{
	/* More pages than the stress ever asks for. */
	const unsigned long pages = 101;
	__u32 keep = vm_alloc(self->fd, SOBA_VM_VMALLOC, pages * PAGE, 300);
	struct soba_vm vm = vm_init(SOBA_VM_STRESS);
	unsigned long nr, *at;
	int status, i;
	pid_t pid;

	ASSERT_NE(keep, 0);
	at = addresses(self->fd, keep, 300);
	pid = fork();
	if (!pid) {
		vm.form = SOBA_VM_RANDOM_SIZE;
		vm.count = 3000;
		_exit(vm_run(self->fd, &vm) || vm.value);
	}
	for (i = 0; i < 30; i++) {
		struct vm_line *lines = read_info(_metadata, &nr);

		ASSERT_NE(lines, NULL);
		EXPECT_EQ(300, ours(lines, nr, pages));
		EXPECT_EQ(300, met_once(lines, nr, at, 300, pages));
		free(lines);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	free(at);
	vm_free(self->fd, keep);
}

TEST_HARNESS_MAIN
