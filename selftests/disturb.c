// SPDX-License-Identifier: GPL-2.0
/*
 * disturb.c - see disturb.h. Locking: the processes share nothing but the kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "disturb.h"
#include "testlib.h"

#define SLICE_MS	3000
#define MAX_CPUS	64

#define SCALE_FACTOR	"/proc/sys/vm/watermark_scale_factor"
#define BOOST_FACTOR	"/proc/sys/vm/watermark_boost_factor"
#define HOG_MAX		(2048UL << 20)
#define HOG_STEP	(16UL << 20)
#define HOG_BACK	(32UL << 20)
#define HOG_WAITS	20	/* of 10 ms */
#define ASK_SECONDS	60	/* that the host may need beyond the time asked for */

static void cpu_path(char *path, size_t size, unsigned int cpu)
{
	snprintf(path, size, "/sys/devices/system/cpu/cpu%u/online", cpu);
}

/* Takes each CPU but the first away and brings it back. */
static void hotplug(void)
{
	unsigned int cpu;
	char path[64];

	for (;;) {
		for (cpu = 1; cpu < MAX_CPUS; cpu++) {
			cpu_path(path, sizeof(path), cpu);
			if (access(path, W_OK))
				continue;
			file_write(path, "0");
			usleep(200000);
			file_write(path, "1");
			usleep(200000);
		}
		usleep(1000);
	}
}

static void all_cpus_online(void)
{
	unsigned int cpu;
	char path[64];

	for (cpu = 1; cpu < MAX_CPUS; cpu++) {
		cpu_path(path, sizeof(path), cpu);
		if (!access(path, W_OK))
			file_write(path, "1");
	}
}

/* kB that the host's zones call NAME ("min", "low"), added up. */
static long long watermark(const char *name)
{
	char *text = file_text("/proc/zoneinfo"), *at = text;
	long long pages = 0, n;
	char word[16];

	for (; at; at = strchr(at, '\n')) {
		at += strspn(at, "\n ");
		if (sscanf(at, "%15s %lld", word, &n) == 2 && !strcmp(word, name))
			pages += n;
	}
	free(text);
	return pages * 4;
}

/* Eats until the host has asked, is at @bottom for a while, or all is eaten. */
static size_t hog_eat(char *mem, size_t at, long long bottom)
{
	long long asked = soba_event("shrink_ask"), left;
	unsigned int waits = 0;
	size_t step;

	while (soba_event("shrink_ask") == asked && waits < HOG_WAITS) {
		left = (file_number("/proc/meminfo", "MemFree") - bottom) * 1024;
		if (left < -bottom * 1024 / 4)
			break;		/* others took it: this is no place to stay */
		/* Half of what is left: others eat too. */
		step = left > 0 ? (size_t)left / 2 & ~(size_t)4095 : 0;
		if (step > HOG_STEP)
			step = HOG_STEP;
		if (step && at + step <= HOG_MAX) {
			memset(mem + at, 1, step);
			at += step;
		} else {
			waits++;
			usleep(10000);
		}
	}
	return at;
}

/* Where kmemleak watches it would give up for want of memory, and find nothing. */
static bool hog_may_eat(void)
{
	return !debug_kernel();
}

/*
 * kswapd gives up after 16 rounds without a result, and this host has no swap and
 * next to no page cache. The same door is opened by hand then.
 */
static void host_ask(long long asked)
{
	if (soba_event("shrink_ask") == asked)
		file_write("/proc/sys/vm/drop_caches", "2");
}

/*
 * Makes the host short of memory, so that its reclaim asks soba's shrinker. That
 * begins when the free memory falls below the low watermarks; at the min
 * watermarks, with nothing to reclaim, the host kills. disturbed_run() has put them a
 * tenth of the memory apart, and the hog stays between them.
 */
