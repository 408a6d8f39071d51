/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench.h - timing of one row: ticks of the TSC, which under
 * `qemu -icount shift=0` counts executed instructions.
 *
 * A row is repeated BENCH_REPS times, the least is kept: interference only ever
 * adds. The cost of reading the clock and of the empty loop are subtracted.
 *
 * A file bench_X.c with a struct bench_group bench_X, and X in the list below,
 * is all that new rows need: tools/bench/run learns the rest from the module.
 */
#ifndef SOBA_BENCH_H
#define SOBA_BENCH_H

#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/types.h>

/* In the order of the table. */
#define BENCH_GROUPS(X)		\
	X(pages)		\
	X(slab)			\
	X(cross)		\
	X(vmalloc)		\
	X(uncached)		\
	X(dma)

#define BENCH_REPS 21

/* Room for the objects of a batch, the longest row's. */
#define BENCH_OBJS 8192

/* Host functions under test are called as a client would; not inlined here. */
#define bench_hot noinline __attribute__((hot))

/* What a row of soba's must not exceed; instructions for one operation. */
struct bench_bound {
	const char *name;	/* of the row */
	unsigned int must;	/* promised */
	unsigned int aim;	/* hoped for */
	unsigned int clears;	/* bytes the call clears: their cost is added */
	unsigned int inits;	/* bytes it clears when init_on_alloc=1 */
	bool percent;		/* must and aim are in % of the host's figure */
	bool off_only;		/* no promise for init_on_alloc=1 */
};

struct bench_group {
	void (*run)(void);
	void (*end)(void);	/* at unload: till then the statistics are read */
	const struct bench_bound *bounds;
	unsigned int nr_bounds;
	bool counted;		/* among the rows whose aims are counted */
	const char *const *fast; /* functions without locks, ends with NULL */
};

#define BENCH_DECLARE(group) extern const struct bench_group bench_##group;
BENCH_GROUPS(BENCH_DECLARE)

void bench_mem_exit(void);

static __always_inline u64 bench_clock(void)
{
	u32 lo, hi;

	asm volatile("lfence; rdtsc; lfence" : "=a"(lo), "=d"(hi) : : "memory");
	return ((u64)hi << 32) | lo;
}

extern void **bench_objs;	/* BENCH_OBJS of them, the running group's */

void bench_row(const char *name, const char *who, u64 ticks, u64 iterations,
	       u64 ops);

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

/* An allocation and its free, @loops times. */
#define VM_PAIR(name, who, loops, size, alloc, free)			\
	BENCH(name, who, 0, loops, 1, ({				\
		void *p_ = alloc(size);					\
									\
		free(p_);						\
	}))

#define VM_PAIRS(name, loops, size)					\
	do {								\
		VM_PAIR(name, "host", loops, size, vmalloc, vfree);	\
		VM_PAIR(name, "soba", loops, size, soba_vmalloc, soba_vfree); \
	} while (0)

/* Of the host's own figure, in percent. */
#define PART(name, most, hope)	{ name, most, hope, .percent = true }

#endif /* SOBA_BENCH_H */
