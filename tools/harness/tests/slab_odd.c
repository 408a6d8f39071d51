// SPDX-License-Identifier: GPL-2.0
/*
 * slab_odd.c - harness: objects charged to a memcg, tombstones, magazines that
 * come and go one at a time, and objects given to RCU twice.
 */
#include "tests/slab_live.h"

#include "base/report.h"
#include "page/grow.h"
#include "slab/magazine.h"
#include "slab/node.h"
#include "slab/rcu.h"
#include "slab/reap.h"

static struct obj_set set;

/* A reader may look at it until the grace period ends, charged or not. */
static void slab_accounted_typesafe(void)
{
	struct obj_kind k = { .name = "safe", .size = 4096, .flags = SLAB_TYPESAFE_BY_RCU };
	struct soba_frame *f;
	u8 *p;

	soba_up();
	obj_kind_create(&k);
	p = soba_kmem_cache_alloc(k.s, GFP_KERNEL | __GFP_ACCOUNT);
	CHECK(p);
	CHECK(soba_addr_frame(p)->chunk->direct);
	memset(p, 0x5a, 4096);
	rcu_read_lock();
	soba_kmem_cache_free(k.s, p);
	f = soba_addr_frame(p);
	CHECK_EQ(soba_owner_kind(READ_ONCE(f->owner)), SOBA_OWN_SLAB);
	CHECK(!memchr_inv(p, 0x5a, 4096));
	rcu_read_unlock();
	soba_kmem_cache_shrink(k.s);
	CHECK_EQ(soba_owner_kind(READ_ONCE(f->owner)), SOBA_OWN_SLAB);
	rcu_barrier();
	obj_settle(NULL, 0, "charged and type-safe");
	obj_kind_destroy(&k);
	soba_down();
}

/* An object that is a block of its own keeps its cache, and is counted. */
static void slab_accounted_live(void)
{
	struct obj_kind k = { .name = "charged", .size = 100 };
	struct soba_cache_stat st;
	struct soba_cache *c;
	void *p[3];

	soba_up();
	obj_kind_create(&k);
	c = soba_cache_private(k.s);
	sim_set_cpu(1);
	p[0] = soba_kmem_cache_alloc(k.s, GFP_KERNEL | __GFP_ACCOUNT);
	p[1] = soba_kmem_cache_alloc(k.s, GFP_KERNEL | __GFP_ACCOUNT);
	p[2] = soba_kmem_cache_alloc(k.s, GFP_KERNEL);
	CHECK(p[0] && p[1] && p[2]);
	CHECK_EQ(soba_cache_live(c), 3);
	soba_cache_stat(c, NUMA_NO_NODE, &st);
	CHECK_EQ(st.nr_accounted, 2);
	CHECK(st.nr_live <= st.nr_objects);
	soba_cache_stat(c, 1, &st);
	CHECK_EQ(st.nr_accounted, 2);
	soba_kfree(p[1]);
	soba_kfree(p[1]);
	CHECK_EQ(soba_report_total(SOBA_R_FOREIGN_FREE), 1);
	CHECK_EQ(soba_cache_live(c), 2);
	soba_kfree(p[2]);
	soba_kmem_cache_destroy(k.s);
	CHECK(sim_log_has("cache charged, size 100, is destroyed with 1 live objects"));
	rcu_barrier();
	CHECK_EQ(soba_ksize(p[0]), 100);
	soba_kfree(p[0]);
	CHECK_EQ(soba_cache_live(c), 0);
	soba_down();
}

/* The last object of a tombstone comes home; soba goes at once. */
static void slab_tomb_typesafe(void)
{
	struct obj_kind k = { .name = "tomb", .size = 1000, .flags = SLAB_TYPESAFE_BY_RCU };
	void *p;

	soba_up();
	obj_kind_create(&k);
	p = soba_kmem_cache_alloc(k.s, GFP_KERNEL);
	CHECK(p);
	soba_kmem_cache_destroy(k.s);
	/* Its slab stays, goes in the course of rmmod, and its grace period, too. */
	CHECK(soba_node_try_put(soba_cache_private(k.s), p));
	soba_down();
}

