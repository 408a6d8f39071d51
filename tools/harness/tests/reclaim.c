// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim.c - harness: a floor above pages that keeps blocks for speed, as
 * src/page/reclaim.h and owner.h let it. Who may ask it for them, and when.
 */
#include "tests/test.h"

#include <soba/vmalloc.h>

#include "base/counter.h"
#include "base/report.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"
#include "page/map.h"
#include "page/owner.h"
#include "page/reclaim.h"
#include "page/zone.h"

#define KEEP_MAX 4096

/* A floor above, with what it keeps and how it was asked. */
struct keeper {
	struct soba_frame *kept[KEEP_MAX];
	unsigned int n;
	unsigned long frames;
	unsigned int calls, sleeping_calls;
	unsigned long last_nr;
};

static struct keeper a, b;
static u64 owner_of_a;		/* aligned to 8 bytes, as an owner is */

static const struct soba_req plain = {
	.gfp = GFP_KERNEL, .class = SOBA_CLASS_NORMAL, .rounds = 3, .sleep = true,
};

static bool keep(struct keeper *k, unsigned int order)
{
	struct soba_req req = plain;
	struct soba_frame *f;

	req.order = order;
	f = soba_block_alloc(&req);
	if (!f)
		return false;
	soba_block_own(f, SOBA_OWN_SLAB, &owner_of_a);
	k->kept[k->n++] = f;
	k->frames += 1UL << order;
	return true;
}

static unsigned long give(struct keeper *k, unsigned long nr, bool sleep)
{
	unsigned long done = 0;

	if (sim_lock_any_held())
		sim_fail("a reclaimer is called with a lock held");
	k->calls++;
	k->sleeping_calls += sleep;
	k->last_nr = nr;
	if (sleep)
		might_sleep();
	while (k->n && done < nr) {
		struct soba_frame *f = k->kept[--k->n];

		done += 1UL << f->order;
		soba_block_disown(f);
		soba_block_free(f);
	}
	k->frames -= done;
	return done;
}

static unsigned long a_count(void) { return a.frames; }
static unsigned long a_scan(unsigned long nr, bool sleep) { return give(&a, nr, sleep); }
static unsigned long b_count(void) { return b.frames; }
static unsigned long b_scan(unsigned long nr, bool sleep) { return give(&b, nr, sleep); }
static const struct soba_reclaimer reclaimer_a = { .count = a_count, .scan = a_scan };
static const struct soba_reclaimer reclaimer_b = { .count = b_count, .scan = b_scan };

static void begin(void)
{
	soba_up();
	soba_reclaim_add(&reclaimer_a);
}

static void end(void)
{
	soba_must_be_valid("at the end");
	give(&a, ~0UL, true);
	soba_reclaim_del(&reclaimer_a);
	soba_down();
}

static void keep_some(struct keeper *k, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		CHECK(keep(k, i % 6));
}

/* The host is short: what is kept is counted, and goes. */
static void reclaim_by_shrinker(void)
{
	unsigned long taken;

	begin();
	keep_some(&a, 300);
	soba_shrink_all();
	CHECK_EQ(a.frames, 0);
	CHECK_EQ(sim_host_taken(), 0);
	keep_some(&a, 300);
	taken = sim_host_taken();
	CHECK(soba_shrink_count() >= a.frames);
	a.calls = 0;
	a.sleeping_calls = 0;
	CHECK(sim_host_pressure(~0UL, GFP_KERNEL) > 0);
	CHECK(a.calls > 0);
	CHECK_EQ(a.sleeping_calls, a.calls);
	CHECK_EQ(a.frames, 0);
	CHECK(sim_host_taken() < taken);
	CHECK_EQ(soba_shrink_count(), soba_frames_free());
	end();
}

/* A host that cannot wait: the same, but nobody may sleep. */
static void reclaim_by_shrinker_atomic(void)
{
	begin();
	keep_some(&a, 300);
	sim_enter(SIM_PREEMPT_OFF);
	sim_host_pressure(~0UL, GFP_ATOMIC);
	sim_leave(SIM_PREEMPT_OFF);
	CHECK(a.calls > 0);
	CHECK_EQ(a.sleeping_calls, 0);
	CHECK_EQ(a.frames, 0);
	end();
}

/* Idle chunks go first; who keeps blocks is asked for what is missing. */
static void reclaim_after_idle(void)
{
	struct page *page;

	begin();
	page = soba_alloc_pages(GFP_KERNEL, SOBA_MAX_ORDER);
	keep_some(&a, 100);
	soba___free_pages(page, SOBA_MAX_ORDER);
	a.calls = 0;
	CHECK(sim_host_pressure(10, GFP_KERNEL) >= 10);
	CHECK_EQ(a.calls, 0);
	sim_host_pressure(~0UL, GFP_KERNEL);
	CHECK(a.calls > 0);
	CHECK_EQ(sim_host_taken(), 0);
	end();
}

static void reclaim_by_shrink_all(void)
{
	begin();
	keep_some(&a, 500);
	CHECK(sim_host_taken() >= a.frames);
	soba_shrink_all();
	CHECK_EQ(a.frames, 0);
	CHECK(a.sleeping_calls > 0);
	CHECK_EQ(sim_host_taken(), 0);
	end();
}

/* limit= is reached, and all of it is kept. */
static void keep_all(void)
{
	while (a.n < KEEP_MAX && keep(&a, 2))
		;
	while (a.n < KEEP_MAX && keep(&a, 0))
		;
	CHECK(a.n < KEEP_MAX);
	/* keep() was short itself in the end, and got its own blocks back. */
	a.calls = 0;
	a.sleeping_calls = 0;
}

