/* SPDX-License-Identifier: GPL-2.0 */
/*
 * disturb.h - a stress run of soba_test.ko while all else happens too: CPUs come
 * and go, the host is short of memory, soba is shrunk, validated and read.
 *
 * Locking: one run at a time.
 */
#ifndef SOBA_DISTURB_H
#define SOBA_DISTURB_H

#include <stdbool.h>

#include "kselftest.h"

/* What the actors counted themselves, of all slices. */
struct sums {
	unsigned long long allocs, frees, fails, errors;
	unsigned long long frames_alloc, frames_free;
	unsigned long long by[3];
};

/* Is there so little memory that it can be eaten up? */
bool host_is_small(void);

/*
 * @kind: 0, or SOBA_STRESS_OBJECTS. False as soon as something is wrong. @asked:
 * how often the host's reclaim came to soba meanwhile.
 */
bool disturbed_run(int fd, unsigned int seconds, unsigned int kind,
		   struct sums *sum, long long *asked);

/* One test result about that, counted where this is included. */
static inline void judge_host(bool small, long long asked)
{
	if (!small && !asked)
		ksft_test_result_skip("the host has more memory than the hog eats, or kmemleak watches it\n");
	else
		ksft_test_result(asked > 0, "the host, short of memory, asked soba's shrinker %lld times\n",
				 asked);
}

#endif /* SOBA_DISTURB_H */
