// SPDX-License-Identifier: GPL-2.0
/*
 * cache_stress.c - objects from everywhere at once: kmalloc() of random sizes
 * and five caches, by threads, timers and hard interrupts on all CPUs, freed by
 * every call and by whoever got them, while disturb.h does its worst. Every
 * object is signed; none may be overwritten, and all memory must come back.
 *
 * usage: cache_stress [SECONDS]	(or SOBA_STRESS_SECONDS; 12 otherwise)
 *
 * Locking: the processes share nothing but the kernel.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "disturb.h"
#include "objlib.h"

#define SLACK_KB	1024	/* a reserve of empty slabs, of each class */

/* What waits for RCU takes its time. */
static long long used_in_the_end(long long before)
{
	long long used = 0;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		soba_shrink();
		used = soba_meminfo("Used");
		if (used <= before + SLACK_KB)
			break;
		usleep(100000);
	}
	return used;
}

static void judge(int fd, const struct sums *sum, long long before, int kmsg)
{
	char why[160], line[256];
	long long used;

	ksft_print_msg("%llu objects: %llu by threads, %llu in softirq, %llu in hardirq; %llu times NULL\n",
		       sum->allocs, sum->by[0], sum->by[1], sum->by[2],
		       sum->fails);
	/* PREEMPT_RT has no hardirq for what the test module does. */
	ksft_test_result(sum->by[0] && sum->by[1] &&
			 (sum->by[2] || device_info(fd).config & SOBA_TEST_RT),
			 "every kind of actor took part\n");
	ksft_test_result(sum->allocs == sum->frees &&
			 sum->frames_alloc == sum->frames_free,
			 "the actors freed all that they allocated\n");
	ksft_test_result(sum->allocs > 4 * sum->fails,
			 "NULL is not the usual answer\n");
	ksft_test_result(soba_valid(why, sizeof(why)), "validator: %s\n", why);
	used = used_in_the_end(before);
	if (used > before + SLACK_KB)
		ksft_print_msg("%lld kB in use, %lld kB before\n", used, before);
	ksft_test_result(used <= before + SLACK_KB, "all memory comes back\n");
	kmsg_count(kmsg, "soba: ", line, sizeof(line));
	if (line[0])
		ksft_print_msg("in the log: %s\n", line);
	ksft_test_result(!line[0], "nothing was reported\n");
}

int main(int argc, char **argv)
{
	const char *text = argc > 1 ? argv[1] : getenv("SOBA_STRESS_SECONDS");
	unsigned int seconds = text && *text ? atoi(text) : 12;
	bool small = host_is_small();
	struct sums sum = { 0 };
	long long before, asked = 0;
	int fd = device_open(), kmsg = kmsg_open();

	ksft_print_header();
	if (fd < 0)
		ksft_exit_skip("no " DEVICE ": soba_test.ko is not loaded, or not root\n");
	ksft_set_plan(8);
	ksft_print_msg("%u seconds on %u CPUs\n", seconds, online_cpus());
	soba_shrink();
	before = soba_meminfo("Used");
	ksft_test_result(disturbed_run(fd, seconds, SOBA_STRESS_OBJECTS, &sum,
				       &asked), "no error on the way\n");
	judge_host(small, asked);
	judge(fd, &sum, before, kmsg);
	close(fd);
	ksft_finished();
}
