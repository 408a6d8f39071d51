// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc_user.c - areas seen by a process: all at once, in part, page by page;
 * over fork(), mremap(), munmap(), close(); and areas freed while somebody has a
 * page of theirs.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "fixture.h"
#include "vmlib.h"

static char *map_with(int fd, __u32 handle, unsigned long pages,
		      unsigned long flags)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    (SOBA_VM_MMAP + handle + flags) * PAGE);
}

static char *map(int fd, __u32 handle, unsigned long pages, bool fault)
{
	return map_with(fd, handle, pages, fault ? SOBA_VM_FAULT : 0);
}

/* Both ways, all at once and page by page, over fork and partial unmap. */
TEST_F(soba, area_in_a_process)
{
	const unsigned long pages = 20;
	char *at, *copy = malloc(pages * PAGE), *moved;
	int fault, status;

	for (fault = 0; fault < 2; fault++) {
		__u32 h = vm_alloc(self->fd, SOBA_VM_USER, pages * PAGE, 1);

		ASSERT_NE(h, 0);
		at = map(self->fd, h, pages, fault);
		ASSERT_NE(at, MAP_FAILED)
			TH_LOG("fault %d: errno %d", fault, errno);
		EXPECT_EQ(0, at[0] | at[pages * PAGE - 1]);
		vm_fill(self->fd, h, 9);
		memcpy(copy, at, pages * PAGE);
		memset(at, 'x', pages * PAGE);
		EXPECT_NE(SOBA_TEST_GOOD, vm_check(self->fd, h, 9));
		if (!fork()) {
			memcpy(at, copy, pages * PAGE);
			_exit(0);
		}
		wait(&status);
		EXPECT_EQ(SOBA_TEST_GOOD, vm_check(self->fd, h, 9))
			TH_LOG("what the child wrote is not there");
		moved = mremap(at, pages * PAGE, pages * PAGE,
			       MREMAP_MAYMOVE | MREMAP_FIXED,
			       at - (1UL << 30));
		ASSERT_NE(moved, MAP_FAILED)
			TH_LOG("fault %d: errno %d", fault, errno);
		at = moved;
		EXPECT_EQ(0, memcmp(at, copy, pages * PAGE));
		ASSERT_EQ(0, munmap(at + 5 * PAGE, 5 * PAGE));
		EXPECT_EQ(0, memcmp(at, copy, 5 * PAGE));
		EXPECT_EQ(0, memcmp(at + 10 * PAGE, copy + 10 * PAGE, 10 * PAGE));
		ASSERT_EQ(0, munmap(at, pages * PAGE));
		EXPECT_EQ(0, vm_free(self->fd, h));
	}
	free(copy);
}

/*
 * What is left of a mapping is first touched when it has been split: the tail
 * begins elsewhere, and is still that part of that area, in a child as well.
 */
TEST_F(soba, split_before_it_is_touched)
{
	const unsigned long pages = 20;
	__u32 other = vm_alloc(self->fd, SOBA_VM_VMALLOC, pages * PAGE, 1), h;
	char *at, *copy = malloc(pages * PAGE), *moved;
	unsigned int i, others = 0;
	__u32 after[20];
	int status;

	h = vm_alloc(self->fd, SOBA_VM_VMALLOC, pages * PAGE, 1);
	ASSERT_NE(h, 0);
	/* The tail's page offset is a handle, too: it must not lead to these. */
	for (i = 0; i < ARRAY_SIZE(after); i++) {
		after[i] = vm_alloc(self->fd, SOBA_VM_VMALLOC, pages * PAGE, 1);
		others += after[i] != 0;
	}
	EXPECT_EQ(others, ARRAY_SIZE(after));
	vm_fill(self->fd, h, 9);
	at = map(self->fd, h, pages, true);
	ASSERT_NE(at, MAP_FAILED);
	memcpy(copy, at, pages * PAGE);
	ASSERT_EQ(0, munmap(at, pages * PAGE));

	at = map(self->fd, h, pages, true);
	ASSERT_NE(at, MAP_FAILED);
	ASSERT_EQ(0, munmap(at + 5 * PAGE, 5 * PAGE));
	ASSERT_EQ(0, mprotect(at + 13 * PAGE, 2 * PAGE, PROT_READ));
	moved = mremap(at + 17 * PAGE, 3 * PAGE, 3 * PAGE,
		       MREMAP_MAYMOVE | MREMAP_FIXED, at - (1UL << 30));
	ASSERT_NE(moved, MAP_FAILED);
	if (!fork())
		_exit(memcmp(at + 10 * PAGE, copy + 10 * PAGE, 7 * PAGE) ||
		      memcmp(moved, copy + 17 * PAGE, 3 * PAGE) ||
		      memcmp(at, copy, 5 * PAGE));
	wait(&status);
	EXPECT_EQ(0, status)
		TH_LOG("in a child");
	EXPECT_EQ(0, memcmp(at + 10 * PAGE, copy + 10 * PAGE, 7 * PAGE));
	EXPECT_EQ(0, memcmp(moved, copy + 17 * PAGE, 3 * PAGE));
	EXPECT_EQ(0, memcmp(at, copy, 5 * PAGE));
	EXPECT_EQ(0, munmap(moved, 3 * PAGE));
	EXPECT_EQ(0, munmap(at, 17 * PAGE));
	for (i = 0; i < ARRAY_SIZE(after); i++)
		EXPECT_EQ(0, vm_free(self->fd, after[i]));
	EXPECT_EQ(0, vm_free(self->fd, other));
	EXPECT_EQ(0, vm_free(self->fd, h));
	free(copy);
}

