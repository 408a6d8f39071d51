// SPDX-License-Identifier: GPL-2.0
/*
 * zone.c - harness: limit= and reserve=, watermarks, fallback and lowmem
 * reserve, chunks taken and given back, hotplug.
 */
#include "tests/live.h"

#include "base/counter.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"
#include "page/map.h"
#include "page/pcp.h"
#include "page/zone.h"

static struct live_set set;

static void begin(void)
{
	soba_up();
	live_init(&set, options.seed);
}

static void end(void)
{
	live_free_all(&set);
	soba_must_be_valid("at the end");
	soba_down();
}

static struct page *get(gfp_t gfp, unsigned int order)
{
	struct live *l = live_alloc_as(&set, LIVE_PAGES, gfp | __GFP_NOWARN, order, -1);

	return l ? l->page : NULL;
}

/* limit= is never passed, by anything, at any moment (see the injector). */
static void watch_limit(enum sim_kind kind, void *arg)
{
	CHECKF(sim_host_taken() <= soba_limits.limit, "%lu frames taken, limit %lu",
	       sim_host_taken(), soba_limits.limit);
}

static void zone_limit(void)
{
	static const unsigned long limits[] = { 1, 2, 3, 17, 100, 1023, 1024, 1025, 5000 };
	struct sim_injection inj = { .kind = SIM_INJ_REMOTE, .func = watch_limit, .every = 1 };
	unsigned int i, order;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		soba_limits_set(limits[i], 0, SOBA_MAX_ORDER);
		begin();
		sim_inject(&inj);
		for (order = 0; order <= SOBA_MAX_ORDER; order++) {
			while (set.n < 900 && get(GFP_ATOMIC, order))
				;
			while (set.n < 900 && get(GFP_KERNEL, order))
				;
			get(GFP_KERNEL | __GFP_COMP, order);
		}
		live_free_all(&set);
		get(GFP_KERNEL, 0);
		sim_inject(NULL);
		/* The last frame of the limit is there for who may have it. */
		CHECK(get(GFP_KERNEL | __GFP_MEMALLOC, 0));
		end();
	}
}

/* reserve= frames stay, whatever asks for them. */
static void zone_reserve(void)
{
	unsigned int i;

	soba_limits_set(0, 2000, SOBA_MAX_ORDER);
	begin();
	CHECK(atomic_long_read(&soba_held_frames) >= 2000);
	for (i = 0; i < 700; i++)
		get(GFP_KERNEL, 3);
	live_free_all(&set);
	CHECK(atomic_long_read(&soba_held_frames) > 4000);
	soba_shrink_all();
	CHECK(atomic_long_read(&soba_held_frames) >= 2000);
	CHECK(atomic_long_read(&soba_held_frames) < 2000 + 1024);
	/* Less than a chunk above reserve= cannot be given back. */
	CHECK(soba_shrink_count() < 1024);
	CHECK_EQ(sim_host_pressure(~0UL, GFP_KERNEL), 0);
	CHECK(atomic_long_read(&soba_held_frames) >= 2000);
	end();
}

/* Idle chunks above the high watermark go back by themselves, after a while. */
static void zone_trims_itself(void)
{
	unsigned long held;
	unsigned int i;

	begin();
	for (i = 0; i < 12; i++)
		CHECK(get(GFP_KERNEL, 9));
	held = atomic_long_read(&soba_held_frames);
	live_free_all(&set);
	sim_run_work(false);
	CHECK_EQ(atomic_long_read(&soba_held_frames), held);	/* too early */
	sim_tick(2 * HZ);
	sim_run_work(false);
	CHECK(atomic_long_read(&soba_held_frames) < held);
	end();
}

