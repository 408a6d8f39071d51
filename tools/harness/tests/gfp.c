// SPDX-License-Identifier: GPL-2.0
/*
 * gfp.c - harness: the table of design.md, a test for each row of GFP flags.
 */
#include "tests/live.h"

#include "api/gfp.h"
#include "base/counter.h"
#include "base/report.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"
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
	struct live *l = live_alloc_as(&set, LIVE_PAGES, gfp, order, -1);

	return l ? l->page : NULL;
}

/* Until NULL; how many frames came. */
static unsigned long drain(gfp_t gfp, unsigned int order)
{
	unsigned long n = 0;

	while (soba_alloc_pages(gfp | __GFP_NOWARN, order))
		n += 1UL << order;
	return n;
}

/* May sleep: the host is asked with the caller's flags, and may sleep too. */
static void gfp_direct_reclaim(void)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_NOIO, GFP_NOFS, GFP_USER };
	const gfp_t sleeps = __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		begin();
		/* No large chunks: the caller's own order is asked in earnest. */
		sim_host.max_order = 5;
		CHECK(get(kinds[i] | __GFP_THISNODE, 5));
		CHECK_EQ(sim_host.last_gfp & sleeps, kinds[i] & sleeps);
		/* Of several nodes one is asked without reclaim, then all in earnest. */
		CHECK(get(kinds[i], 5));
		CHECK_EQ(sim_host.last_gfp & __GFP_DIRECT_RECLAIM, 0);
		sim_host.take_budget = 0;
		while (get(kinds[i] | __GFP_NORETRY | __GFP_NOWARN, 5))
			;
		CHECK_EQ(sim_host.last_gfp & sleeps, kinds[i] & sleeps);
		sim_host.take_budget = -1;
		end();
	}
	/* More than the caller needs is for comfort: no reclaim for that. */
	begin();
	sim_host.max_order = SOBA_MAX_ORDER;
	CHECK(get(GFP_KERNEL, 0));
	CHECK_EQ(sim_host.last_order, SOBA_MAX_ORDER);
	CHECK_EQ(sim_host.last_gfp & __GFP_RECLAIM, 0);
	end();
	sim_host.max_order = 5;
	/* memalloc_noio_save() narrows it. */
	begin();
	sim_host.max_order = 5;
	current->flags |= PF_MEMALLOC_NOIO;
	CHECK(get(GFP_KERNEL | __GFP_THISNODE, 5));
	CHECK_EQ(sim_host.last_gfp & sleeps, __GFP_DIRECT_RECLAIM);
	current->flags &= ~PF_MEMALLOC_NOIO;
	end();
}

/* Reclaim: what lies in other CPUs' lists and in the quarantine comes home. */
static void gfp_reclaims(void)
{
	struct page *held[40], *page;
	unsigned int i;

	soba_limits_set(1024, 0, SOBA_MAX_ORDER);
	begin();
	for (i = 0; i < 40; i++)
		held[i] = soba_alloc_pages(GFP_KERNEL, 0);
	sim_set_cpu(2);
	for (i = 0; i < 40; i++)
		soba___free_pages(held[i], 0);
	sim_set_cpu(0);
	/* All 1024 frames in one block need every list to be empty. */
	CHECK(!soba_alloc_pages(GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN, SOBA_MAX_ORDER));
	page = soba_alloc_pages(GFP_KERNEL | __GFP_MEMALLOC, SOBA_MAX_ORDER);
	CHECK(page);
	soba___free_pages(page, SOBA_MAX_ORDER);
	CHECK(soba_counter_sum(SOBA_C_RECLAIM) > 0);
	end();
}

