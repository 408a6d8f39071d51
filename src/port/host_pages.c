// SPDX-License-Identifier: GPL-2.0
/*
 * host_pages.c - floor 0: frames and descriptors from the host's allocators.
 *
 * Locking: none. Reference counts of frames in transit are ours alone, but for
 * host walkers (compaction, memory failure) that take one for a moment; that is
 * why they are dropped with page_ref_freeze() and never just overwritten.
 */
#include "soba_env.h"

#include <linux/vmalloc.h>

/* Of a caller's flags, what the host is told. */
#define PASS_ON (__GFP_IO | __GFP_FS | __GFP_RECLAIM | __GFP_NORETRY |	\
		 __GFP_RETRY_MAYFAIL | __GFP_COMP | __GFP_ACCOUNT |	\
		 __GFP_THISNODE | __GFP_HARDWALL | __GFP_NOLOCKDEP)

static gfp_t class_gfp(enum soba_class class)
{
	switch (class) {
	case SOBA_CLASS_DMA:
		return GFP_DMA;
	case SOBA_CLASS_DMA32:
		return GFP_DMA32;
	default:
		return 0;
	}
}

/*
 * PREEMPT_RT's allocator takes sleeping locks whatever the flags say. A softirq
 * and an RCU reader may take these there.
 */
static bool host_may_be_called(void)
{
	return !in_nmi() && (!IS_ENABLED(CONFIG_PREEMPT_RT) ||
			     (preempt_count() == 0 && !irqs_disabled()));
}

struct page *soba_port_take(int nid, enum soba_class class, unsigned int order,
			    gfp_t gfp)
{
	struct page *page;
	unsigned long i, n = gfp & __GFP_COMP ? 1 : 1UL << order;

	if (!host_may_be_called())
		return NULL;
	gfp = (gfp & PASS_ON) | class_gfp(class) | __GFP_NOWARN |
	      __GFP_NOMEMALLOC;
	if (nid == NUMA_NO_NODE)
		page = alloc_pages(gfp, order);
	else
		page = alloc_pages_node(nid, gfp, order);
	if (!page)
		return NULL;
	/* The head is live: a walker may hold it already. Tails are still at 0. */
	page_ref_add(page, SOBA_PAGE_REFS - 1);
	for (i = 1; i < n; i++)
		set_page_count(page + i, SOBA_PAGE_REFS);
	return page;
}

/* Give frames [0, n) the references back that a failed freeze took. */
static void thaw(struct page *page, unsigned long n)
{
	while (n--)
		page_ref_unfreeze(page + n, SOBA_PAGE_REFS);
}

int soba_port_give(struct page *page, unsigned int order, bool comp)
{
	unsigned long i, n = comp ? 1 : 1UL << order;

	if (!host_may_be_called())
		return -EBUSY;
	for (i = 0; i < n; i++) {
		if (!page_ref_freeze(page + i, SOBA_PAGE_REFS)) {
			thaw(page, i);
			return -EBUSY;
		}
	}
	page_ref_unfreeze(page, 1);
	__free_pages(page, order);
	return 0;
}

/* __GFP_ZERO is not passed on, so what clears is init_on_alloc= alone. */
bool soba_port_zeroes(gfp_t gfp)
{
	return want_init_on_alloc(gfp & PASS_ON);
}

/* The host's zone numbers; -1 for a zone that it was configured without. */
#ifdef CONFIG_ZONE_DMA
#define HOST_ZONE_DMA	((int)ZONE_DMA)
#else
#define HOST_ZONE_DMA	(-1)
#endif
#ifdef CONFIG_ZONE_DMA32
#define HOST_ZONE_DMA32	((int)ZONE_DMA32)
#else
#define HOST_ZONE_DMA32	(-1)
#endif

enum soba_class soba_port_class(struct page *page)
{
	int zone = page_zonenum(page);

	if (zone == HOST_ZONE_DMA)
		return SOBA_CLASS_DMA;
	if (zone == HOST_ZONE_DMA32)
		return SOBA_CLASS_DMA32;
	return SOBA_CLASS_NORMAL;
}

enum soba_class soba_port_lowest_class(void)
{
	if (IS_ENABLED(CONFIG_ZONE_DMA))
		return SOBA_CLASS_DMA;
	if (IS_ENABLED(CONFIG_ZONE_DMA32))
		return SOBA_CLASS_DMA32;
	return SOBA_CLASS_NORMAL;
}

enum soba_class soba_port_home_class(int nid)
{
	struct zone *zones = NODE_DATA(nid)->node_zones;

	if (populated_zone(&zones[ZONE_NORMAL]))
		return SOBA_CLASS_NORMAL;
	if (HOST_ZONE_DMA32 >= 0 && populated_zone(&zones[HOST_ZONE_DMA32]))
		return SOBA_CLASS_DMA32;
	return IS_ENABLED(CONFIG_ZONE_DMA) ? SOBA_CLASS_DMA : SOBA_CLASS_NORMAL;
}

void *soba_port_meta_alloc(size_t size, gfp_t gfp, int nid)
{
	if (!host_may_be_called())
		return NULL;
	/* As hard as for the frames; but an OOM kill is not ours to ask for here. */
	gfp = (gfp & (__GFP_IO | __GFP_FS | __GFP_RECLAIM | __GFP_NORETRY |
		      __GFP_NOLOCKDEP)) | __GFP_ZERO | __GFP_NOWARN |
	      (gfp & __GFP_NORETRY ? 0 : __GFP_RETRY_MAYFAIL);
	return kmalloc_node(size, gfp, nid);
}

void soba_port_meta_free(void *p, size_t size)
{
	kfree(p);
}

void *soba_port_table_alloc(size_t size)
{
	return vzalloc(size);
}

void soba_port_table_free(void *p)
{
	vfree(p);
}

/* Frames that may be plugged in above what the nodes have now. */
#define PLUGGED_FRAMES (16UL << (30 - PAGE_SHIFT))

/*
 * As the nodes are now, and as much again: machines grow. Frames beyond that are
 * refused by the map and given back, which fails the request that they were for.
 */
unsigned long soba_port_max_pfn(void)
{
	unsigned long end = 0;
	int nid;

	for_each_online_node(nid)
		end = max(end, pgdat_end_pfn(NODE_DATA(nid)));
	return end + max(end, PLUGGED_FRAMES);
}

unsigned long soba_port_host_frames(void)
{
	return totalram_pages();
}

void soba_port_stack(void)
{
	dump_stack();
}
