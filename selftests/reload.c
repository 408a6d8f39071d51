// SPDX-License-Identifier: GPL-2.0
/*
 * reload.c - ten rounds of insmod, exercise, rmmod, five on a debug kernel, give
 * the host all of its memory back.
 *
 * What is compared is MemFree and the pages on the host's per-CPU lists, which
 * MemFree leaves out and which move by hundreds with every round, after the
 * host's slab caches were shrunk. They still keep a little of what module
 * loading used, so ROUNDS rounds may cost TOLERANCE in all: less than one page a
 * round would be soba's, a lost chunk is 4096 kB.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "fixture.h"

#define K		SOBA_GFP_KERNEL
#define ROUNDS		10
#define ROUNDS_DEBUG	5	/* one takes half a minute there */
#define WARM_UP		2
#define TOLERANCE	512	/* kB */

static void __attribute__((constructor)) need_files(void)
{
	skip_without_files();
}

static void exercise(struct __test_metadata *_metadata)
{
	static __u32 handles[3000];
	struct soba_test_stress stress = {
		.milliseconds = 200,
		.actors = SOBA_STRESS_THREADS | SOBA_STRESS_SOFTIRQ,
		.max_order = 9,
		.max_frames = 4096,
		.seed = 1,
	};
	int fd = device_open();
	size_t nr;

	ASSERT_GE(fd, 0);
	nr = page_alloc_all(fd, K, 0, handles, 3000);
	page_free_all(fd, handles, nr);
	nr = page_alloc_all(fd, K | SOBA_GFP_COMP, 3, handles, 100);
	page_free_all(fd, handles, nr);
	nr = page_alloc_all(fd, K | SOBA_GFP_DMA, 0, handles, 100);
	nr += page_alloc_all(fd, K, 5, handles + nr, 20);
	ASSERT_EQ(0, ioctl(fd, SOBA_TEST_STRESS, &stress));
	EXPECT_EQ(stress.errors, 0);
	/* the rest goes with the file */
	close(fd);
}

TEST(memory_comes_back)
{
	long long before = 0, after = 0;
	unsigned int round, rounds = debug_kernel() ? ROUNDS_DEBUG : ROUNDS;
	const char *why = soba_reload("");

	ASSERT_EQ(why, NULL)
		TH_LOG("%s", why);
	for (round = 0; round < rounds; round++) {
		exercise(_metadata);
		why = soba_unload();
		ASSERT_EQ(why, NULL)
			TH_LOG("round %u: %s", round, why);
		EXPECT_FALSE(soba_loaded());
		EXPECT_NE(0, access(PROC, F_OK));
		EXPECT_NE(0, access(DEBUGFS, F_OK));
		if (round == WARM_UP)
			before = host_free();
		if (round == rounds - 1)
			after = host_free();
		why = soba_load(round & 1 ? "" : "reserve=16M limit=256M");
		ASSERT_EQ(why, NULL)
			TH_LOG("round %u: %s", round, why);
	}
	printf("# %lld kB free after round %u, %lld kB after round %u\n", before,
	       WARM_UP, after, rounds - 1);
	EXPECT_GE(after + TOLERANCE, before);
	EXPECT_EQ(NULL, soba_restore());
}

/* In use: the loader refuses, nothing breaks. */
TEST(unload_is_refused_while_used)
{
	uint32_t h;
	int fd = device_open();

	ASSERT_GE(fd, 0);
	h = page_alloc(fd, K, 0);
	EXPECT_EQ(-1, syscall(SYS_delete_module, "soba", O_NONBLOCK));
	EXPECT_EQ(errno, EWOULDBLOCK);
	EXPECT_EQ(-1, syscall(SYS_delete_module, "soba_test", O_NONBLOCK));
	EXPECT_EQ(errno, EWOULDBLOCK);
	EXPECT_EQ(0, page_fill(fd, h, 1));
	EXPECT_EQ(SOBA_TEST_GOOD, page_check(fd, h, 1));
	close(fd);
}

TEST_HARNESS_MAIN
