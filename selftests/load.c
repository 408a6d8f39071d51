// SPDX-License-Identifier: GPL-2.0
/*
 * load.c - everything at once for a while: allocation and freeing from
 * threads, timers and hard interrupts on all CPUs; CPUs that go and come; a
 * host that is short of memory; shrinking, validating and reading meanwhile.
 * At the end soba's own counters must equal what the actors counted.
 *
 * usage: load [SECONDS]	(or SOBA_LOAD_SECONDS; 15 otherwise)
 *
 * Locking: the processes share nothing but the kernel.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "disturb.h"
#include "testlib.h"

static void judge(const struct sums *sum, long long allocs, long long frees,
		  long long used)
{
	long long counted = soba_event("page_alloc") - allocs;
	char why[160];

	ksft_print_msg("%llu blocks: %llu by threads, %llu in softirq, %llu in hardirq; %llu times NULL\n",
		       sum->allocs, sum->by[0], sum->by[1], sum->by[2],
		       sum->fails);
	ksft_test_result(sum->allocs > 0 && sum->by[0] && sum->by[1],
			 "every kind of actor took part\n");
	ksft_test_result(sum->frames_alloc == sum->frames_free &&
			 sum->allocs == sum->frees,
			 "the actors freed all that they allocated\n");
	if (counted != (long long)sum->allocs)
		ksft_print_msg("soba counted %lld, the actors %llu\n", counted,
			       sum->allocs);
	ksft_test_result(counted == (long long)sum->allocs,
			 "page_alloc equals the actors' count\n");
	counted = soba_event("page_free") - frees;
	if (counted != (long long)sum->frees)
		ksft_print_msg("soba counted %lld, the actors %llu\n", counted,
			       sum->frees);
	ksft_test_result(counted == (long long)sum->frees,
			 "page_free equals the actors' count\n");
	ksft_test_result(soba_meminfo("Used") == used,
			 "Used is what it was\n");
	ksft_test_result(soba_valid(why, sizeof(why)), "validator: %s\n", why);
	file_write(DEBUGFS "/shrink", "1");
	if (soba_meminfo("Held") != soba_meminfo("Reserve") + used)
		ksft_print_msg("still held: %lld kB, in use: %lld kB\n",
			       soba_meminfo("Held"), used);
	ksft_test_result(used || soba_meminfo("Held") <= soba_meminfo("Reserve"),
			 "everything goes back to the host\n");
}

int main(int argc, char **argv)
{
	const char *text = argc > 1 ? argv[1] : getenv("SOBA_LOAD_SECONDS");
	unsigned int seconds = text && *text ? atoi(text) : 15;
	long long allocs, frees, used, asked = 0;
	bool small = host_is_small();
	struct sums sum = { 0 };
	int fd = device_open();

	ksft_print_header();
	if (fd < 0)
		ksft_exit_skip("no " DEVICE ": soba_test.ko is not loaded, or not root\n");
	ksft_set_plan(9);
	ksft_print_msg("%u seconds on %u CPUs\n", seconds, online_cpus());
	allocs = soba_event("page_alloc");
	frees = soba_event("page_free");
	used = soba_meminfo("Used");
	ksft_test_result(disturbed_run(fd, seconds, 0, &sum, &asked), "no error on the way\n");
	judge_host(small, asked);
	judge(&sum, allocs, frees, used);
	close(fd);
	ksft_finished();
}
