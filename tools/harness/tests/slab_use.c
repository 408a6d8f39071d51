// SPDX-License-Identifier: GPL-2.0
/*
 * slab_use.c - harness: bulk calls, nodes, DMA, counters, krealloc, shrinking and
 * freeing after a grace period.
 */
#include "tests/slab_live.h"

#include "base/report.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"
#include "page/reclaim.h"
#include "slab/node.h"
#include "slab/rcu.h"
#include "slab/reap.h"

static struct obj_set set;

static void begin(struct obj_kind *k)
{
	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(k);
}

static void end(struct obj_kind *k)
{
	obj_free_all(&set);
	obj_settle(k, 1, "at the end");
	obj_kind_destroy(k);
	soba_down();
}

static void slab_bulk(void)
{
	struct obj_kind k = { .name = "bulk", .size = 200 }, other = { .name = "b2", .size = 64 };
	unsigned int n, round;
	void *p[64];

	begin(&k);
	obj_kind_create(&other);
	for (round = 0; round < 40; round++)
		for (n = 0; n <= 64; n += 1 + n / 4) {
			CHECK_EQ(obj_alloc_bulk(&set, &k, GFP_KERNEL, n), n);
			if (round % 4 == 3)
				CHECK_EQ(obj_alloc_bulk(&set, &other, GFP_ATOMIC | __GFP_ZERO, n),
					 n);
			if (set.n > 1500)
				while (set.n)
					obj_free_bulk(&set, round & 1 ? &k : NULL, 1 + n);
			if (round & 1 && set.n > 1200)
				obj_free_all(&set);
		}
	obj_free_all(&set);
	obj_settle(&k, 1, "bulk");
	/* All or nothing. */
	soba_shrink_all();
	sim_host.take_budget = 1;
	sim_host.max_order = 0;
	memset(p, 0x55, sizeof(p));
	CHECK_EQ(soba_kmem_cache_alloc_bulk(k.s, GFP_KERNEL | __GFP_NOWARN, 64, p), 0);
	k.undone += 64;
	sim_host.take_budget = -1;
	sim_host.max_order = SOBA_MAX_ORDER;
	obj_settle(&k, 1, "bulk without memory");
	CHECK_EQ(soba_kmem_cache_alloc_bulk(k.s, GFP_KERNEL, 0, p), 0);
	soba_kmem_cache_free_bulk(k.s, 0, p);
	obj_kind_destroy(&other);
	end(&k);
}

static void slab_nodes(void)
{
	struct obj_kind k = { .name = "node", .size = 256 }, km = { .name = "kmalloc" };
	struct soba_cache_stat st[2];
	unsigned int i, round;

	begin(&k);
	for (round = 0; round < 4; round++) {
		sim_set_cpu(round);
		for (i = 0; i < 100; i++) {
			CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL | __GFP_THISNODE, i & 1));
			CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, i % 3));
			CHECK(obj_alloc(&set, &km, 100, GFP_KERNEL | __GFP_THISNODE, i & 1));
			CHECK(obj_alloc(&set, &km, 40000, GFP_ATOMIC | __GFP_THISNODE, i & 1));
		}
		/* Half of them of the other node than ours. */
		while (set.n > 100)
			obj_free(&set, sim_below(&set.rand, set.n));
		obj_settle(&k, 1, "nodes");
	}
	CHECK(!soba_kmem_cache_alloc_node(k.s, GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN,
					  SIM_NODE_EMPTY));
	obj_free_all(&set);
	/* An object goes home: nothing of node 1 stays in node 0's depot. */
	sim_set_cpu(0);
	for (i = 0; i < 100; i++)
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL | __GFP_THISNODE, 1));
	soba_kmem_cache_shrink(k.s);
	obj_free_all(&set);
	soba_cache_stat(soba_cache_private(k.s), 0, &st[0]);
	soba_cache_stat(soba_cache_private(k.s), 1, &st[1]);
	CHECK_EQ(st[0].nr_cached, 0);
	CHECK_EQ(st[1].nr_live, 0);
	/* Only node 0 has memory left: a request for node 1 gets that, or nothing. */
	end(&k);
}

static void slab_dma(void)
{
	struct obj_kind dma = { .name = "dma", .size = 512, .flags = SLAB_CACHE_DMA };
	struct obj_kind dma32 = { .name = "dma32", .size = 96, .flags = SLAB_CACHE_DMA32 };
	struct obj_kind km = { .name = "kmalloc" };
	static const gfp_t gfps[] = { __GFP_DMA, __GFP_DMA32, __GFP_RECLAIMABLE, 0, __GFP_ACCOUNT };
	unsigned int i;

	begin(&dma);
	obj_kind_create(&dma32);
	for (i = 0; i < 600; i++) {
		gfp_t gfp = (i & 1 ? GFP_KERNEL : GFP_ATOMIC) | (i % 7 ? 0 : __GFP_ZERO);

		CHECK(obj_alloc(&set, i & 2 ? &dma : &dma32, 0, gfp, i % 5 ? -1 : 0));
		CHECK(obj_alloc(&set, &km, 1 + sim_below(&set.rand, 9000), gfp | gfps[i % 5], -1));
		while (set.n > 400)
			obj_free(&set, sim_below(&set.rand, set.n));
	}
	CHECK(obj_alloc(&set, &dma32, 0, GFP_KERNEL | __GFP_DMA32, -1));
	CHECK_EQ(soba_report_total(SOBA_R_BAD_FLAGS), 0);
	CHECK(obj_alloc(&set, &dma, 0, GFP_KERNEL | __GFP_HIGHMEM, -1));
	CHECK_EQ(soba_report_total(SOBA_R_BAD_FLAGS), 1);
	CHECK(!soba_kmem_cache_create("both", 8, 0, SLAB_CACHE_DMA | SLAB_CACHE_DMA32, NULL));
	obj_free_all(&set);
	obj_settle(&dma32, 1, "DMA32");
	obj_kind_destroy(&dma32);
	end(&dma);
}

