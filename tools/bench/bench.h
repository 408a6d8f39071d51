/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench.h - timing of one row: ticks of the TSC, which under
 * `qemu -icount shift=0` counts executed instructions.
 *
 * A row is repeated BENCH_REPS times, the least is kept: interference only ever
 * adds. The cost of reading the clock and of the empty loop are subtracted.
 */
#ifndef SOBA_BENCH_H
#define SOBA_BENCH_H

#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/types.h>

#define BENCH_REPS 21

/* Host functions under test are called as a client would; not inlined here. */
#define bench_hot noinline __attribute__((hot))

static __always_inline u64 bench_clock(void)
{
	u32 lo, hi;

	asm volatile("lfence; rdtsc; lfence" : "=a"(lo), "=d"(hi) : : "memory");
	return ((u64)hi << 32) | lo;
}

extern u64 bench_clock_cost;
extern u64 bench_loop_cost;	/* of an empty iteration, in 1/100 */

void bench_row(const char *name, const char *who, u64 ticks, u64 iterations,
	       u64 ops);
void bench_calibrate(void);
void bench_pages(void);
void bench_dma(void);

/*
 * Run @body @loops times, @ops operations in each; interrupts off when
 * @irqs_off, for calls that do not sleep.
 */
#define BENCH(name, who, irqs_off, loops, ops, body) do {		\
	u64 best_ = U64_MAX;						\
	unsigned int rep_, i_;						\
									\
	for (rep_ = 0; rep_ < BENCH_REPS; rep_++) {			\
		unsigned long flags_ = 0;				\
		u64 from_, to_;						\
									\
		cond_resched();						\
		if (irqs_off)						\
			local_irq_save(flags_);				\
		from_ = bench_clock();					\
		for (i_ = 0; i_ < (loops); i_++) {			\
			body;						\
		}							\
		to_ = bench_clock();					\
		if (irqs_off)						\
			local_irq_restore(flags_);			\
		best_ = min(best_, to_ - from_);			\
	}								\
	bench_row(name, who, best_, loops, (u64)(loops) * (ops));	\
} while (0)

#endif /* SOBA_BENCH_H */