/* Destroyed twice; and what comes home late goes at once, or under pressure. */
static void slab_tomb_shrinks(void)
{
	struct obj_kind k = { .name = "tomb", .size = 5000 };
	struct soba_cache_stat st;
	struct soba_cache *c;
	void *p[40];
	unsigned int i;

	soba_up();
	obj_kind_create(&k);
	c = soba_cache_private(k.s);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		CHECK(p[i] = soba_kmem_cache_alloc(k.s, GFP_KERNEL));
	soba_kmem_cache_destroy(k.s);
	CHECK_EQ(soba_report_total(SOBA_R_LIVE_OBJECTS), 1);
	soba_kmem_cache_destroy(k.s);
	CHECK_EQ(soba_report_total(SOBA_R_LIVE_OBJECTS), 1);
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), 1);
	CHECK(sim_log_has("cache tomb is destroyed already"));
	for (i = 0; i < ARRAY_SIZE(p) / 2; i++)
		soba_kfree(p[i]);
	/* As kfree_nolock() leaves it: the slab is empty and stays. */
	for (; i < ARRAY_SIZE(p); i++)
		CHECK(soba_node_try_put(c, p[i]));
	soba_cache_stat(c, NUMA_NO_NODE, &st);
	CHECK(st.nr_slabs);
	CHECK_EQ(st.nr_live, 0);
	soba_shrink_all();
	soba_cache_stat(c, NUMA_NO_NODE, &st);
	CHECK_EQ(st.nr_slabs, 0);
	CHECK_EQ(sim_host_taken(), 0);
	soba_down();
}

/* A CPU goes: the depot it leaves its magazines in is looked at in time. */
static void slab_dead_cpu_reaped(void)
{
	struct obj_kind k = { .name = "dead", .size = 512 };
	unsigned int i;

	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&k);
	sim_set_cpu(2);
	obj_alloc_bulk(&set, &k, GFP_KERNEL, 20);
	obj_free_all(&set);
	sim_set_cpu(0);
	sim_run_work(true);
	sim_cpu_down(2);
	for (i = 0; i < 4; i++) {
		sim_tick(3 * HZ);
		sim_run_work(false);
	}
	CHECK_EQ(soba_cache_private(k.s)->node[0]->depot.nr_full, 0);
	sim_cpu_up(2);
	obj_kind_destroy(&k);
	soba_down();
}

static struct soba_cache *drained;

static void drain(enum sim_kind kind, void *arg)
{
	soba_mag_drain_cpu(drained);
}

/*
 * A drain at each point of a free that empties a magazine, so that the place of
 * the loaded one is empty when the other comes back.
 */
static void slab_drained_while_unloading(void)
{
	struct sim_injection inj = { .kind = SIM_INJ_HARDIRQ, .func = drain };
	struct obj_kind k = { .name = "drained", .size = 5000 };
	struct soba_cpu_cache *l;
	struct soba_cpu_stat st;
	unsigned long at, hits;
	unsigned int i;

	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&k);
	drained = soba_cache_private(k.s);
	drained->depot_objects = 0;
	l = per_cpu_ptr(drained->cpu, 0);
	for (at = 1; at < 2000; at++) {
		while (set.n < 40)
			CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
		while (l->top != l->end || !l->spare->nr)
			obj_free(&set, set.n - 1);
		inj.at = at;
		sim_inject(&inj);
		obj_free(&set, set.n - 1);
		sim_inject(NULL);
		CHECKF(l->loaded->cap || !l->spare->cap, "point %lu: a spare magazine alone", at);
		/* Whatever there is serves, or is got: the fast path comes back. */
		soba_cache_cpu_stat(drained, 0, &st);
		hits = st.alloc_hits + st.free_hits;
		for (i = 0; i < 10; i++) {
			CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
			obj_free(&set, set.n - 1);
		}
		soba_cache_cpu_stat(drained, 0, &st);
		CHECKF(st.alloc_hits + st.free_hits >= hits + 14, "point %lu: %lu hits of 20", at,
		       st.alloc_hits + st.free_hits - hits);
		if (!inj.fired)
			break;
	}
	CHECK(at > 10 && at < 2000);
	obj_free_all(&set);
	obj_settle(&k, 1, "drained");
	obj_kind_destroy(&k);
	soba_down();
}