static void hog(void)
{
	long long bottom = (watermark("min") + watermark("low")) / 2;
	char *mem = mmap(NULL, HOG_MAX, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t at = 0, less;
	long long asked;

	if (mem == MAP_FAILED)
		return;
	madvise(mem, HOG_MAX, MADV_NOHUGEPAGE);	/* a host without them refuses */
	/* All CPUs are busy: it would take minutes to eat its fill. */
	setpriority(PRIO_PROCESS, 0, -19);
	file_write("/proc/self/oom_score_adj", "1000");
	while (!hog_may_eat())
		pause();
	for (;;) {
		asked = soba_event("shrink_ask");
		at = hog_eat(mem, at, bottom);
		host_ask(asked);
		less = at < HOG_BACK ? at : HOG_BACK;
		at -= less;
		madvise(mem + at, less, MADV_DONTNEED);
		usleep(100000);
	}
}

static void shrinker(void)
{
	for (;;) {
		file_write(DEBUGFS "/shrink", "1");
		usleep(30000);
	}
}

/* Exits when the validator finds something: the parent looks. */
static void validator(void)
{
	char why[160];

	while (soba_valid(why, sizeof(why)))
		usleep(50000);
	ksft_print_msg("validator: %s\n", why);
	_exit(1);
}

static void reader(void)
{
	static const char *const files[] = {
		DEBUGFS "/events", DEBUGFS "/errors", DEBUGFS "/chunks",
		DEBUGFS "/pagemap", PROC "/buddyinfo", PROC "/zoneinfo",
		PROC "/meminfo",
	};
	unsigned int i;

	for (i = 0;; i++) {
		free(file_text(files[i % (sizeof(files) / sizeof(files[0]))]));
		usleep(20000);
	}
}

static struct helper {
	const char *name;
	void (*run)(void);
	pid_t pid;
} helpers[] = {
	{ "hotplug", hotplug, 0 },
	{ "hog", hog, 0 },
	{ "shrinker", shrinker, 0 },
	{ "validator", validator, 0 },
	{ "reader", reader, 0 },
};

#define NR_HELPERS (sizeof(helpers) / sizeof(helpers[0]))

static void helper_start(struct helper *h)
{
	fflush(stdout);
	h->pid = fork();
	if (h->pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	h->run();
	_exit(0);
}

/* None may end: not the hog by the OOM killer either. */
static bool helpers_alive(void)
{
	unsigned int i;
	int status;

	for (i = 0; i < NR_HELPERS; i++) {
		if (waitpid(helpers[i].pid, &status, WNOHANG) != helpers[i].pid)
			continue;
		ksft_print_msg("%s ended with status %#x\n", helpers[i].name,
			       status);
		helpers[i].pid = 0;
		return false;
	}
	return true;
}

static void helpers_stop(void)
{
	unsigned int i;

	for (i = 0; i < NR_HELPERS; i++) {
		if (!helpers[i].pid)
			continue;
		kill(helpers[i].pid, SIGKILL);
		waitpid(helpers[i].pid, NULL, 0);
	}
	all_cpus_online();
}

static bool run_slice(int fd, const struct soba_test_info *info,
		      unsigned int kind, struct sums *sum)
{
	static uint64_t random = 42;
	struct soba_test_stress s = {
		.milliseconds = SLICE_MS,
		.actors = SOBA_STRESS_THREADS | SOBA_STRESS_SOFTIRQ | kind,
		.max_order = info->host_max_order > 10 ? 10 : info->host_max_order,
		.seed = random_next(&random),
	};
	unsigned int i;

	s.max_frames = info->host_frames / 8;
	if (!(info->config & SOBA_TEST_RT))
		s.actors |= SOBA_STRESS_HARDIRQ;
	if (ioctl(fd, SOBA_TEST_STRESS, &s)) {
		ksft_print_msg("the run could not start: errno %d\n", errno);
		return false;
	}
	for (i = 0; i < 3; i++) {
		sum->by[i] += s.allocs[i];
		sum->allocs += s.allocs[i];
		sum->frees += s.frees[i];
		sum->fails += s.fails[i];
	}
	sum->frames_alloc += s.frames_alloc;
	sum->frames_free += s.frames_free;
	sum->errors += s.errors;
	if (s.errors)
		ksft_print_msg("%llu errors, the first: %.128s\n",
			       (unsigned long long)s.errors, s.first_error);
	return !s.errors;
}

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* Is there so little memory that the hog can eat it? */
bool host_is_small(void)
{
	return hog_may_eat() &&
	       file_number("/proc/meminfo", "MemAvailable") < (long long)(HOG_MAX >> 10);
}

bool disturbed_run(int fd, unsigned int seconds, unsigned int kind,
		   struct sums *sum, long long *asked)
{
	struct soba_test_info info = device_info(fd);
	long long before = soba_event("shrink_ask");
	char *scale = file_text(SCALE_FACTOR), *boost = file_text(BOOST_FACTOR);
	time_t end = now() + seconds;
	bool small = host_is_small(), good = true;
	unsigned int i;

	/* A boost would lift the min watermark above the hog; this ends one, too. */
	file_write(BOOST_FACTOR, "0");
	file_write(SCALE_FACTOR, "1000");	/* the largest, in 1/10000 */
	for (i = 0; i < NR_HELPERS; i++)
		helper_start(&helpers[i]);
	do {
		good = run_slice(fd, &info, kind, sum) && helpers_alive();
		*asked = soba_event("shrink_ask") - before;
	} while (good && (now() < end ||
			  (small && !*asked && now() < end + ASK_SECONDS)));
	helpers_stop();
	if (boost)
		file_write(BOOST_FACTOR, boost);
	if (scale)
		file_write(SCALE_FACTOR, scale);
	free(boost);
	free(scale);
	return good;
}
