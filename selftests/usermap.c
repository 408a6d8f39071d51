// SPDX-License-Identifier: GPL-2.0
/*
 * usermap.c - soba's pages in a process: written on either side, seen on the
 * other; shared with a child; unmapped in part; kept while mapped.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/wait.h>

#include "fixture.h"

#define K	SOBA_GFP_KERNEL
#define PAGE	4096UL

static char *map(int fd, __u32 handle, size_t pages)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    handle * PAGE);
}

/* Bytes i, i + 1, ... at the start of each page: a pattern of our own. */
static void scribble(char *at, size_t pages, char first)
{
	size_t i;

	for (i = 0; i < pages; i++)
		memset(at + i * PAGE, first + (char)i, PAGE);
}

static bool scribbled(const char *at, size_t pages, char first)
{
	size_t i, k;

	for (i = 0; i < pages; i++)
		for (k = 0; k < PAGE; k++)
			if (at[i * PAGE + k] != (char)(first + (char)i))
				return false;
	return true;
}

TEST_F(soba, both_ways)
{
	unsigned int order;

	for (order = 0; order <= 6; order++) {
		size_t pages = 1UL << order;
		__u32 h = page_alloc(self->fd, K | SOBA_GFP_ZERO, order);
		char *at = map(self->fd, h, pages), *copy;

		ASSERT_NE(at, MAP_FAILED)
			TH_LOG("order %u: errno %d", order, errno);
		EXPECT_TRUE(scribbled(at, 1, 0));
		ASSERT_EQ(0, page_fill(self->fd, h, 5));
		copy = malloc(pages * PAGE);
		memcpy(copy, at, pages * PAGE);
		scribble(at, pages, 'a');
		EXPECT_NE(SOBA_TEST_GOOD, page_check(self->fd, h, 5))
			TH_LOG("the kernel does not see what we wrote");
		memcpy(at, copy, pages * PAGE);
		EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, h, 5))
			TH_LOG("order %u: what was read is not what was written",
			       order);
		free(copy);
		ASSERT_EQ(0, munmap(at, pages * PAGE));
		ASSERT_EQ(0, page_free(self->fd, h));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Compound, split and bulk pages are mapped alike. */
TEST_F(soba, other_kinds)
{
	struct soba_test_call call = call_init(SOBA_OP_ALLOC);
	__u32 h = page_alloc(self->fd, K | SOBA_GFP_COMP, 4);
	char *at = map(self->fd, h, 16);

	ASSERT_NE(at, MAP_FAILED);
	scribble(at, 16, 'c');
	EXPECT_TRUE(scribbled(at, 16, 'c'));
	ASSERT_EQ(0, munmap(at, 16 * PAGE));
	ASSERT_EQ(0, page_free(self->fd, h));
	call.form = SOBA_FORM_BULK;
	call.gfp = K;
	call.size = 10;
	ASSERT_EQ(0, call_run(self->fd, &call));
	at = map(self->fd, call.handle, 10);
	ASSERT_NE(at, MAP_FAILED);
	scribble(at, 10, 'b');
	EXPECT_TRUE(scribbled(at, 10, 'b'));
	ASSERT_EQ(0, munmap(at, 10 * PAGE));
	ASSERT_EQ(0, page_free(self->fd, call.handle));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, child_shares)
{
	__u32 h = page_alloc(self->fd, K, 3);
	char *at = map(self->fd, h, 8);
	int status;
	pid_t pid;

	ASSERT_NE(at, MAP_FAILED);
	scribble(at, 8, 'p');
	pid = fork();
	if (!pid) {
		if (!scribbled(at, 8, 'p'))
			_exit(1);
		scribble(at, 8, 'k');
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(status, 0);
	EXPECT_TRUE(scribbled(at, 8, 'k'));
	ASSERT_EQ(0, munmap(at, 8 * PAGE));
	ASSERT_EQ(0, page_free(self->fd, h));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* A page in the middle goes, the others stay. */
TEST_F(soba, partial_unmap)
{
	__u32 h = page_alloc(self->fd, K, 3);
	char *at = map(self->fd, h, 8);
	int refs;

	ASSERT_NE(at, MAP_FAILED);
	scribble(at, 8, 'm');
	refs = page_query(self->fd, h, 3).refs;
	ASSERT_EQ(0, munmap(at + 3 * PAGE, PAGE));
	EXPECT_EQ(page_query(self->fd, h, 3).refs, refs - 1);
	EXPECT_TRUE(scribbled(at, 3, 'm'));
	EXPECT_TRUE(scribbled(at + 4 * PAGE, 4, 'm' + 4));
	ASSERT_EQ(0, munmap(at, 8 * PAGE));
	ASSERT_EQ(0, page_free(self->fd, h));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* The mapping keeps the file open, and the file its pages. */
TEST_F(soba, close_while_mapped)
{
	int fd = device_open();
	__u32 other[64], h = page_alloc(fd, K, 2);
	long long used;
	char *at = map(fd, h, 4);

	ASSERT_NE(at, MAP_FAILED);
	scribble(at, 4, 'x');
	used = soba_meminfo("Used");
	close(fd);
	ASSERT_EQ(64, page_alloc_all(self->fd, K | SOBA_GFP_ZERO, 2, other, 64));
	EXPECT_TRUE(scribbled(at, 4, 'x'));
	page_free_all(self->fd, other, 64);
	EXPECT_EQ(soba_meminfo("Used"), used);
	ASSERT_EQ(0, munmap(at, 4 * PAGE));
	EXPECT_EQ(soba_meminfo("Used"), used - 16);
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Freed under a mapping: reported, and never anybody else's while mapped. */
TEST_F(soba, free_while_mapped)
{
	long long errors = soba_errors("pinned-page");
	__u32 other[128], h = page_alloc(self->fd, K, 1);
	unsigned int i;
	char *at = map(self->fd, h, 2);

	ASSERT_NE(at, MAP_FAILED);
	scribble(at, 2, 'f');
	ASSERT_EQ(0, page_free(self->fd, h));
	EXPECT_EQ(soba_errors("pinned-page"), errors + 1);
	ASSERT_EQ(128, page_alloc_all(self->fd, K, 1, other, 128));
	for (i = 0; i < 128; i++)
		page_fill(self->fd, other[i], i);
	EXPECT_TRUE(scribbled(at, 2, 'f'));
	scribble(at, 2, 'g');
	for (i = 0; i < 128; i++)
		EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, other[i], i));
	page_free_all(self->fd, other, 128);
	ASSERT_EQ(0, munmap(at, 2 * PAGE));
	ASSERT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	EXPECT_EQ(soba_meminfo("Pinned"), 0);
}

/* What makes no sense is refused, and leaves no reference behind. */
TEST_F(soba, bad_mappings)
{
	__u32 h = page_alloc(self->fd, K, 1);
	int refs = page_query(self->fd, h, 0).refs;

	EXPECT_EQ(MAP_FAILED, map(self->fd, h, 3));
	EXPECT_EQ(MAP_FAILED, map(self->fd, h + 1, 1));
	EXPECT_EQ(MAP_FAILED, map(self->fd, 0, 1));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE, self->fd, h * PAGE));
	EXPECT_EQ(page_query(self->fd, h, 0).refs, refs);
	ASSERT_EQ(0, page_free(self->fd, h));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_HARNESS_MAIN
