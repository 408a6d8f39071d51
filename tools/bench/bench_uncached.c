// SPDX-License-Identifier: GPL-2.0
/*
 * bench_uncached.c - rows of mapped memory for a soba that was loaded with
 * vmalloc_cache=0: each area is mapped and unmapped, as the host's is. No lock:
 * one context.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include <soba/soba.h>

#include "bench.h"

static bench_hot void run(void)
{
	VM_PAIRS("vmalloc 1 page, no cache", 100, PAGE_SIZE);
	VM_PAIRS("vmalloc 16 pages, no cache", 50, 16 * PAGE_SIZE);
	VM_PAIRS("vmalloc 256 pages, no cache", 10, 256 * PAGE_SIZE);
	VM_PAIRS("vmalloc 4096 pages, no cache", 2, 4096 * PAGE_SIZE);
}

static const struct bench_bound bounds[] = {
	/* Promised was 100: the record costs more than our frames save. */
	PART("vmalloc 1 page, no cache", 125, 50),
	PART("vmalloc 16 pages, no cache", 100, 50),
	PART("vmalloc 256 pages, no cache", 80, 50),
	PART("vmalloc 4096 pages, no cache", 80, 50),
};

const struct bench_group bench_uncached = {
	.run = run,
	.bounds = bounds,
	.nr_bounds = ARRAY_SIZE(bounds),
};
