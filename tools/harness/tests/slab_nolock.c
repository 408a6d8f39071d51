// SPDX-License-Identifier: GPL-2.0
/*
 * slab_nolock.c - harness: soba_kmalloc_nolock() and soba_kfree_nolock(), and
 * what waits for an interrupt: it is freed once, whatever is done to it before.
 */
#include "tests/slab_live.h"

#include "base/report.h"
#include "slab/magazine.h"
#include "slab/node.h"
#include "slab/nolock.h"

#define SLOTS 64

static struct obj_set set;

static struct soba_cache *kmalloc_cache(unsigned int size)
{
	return soba_cache_private(soba_default_heap.kmalloc[0][size]);
}

static void guard(struct soba_cache *c, int cpu, u32 state)
{
	per_cpu_ptr(c->cpu, cpu)->guard = state;
}

/* As if what we interrupt had the magazines and the slabs of all nodes. */
static void below(struct soba_cache *c, bool taken)
{
	struct soba_cache_node *n;
	unsigned int i;

	guard(c, sim_ctx.cpu, taken ? SOBA_GUARD_BUSY : SOBA_GUARD_IDLE);
	soba_for_each_cache_node(n, c, i)
		n->lock.owner = taken ? -1 : 0;
}

static void nolock_ways(void)
{
	struct soba_cache *c;
	struct soba_cpu_stat st;
	long allocs, frees;
	void *p[8], *q;
	unsigned int i;

	soba_up();
	c = kmalloc_cache(SOBA_KMALLOC_512);
	CHECK(!soba_kmalloc_nolock(512, 0, -1));
	for (i = 0; i < 8; i++)
		CHECK(p[i] = soba_kmalloc_node(512, GFP_KERNEL | __GFP_THISNODE, i & 1));
	/* Local to the magazine, remote to its slab. */
	for (i = 0; i < 4; i++)
		soba_kfree_nolock(p[i]);
	soba_cache_cpu_stat(c, 0, &st);
	CHECK_EQ(st.remote, 2);
	CHECK_EQ(st.nested, 0);
	CHECK_EQ(soba_cache_live(c), 4);
	/* Nothing is to be had: it waits. */
	below(c, true);
	CHECK(!soba_kmalloc_nolock(512, 0, -1));
	for (i = 4; i < 8; i++)
		soba_kfree_nolock(p[i]);
	below(c, false);
	soba_cache_cpu_stat(c, 0, &st);
	CHECK_EQ(st.nested, 5);
	CHECK_EQ(soba_cache_live(c), 4);
	sim_run_work(true);
	CHECK_EQ(soba_cache_live(c), 0);
	/* Past the magazines. */
	guard(c, 0, SOBA_GUARD_BUSY);
	CHECK(q = soba_kmalloc_nolock(512, __GFP_ZERO, -1));
	CHECK(!memchr_inv(q, 0, 512));
	soba_kfree_nolock(q);
	guard(c, 0, SOBA_GUARD_IDLE);
	CHECK_EQ(soba_cache_live(c), 0);
	obj_counts(soba_cache_public(c), &allocs, &frees);
	CHECK_EQ(allocs, 9);
	CHECK_EQ(frees, 9);
	obj_settle(NULL, 0, "nolock");
	soba_down();
}

/* Freed again while it waits, by either call. */
static void nolock_twice(void)
{
	struct soba_cache *c;
	void *p, *q;

	soba_up();
	c = kmalloc_cache(SOBA_KMALLOC_512);
	CHECK(p = soba_kmalloc(512, GFP_KERNEL));
	CHECK(q = soba_kmalloc(512, GFP_KERNEL));
	below(c, true);
	soba_kfree_nolock(p);
	soba_kfree_nolock(p);
	soba_kfree_nolock(q);
	soba_kfree_nolock(p);
	below(c, false);
	sim_run_work(true);
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), 2);
	CHECK_EQ(soba_cache_live(c), 0);
	/* A whole block, whose frames have no owner when the drain comes. */
	CHECK(p = soba_kmalloc(50000, GFP_KERNEL));
	soba_kfree_nolock(p);
	soba_kfree(p);
	sim_run_work(true);
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), 3);
	CHECK(p = soba_kmalloc(512, GFP_KERNEL));
	below(c, true);
	soba_kfree_nolock(p);
	below(c, false);
	soba_kfree(p);
	soba_kmem_cache_shrink(soba_cache_public(c));
	soba_kmem_cache_shrink(soba_cache_public(kmalloc_cache(SOBA_KMALLOC_8)));
	sim_run_work(true);
	/* Its slab has gone, and lies in the midst of a larger free block. */
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE) + soba_report_total(SOBA_R_INVALID_FREE),
		 4);
	CHECK_EQ(soba_cache_live(c), 0);
	obj_settle(NULL, 0, "freed twice without a lock");
	soba_down();
}

/* Nothing is written to what waits, and what does not fit is kept. */
static void nolock_many(void)
{
	struct soba_cache *c;
	u8 *p[SLOTS + 3];
	unsigned int i;

	soba_up();
	c = kmalloc_cache(SOBA_KMALLOC_512);
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		CHECK(p[i] = soba_kmalloc(512, GFP_KERNEL));
		memset(p[i], i, 512);
	}
	below(c, true);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		soba_kfree_nolock(p[i]);
	below(c, false);
	CHECK_EQ(soba_report_total(SOBA_R_LEAK), 3);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		CHECK(!memchr_inv(p[i], i, 512));
	sim_run_work(true);
	CHECK_EQ(soba_cache_live(c), 3);
	for (i = SLOTS; i < ARRAY_SIZE(p); i++)
		soba_kfree(p[i]);
	CHECK_EQ(soba_cache_live(c), 0);
	soba_down();
}

/* Only what kmalloc() gave: no constructed object, none of a grace period. */
static void nolock_others(void)
{
	struct obj_kind k = { .name = "other", .size = 700, .ctor = true };
	void *p, *q;

	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&k);
	CHECK(p = soba_kmem_cache_alloc(k.s, GFP_KERNEL));
	CHECK(q = soba_kmem_cache_alloc(k.s, GFP_KERNEL | __GFP_ACCOUNT));
	soba_kfree_nolock(p);
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 1);
	CHECK(sim_log_has("of cache other, size 700, is freed by kfree_nolock()"));
	soba_kfree_nolock(q);
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 2);
	sim_run_work(true);
	CHECK_EQ(soba_cache_live(soba_cache_private(k.s)), 2);
	soba_kfree(p);
	soba_kfree(q);
	CHECK(p = soba_kmalloc(700, GFP_KERNEL | __GFP_ACCOUNT));
	soba_kfree_nolock(p);
	sim_run_work(true);
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 2);
	obj_settle(NULL, 0, "others without a lock");
	obj_kind_destroy(&k);
	soba_down();
}

const struct test slab_nolock_tests[] = {
	{ "slab_nolock_ways", nolock_ways },
	{ "slab_nolock_twice", nolock_twice },
	{ "slab_nolock_many", nolock_many },
	{ "slab_nolock_others", nolock_others },
	{ }
};
