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
 * The least of some readings of the whole file: a vCPU that is preempted by its
 * host while it holds a lock says nothing about the lock.
 */
static long long longest_hold(struct __test_metadata *_metadata)
{
	long long ns, least = LLONG_MAX;
	unsigned int round;
	unsigned long nr;

	for (round = 0; round < 10 && least >= 1000000; round++) {
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
		struct soba_vm q;
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
		if (n) {
			q = vm_query(self->fd, h, n - 1, 0);
			for (nr = 0; lines[nr].start != q.addr; nr++)
				ASSERT_LT(nr, n + before)
					TH_LOG("an area is not in the file");
			EXPECT_EQ(lines[nr].size, 2 * PAGE);
		}
		free(lines);
		EXPECT_LT(longest_hold(_metadata), 1000000)
			TH_LOG("%lu areas: a lock is held for too long", n);
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
	__u32 keep = vm_alloc(self->fd, SOBA_VM_VMALLOC, 33 * PAGE, 300);
	struct soba_vm vm = vm_init(SOBA_VM_STRESS);
	unsigned long nr;
	int status, i;
	pid_t pid;

	ASSERT_NE(keep, 0);
	pid = fork();
	if (!pid) {
		vm.form = SOBA_VM_RANDOM_SIZE;
		vm.count = 3000;
		_exit(vm_run(self->fd, &vm) || vm.value);
	}
	for (i = 0; i < 30; i++) {
		struct vm_line *lines = read_info(_metadata, &nr);

		ASSERT_NE(lines, NULL);
		EXPECT_LE(300, ours(lines, nr, 33));
		free(lines);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	vm_free(self->fd, keep);
}

TEST_HARNESS_MAIN