/* What stops keep() from asking: as it is between two calls of the floor above. */
static void refill(void)
{
	soba_reclaim_del(&reclaimer_a);
	keep_all();
	soba_reclaim_add(&reclaimer_a);
}

static void reclaim_by_short_request(void)
{
	struct page *page;

	soba_limits_set(2048, 0, 9);
	begin();
	refill();
	CHECK(a.frames > 1000);
	page = soba_alloc_pages(GFP_KERNEL, 4);
	CHECK(page);
	CHECK(a.calls > 0);
	CHECK_EQ(a.sleeping_calls, a.calls);
	soba___free_pages(page, 4);
	/* A direct block takes the same way. */
	refill();
	page = soba_alloc_pages(GFP_KERNEL | __GFP_COMP, 4);
	CHECK(page);
	CHECK(a.calls > 0);
	soba___free_pages(page, 4);
	end();
}

/*
 * Who may not sleep gets NULL, in whatever context; nobody is asked. The order is
 * more than what the min watermark leaves to GFP_ATOMIC.
 */
static void reclaim_not_by_atomic_request(void)
{
	unsigned int c;

	soba_limits_set(2048, 0, 9);
	begin();
	refill();
	for (c = 0; c < SIM_NR_CONTEXTS; c++) {
		sim_enter(c);
		CHECK(!soba_alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 6));
		CHECK(!soba_alloc_pages(GFP_NOWAIT | __GFP_NOWARN, 6));
		CHECK(!soba_alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN, 6));
		/* Reported, and then as GFP_ATOMIC. */
		if (c != SIM_PROCESS)
			CHECK(!soba_alloc_pages(GFP_KERNEL | __GFP_NOWARN, 6));
		sim_leave(c);
	}
	CHECK_EQ(a.calls, 0);
	CHECK(a.frames > 1000);
	end();
}

/* Two of them: the second is asked for what the first did not have. */
static void reclaim_two(void)
{
	unsigned long of_a;

	begin();
	soba_reclaim_add(&reclaimer_b);
	keep_some(&a, 12);
	keep_some(&b, 12);
	CHECK_EQ(soba_reclaim_count(), a.frames + b.frames);
	CHECK(soba_reclaim_scan(1, false) >= 1);
	CHECK_EQ(a.calls, 1);
	CHECK_EQ(b.calls, 0);
	/* b's latest block, of order 5, is more than the one frame that is missing. */
	of_a = a.frames;
	CHECK_EQ(soba_reclaim_scan(of_a + 1, false), of_a + 32);
	CHECK_EQ(b.calls, 1);
	CHECK_EQ(b.last_nr, 1);
	CHECK_EQ(a.frames, 0);
	soba_reclaim_del(&reclaimer_b);
	b.calls = 0;
	soba_reclaim_scan(~0UL, true);
	CHECK_EQ(b.calls, 0);
	give(&b, ~0UL, true);
	end();
}

/* owner.h: an owned block is no page allocation; a free one has no owner. */
static void reclaim_owned_block(void)
{
	struct soba_frame *f;
	struct page *page;

	begin();
	CHECK(keep(&a, 3));
	f = a.kept[0];
	page = soba_frame_page(f);
	CHECK_EQ(soba_owner_kind(f->owner), SOBA_OWN_SLAB);
	CHECK(soba_owner_ptr(f->owner) == &owner_of_a);
	CHECK(f->owner == soba_owner_tag(&owner_of_a, SOBA_OWN_SLAB));
	CHECK_EQ(soba_frame_state(f), SOBA_F_OWNED);
	soba___free_pages(page, 3);
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 1);
	CHECK_EQ(soba_frame_state(f), SOBA_F_OWNED);
	soba___free_pages(page + 1, 0);
	CHECK(sim_log_has("pfn"));
	CHECK_EQ(soba_frame_state(f), SOBA_F_OWNED);
	soba_must_be_valid("with an owned block");
	soba_block_disown(f);
	CHECK_EQ(soba_owner_kind(f->owner), SOBA_OWN_NONE);
	soba_block_own(f, SOBA_OWN_META, NULL);
	CHECK_EQ(soba_owner_kind(f->owner), SOBA_OWN_META);
	CHECK(!soba_owner_ptr(f->owner));
	give(&a, ~0UL, true);
	CHECK_EQ(soba_owner_kind(soba_map_frame(page_to_pfn(page))->owner), SOBA_OWN_NONE);
	end();
}

/* An area that was freed where nothing sleeps waits for the worker, not for ever. */
static void reclaim_deferred_areas(void)
{
	const unsigned long limit = 4096, most = 2500 * PAGE_SIZE;
	void *p;

	soba_limits_set(limit, 0, SOBA_MAX_ORDER);
	soba_up();
	p = soba_vmalloc(most);
	CHECK(p);
	soba_vfree_atomic(p);
	CHECK_EQ(soba_counter_sum(SOBA_C_AREA_DEFER), 1);
	p = soba_vmalloc(most);
	CHECK(p);
	soba_vfree(p);
	soba_down();
}

const struct test reclaim_tests[] = {
	{ "reclaim_by_shrinker", reclaim_by_shrinker },
	{ "reclaim_by_shrinker_atomic", reclaim_by_shrinker_atomic },
	{ "reclaim_after_idle", reclaim_after_idle },
	{ "reclaim_by_shrink_all", reclaim_by_shrink_all },
	{ "reclaim_by_short_request", reclaim_by_short_request },
	{ "reclaim_not_by_atomic_request", reclaim_not_by_atomic_request },
	{ "reclaim_two", reclaim_two },
	{ "reclaim_owned_block", reclaim_owned_block },
	{ "reclaim_deferred_areas", reclaim_deferred_areas },
	{ }
};