static void slab_accounted(void)
{
	struct obj_kind k = { .name = "acct", .size = 700, .ctor = true };
	unsigned int i;

	begin(&k);
	for (i = 0; i < 30; i++) {
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL | __GFP_ACCOUNT, -1));
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
	}
	obj_settle(&k, 1, "charged objects");
	end(&k);
}

/* Hits and misses of each way, by hand: a cold cache, one CPU. */
static void slab_counters(void)
{
	struct obj_kind k = { .name = "count", .size = 1024 };
	struct soba_cpu_stat st;
	struct soba_cache_stat all;
	struct soba_cache *c;
	unsigned int i, hits, cap;

	begin(&k);
	c = soba_cache_private(k.s);
	cap = c->mag_min;
	CHECK_EQ(cap, 29);		/* of 1 KiB: 32 KiB at most */
	CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
	soba_cache_cpu_stat(c, 0, &st);
	CHECK_EQ(st.alloc_hits, 0);
	CHECK_EQ(st.alloc_misses, 1);
	CHECK_EQ(st.free_hits + st.free_misses, 0);
	obj_free(&set, 0);
	for (i = 0; i < 100; i++) {
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
		obj_free(&set, 0);
	}
	soba_cache_cpu_stat(c, 0, &st);
	CHECK_EQ(st.alloc_hits + st.alloc_misses, 101);
	CHECK_EQ(st.free_hits + st.free_misses, 101);
	CHECK(st.alloc_hits >= 99 && st.free_hits >= 99);
	CHECK_EQ(st.nested + st.remote, 0);
	CHECK_EQ(st.cached, 1);
	/* Up and down: a miss for each magazine, not for each object. */
	hits = st.alloc_hits;
	for (i = 0; i < 20 * cap; i++)
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
	obj_free_all(&set);
	for (i = 0; i < 20 * cap; i++)
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
	soba_cache_cpu_stat(c, 0, &st);
	CHECKF(st.alloc_hits - hits >= 40 * cap * 8 / 10, "%lu hits of %u", st.alloc_hits - hits,
	       40 * cap);
	soba_cache_stat(c, NUMA_NO_NODE, &all);
	CHECK_EQ(all.nr_live, 20 * cap);
	CHECK(all.depot_gets > 10 && all.depot_puts > 10);
	CHECK_EQ(all.slabs_made - all.slabs_gone, all.nr_slabs);
	/* Remote: allocated for node 1, freed on CPU 0. */
	obj_free_all(&set);
	for (i = 0; i < 10; i++)
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL | __GFP_THISNODE, 1));
	obj_free_all(&set);
	soba_cache_cpu_stat(c, 0, &st);
	CHECK_EQ(st.remote, 10);
	end(&k);
}