/* In a child, for a signal is what is expected. */
static int touch_dies_of(const char *at)
{
	int status;

	if (!fork())
		_exit(*(const volatile char *)at);
	wait(&status);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Its handle is the next set's; what was not touched yet is nobody's. */
TEST_F(soba, fault_after_free)
{
	__u32 h = vm_alloc(self->fd, SOBA_VM_VMALLOC, 8 * PAGE, 1), next;
	char *at = map(self->fd, h, 8, true);

	ASSERT_NE(at, MAP_FAILED);
	EXPECT_EQ(0, vm_free(self->fd, h));
	next = vm_alloc(self->fd, SOBA_VM_VMALLOC, 8 * PAGE, 1);
	EXPECT_EQ(next, h);
	EXPECT_EQ(SIGBUS, touch_dies_of(at + 2 * PAGE));
	EXPECT_EQ(0, munmap(at, 8 * PAGE));
	EXPECT_EQ(0, vm_free(self->fd, next));
}

/* Memory with no mapping of its own has no pages to be shown this way. */
TEST_F(soba, fault_of_an_object)
{
	__u32 h = vm_alloc(self->fd, SOBA_VM_KVMALLOC, 3000, 1);
	char *at = map(self->fd, h, 1, true);

	ASSERT_NE(at, MAP_FAILED);
	EXPECT_EQ(SIGBUS, touch_dies_of(at));
	EXPECT_EQ(0, munmap(at, PAGE));
	EXPECT_EQ(0, vm_free(self->fd, h));
}

/* The file is closed: what is mapped stays, and goes with the last mapping. */
TEST_F(soba, file_closed_while_mapped)
{
	const unsigned long pages = 20;
	int fault;

	for (fault = 0; fault < 2; fault++) {
		long long errors = soba_errors("pinned-page");
		int fd = device_open(), wrong = 0;
		unsigned long i;
		char *at;
		__u32 h;

		ASSERT_GE(fd, 0);
		h = vm_alloc(fd, SOBA_VM_USER, pages * PAGE, 1);
		at = map(fd, h, pages, fault);
		ASSERT_NE(at, MAP_FAILED);
		for (i = 0; i < 5 * PAGE; i++)
			at[i] = i % 251;
		ASSERT_EQ(0, close(fd));
		h = vm_alloc(self->fd, SOBA_VM_VMALLOC, pages * PAGE, 50);
		vm_fill(self->fd, h, 1);
		for (; i < pages * PAGE; i++) {
			wrong += at[i] != 0;
			at[i] = i % 251;
		}
		for (i = 0; i < pages * PAGE; i++)
			wrong += at[i] != (char)(i % 251);
		EXPECT_EQ(0, wrong)
			TH_LOG("fault %d", fault);
		EXPECT_EQ(SOBA_TEST_GOOD, vm_check(self->fd, h, 1));
		EXPECT_EQ(0, munmap(at, pages * PAGE));
		EXPECT_EQ(0, vm_free(self->fd, h));
		/* Freed after the last page was unmapped: nobody held one. */
		EXPECT_EQ(errors, soba_errors("pinned-page"));
	}
}

/* A mapping smaller than the area, from the middle on. */
TEST_F(soba, part_of_an_area)
{
	__u32 h = vm_alloc(self->fd, SOBA_VM_USER, 30 * PAGE, 1);
	char *all = map(self->fd, h, 30, false), *part;
	long long errors = soba_errors("out-of-bounds");

	vm_fill(self->fd, h, 4);
	part = map_with(self->fd, h, 10, SOBA_VM_PART(13));
	ASSERT_NE(part, MAP_FAILED);
	EXPECT_EQ(0, memcmp(part, all + 13 * PAGE, 10 * PAGE));
	part[10 * PAGE - 1] ^= 1;
	EXPECT_EQ(part[10 * PAGE - 1], all[23 * PAGE - 1]);
	EXPECT_EQ(0, munmap(part, 10 * PAGE));
	part = map_with(self->fd, h, 10, SOBA_VM_PART(20));
	ASSERT_NE(part, MAP_FAILED);
	EXPECT_EQ(0, munmap(part, 10 * PAGE));
	EXPECT_EQ(errors, soba_errors("out-of-bounds"));
	EXPECT_EQ(MAP_FAILED, map_with(self->fd, h, 10, SOBA_VM_PART(21)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, map_with(self->fd, h, 1, SOBA_VM_PART(30)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(errors + 2, soba_errors("out-of-bounds"));
	EXPECT_EQ(0, munmap(all, 30 * PAGE));
	EXPECT_EQ(0, vm_free(self->fd, h));
}

/* Beyond the area, and an area that was not made for it: refused, reported. */
TEST_F(soba, mapping_that_is_refused)
{
	long long errors = soba_errors("out-of-bounds");
	__u32 user = vm_alloc(self->fd, SOBA_VM_USER, 4 * PAGE, 1);
	__u32 plain = vm_alloc(self->fd, SOBA_VM_VMALLOC, 4 * PAGE, 1);

	EXPECT_EQ(MAP_FAILED, map(self->fd, user, 5, false));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, map(self->fd, plain, 4, false));
	EXPECT_EQ(errors + 2, soba_errors("out-of-bounds"));
	vm_free(self->fd, user);
	vm_free(self->fd, plain);
}

/* The area is freed first: the process keeps its pages, nobody else gets them. */
TEST_F(soba, area_freed_while_mapped)
{
	__u32 h = vm_alloc(self->fd, SOBA_VM_USER, 8 * PAGE, 1);
	long long errors = soba_errors("pinned-page");
	char *at = map(self->fd, h, 8, false);
	unsigned int i;

	ASSERT_NE(at, MAP_FAILED);
	memset(at, 'k', 8 * PAGE);
	EXPECT_EQ(0, vm_free(self->fd, h));
	EXPECT_LT(errors, soba_errors("pinned-page"));
	h = vm_alloc(self->fd, SOBA_VM_VMALLOC, 8 * PAGE, 50);
	vm_fill(self->fd, h, 1);
	for (i = 0; i < 8 * PAGE; i++)
		ASSERT_EQ('k', at[i]);
	vm_free(self->fd, h);
	EXPECT_EQ(0, munmap(at, 8 * PAGE));
	EXPECT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	EXPECT_EQ(0, soba_meminfo("Pinned"));
}

/* As much as makes a block of 1024 pages come again, if it may. */
static void use_much(int fd, const struct soba_test_info *info)
{
	/* Each page costs a debug kernel ten times as much. */
	unsigned long most = debug_kernel() ? 5 : 30, fit = info->host_frames / 4 / 1024;
	__u32 h = vm_alloc(fd, SOBA_VM_VMALLOC, 1024 * PAGE, fit < most ? fit : most);
	__u32 small = vm_alloc(fd, SOBA_VM_VMALLOC, PAGE, debug_kernel() ? 200 : 2000);

	vm_fill(fd, h, 1);
	vm_fill(fd, small, 2);
	vm_free(fd, small);
	vm_free(fd, h);
}

/* Of a large area a single page is in a process, neither the first nor the last. */
TEST_F(soba, one_page_mapped_of_a_large_area)
{
	static const unsigned long held[] = { 3, 1, 510, 1001 };
	unsigned int fault, i, k;

	for (i = 0; i < 2 * ARRAY_SIZE(held); i++) {
		unsigned long page = held[i / 2], wrong = 0;
		long long errors = soba_errors("pinned-page");
		__u32 h = vm_alloc(self->fd, SOBA_VM_USER, 1024 * PAGE, 1);
		char *at, *seen;

		fault = i % 2;
		ASSERT_NE(h, 0);
		at = fault ? map(self->fd, h, 1024, true) :
			     map_with(self->fd, h, 1, SOBA_VM_PART(page));
		ASSERT_NE(at, MAP_FAILED);
		seen = fault ? at + page * PAGE : at;
		memset(seen, 'p', PAGE);
		EXPECT_EQ(0, vm_free(self->fd, h));
		EXPECT_LT(errors, soba_errors("pinned-page"))
			TH_LOG("page %lu, fault %u: not noticed", page, fault);
		EXPECT_LT(0, soba_meminfo("Pinned"));
		use_much(self->fd, &self->info);
		for (k = 0; k < PAGE; k++)
			wrong += seen[k] != 'p';
		EXPECT_EQ(0, wrong)
			TH_LOG("page %lu, fault %u: another's bytes", page,
			       fault);
		EXPECT_EQ(0, munmap(at, fault ? 1024 * PAGE : PAGE));
		EXPECT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
		EXPECT_EQ(0, soba_meminfo("Pinned"));
	}
}

/* The same with a reference in the kernel, of one block of order 10. */
TEST_F(soba, one_page_held_of_a_large_area)
{
	static const unsigned long held[] = { 3, 1, 510, 1001 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(held); i++) {
		long long errors = soba_errors("pinned-page");
		__u32 h = vm_alloc(self->fd, SOBA_VM_VMALLOC, 1024 * PAGE, 1);
		struct soba_vm vm = vm_init(SOBA_VM_GET);

		ASSERT_NE(h, 0);
		if (vm_query(self->fd, h, 0, 0).runs > 1)
			TH_LOG("not one block, but %llu runs", (unsigned long long)
			       vm_query(self->fd, h, 0, 0).runs);
		vm_fill(self->fd, h, 6);
		vm.handle = h;
		vm.page = held[i];
		ASSERT_EQ(0, vm_run(self->fd, &vm));
		EXPECT_EQ(0, vm_free(self->fd, h));
		EXPECT_LT(errors, soba_errors("pinned-page"))
			TH_LOG("page %lu: not noticed", held[i]);
		EXPECT_LT(0, soba_meminfo("Pinned"));
		use_much(self->fd, &self->info);
		vm.op = SOBA_VM_HELD;
		vm.seed = 6;
		ASSERT_EQ(0, vm_run(self->fd, &vm));
		EXPECT_EQ(SOBA_TEST_GOOD, vm.value)
			TH_LOG("page %lu: another's bytes", held[i]);
		vm.op = SOBA_VM_PUT;
		vm.handle = 0;
		ASSERT_EQ(0, vm_run(self->fd, &vm));
		EXPECT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
		EXPECT_EQ(0, soba_meminfo("Pinned"));
	}
}

/* Cleared before it is free: seen by who has it mapped. */
TEST_F(soba, sensitive)
{
	unsigned long i, wrong = 0;
	__u32 h = vm_alloc(self->fd, SOBA_VM_USER, 8 * PAGE - 100, 1);
	char *at = map(self->fd, h, 8, false);

	ASSERT_NE(at, MAP_FAILED);
	memset(at, 's', 8 * PAGE);
	EXPECT_EQ(0, vm_free_in(self->fd, h, SOBA_VM_SENSITIVE, SOBA_CTX_PROCESS));
	for (i = 0; i < 8 * PAGE - 100; i++)
		wrong += at[i] != 0;
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, munmap(at, 8 * PAGE));
	EXPECT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	EXPECT_EQ(0, soba_meminfo("Pinned"));
}

/* As in the kernel, a vmap() with VM_USERMAP can be shown; one without cannot. */
TEST_F(soba, map_of_pages_in_a_process)
{
	__u32 h = vm_alloc(self->fd, SOBA_VM_VMAP_USER, 12 * PAGE, 1);
	__u32 plain = vm_alloc(self->fd, SOBA_VM_VMAP, 12 * PAGE, 1);
	long long errors = soba_errors("out-of-bounds");
	char *at;

	ASSERT_NE(h, 0);
	ASSERT_NE(plain, 0);
	vm_fill(self->fd, h, 8);
	at = map(self->fd, h, 12, false);
	EXPECT_NE(at, MAP_FAILED)
		TH_LOG("errno %d", errno);
	if (at != MAP_FAILED) {
		char *copy = malloc(12 * PAGE);

		memcpy(copy, at, 12 * PAGE);
		memset(at, 'u', 12 * PAGE);
		EXPECT_NE(SOBA_TEST_GOOD, vm_check(self->fd, h, 8));
		memcpy(at, copy, 12 * PAGE);
		EXPECT_EQ(SOBA_TEST_GOOD, vm_check(self->fd, h, 8));
		EXPECT_EQ(0, munmap(at, 12 * PAGE));
		free(copy);
	}
	EXPECT_EQ(errors, soba_errors("out-of-bounds"));
	EXPECT_EQ(MAP_FAILED, map(self->fd, h, 13, false));
	EXPECT_EQ(MAP_FAILED, map(self->fd, plain, 12, false));
	EXPECT_EQ(errors + 2, soba_errors("out-of-bounds"));
	EXPECT_EQ(0, vm_free(self->fd, h));
	EXPECT_EQ(0, vm_free(self->fd, plain));
}

TEST_HARNESS_MAIN
