// SPDX-License-Identifier: GPL-2.0
/*
 * page.c - harness: the page calls, one law a test, mistakes included.
 */
#include "tests/live.h"

#include "base/counter.h"
#include "base/report.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/map.h"

static struct live_set set;

static void begin(void)
{
	soba_up();
	live_init(&set, options.seed);
}

static void end(void)
{
	soba_must_be_valid("at the end");
	live_free_all(&set);
	soba_must_be_valid("after all is freed");
	soba_down();
}

static void page_every_order(void)
{
	unsigned int order, cpu, round;

	begin();
	for (round = 0; round < 3; round++) {
		for (cpu = 0; cpu < 4; cpu++) {
			sim_set_cpu(cpu);
			for (order = 0; order <= SOBA_MAX_ORDER; order++) {
				CHECK(live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, order, -1));
				CHECK(live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL | __GFP_ZERO,
						    order, -1));
				soba_must_be_valid("after alloc");
			}
		}
		sim_set_cpu(round);
		live_free_all(&set);
	}
	CHECK(!soba_alloc_pages(GFP_KERNEL | __GFP_NOWARN, SOBA_MAX_ORDER + 1));
	CHECK(!soba_alloc_pages(GFP_KERNEL | __GFP_NOWARN, 63));
	CHECK(!soba_alloc_pages(GFP_KERNEL | __GFP_NOWARN, ~0U));
	end();
}

/* All frames come home: what is held is free, and a shrink gives it all back. */
static void page_shrink_gives_all(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 600; i++)
		live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, i % 5, -1);
	sim_set_cpu(2);
	live_free_all(&set);
	CHECK_EQ(soba_frames_free(), atomic_long_read(&soba_held_frames));
	CHECK_EQ(sim_host_taken(), atomic_long_read(&soba_held_frames));
	CHECK(soba_shrink_all() > 0);
	CHECK_EQ(sim_host_taken(), 0);
	CHECK_EQ(atomic_long_read(&soba_held_frames), 0);
	end();
}

static void page_bulk(void)
{
	struct page *pages[100] = { };
	unsigned int i;

	begin();
	pages[3] = pfn_to_page(0x1234);
	pages[77] = pfn_to_page(0x1235);
	CHECK_EQ(soba_alloc_pages_bulk(GFP_KERNEL, 100, pages), 100);
	CHECK(pages[3] == pfn_to_page(0x1234) && pages[77] == pfn_to_page(0x1235));
	for (i = 0; i < 100; i++) {
		CHECK(pages[i]);
		if (i != 3 && i != 77)
			soba___free_pages(pages[i], 0);
	}
	end();
}

static void page_exact_and_split(void)
{
	struct page *page;
	unsigned int i;
	char *p;

	begin();
	p = soba_alloc_pages_exact(5 * PAGE_SIZE - 100, GFP_KERNEL | __GFP_ZERO);
	CHECK(p);
	CHECK(sim_page_is_zero(virt_to_page(p), 2));
	soba_must_be_valid("after exact");
	soba_free_pages_exact(p, 5 * PAGE_SIZE - 100);
	soba_must_be_valid("after exact is freed");
	page = soba_alloc_pages(GFP_KERNEL, 5);
	soba_split_page(page, 5);
	soba_must_be_valid("after split");
	for (i = 0; i < 32; i += 2)
		soba___free_pages(page + i, 0);
	for (i = 1; i < 32; i += 2)
		soba___free_pages(page + i, 0);
	CHECK_EQ(soba_frames_free(), atomic_long_read(&soba_held_frames));
	end();
}

/* A mistake is reported with its class, counted, and harms nothing. */
static void mistake(enum soba_report_class class, struct page *page, unsigned int order)
{
	unsigned long total = soba_report_total(class), free = soba_frames_free();
	char line[40];

	sim_log_clear();
	soba___free_pages(page, order);
	CHECKF(soba_report_total(class) == total + 1, "%s is not counted", soba_report_name(class));
	scnprintf(line, sizeof(line), "soba: %s: ", soba_report_name(class));
	CHECKF(sim_log_has(line) || total, "%s is not reported", soba_report_name(class));
	/* Of a block that is somebody's it is known who. */
	if (!total && (class == SOBA_R_WRONG_ORDER || class == SOBA_R_INVALID_FREE))
		CHECK(sim_log_has("soba: allocated by"));
	CHECK_EQ(soba_frames_free(), free);
	soba_must_be_valid(soba_report_name(class));
}

static void page_mistakes(void)
{
	struct page *page, *big;

	begin();
	page = soba_alloc_pages(GFP_KERNEL, 1);
	big = soba_alloc_pages(GFP_KERNEL, 6);
	mistake(SOBA_R_WRONG_ORDER, page, 0);
	mistake(SOBA_R_WRONG_ORDER, page, 2);
	mistake(SOBA_R_WRONG_ORDER, big, 5);
	mistake(SOBA_R_INVALID_FREE, page + 1, 0);
	mistake(SOBA_R_INVALID_FREE, big + 32, 5);
	mistake(SOBA_R_FOREIGN_FREE, pfn_to_page(0), 0);
	mistake(SOBA_R_FOREIGN_FREE, pfn_to_page(0x100000 - 1), 0);
	mistake(SOBA_R_FOREIGN_FREE, pfn_to_page(0x170000), 3);	/* beyond the machine */
	soba___free_pages(page, 1);
	soba___free_pages(big, 6);
	mistake(SOBA_R_DOUBLE_FREE, page, 1);
	mistake(SOBA_R_DOUBLE_FREE, big, 6);
	soba_shrink_all();
	mistake(SOBA_R_FOREIGN_FREE, big, 6);
	soba___free_pages(NULL, 0);
	soba_free_pages(0, 0);
	sim_log_clear();
	soba_free_pages(123456789, 0);
	soba_free_pages(~0UL, 0);
	soba_free_pages((unsigned long)&set, 0);
	CHECK_EQ(soba_report_total(SOBA_R_FOREIGN_FREE), 7);
	end();
}