/* Of the reserve's chunks none can go, of the small ones behind them all can. */
static void zone_reserve_lets_small_go(void)
{
	unsigned int i;

	soba_limits_set(0, 2000, SOBA_MAX_ORDER);
	begin();
	CHECK_EQ(atomic_long_read(&soba_held_frames), 2048);
	CHECK(get(GFP_KERNEL, 10) && get(GFP_KERNEL | __GFP_MEMALLOC, 10));
	sim_host.max_order = 4;
	for (i = 0; i < 100; i++)
		CHECK(get(GFP_KERNEL, 2));
	/* Those of the reserve have been idle longest: they are met first. */
	live_free(&set, 1);
	live_free(&set, 0);
	soba_pcp_drain_spares();
	live_free_all(&set);
	CHECK(atomic_long_read(&soba_held_frames) > 2048);
	soba_shrink_all();
	CHECK_EQ(atomic_long_read(&soba_held_frames), 2048);
	end();
}

/* Each chunk has its own second, and a trim that comes for others leaves it. */
static void zone_young_chunk_stays(void)
{
	unsigned long pfn, held;
	struct page *last;
	unsigned int i;

	begin();
	CHECK(get(GFP_KERNEL, 0));	/* what the watermark keeps is its chunk */
	for (i = 0; i < 12; i++)
		CHECK(get(GFP_KERNEL, 10));
	last = set.b[set.n - 1].page;
	pfn = page_to_pfn(last);
	while (set.n > 2)
		live_free(&set, set.n - 2);
	held = atomic_long_read(&soba_held_frames);
	sim_tick(HZ / 2);
	live_free(&set, set.n - 1);
	sim_tick(HZ / 2 + 1);
	sim_run_work(false);
	CHECK(atomic_long_read(&soba_held_frames) < held);
	CHECK(soba_map_frame(pfn)->state != SOBA_F_NONE);
	sim_tick(HZ + 1);
	sim_run_work(false);
	CHECK_EQ(soba_map_frame(pfn)->state, SOBA_F_NONE);
	end();
}

/* What the host refused of a large order, it may well have of a small one. */
static void zone_refuses_by_order(void)
{
	const struct soba_req req = { .nid = 0, .class = SOBA_CLASS_NORMAL };
	struct soba_zone *zone;
	unsigned long asked;

	begin();
	zone = soba_zone_preferred(&req);
	sim_host.max_order = 3;
	CHECK(!get(GFP_NOWAIT, 9));
	CHECK(soba_zone_refused(zone, 9));
	CHECK(!soba_zone_refused(zone, 3));
	CHECK(get(GFP_ATOMIC, 0));
	CHECK(zone->managed > 0);
	sim_host.take_budget = 0;
	while (get(GFP_NOWAIT, 0))
		;
	CHECK(soba_zone_refused(zone, 0));
	/* The larger one's refusal does not let the smaller ones through. */
	CHECK(!get(GFP_NOWAIT, 9));
	CHECK(soba_zone_refused(zone, 0));
	/* Who cannot wait asks once here and once anywhere, not all over again. */
	sim_tick(2 * SOBA_REFUSED_DELAY);
	asked = soba_counter_sum(SOBA_C_CHUNK_TAKE_FAIL);
	CHECK(!get(GFP_NOWAIT, 0));
	CHECK_EQ(soba_counter_sum(SOBA_C_CHUNK_TAKE_FAIL) - asked, 2);
	sim_host.take_budget = -1;
	end();
}

/* A grower that was woken before a shrink and runs after it does not undo it. */
static void zone_shrink_forgets_wishes(void)
{
	begin();
	while (!soba_counter_sum(SOBA_C_GROW_WAKE))
		CHECK(get(GFP_ATOMIC, 0));
	live_free_all(&set);
	soba_shrink_all();
	CHECK_EQ(sim_host_taken(), 0);
	CHECK(sim_work_pending() > 0);
	sim_run_work(true);
	CHECK_EQ(sim_host_taken(), 0);
	CHECK_EQ(soba_counter_sum(SOBA_C_GROW_CHUNK), 0);
	end();
}

/* The shrinker counts what it can free, and frees what it counts. */
static void zone_shrinker_honest(void)
{
	unsigned long can, taken;
	unsigned int i;

	begin();
	for (i = 0; i < 10; i++)
		get(GFP_KERNEL, 10);
	for (i = 0; i < 5; i++)
		live_free(&set, 0);
	soba_pcp_drain_all();
	can = soba_shrink_count();
	taken = sim_host_taken();
	CHECK(can >= 5 * 1024);
	CHECK_EQ(sim_host_pressure(~0UL, GFP_KERNEL), can);
	CHECK_EQ(sim_host_taken(), taken - can);
	CHECK_EQ(soba_shrink_count(), 0);
	end();
}

