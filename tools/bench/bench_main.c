// SPDX-License-Identifier: GPL-2.0
/*
 * bench_main.c - soba_bench.ko: runs all rows at load, one line each in the
 * kernel log: `soba_bench: <row> | <host or soba> | <instructions>`. The table
 * is made of them by tools/bench/run. No lock: runs in the loader's context.
 */
#include <linux/module.h>

#include "bench.h"

u64 bench_clock_cost;
u64 bench_loop_cost;

void bench_row(const char *name, const char *who, u64 ticks, u64 iterations,
	       u64 ops)
{
	u64 cost = bench_clock_cost + iterations * bench_loop_cost / 100;
	u64 each = ticks > cost ? (ticks - cost) * 10 / ops : 0;

	pr_info("soba_bench: %s | %s | %llu.%llu\n", name, who, each / 10,
		each % 10);
}

void bench_hot bench_calibrate(void)
{
	u64 best = U64_MAX, from;
	unsigned int rep, i;

	for (rep = 0; rep < BENCH_REPS; rep++) {
		from = bench_clock();
		best = min(best, bench_clock() - from);
	}
	bench_clock_cost = best;
	for (rep = 0, best = U64_MAX; rep < BENCH_REPS; rep++) {
		from = bench_clock();
		for (i = 0; i < 1000; i++)
			barrier();
		best = min(best, bench_clock() - from);
	}
	bench_loop_cost = (best - bench_clock_cost) / 10;
}

static int __init bench_init(void)
{
	bench_calibrate();
	bench_pages();
	bench_dma();
	return 0;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("instructions per operation of soba and of the kernel's own allocators");
