// SPDX-License-Identifier: GPL-2.0
/*
 * bench_cross.c - a producer that only allocates and a consumer that only frees.
 *
 * With two CPUs they are on one each, so that magazines travel through the
 * depot; they take turns, because under icount the clock counts the instructions
 * of both. With one CPU the two halves of a one-way run are timed, which costs
 * the depot as much. Locking: a worker at a time, waited for.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <soba/soba.h>

#include "bench.h"

static struct kmem_cache *host_cache, *soba_cache;

/* One half of a run, and how long it took. */
struct half {
	struct work_struct work;
	void (*loop)(unsigned int n, gfp_t gfp);
	unsigned int n;
	gfp_t gfp;
	u64 ticks;
};

static bench_hot void host_alloc(unsigned int n, gfp_t gfp)
{
	void **objs = bench_objs;
	unsigned int i;

	for (i = 0; i < n; i++)
		objs[i] = kmem_cache_alloc(host_cache, gfp);
}

static bench_hot void host_free(unsigned int n, gfp_t gfp)
{
	void **objs = bench_objs;
	unsigned int i;

	for (i = 0; i < n; i++)
		kmem_cache_free(host_cache, objs[i]);
}

static bench_hot void soba_alloc(unsigned int n, gfp_t gfp)
{
	void **objs = bench_objs;
	unsigned int i;

	for (i = 0; i < n; i++)
		objs[i] = soba_kmem_cache_alloc(soba_cache, gfp);
}

static bench_hot void soba_free(unsigned int n, gfp_t gfp)
{
	void **objs = bench_objs;
	unsigned int i;

	for (i = 0; i < n; i++)
		soba_kmem_cache_free(soba_cache, objs[i]);
}

static bench_hot void half_work(struct work_struct *work)
{
	struct half *h = container_of(work, struct half, work);
	bool irqs_off = !gfpflags_allow_blocking(h->gfp);
	unsigned long flags = 0;
	u64 from;

	/* The CPU that waits for us counts too, until it is idle. */
	if (num_online_cpus() > 1)
		usleep_range(300, 400);
	cond_resched();
	if (irqs_off)
		local_irq_save(flags);
	from = bench_clock();
	h->loop(h->n, h->gfp);
	h->ticks = bench_clock() - from;
	if (irqs_off)
		local_irq_restore(flags);
}

static u64 half_run(unsigned int cpu, struct half *h)
{
	if (num_online_cpus() == 1) {
		half_work(&h->work);
		return h->ticks;
	}
	schedule_work_on(cpu, &h->work);
	flush_work(&h->work);
	return h->ticks;
}

static void one_way(const char *who, unsigned int n, gfp_t gfp,
		    void (*alloc)(unsigned int n, gfp_t gfp),
		    void (*free)(unsigned int n, gfp_t gfp))
{
	unsigned int a = cpumask_first(cpu_online_mask);
	unsigned int b = cpumask_last(cpu_online_mask);
	struct half half[2] = {
		{ .loop = alloc, .n = n, .gfp = gfp },
		{ .loop = free, .n = n, .gfp = gfp },
	};
	u64 best[2] = { U64_MAX, U64_MAX };
	unsigned int rep, i;
	char name[80];

	INIT_WORK_ONSTACK(&half[0].work, half_work);
	INIT_WORK_ONSTACK(&half[1].work, half_work);
	for (rep = 0; rep < BENCH_REPS; rep++) {
		best[0] = min(best[0], half_run(a, half));
		best[1] = min(best[1], half_run(b, half + 1));
	}
	for (i = 0; i < 2; i++) {
		destroy_work_on_stack(&half[i].work);
		snprintf(name, sizeof(name), "one way %u, each %s, %s", n,
			 i ? "free" : "alloc",
			 gfp == GFP_ATOMIC ? "GFP_ATOMIC" : "GFP_KERNEL");
		bench_row(name, who, best[i], n, n);
	}
}

static void rows(unsigned int n, gfp_t gfp)
{
	one_way("host", n, gfp, host_alloc, host_free);
	one_way("soba", n, gfp, soba_alloc, soba_free);
}

static void run(void)
{
	host_cache = kmem_cache_create("cross_host", 256, 0, SLAB_NO_MERGE,
				       NULL);
	soba_cache = soba_kmem_cache_create("cross_soba", 256, 0, SLAB_NO_MERGE,
					    NULL);
	if (host_cache && soba_cache) {
		/* With interrupts on, only what is shorter than a tick. */
		rows(128, GFP_ATOMIC);
		rows(1024, GFP_ATOMIC);
		rows(BENCH_OBJS, GFP_ATOMIC);
		rows(128, GFP_KERNEL);
		rows(1024, GFP_KERNEL);
	}
}

static void end(void)
{
	soba_kmem_cache_destroy(soba_cache);
	kmem_cache_destroy(host_cache);
}

#define BOTH(n, kind)							\
	{ "one way " #n ", each alloc, " #kind, 50, 28, .inits = 256 },	\
	{ "one way " #n ", each free, " #kind, 50, 22 }

static const struct bench_bound bounds[] = {
	BOTH(128, GFP_ATOMIC), BOTH(1024, GFP_ATOMIC), BOTH(8192, GFP_ATOMIC),
};

const struct bench_group bench_cross = {
	.run = run,
	.end = end,
	.bounds = bounds,
	.nr_bounds = ARRAY_SIZE(bounds),
	.counted = true,
};