/* The contexts in which nothing may sleep: the harness aborts if it does. */
static void gfp_atomic_never_sleeps(void)
{
	unsigned int c, order;

	begin();
	for (c = 0; c < SIM_NR_CONTEXTS; c++) {
		for (order = 0; order <= 10; order += 2) {
			sim_enter(c);
			get(GFP_ATOMIC, order);
			get(GFP_NOWAIT, order);
			get(0, order);
			live_free_all(&set);
			sim_leave(c);
		}
	}
	CHECK_EQ(soba_report_total(SOBA_R_SLEEP_IN_ATOMIC), 0);
	/* Nothing to be had: NULL at once, and the grower knows. */
	sim_host.take_budget = 0;
	soba_shrink_all();
	sim_enter(SIM_HARDIRQ);
	CHECK(!soba_alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 8));
	sim_leave(SIM_HARDIRQ);
	CHECK_EQ(sim_host.slept, 0);
	sim_host.take_budget = -1;
	end();
}

/* GFP_KERNEL in atomic context: reported once a site, and never sleeps. */
static void gfp_kernel_in_atomic(void)
{
	unsigned int c, i;

	begin();
	for (c = SIM_SOFTIRQ; c < SIM_NR_CONTEXTS; c++) {
		unsigned long total = soba_report_total(SOBA_R_SLEEP_IN_ATOMIC);

		sim_log_clear();
		for (i = 0; i < 3; i++) {
			sim_enter(c);
			CHECK(get(GFP_KERNEL, i));
			sim_leave(c);
		}
		CHECK_EQ(soba_report_total(SOBA_R_SLEEP_IN_ATOMIC), total + 3);
		CHECK_EQ(sim_log_count("soba: sleep-in-atomic: "), c == SIM_SOFTIRQ);
	}
	end();
}

/* Depth below the min watermark. */
static void gfp_depth(void)
{
	unsigned long plain, high, all, nomem;
	const gfp_t here = __GFP_THISNODE;
	unsigned int id;

	soba_limits_set(4096, 0, SOBA_MAX_ORDER);
	begin();
	/* Take all that limit= allows, so that nothing grows any more. */
	plain = drain(here | GFP_NOWAIT, 0);
	high = drain(here | GFP_ATOMIC, 0);
	nomem = drain(here | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 0);
	all = drain(here | __GFP_MEMALLOC, 0);
	test_note("of %ld held: plain %lu, __GFP_HIGH %lu more, __GFP_MEMALLOC %lu more",
		  atomic_long_read(&soba_held_frames), plain, high, all);
	CHECK(plain > 3000);
	CHECK(high > 0);
	CHECK(all > 0);
	CHECK_EQ(nomem, 0);
	/* What a refill left in this CPU's list is beyond such requests. */
	CHECK_EQ(plain + high + all + soba_frames_free(), atomic_long_read(&soba_held_frames));
	for (id = 0; id < soba_nr_zones; id++)
		CHECK_EQ(soba_zone_free_frames(&soba_zones[id]), 0);
	soba_down_leaky();
}

static void gfp_wakes_grower(void)
{
	unsigned long had;

	begin();
	get(GFP_KERNEL, 0);
	sim_run_work(true);
	live_free_all(&set);
	/* Below the low watermark without __GFP_KSWAPD_RECLAIM: silence. */
	sim_host.take_budget = 0;
	drain(__GFP_THISNODE, 0);
	CHECK_EQ(soba_counter_sum(SOBA_C_GROW_WAKE), 0);
	/* After the host said no it is left alone for a while. */
	sim_tick(HZ);
	drain(__GFP_THISNODE | GFP_ATOMIC, 0);
	CHECK(soba_counter_sum(SOBA_C_GROW_WAKE) > 0);
	sim_host.take_budget = -1;
	had = soba_frames_free();
	sim_tick(HZ);
	sim_run_work(true);
	CHECK(soba_frames_free() > had);
	CHECK(soba_counter_sum(SOBA_C_GROW_CHUNK) > 0);
	soba_down_leaky();
}

/* How hard it tries: rounds of reclaim. */
static unsigned long rounds_of(gfp_t gfp, unsigned int order)
{
	unsigned long before = soba_counter_sum(SOBA_C_RECLAIM);

	CHECK(!soba_alloc_pages(gfp | __GFP_NOWARN, order));
	return soba_counter_sum(SOBA_C_RECLAIM) - before;
}

