// SPDX-License-Identifier: GPL-2.0
/*
 * map.c - harness: any number is a PFN, any address may be asked about.
 */
#include "tests/live.h"

#include "page/chunk.h"
#include "page/grow.h"
#include "page/map.h"

static struct live_set set;

/* Every PFN has an answer, and it is "not soba's" where nothing is. */
static void map_any_pfn(void)
{
	u64 rand = options.seed;
	unsigned int i, pass;

	soba_up();
	live_init(&set, options.seed);
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < 200000; i++) {
			unsigned long pfn = sim_rand(&rand) >> sim_below(&rand, 64);
			struct soba_frame *f = soba_map_frame(pfn);

			if (pfn >= soba_port_max_pfn() + SOBA_REGION_FRAMES)
				CHECK(!f);
			else if (f && soba_frame_state(f) != SOBA_F_NONE)
				CHECK_EQ(soba_frame_pfn(f), pfn);
			else if (pfn < soba_port_max_pfn())
				CHECK(f && pfn_to_page(pfn)->owner != SIM_SOBA);
		}
		for (i = 0; i < 300; i++)
			live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, i % 7, -1);
	}
	live_free_all(&set);
	soba_down();
}

static void map_any_address(void)
{
	u64 rand = options.seed;

	CHECK(!soba_map_frame(soba_port_addr_pfn(0)));
	soba_up();
	for (sim_step = 0; sim_step < 200000; sim_step++) {
		unsigned long addr = sim_rand(&rand) >> sim_below(&rand, 64);
		struct soba_frame *f = soba_map_frame(soba_port_addr_pfn(addr));

		CHECK(!f || soba_frame_state(f) == SOBA_F_NONE);
	}
	soba_down();
}

/* The walk meets each chunk once, in order, also with two in a region. */
static void map_walk(void)
{
	unsigned long pfn = 0, last = 0, frames = 0;
	struct soba_chunk *c;
	unsigned int i;

	soba_limits_set(0, 0, 5);
	soba_up();
	live_init(&set, options.seed);
	for (i = 0; i < 200; i++)
		live_alloc_as(&set, LIVE_PAGES,
			      i & 1 ? GFP_KERNEL : GFP_KERNEL | __GFP_DMA32, 4, -1);
	rcu_read_lock();
	while ((c = soba_map_next_chunk(&pfn))) {
		CHECK(!last || c->pfn >= last);
		CHECK_EQ(pfn, c->pfn + (1UL << c->order));
		last = pfn;
		frames += 1UL << c->order;
	}
	rcu_read_unlock();
	CHECK_EQ(frames, atomic_long_read(&soba_held_frames));
	/* Heads and tails lead to their block. */
	for (i = 0; i < set.n; i++) {
		unsigned long n;

		for (n = 0; n < 1UL << set.b[i].order; n++)
			CHECK(soba_frame_head(soba_map_frame(page_to_pfn(set.b[i].page) + n)) ==
			      soba_map_frame(page_to_pfn(set.b[i].page)));
	}
	live_free_all(&set);
	soba_down();
}

/* Descriptors go an RCU grace period after the last chunk of their region. */
static void map_grace_period(void)
{
	struct soba_frame *f;
	struct page *page;

	soba_up();
	page = soba_alloc_pages(GFP_KERNEL, SOBA_MAX_ORDER);
	f = soba_map_frame(page_to_pfn(page));
	soba___free_pages(page, SOBA_MAX_ORDER);
	rcu_read_lock();
	soba_shrink_all();
	CHECK_EQ(sim_host_taken(), 0);
	CHECK(!sim_rcu_try());
	CHECK_EQ(soba_frame_state(f), SOBA_F_NONE);	/* ASan: still there */
	CHECK(soba_map_frame(page_to_pfn(page)) != f);
	rcu_read_unlock();
	CHECK(sim_rcu_pending() > 0);
	CHECK(sim_rcu_try());
	soba_down();
}

const struct test map_tests[] = {
	{ "map_any_pfn", map_any_pfn },
	{ "map_any_address", map_any_address },
	{ "map_walk", map_walk },
	{ "map_grace_period", map_grace_period },
	{ }
};
