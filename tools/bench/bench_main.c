// SPDX-License-Identifier: GPL-2.0
/*
 * bench_main.c - soba_bench.ko: runs the groups of rows at load and says in the
 * kernel's log, a line each, what tools/bench/run makes its tables of:
 *
 *	soba_bench: group | NAME | count its aims: 0 or 1
 *	soba_bench: bound | ROW | must | aim | clearing | in percent: 0 or 1
 *	soba_bench: fast | FUNCTION
 *	soba_bench: row | ROW | host or soba | instructions
 *
 * No lock: all runs in the loader's context.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "bench.h"

static char *groups = "";
module_param(groups, charp, 0400);
MODULE_PARM_DESC(groups, "which groups of rows to run, with commas; all by default, - for none");

void **bench_objs;

static u64 clock_cost;
static u64 loop_cost;	/* of an empty iteration, in 1/100 */

void bench_row(const char *name, const char *who, u64 ticks, u64 iterations,
	       u64 ops)
{
	u64 cost = clock_cost + iterations * loop_cost / 100;
	u64 each = ticks > cost ? (ticks - cost) * 10 / ops : 0;

	pr_info("soba_bench: row | %s | %s | %llu.%llu\n", name, who, each / 10,
		each % 10);
}

static void bench_hot calibrate(void)
{
	u64 best = U64_MAX, from;
	unsigned int rep, i;

	for (rep = 0; rep < BENCH_REPS; rep++) {
		from = bench_clock();
		best = min(best, bench_clock() - from);
	}
	clock_cost = best;
	for (rep = 0, best = U64_MAX; rep < BENCH_REPS; rep++) {
		from = bench_clock();
		for (i = 0; i < 1000; i++)
			barrier();
		best = min(best, bench_clock() - from);
	}
	loop_cost = (best - clock_cost) / 10;
}

/* Instructions that memset() takes for so many bytes; page by page if many. */
static u64 bench_hot clearing(unsigned int bytes)
{
	u64 best = U64_MAX, from;
	unsigned int rep;

	if (!bytes)
		return 0;
	if (bytes > PAGE_SIZE)
		return bytes / PAGE_SIZE * clearing(PAGE_SIZE);
	for (rep = 0; rep < BENCH_REPS; rep++) {
		OPTIMIZER_HIDE_VAR(bytes);
		from = bench_clock();
		memset(bench_objs, 0, bytes);
		best = min(best, bench_clock() - from);
	}
	return best - clock_cost;
}

static void show_bounds(const struct bench_group *g)
{
	unsigned int i;

	for (i = 0; i < g->nr_bounds; i++) {
		const struct bench_bound *b = g->bounds + i;
		bool init = want_init_on_alloc(GFP_KERNEL);
		u64 clear = clearing(b->clears ?: init ? b->inits : 0);

		if (init && b->off_only)
			continue;
		pr_info("soba_bench: bound | %s | %u | %u | %llu | %d\n",
			b->name, b->must, b->aim, clear, b->percent);
	}
	for (i = 0; g->fast && g->fast[i]; i++)
		pr_info("soba_bench: fast | %s\n", g->fast[i]);
}

/* Is the group named in groups=? */
static bool wanted(const char *name)
{
	const char *at = groups;
	size_t len;

	if (!*groups)
		return true;
	for (; *at; at += len + !!at[len]) {
		len = strcspn(at, ",");
		if (strlen(name) == len && !strncmp(at, name, len))
			return true;
	}
	return false;
}

static const struct {
	const char *name;
	const struct bench_group *group;
} all[] = {
#define BENCH_ENTRY(group) { #group, &bench_##group },
	BENCH_GROUPS(BENCH_ENTRY)
};

static int __init bench_init(void)
{
	unsigned int i;

	bench_objs = vzalloc(array_size(BENCH_OBJS, sizeof(*bench_objs)));
	if (!bench_objs)
		return -ENOMEM;
	calibrate();
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const struct bench_group *g = all[i].group;

		if (!wanted(all[i].name))
			continue;
		pr_info("soba_bench: group | %s | %d\n", all[i].name, g->counted);
		show_bounds(g);
		g->run();
	}
	return 0;
}

static void __exit bench_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].group->end)
			all[i].group->end();
	bench_mem_exit();
	vfree(bench_objs);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("instructions per operation of soba and of the kernel's own allocators");