/* A foreign reference keeps a block from reuse until it is dropped. */
static void page_pinned(void)
{
	unsigned int order, i;

	begin();
	for (order = 0; order < 8; order++) {
		struct page *page = soba_alloc_pages(GFP_KERNEL, order);
		unsigned int which = (1U << order) - 1;

		get_page(page + which);
		soba___free_pages(page, order);
		CHECK_EQ(soba_pinned_frames(), 1UL << order);
		CHECK(sim_log_has("soba: pinned-page: ") || order);
		soba_pinned_gather();
		CHECK_EQ(soba_pinned_frames(), 1UL << order);
		soba_must_be_valid("with a pinned block");
		for (i = 0; i < 200; i++)
			live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, order, -1);
		for (i = 0; i < set.n; i++)
			CHECK(set.b[i].page != page);
		live_free_all(&set);
		soba_shrink_all();
		CHECK(sim_host_taken() >= 1UL << order);
		put_page(page + which);
		soba_pinned_gather();
		CHECK_EQ(soba_pinned_frames(), 0);
	}
	soba_shrink_all();
	CHECK_EQ(sim_host_taken(), 0);
	end();
}

/* put_page() and the host's kfree() of a page of ours are noticed and mended. */
static void page_stray_put(void)
{
	unsigned int order;

	begin();
	for (order = 0; order < 5; order++) {
		struct page *page = soba_alloc_pages(GFP_KERNEL, order);

		put_page(page);
		sim_log_clear();
		soba___free_pages(page, order);
		CHECK_EQ(soba_report_total(SOBA_R_STRAY_PUT_PAGE), order + 1);
		CHECK(sim_log_has("soba: stray-put: ") || order);
		CHECK_EQ(page_count(page), SOBA_PAGE_REFS);
		soba_must_be_valid("after a stray put");
	}
	end();
}

/* ... and once the host has the frame, soba never touches it again. */
static void page_lost(void)
{
	struct page *page;
	unsigned int i;

	begin();
	page = soba_alloc_pages(GFP_KERNEL, 0);
	put_page(page);
	put_page(page);
	soba___free_pages(page, 0);
	CHECK_EQ(soba_report_total(SOBA_R_STRAY_PUT_PAGE), 1);
	soba_must_be_valid("with a lost frame");
	for (i = 0; i < 1000; i++)
		live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, 0, -1);
	live_free_all(&set);
	soba_shrink_all();
	soba_must_be_valid("at the end");
	soba_down_leaky();
	CHECK_EQ(page->owner, SIM_LOST);
}

/* Live blocks at unload stay where they are; all around them goes back. */
static void page_live_at_exit(void)
{
	struct page *page, *big, *let_go;

	begin();
	page = soba_alloc_pages(GFP_KERNEL, 1);
	big = soba_alloc_pages(GFP_KERNEL, 7);
	let_go = soba_alloc_pages(GFP_KERNEL, 0);
	put_page(let_go);
	CHECK_EQ(soba_down_leaky(), 2 + 128);
	CHECK_EQ(page->owner, SIM_SOBA);
	CHECK_EQ(big[127].owner, SIM_SOBA);
	CHECK_EQ(let_go->owner, SIM_HOST);
	CHECK_EQ(sim_meta_outstanding(), 0);
}

static void page_zero_tracking(void)
{
	struct page *page;

	/* What the host gives cleared is not cleared again. */
	init_on_alloc = true;
	begin();
	page = soba_alloc_pages(GFP_KERNEL | __GFP_ZERO, 9);
	CHECK(sim_page_is_zero(page, 9));
	CHECK_EQ(soba_counter_sum(SOBA_C_ZERO_SKIPPED), 512);
	CHECK_EQ(soba_counter_sum(SOBA_C_ZERO_CLEARED), 0);
	sim_page_dirty(page, 9, 5);
	soba___free_pages(page, 9);
	page = soba_alloc_pages(GFP_KERNEL, 9);
	CHECK(sim_page_is_zero(page, 9));
	soba___free_pages(page, 9);
	end();
	init_on_alloc = false;
	/* What is cleared on free neither. */
	init_on_free = true;
	begin();
	page = soba_alloc_pages(GFP_KERNEL, 9);
	sim_page_dirty(page, 9, 5);
	soba___free_pages(page, 9);
	CHECK(sim_page_is_zero(page, 9));
	end();
}

const struct test page_tests[] = {
	{ "page_every_order", page_every_order },
	{ "page_shrink_gives_all", page_shrink_gives_all },
	{ "page_bulk", page_bulk },
	{ "page_exact_and_split", page_exact_and_split },
	{ "page_mistakes", page_mistakes },
	{ "page_pinned", page_pinned },
	{ "page_stray_put", page_stray_put },
	{ "page_lost", page_lost },
	{ "page_live_at_exit", page_live_at_exit },
	{ "page_zero_tracking", page_zero_tracking },
	{ }
};