/* Magazines hold a bounded number of bytes, depots too. */
static void slab_magazine_bytes(void)
{
	struct obj_kind k = { .name = "huge", .size = 1 << 20 };
	struct soba_cache_stat st;
	struct soba_cache *c;
	unsigned int i;

	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&k);
	for (i = 0; i < 20; i++)
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
	obj_free_all(&set);
	soba_cache_stat(soba_cache_private(k.s), NUMA_NO_NODE, &st);
	CHECK_EQ(st.nr_cached, 0);
	obj_settle(&k, 1, "no magazines");
	obj_kind_destroy(&k);
	k = (struct obj_kind){ .name = "4k", .size = 4096 };
	obj_kind_create(&k);
	c = soba_cache_private(k.s);
	c->mag_cap = c->mag_max;
	while (obj_alloc(&set, &k, 0, GFP_KERNEL, -1))
		;
	CHECK(set.n > c->depot_objects + 4 * c->mag_max);
	obj_free_all(&set);
	soba_cache_stat(c, NUMA_NO_NODE, &st);
	CHECK(st.nr_cached >= c->depot_objects / 2);
	CHECK(st.nr_cached <= c->depot_objects + 2 * c->mag_max);
	CHECK_EQ(soba_cache_private(soba_default_heap.kmalloc[0][SOBA_KMALLOC_16384])->own_flags &
		 SOBA_CACHE_NO_MAG, 0);
	obj_kind_destroy(&k);
	soba_down();
}

/* So that its CPU meets the depot, and the reaper what it left there. */
static void work_and_reap(struct obj_kind *k, unsigned int waits)
{
	struct soba_depot *d = &soba_cache_private(k->s)->node[0]->depot;

	obj_alloc_bulk(&set, k, GFP_KERNEL, 700);
	d->contended += waits;
	sim_tick(3 * HZ);
	sim_run_work(false);
	obj_free_all(&set);
	d->contended += waits;
	sim_tick(3 * HZ);
	sim_run_work(false);
}

/* Where CPUs wait for each other magazines grow, those in use too; and shrink. */
static void slab_magazine_grows(void)
{
	struct obj_kind k = { .name = "grows", .size = 1024 };
	struct soba_cpu_cache *l;
	struct soba_cache *c;
	unsigned int i;

	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&k);
	c = soba_cache_private(k.s);
	l = per_cpu_ptr(c->cpu, 0);
	CHECK(c->mag_min < c->mag_max);
	for (i = 0; i < 20; i++)
		work_and_reap(&k, 100);
	CHECK_EQ(c->mag_cap, c->mag_max);
	CHECK_EQ(l->loaded->cap, c->mag_max);
	for (i = 0; i < 20; i++)
		work_and_reap(&k, 0);
	CHECK_EQ(c->mag_cap, c->mag_min);
	CHECK_EQ(l->loaded->cap, c->mag_min);
	obj_kind_destroy(&k);
	soba_down();
}

/* Each drain that finds some says so, and names the first. */
static void slab_drain_reports(void)
{
	struct obj_kind k = { .name = "drain", .size = 256 };
	unsigned int i, round;
	char line[80];
	void *p[10];

	soba_up();
	obj_kind_create(&k);
	for (round = 0; round < 3; round++) {
		sim_log_clear();
		for (i = 0; i < 10; i++)
			p[i] = soba_kmem_cache_alloc(k.s, GFP_KERNEL);
		for (i = 0; i < 10; i++)
			soba_kfree(p[i]);
		soba_kfree(p[3]);
		soba_kfree(p[5]);
		soba_kmem_cache_shrink(k.s);
		CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), round + 1);
		snprintf(line, sizeof(line), "double-free: object 0x%p of cache drain", p[3]);
		CHECK(sim_log_has(line));
		CHECK(sim_log_has("is free already, the first of 2 that a drain found"));
	}
	soba_kmem_cache_destroy(k.s);
	soba_down();
}

/* Given to RCU twice, on one CPU or two: freed once, and nothing is lost. */
static void slab_rcu_twice(void)
{
	struct obj_kind k = { .name = "twice", .size = 64 };
	unsigned int i, round;
	void *p[6];

	soba_up();
	obj_kind_create(&k);
	for (round = 1; round <= 6; round++) {
		for (i = 0; i < 6; i++)
			p[i] = soba_kmem_cache_alloc(k.s, GFP_KERNEL);
		for (i = 0; i < 6; i++)
			soba_kvfree_call_rcu(p[i], p[i]);
		sim_set_cpu(round & 1 ? 0 : 2);
		soba_kvfree_call_rcu(p[round - 1], p[round - 1]);
		sim_set_cpu(0);
		CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), round);
		soba_rcu_free_barrier();
		CHECK_EQ(soba_cache_live(soba_cache_private(k.s)), 0);
	}
	CHECK(sim_log_has("waits for a grace period already"));
	soba_kmem_cache_destroy(k.s);
	soba_down();
}