static void slab_krealloc(void)
{
	struct obj_kind k = { .name = "kmalloc" };
	unsigned int i;
	size_t size;
	u8 *p, *q;

	soba_up();
	obj_init(&set, options.seed);
	for (i = 0; i < 3000; i++) {
		gfp_t gfp = i % 3 ? GFP_KERNEL : GFP_ATOMIC;

		size = 1 + sim_below(&set.rand, 1UL << sim_below(&set.rand, 15));
		if (set.n < 50)
			obj_alloc(&set, &k, size, gfp, -1);
		else
			obj_resize(&set, sim_below(&set.rand, set.n), size, gfp);
	}
	obj_free_all(&set);
	/* Grown step by step with __GFP_ZERO: what was never written is zero. */
	for (p = NULL, size = 1; size < 60000; size += 1 + size / 3) {
		unsigned int old = p ? size - 1 : 0;

		q = soba_krealloc(p, size, GFP_KERNEL | __GFP_ZERO);
		CHECK(q && soba_ksize(q) >= size);
		for (i = old > 1 ? (old - 1) * 3 / 4 + 2 : 0; p && i < size; i++)
			CHECKF(!q[i] || q[i] == 0x77, "byte %u of %zu is %#x", i, size, q[i]);
		memset(q, 0x77, size);
		p = q;
	}
	CHECK(soba_krealloc(p, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
	p = soba_krealloc(ZERO_SIZE_PTR, 100, GFP_KERNEL | __GFP_ZERO);
	CHECK(p && !p[0] && !p[99]);
	memset(p, 0x11, 100);
	/* Without memory it is as it was. */
	sim_host.take_budget = 0;
	soba_shrink_all();
	CHECK(!soba_krealloc(p, PAGE_SIZE << SOBA_MAX_ORDER, GFP_KERNEL | __GFP_NOWARN));
	sim_host.take_budget = -1;
	CHECK(p[0] == 0x11 && p[99] == 0x11);
	CHECK(!soba_krealloc(p + 8, 200, GFP_KERNEL));
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 1);
	CHECK(!soba_krealloc(&set, 200, GFP_KERNEL));
	CHECK_EQ(soba_report_total(SOBA_R_FOREIGN_FREE), 1);
	soba_kfree(p);
	obj_settle(NULL, 0, "krealloc");
	soba_down();
}

/* What caches keep for speed is all given back. */
static void slab_shrink(void)
{
	struct obj_kind k[2] = { { .name = "s1", .size = 96 }, { .name = "s2", .size = 5000 } };
	unsigned int i, cpu;

	soba_up();
	obj_init(&set, options.seed);
	for (i = 0; i < 2; i++)
		obj_kind_create(&k[i]);
	for (cpu = 0; cpu < 4; cpu++) {
		sim_set_cpu(cpu);
		for (i = 0; i < 500; i++)
			CHECK(obj_alloc(&set, &k[i & 1], 0, GFP_KERNEL, -1));
		obj_free_all(&set);
	}
	CHECK(soba_shrink_count() > 0);
	CHECK_EQ(soba_kmem_cache_shrink(k[0].s), 0);
	CHECK_EQ(soba_kmem_cache_shrink(k[1].s), 0);
	obj_settle(k, 2, "shrunk");
	soba_shrink_all();
	CHECK_EQ(sim_host_taken(), 0);
	/* With one object left all but its slab goes. */
	CHECK(obj_alloc(&set, &k[0], 0, GFP_KERNEL, -1));
	obj_alloc_bulk(&set, &k[1], GFP_KERNEL, 60);
	obj_free_bulk(&set, &k[1], 60);
	CHECK_EQ(soba_kmem_cache_shrink(k[0].s), 1);
	sim_host_pressure(~0UL, GFP_KERNEL);
	CHECK_EQ(soba_cache_live(soba_cache_private(k[0].s)), 1);
	obj_settle(k, 2, "after pressure");
	obj_free_all(&set);
	/* Time alone gives the depots back. */
	for (i = 0; i < 200; i++)
		CHECK(obj_alloc(&set, &k[1], 0, GFP_KERNEL, -1));
	obj_free_all(&set);
	for (i = 0; i < 6; i++) {
		sim_tick(3 * HZ);
		sim_run_work(false);
	}
	CHECK_EQ(soba_cache_private(k[1].s)->node[1]->depot.nr_full, 0);
	CHECK_EQ(soba_cache_private(k[1].s)->node[0]->depot.nr_full, 0);
	for (i = 0; i < 2; i++)
		obj_kind_destroy(&k[i]);
	soba_down();
}

/* Who asks for little gets it from the depots: the CPU's magazines stay. */
static void slab_shrink_some(void)
{
	struct obj_kind k = { .name = "some", .size = 96 };
	struct soba_cpu_stat cpu;
	unsigned int i;

	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&k);
	sim_set_cpu(0);
	for (i = 0; i < 900; i++)
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
	obj_free_all(&set);
	CHECK(soba_reclaim_scan(1, true) > 0);
	soba_cache_cpu_stat(soba_cache_private(k.s), 0, &cpu);
	CHECK(cpu.cached > 0);
	soba_reclaim_scan(~0UL, true);
	soba_cache_cpu_stat(soba_cache_private(k.s), 0, &cpu);
	CHECK_EQ(cpu.cached, 0);
	obj_kind_destroy(&k);
	soba_down();
}

static void slab_free_rcu(void)
{
	struct obj_kind k = { .name = "rcu", .size = 128 };
	unsigned int i;

	begin(&k);
	for (i = 0; i < 500; i++) {
		sim_set_cpu(i % 4);
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
		if (set.n > 20)
			obj_free_rcu(&set, sim_below(&set.rand, set.n));
		if (i % 40 == 39)
			sim_run_work(true);
	}
	while (set.n)
		obj_free_rcu(&set, 0);
	/* It waits for what is under way. */
	obj_kind_destroy(&k);
	obj_settle(NULL, 0, "freed after a grace period");
	soba_down();
}

const struct test slab_use_tests[] = {
	{ "slab_bulk", slab_bulk },
	{ "slab_nodes", slab_nodes },
	{ "slab_dma", slab_dma },
	{ "slab_accounted", slab_accounted },
	{ "slab_counters", slab_counters },
	{ "slab_krealloc", slab_krealloc },
	{ "slab_shrink", slab_shrink },
	{ "slab_shrink_some", slab_shrink_some },
	{ "slab_free_rcu", slab_free_rcu },
	{ }
};
