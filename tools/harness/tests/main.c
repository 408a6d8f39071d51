// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - harness: runs the tests and prints KTAP; exit status 1 on failure.
 *
 *	harness [--seed N] [--seconds N] [--steps N] [--no-fork] [--stop] [-v] [NAME...]
 *
 * NAME is the beginning of the names of the tests to run.
 */
#include "tests/test.h"

#undef snprintf
#undef vsnprintf
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options options = { .seed = 1, .seconds = 20, .fork = true };

static const struct test *const suites[] = {
#ifndef HARNESS_THREADS		/* under ASan, not TSan */
	self_tests, buddy_tests, map_tests, zone_tests, page_tests, gfp_tests,
	debug_tests, rcu_tests, kapi_tests,
	reclaim_tests, inject_tests, fail_tests, random_tests,
	slab_tests, slab_use_tests, slab_end_tests, slab_mistake_tests, slab_inject_tests,
	slab_random_tests, slab_nolock_tests, slab_odd_tests,
	varea_tests, dma_tests, dma_life_tests, dma_ledger_tests,
#endif
	thread_tests, rcu_thread_tests, slab_thread_tests, varea_thread_tests,
	dma_thread_tests,
};

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "# %s:%d: ", file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	sim_log_dump();
	sim_fail("test failed");
}

void test_note(const char *fmt, ...)
{
	va_list args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

double test_cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

bool test_go_on(unsigned long step, double begin, double share)
{
	if (options.steps)
		return step < options.steps;
	if (step & 63)
		return true;
	return test_cpu_seconds() - begin < options.seconds * share;
}

static void stuck(int sig)
{
	(void)sig;
	sim_fail("the test is stuck: an endless loop, or a lock");
}

static void run(const struct test *t)
{
	signal(SIGALRM, stuck);
	alarm(300 + 5 * options.seconds);
	sim_seed = options.seed;
	sim_verbose = options.verbose;
	sim_host_init(options.seed);
	t->func();
	sim_expect_clean("end of test");
}

static bool run_apart(const struct test *t)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		run(t);
		fflush(NULL);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool wanted(const struct test *t, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strncmp(t->name, *names, strlen(*names)))
			return true;
	return false;
}

static int run_all(char **names)
{
	unsigned int s, n = 0, failed = 0, total = 0;
	const struct test *t;

	for (s = 0; s < ARRAY_SIZE(suites); s++)
		for (t = suites[s]; t->name; t++)
			total += wanted(t, names);
	printf("KTAP version 1\n1..%u\n", total);
	for (s = 0; s < ARRAY_SIZE(suites); s++) {
		for (t = suites[s]; t->name; t++) {
			bool ok = true;

			if (!wanted(t, names))
				continue;
			if (options.fork)
				ok = run_apart(t);
			else
				run(t);
			failed += !ok;
			printf("%s %u %s\n", ok ? "ok" : "not ok", ++n, t->name);
			fflush(stdout);
			if (!ok && options.stop)
				return 1;
		}
	}
	printf("# totals: pass:%u fail:%u seed:%llu\n", n - failed, failed,
	       (unsigned long long)options.seed);
	return failed || !total;
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		bool more = i + 1 < argc;

		if (!strcmp(argv[i], "--seed") && more)
			options.seed = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--seconds") && more)
			options.seconds = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--steps") && more)
			options.steps = strtoul(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--no-fork"))
			options.fork = false;
		else if (!strcmp(argv[i], "--stop"))
			options.stop = true;
		else if (!strcmp(argv[i], "-v"))
			options.verbose = true;
		else
			return fprintf(stderr, "unknown option %s\n", argv[i]), 2;
	}
	return run_all(argv + i);
}
