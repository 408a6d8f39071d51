/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test.h - harness: the frame of the tests. Each runs in a child process of its
 * own, so that a sanitizer's or the harness's abort is one "not ok".
 */
#ifndef TEST_H
#define TEST_H

#include "sim/control.h"
#include <soba/pages.h>

struct test {
	const char *name;
	void (*func)(void);
};

extern const struct test buddy_tests[], map_tests[], zone_tests[], page_tests[],
	gfp_tests[], inject_tests[], fail_tests[], self_tests[], random_tests[],
	debug_tests[], rcu_tests[], kapi_tests[], rcu_thread_tests[],
	reclaim_tests[], slab_tests[], slab_use_tests[], slab_end_tests[],
	slab_mistake_tests[], slab_inject_tests[], slab_random_tests[],
	slab_thread_tests[], slab_nolock_tests[], slab_odd_tests[],
	varea_tests[], varea_thread_tests[], dma_tests[],
	dma_life_tests[], dma_ledger_tests[], dma_thread_tests[], thread_tests[];

struct options {
	u64 seed;
	unsigned int seconds;		/* of the random tests, CPU time */
	unsigned long steps;		/* of the random tests; 0: by time */
	bool verbose, fork, stop;	/* stop: at the first failure */
};

extern struct options options;

void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));
#define CHECK(c)							\
	do { if (!(c)) test_fail(__FILE__, __LINE__, "%s", #c); } while (0)
#define CHECKF(c, ...)							\
	do { if (!(c)) test_fail(__FILE__, __LINE__, __VA_ARGS__); } while (0)
#define CHECK_EQ(a, b)							\
	do {								\
		long a_ = (long)(a), b_ = (long)(b);			\
		if (a_ != b_)						\
			test_fail(__FILE__, __LINE__, "%s is %ld (%#lx), %s is %ld (%#lx)", \
				  #a, a_, a_, #b, b_, b_);		\
	} while (0)
void __printf(1, 2) test_note(const char *fmt, ...);
double test_cpu_seconds(void);
/* Time to stop? By options.steps, or options.seconds of CPU since @begin. */
bool test_go_on(unsigned long step, double begin, double share);

/* up.c: insmod and rmmod of soba, without the kernel around it. */
void soba_limits_set(unsigned long limit, unsigned long reserve, unsigned int chunk_order);
void soba_up(void);
int soba_try_up(void);
void soba_down(void);			/* everything must be back at the host */
void soba_must_be_gone(void);
unsigned long soba_down_leaky(void);	/* returns the frames that stay lost */
void soba_must_be_valid(const char *when);
unsigned long soba_frames_free(void);	/* in zones and per-CPU lists */

#endif /* TEST_H */