static void gfp_effort(void)
{
	begin();
	sim_host.take_budget = 0;
	CHECK_EQ(rounds_of(GFP_KERNEL | __GFP_NORETRY, 0), 1);
	CHECK_EQ(rounds_of(GFP_KERNEL | __GFP_NORETRY, 3), 1);
	CHECK_EQ(rounds_of(GFP_KERNEL | __GFP_NORETRY, 4), 0);
	CHECK(rounds_of(GFP_KERNEL, 4) > 1);
	CHECK(rounds_of(GFP_KERNEL, 0) > 1);
	CHECK(rounds_of(GFP_KERNEL | __GFP_RETRY_MAYFAIL, 0) > rounds_of(GFP_KERNEL, 0));
	CHECK_EQ(rounds_of(GFP_ATOMIC, 0), 0);
	end();
}

static void free_one(void *arg)
{
	if (sim_host.slept == 20)
		sim_host.take_budget = -1;
}

/* Never NULL for orders 0 and 1: waits until somebody frees. */
static void gfp_nofail(void)
{
	begin();
	sim_host.take_budget = 0;
	sim_host.on_sleep = free_one;
	CHECK(get(GFP_KERNEL | __GFP_NOFAIL, 0));
	CHECK_EQ(sim_host.slept, 20);
	sim_host.take_budget = 0;
	sim_host.slept = 0;
	soba_shrink_all();
	CHECK(get(GFP_KERNEL | __GFP_NOFAIL, 1));
	/* What cannot be promised is refused with a warning. */
	sim_host.take_budget = 0;
	sim_host.on_sleep = NULL;
	live_free_all(&set);
	soba_shrink_all();
	sim_log_clear();
	CHECK(!soba_alloc_pages(GFP_KERNEL | __GFP_NOFAIL | __GFP_NOWARN, 2));
	CHECK(sim_log_has("soba: bad-flags: "));
	sim_log_clear();
	CHECK(!soba_alloc_pages(GFP_ATOMIC | __GFP_NOFAIL | __GFP_NOWARN, 0));
	CHECK(sim_log_has("soba: bad-flags: "));
	end();
}

static void gfp_zero(void)
{
	unsigned int order, pass;

	for (pass = 0; pass < 4; pass++) {
		init_on_alloc = pass & 1;
		init_on_free = pass & 2;
		begin();
		for (order = 0; order <= SOBA_MAX_ORDER; order++) {
			unsigned int i;

			for (i = 0; i < 6; i++) {
				get(GFP_KERNEL | __GFP_ZERO, order);	/* live.c reads it */
				get(GFP_KERNEL | __GFP_ZERO | __GFP_COMP, order);
				get(GFP_KERNEL | __GFP_ZERO | __GFP_DMA32, order);
				get(GFP_KERNEL, order);
				if (i & 1)
					live_free_all(&set);
			}
		}
		end();
	}
}

static void gfp_zones(void)
{
	unsigned int order;

	begin();
	for (order = 0; order <= 8; order++) {
		CHECK(get(GFP_KERNEL | __GFP_DMA, order));	/* live.c checks the place */
		CHECK(get(GFP_KERNEL | __GFP_DMA32, order));
		CHECK(get(GFP_ATOMIC | __GFP_DMA32, order));
		CHECK(get(GFP_KERNEL | __GFP_HIGHMEM, order));
	}
	live_free_all(&set);
	/* From the DMA zone's own frames, freed and taken again. */
	for (order = 0; order < 200; order++)
		CHECK(get(GFP_KERNEL | __GFP_DMA, order % 3));
	live_free_all(&set);
	for (order = 0; order < 200; order++)
		CHECK(get(GFP_KERNEL | __GFP_DMA32, order % 3));
	/* DMA is never empty for others' sake: see zone.c for the reserve. */
	end();
}

static void gfp_this_node(void)
{
	unsigned int i, order;

	begin();
	for (i = 0; i < 64; i++) {
		order = i % 6;
		sim_set_cpu(i % 4);
		CHECK(live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL | __GFP_THISNODE, order, i & 1));
		CHECK(live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, order, SIM_NODE_EMPTY));
	}
	/* A node without memory has none of its own. */
	CHECK(!soba_alloc_pages_node(SIM_NODE_EMPTY,
				     GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, 0));
	end();
}

