// SPDX-License-Identifier: GPL-2.0
/*
 * bench_pages.c - the page rows: soba's calls and the host's, same arguments,
 * same boot. No lock: one context, and interrupts off around what allows it.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/version.h>

#include <soba/soba.h>

#include "bench.h"

#define BULK 128

static struct page *pages[BULK];

/* One block at a time: the pair that a per-CPU list should answer alone. */
#define PAIR(name, who, off, gfp, order, alloc, free)			\
	BENCH(name, who, off, 1000, 1, ({				\
		struct page *p_ = alloc(gfp, order);			\
									\
		free(p_, order);					\
	}))

/* @n blocks taken, then all given back, in the order they were taken. */
#define BATCH(name, who, gfp, order, n, alloc, free)			\
	BENCH(name, who, 1, 10, n, ({					\
		unsigned int k_;					\
									\
		for (k_ = 0; k_ < (n); k_++)				\
			pages[k_] = alloc(gfp, order);			\
		for (k_ = 0; k_ < (n); k_++)				\
			free(pages[k_], order);				\
	}))

static bench_hot void pairs_atomic(void)
{
	PAIR("page order 0 pair, GFP_ATOMIC", "host", 1, GFP_ATOMIC, 0,
	     alloc_pages, __free_pages);
	PAIR("page order 0 pair, GFP_ATOMIC", "soba", 1, GFP_ATOMIC, 0,
	     soba_alloc_pages, soba___free_pages);
	PAIR("page order 1 pair, GFP_ATOMIC", "host", 1, GFP_ATOMIC, 1,
	     alloc_pages, __free_pages);
	PAIR("page order 1 pair, GFP_ATOMIC", "soba", 1, GFP_ATOMIC, 1,
	     soba_alloc_pages, soba___free_pages);
	PAIR("page order 3 pair, GFP_ATOMIC", "host", 1, GFP_ATOMIC, 3,
	     alloc_pages, __free_pages);
	PAIR("page order 3 pair, GFP_ATOMIC", "soba", 1, GFP_ATOMIC, 3,
	     soba_alloc_pages, soba___free_pages);
	PAIR("page order 9 pair, GFP_ATOMIC", "host", 1, GFP_ATOMIC, 9,
	     alloc_pages, __free_pages);
	PAIR("page order 9 pair, GFP_ATOMIC", "soba", 1, GFP_ATOMIC, 9,
	     soba_alloc_pages, soba___free_pages);
}

static bench_hot void pairs_sleeping(void)
{
	PAIR("page order 0 pair, GFP_KERNEL", "host", 0, GFP_KERNEL, 0,
	     alloc_pages, __free_pages);
	PAIR("page order 0 pair, GFP_KERNEL", "soba", 0, GFP_KERNEL, 0,
	     soba_alloc_pages, soba___free_pages);
	PAIR("page order 0 pair, zeroed", "host", 0, GFP_KERNEL | __GFP_ZERO, 0,
	     alloc_pages, __free_pages);
	PAIR("page order 0 pair, zeroed", "soba", 0, GFP_KERNEL | __GFP_ZERO, 0,
	     soba_alloc_pages, soba___free_pages);
	PAIR("page order 0 pair, GFP_DMA32", "host", 0, GFP_KERNEL | GFP_DMA32,
	     0, alloc_pages, __free_pages);
	PAIR("page order 0 pair, GFP_DMA32", "soba", 0, GFP_KERNEL | GFP_DMA32,
	     0, soba_alloc_pages, soba___free_pages);
}

static bench_hot void batches(void)
{
	BATCH("page order 0 batch 128, each", "host", GFP_ATOMIC, 0, BULK,
	      alloc_pages, __free_pages);
	BATCH("page order 0 batch 128, each", "soba", GFP_ATOMIC, 0, BULK,
	      soba_alloc_pages, soba___free_pages);
	BATCH("page order 3 batch 16, each", "host", GFP_ATOMIC, 3, 16,
	      alloc_pages, __free_pages);
	BATCH("page order 3 batch 16, each", "soba", GFP_ATOMIC, 3, 16,
	      soba_alloc_pages, soba___free_pages);
}

/* alloc_pages_bulk_array() until 6.13. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
#define host_bulk alloc_pages_bulk
#else
#define host_bulk alloc_pages_bulk_array
#endif

#define BULK_ROW(who, bulk, free)					\
	BENCH("alloc_pages_bulk 128 + free each, each page", who, 1, 10, BULK, \
	      ({							\
		unsigned int k_;					\
									\
		bulk(GFP_ATOMIC, BULK, pages);				\
		for (k_ = 0; k_ < BULK; k_++) {				\
			free(pages[k_], 0);				\
			pages[k_] = NULL;				\
		}							\
	}))

static bench_hot void bulks(void)
{
	memset(pages, 0, sizeof(pages));
	BULK_ROW("host", host_bulk, __free_pages);
	BULK_ROW("soba", soba_alloc_pages_bulk, soba___free_pages);
}

static void run(void)
{
	pairs_atomic();
	pairs_sleeping();
	batches();
	bulks();
}

static const struct bench_bound bounds[] = {
	{ "page order 0 pair, GFP_ATOMIC", 80, 67, .off_only = true },
	{ "page order 1 pair, GFP_ATOMIC", 220, 80, .off_only = true },
	{ "page order 3 pair, GFP_ATOMIC", 220, 80, .off_only = true },
	{ "page order 9 pair, GFP_ATOMIC", 500, 180, .off_only = true },
	{ "page order 0 batch 128, each", 120, 67, .off_only = true },
	{ "alloc_pages_bulk 128 + free each, each page", 60, 40, .off_only = true },
};

const struct bench_group bench_pages = {
	.run = run,
	.bounds = bounds,
	.nr_bounds = ARRAY_SIZE(bounds),
};