/* A fragmented host: smaller chunks, down to what is needed. */
static void zone_fragmented_host(void)
{
	int max;

	for (max = 0; max <= SOBA_MAX_ORDER; max++) {
		begin();
		sim_host.max_order = max;
		CHECK(get(GFP_KERNEL, 0));
		CHECK(get(GFP_KERNEL, max));
		if (max < SOBA_MAX_ORDER)
			CHECK(!get(GFP_KERNEL, max + 1));
		sim_enter(SIM_HARDIRQ);
		CHECK(get(GFP_ATOMIC, 0));
		sim_leave(SIM_HARDIRQ);
		end();
	}
}

/* NORMAL, then DMA32, then DMA; and DMA is never drained by others. */
static void zone_fallback(void)
{
	unsigned long count[SOBA_NR_CLASSES] = { }, dma_free;
	struct page *page;
	int last = SOBA_CLASS_NORMAL;
	bool dropped = false;

	begin();
	/* One zone each, filled while the host has nothing else to give. */
	sim_host.only_class = SOBA_CLASS_DMA;
	CHECK(soba_alloc_pages_node(0, GFP_KERNEL | __GFP_DMA, 6));
	for (dma_free = 0; dma_free < 40; dma_free++)
		get(GFP_KERNEL | __GFP_DMA, 4);
	sim_host.only_class = SOBA_CLASS_DMA32;
	for (dma_free = 0; dma_free < 60; dma_free++)
		get(GFP_KERNEL | __GFP_DMA32, 4);
	sim_host.only_class = SOBA_CLASS_NORMAL;
	for (dma_free = 0; dma_free < 100; dma_free++)
		get(GFP_KERNEL, 4);
	live_free_all(&set);
	soba_pcp_drain_all();
	sim_host.take_budget = 0;
	while ((page = soba_alloc_pages_node(0, GFP_NOWAIT | __GFP_THISNODE | __GFP_NOWARN, 4))) {
		CHECKF(page->class <= last || dropped, "class %d after %d", page->class, last);
		last = page->class;
		count[page->class] += 16;
	}
	test_note("NORMAL request got: DMA %lu, DMA32 %lu, NORMAL %lu frames", count[0], count[1],
		  count[2]);
	CHECK(count[SOBA_CLASS_NORMAL] && count[SOBA_CLASS_DMA32]);
	dma_free = soba_zone_free_frames(soba_zone_of(0, SOBA_CLASS_DMA));
	CHECKF(dma_free * 2 >= READ_ONCE(soba_zone_of(0, SOBA_CLASS_DMA)->managed),
	       "only %lu DMA frames are left", dma_free);
	CHECK(soba_alloc_pages_node(0, GFP_NOWAIT | __GFP_DMA | __GFP_NOWARN, 4));
	soba_down_leaky();
}

/* The host answers from another node, and says THISNODE where it may not. */
static void zone_wrong_node(void)
{
	unsigned int i;

	begin();
	sim_host.wrong_node_1k = 1000;
	for (i = 0; i < 100; i++) {
		sim_set_cpu(i % 4);
		CHECK(get(GFP_KERNEL, i % 8));
		CHECK(live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL | __GFP_THISNODE, i % 8, i & 1));
	}
	end();
}

/*
 * When the node has no more of its best class, and then nothing more, what comes
 * from elsewhere is taken as it is used, not a chunk for each request.
 */