/* A preferred node comes first, its nearest neighbour next. */
static void gfp_node_order(void)
{
	struct live *l;

	begin();
	sim_set_cpu(0);
	l = live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, 0, 1);
	CHECK_EQ(page_to_nid(l->page), 1);
	l = live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, 0, SIM_NODE_EMPTY);
	CHECK_EQ(page_to_nid(l->page), 1);
	sim_set_cpu(1);
	l = live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, 0, -1);
	CHECK_EQ(page_to_nid(l->page), 1);
	end();
}

static void gfp_comp_and_account(void)
{
	struct page *page;

	begin();
	page = get(GFP_KERNEL | __GFP_COMP, 3);
	CHECK(page && page->comp);
	CHECK_EQ(page_count(page), SOBA_PAGE_REFS);
	page = get(GFP_KERNEL | __GFP_ACCOUNT, 0);
	CHECK(page);
	CHECK(sim_host.last_gfp & __GFP_ACCOUNT);
	CHECK_EQ(soba_counter_sum(SOBA_C_DIRECT_TAKE), 2);
	live_free_all(&set);
	CHECK_EQ(sim_host_taken(), 0);
	end();
}

static void gfp_nowarn(void)
{
	begin();
	sim_host.take_budget = 0;
	sim_log_clear();
	CHECK(!soba_alloc_pages(GFP_KERNEL | __GFP_NOWARN, 3));
	CHECK(!sim_log_has("soba:"));
	CHECK(!soba_alloc_pages(GFP_KERNEL | __GFP_ZERO, 3));
	CHECK_EQ(sim_log_count("soba: alloc-failure: order 3, "), 1);
	CHECK(sim_log_has("GFP_KERNEL|__GFP_ZERO"));
	end();
}

static void gfp_illegal(void)
{
	struct page *page;
	unsigned int i;

	begin();
	page = get(GFP_KERNEL | __GFP_DMA | __GFP_DMA32, 0);	/* the lowest: DMA */
	CHECK(page && page->class == SOBA_CLASS_DMA);
	CHECK_EQ(sim_log_count("soba: bad-flags: "), 1);
	sim_log_clear();
	/* Unknown bits are told once a place, and never reach the host. */
	soba_shrink_all();
	for (i = 0; i < 3; i++) {
		page = soba_alloc_pages(GFP_KERNEL | 0x80000000u, 0);
		CHECK(page);
		soba___free_pages(page, 0);
	}
	CHECK_EQ(sim_log_count("soba: bad-flags: "), 1);
	CHECK_EQ(sim_host.last_gfp & ~__GFP_BITS_MASK, 0);
	sim_log_clear();
	soba_shrink_all();
	page = soba_alloc_pages(GFP_KERNEL | 0x80000000u | __GFP_DMA32, 0);
	CHECK(page);
	CHECK_EQ(sim_log_count("soba: bad-flags: "), 1);
	soba___free_pages(page, 0);
	soba_down_leaky();
}

const struct test gfp_tests[] = {
	{ "gfp_direct_reclaim", gfp_direct_reclaim },
	{ "gfp_reclaims", gfp_reclaims },
	{ "gfp_atomic_never_sleeps", gfp_atomic_never_sleeps },
	{ "gfp_kernel_in_atomic", gfp_kernel_in_atomic },
	{ "gfp_depth", gfp_depth },
	{ "gfp_wakes_grower", gfp_wakes_grower },
	{ "gfp_effort", gfp_effort },
	{ "gfp_nofail", gfp_nofail },
	{ "gfp_zero", gfp_zero },
	{ "gfp_zones", gfp_zones },
	{ "gfp_this_node", gfp_this_node },
	{ "gfp_node_order", gfp_node_order },
	{ "gfp_comp_and_account", gfp_comp_and_account },
	{ "gfp_nowarn", gfp_nowarn },
	{ "gfp_illegal", gfp_illegal },
	{ }
};