/* Written to while it waits: what is behind it is kept, nobody follows the link. */
static void slab_rcu_overwritten(void)
{
	struct obj_kind k = { .name = "written", .size = 64 };
	void *p[4];
	unsigned int i;

	soba_up();
	obj_kind_create(&k);
	for (i = 0; i < 4; i++)
		p[i] = soba_kmem_cache_alloc(k.s, GFP_KERNEL);
	/* The first goes alone, the others after it, the last first. */
	for (i = 0; i < 4; i++)
		soba_kvfree_call_rcu(p[i], p[i]);
	memset(p[2], 0x77, 16);
	soba_rcu_free_barrier();
	CHECK_EQ(soba_report_total(SOBA_R_USE_AFTER_FREE), 1);
	CHECK_EQ(soba_cache_live(soba_cache_private(k.s)), 2);
	soba_kfree(p[1]);
	soba_kfree(p[2]);
	soba_kmem_cache_destroy(k.s);
	soba_down();
}

/* Calls that find the magazines in use below them are counted, whatever they ask. */
static void slab_nested_counts(void)
{
	struct obj_kind k = { .name = "nested", .size = 1024 };
	struct soba_cpu_cache *l;
	struct soba_cpu_stat st;
	unsigned int cap;
	void *p[64];

	soba_up();
	obj_kind_create(&k);
	l = per_cpu_ptr(soba_cache_private(k.s)->cpu, 0);
	p[0] = soba_kmem_cache_alloc(k.s, GFP_KERNEL);
	l->guard = SOBA_GUARD_BUSY;
	p[1] = soba_kmem_cache_alloc(k.s, GFP_KERNEL | __GFP_ZERO);
	p[2] = soba_kmem_cache_alloc_node(k.s, GFP_KERNEL, -1);
	soba_kmem_cache_alloc_bulk(k.s, GFP_KERNEL, 2, p + 3);
	soba_kmem_cache_alloc_bulk(k.s, GFP_KERNEL | __GFP_ZERO, 2, p + 5);
	l->guard = SOBA_GUARD_IDLE;
	soba_cache_cpu_stat(soba_cache_private(k.s), 0, &st);
	CHECK_EQ(st.nested, 6);
	CHECK_EQ(st.alloc_misses, 7);
	soba_kmem_cache_free_bulk(k.s, 7, p);
	/* What a bulk call takes after a look for more are misses, the rest hits. */
	soba_kmem_cache_shrink(k.s);
	CHECK_EQ(soba_kmem_cache_alloc_bulk(k.s, GFP_KERNEL, 64, p), 64);
	soba_kmem_cache_free_bulk(k.s, 64, p);
	soba_kmem_cache_free_bulk(k.s, soba_kmem_cache_alloc_bulk(k.s, GFP_KERNEL, 10, p), p);
	l->refills = 0;
	cap = soba_mag_loaded(l);
	CHECK(cap && cap < 64);
	CHECK_EQ(soba_kmem_cache_alloc_bulk(k.s, GFP_KERNEL, 64, p), 64);
	CHECK_EQ(l->refills, 64 - cap);
	soba_kmem_cache_free_bulk(k.s, 64, p);
	obj_settle(NULL, 0, "counted");
	soba_kmem_cache_destroy(k.s);
	soba_down();
}

const struct test slab_odd_tests[] = {
	{ "slab_accounted_typesafe", slab_accounted_typesafe },
	{ "slab_accounted_live", slab_accounted_live },
	{ "slab_tomb_typesafe", slab_tomb_typesafe },
	{ "slab_tomb_shrinks", slab_tomb_shrinks },
	{ "slab_dead_cpu_reaped", slab_dead_cpu_reaped },
	{ "slab_drained_while_unloading", slab_drained_while_unloading },
	{ "slab_magazine_bytes", slab_magazine_bytes },
	{ "slab_magazine_grows", slab_magazine_grows },
	{ "slab_drain_reports", slab_drain_reports },
	{ "slab_rcu_twice", slab_rcu_twice },
	{ "slab_rcu_overwritten", slab_rcu_overwritten },
	{ "slab_nested_counts", slab_nested_counts },
	{ }
};