static void used_up(gfp_t gfp, unsigned int order)
{
	unsigned long got = 0, most = 0, n = 0, all = soba_port_host_frames();
	struct page **page = calloc(all, sizeof(*page));

	soba_up();
	sim_set_cpu(0);
	while (got < all / 10 * 8) {
		page[n] = soba_alloc_pages_node(0, gfp | __GFP_NOWARN, order);
		if (!page[n])
			break;
		n++;
		got += 1UL << order;
		most = max(most, sim_host_taken() - got);
		if (got % 64)
			continue;
		sim_tick(1);
		sim_run_work(false);
	}
	test_note("gfp %#x, order %u: %lu of %lu frames, at most %lu taken and not in use", gfp,
		  order, got, all, most);
	CHECK(got >= all / 10 * 8);
	CHECKF(most < 3 << SOBA_MAX_ORDER, "%lu frames are taken and not in use", most);
	soba_must_be_valid("with most of the host's memory");
	while (n)
		soba_free_pages((unsigned long)page_address(page[--n]), order);
	free(page);
	soba_down();
}

static void zone_used_up(void)
{
	used_up(GFP_KERNEL, 0);
	used_up(GFP_KERNEL, 3);
	used_up(GFP_KERNEL, 7);
	used_up(GFP_ATOMIC, 0);
	used_up(GFP_ATOMIC, 3);
}

static void zone_hotplug(void)
{
	unsigned int round, cpu, i;

	/* CPU 4 is possible, and has never been up. */
	nr_cpu_ids = 5;
	sim_possible.bits[0] |= 1UL << 4;
	begin();
	for (round = 0; round < 10; round++) {
		for (cpu = 0; cpu < 4; cpu++) {
			sim_set_cpu(cpu);
			for (i = 0; i < 40; i++)
				get(GFP_KERNEL, i & 3);
			while (set.n > 20)
				live_free(&set, 0);
		}
		sim_set_cpu(0);
		for (cpu = 1; cpu < 4; cpu++)
			CHECK_EQ(sim_cpu_down(cpu), 0);
		soba_must_be_valid("with one CPU");
		/* Nothing is left in a dead CPU's lists. */
		live_free_all(&set);
		soba_shrink_all();
		CHECK_EQ(sim_host_taken(), 0);
		for (cpu = 1; cpu < 4; cpu++)
			CHECK_EQ(sim_cpu_up(cpu), 0);
	}
	end();
}

/* A CPU comes up although there is no memory for its lists, and can allocate. */
static void zone_hotplug_no_lists(void)
{
	unsigned int lists, order;

	nr_cpu_ids = 5;
	sim_possible.bits[0] |= 1UL << 4;
	begin();
	for (lists = 0; lists <= SOBA_PCP_ORDERS; lists++) {
		sim_host.meta_budget = lists ? 1 : 0;	/* it keeps what it has */
		CHECK_EQ(sim_cpu_up(4), 0);
		CHECK(cpu_online(4));
		sim_host.meta_budget = -1;
		CHECK_EQ(soba_counter_sum(SOBA_C_PCP_MISSING),
			 min(lists + 1, (unsigned int)SOBA_PCP_ORDERS));
		sim_set_cpu(4);
		for (order = 0; order < SOBA_PCP_ORDERS; order++) {
			CHECK(get(GFP_KERNEL, order));
			CHECK(get(GFP_ATOMIC | __GFP_ZERO, order));
			live_free_all(&set);
			CHECK_EQ(per_cpu(soba_pcp[order], 4)->top > 0, order < lists);
		}
		soba_must_be_valid("without some lists");
		sim_set_cpu(0);
		CHECK_EQ(sim_cpu_down(4), 0);
	}
	end();
}

const struct test zone_tests[] = {
	{ "zone_limit", zone_limit },
	{ "zone_reserve", zone_reserve },
	{ "zone_trims_itself", zone_trims_itself },
	{ "zone_reserve_lets_small_go", zone_reserve_lets_small_go },
	{ "zone_young_chunk_stays", zone_young_chunk_stays },
	{ "zone_refuses_by_order", zone_refuses_by_order },
	{ "zone_shrink_forgets_wishes", zone_shrink_forgets_wishes },
	{ "zone_shrinker_honest", zone_shrinker_honest },
	{ "zone_fragmented_host", zone_fragmented_host },
	{ "zone_fallback", zone_fallback },
	{ "zone_wrong_node", zone_wrong_node },
	{ "zone_used_up", zone_used_up },
	{ "zone_hotplug", zone_hotplug },
	{ "zone_hotplug_no_lists", zone_hotplug_no_lists },
	{ }
};
