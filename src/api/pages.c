// SPDX-License-Identifier: GPL-2.0
/*
 * pages.c - floor 4: pages handed out.
 *
 * Locking: none here. The fast path is preemption off and the busy flag of the
 * per-CPU list (page/pcp.h); everything else is a cold call that finds the
 * list closed and preemption as the caller had it.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/pages.h>

#include "api/care.h"
#include "api/gfp.h"
#include "api/pages.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/pcp.h"
#include "page/zone.h"
#include "base/counter.h"

/* Everything but the list of this CPU: decode, zones, host, reclaim, report. */
noinline __cold struct page *soba_pages_alloc_slow(gfp_t gfp,
						   unsigned int order, int nid,
						   unsigned long caller)
{
	struct page *page = NULL;
	struct soba_frame *f;
	struct soba_req req;

	soba_gfp_decode(&req, gfp, order, nid, caller);
	if (order <= SOBA_MAX_ORDER) {
		f = soba_block_alloc(&req);
		if (f)
			page = soba_frame_page(f);
	}
	if (!page)
		soba_gfp_failed(&req);
	soba_trace_page_alloc(page, order, gfp, caller);
	return page;
}

/* The list is in use below us on this CPU, or has none of its own. */
static noinline __cold struct page *alloc_nested(gfp_t gfp, unsigned int order,
						 unsigned long caller)
{
	soba_count(SOBA_C_PCP_NESTED);
	return soba_pages_alloc_slow(gfp, order, NUMA_NO_NODE, caller);
}

static __always_inline bool sleeps_in_atomic(gfp_t gfp)
{
	return (gfp & __GFP_DIRECT_RECLAIM) && !soba_port_can_sleep();
}

/* Leaves the list closed. */
static noinline __cold struct page *alloc_empty(gfp_t gfp, unsigned int order,
						unsigned long caller,
						struct soba_pcp *l)
{
	soba_pcp_close(l);
	return soba_pages_alloc_slow(gfp, order, NUMA_NO_NODE, caller);
}

/*
 * The block on top of an open list of @top bytes is the caller's. Leaves the
 * list closed. *@state tells whether the block is zero.
 */
static __always_inline struct page *list_take(struct soba_pcp *l,
					      unsigned long top,
					      unsigned long caller, u8 *state)
{
	struct soba_pcp_entry *e = soba_pcp_pop(l, top);
	struct soba_frame *f = e->frame;
	struct page *page;

	*state = f->state;
	WRITE_ONCE(f->state, SOBA_F_ALLOC);
	f->caller = caller;
	page = e->page;
	soba_port_page_fresh(page);
	soba_pcp_close(l);
	return page;
}

static void clear_unless_zero(struct page *page, unsigned int order, bool zero)
{
	if (zero) {
		soba_count_add(SOBA_C_ZERO_SKIPPED, 1UL << order);
	} else {
		soba_port_clear(page, order);
		soba_count_add(SOBA_C_ZERO_CLEARED, 1UL << order);
	}
}

static __always_inline bool wants_zero(gfp_t gfp)
{
	return (gfp & __GFP_ZERO) || soba_port_init_on_alloc();
}

/* As the fast path, for other orders, zeroes, a named zone, and tracing. */
static noinline struct page *alloc_listed(gfp_t gfp, unsigned int order,
					  unsigned long caller)
{
	struct soba_pcp *l;
	struct page *page;
	u8 state;

	if (unlikely(!soba_pcp_open(order, &l)))
		return alloc_nested(gfp, order, caller);
	/* A migration since alloc_special() may have brought another zone's list. */
	if (unlikely(!l->top) ||
	    unlikely((gfp & __GFP_DMA32) && l->zone->class > SOBA_CLASS_DMA32))
		return alloc_empty(gfp, order, caller, l);
	page = list_take(l, l->top, caller, &state);
	if (wants_zero(gfp))
		clear_unless_zero(page, order, state & SOBA_F_ZERO);
	soba_trace_page_alloc(page, order, gfp, caller);
	return page;
}

/* From the home zone as long as it is rich. */
static struct soba_frame *large_from_zone(gfp_t gfp, unsigned int order,
					  struct soba_zone *home, bool *zero)
{
	const struct soba_req req = {
		.order = order,
		.class = home->class,
		.wake = gfp & __GFP_KSWAPD_RECLAIM,
		.zero = wants_zero(gfp),
	};

	return soba_zone_alloc(home, &req, zero);
}

/* Orders above the lists': the spare block of the home zone, or one of its. */
static noinline struct page *alloc_large(gfp_t gfp, unsigned int order,
					 unsigned long caller,
					 struct soba_zone *home)
{
	struct soba_frame *f = soba_zone_take_spare(home, order);
	struct page *page;
	bool zero = false;

	if (f)
		WRITE_ONCE(f->state, SOBA_F_ALLOC);
	else
		f = large_from_zone(gfp, order, home, &zero);
	if (!f)
		return soba_pages_alloc_slow(gfp, order, NUMA_NO_NODE, caller);
	f->owner = NULL;
	f->caller = caller;
	soba_count(SOBA_C_PAGE_ALLOC_SLOW);
	page = soba_frame_page(f);
	soba_port_page_fresh(page);
	if (wants_zero(gfp))
		clear_unless_zero(page, order, zero);
	soba_trace_page_alloc(page, order, gfp, caller);
	return page;
}

/* What the lists and the home zone of this CPU can serve after all, does. */
static noinline struct page *alloc_special(gfp_t gfp, unsigned int order,
					   unsigned long caller)
{
	const gfp_t odd = SOBA_GFP_SLOW & ~(__GFP_ZERO | __GFP_DMA32);
	struct soba_zone *home = raw_cpu_read(soba_pcp[0])->zone;

	if ((gfp & odd) || sleeps_in_atomic(gfp) || !home ||
	    ((gfp & __GFP_DMA32) && home->class > SOBA_CLASS_DMA32))
		return soba_pages_alloc_slow(gfp, order, NUMA_NO_NODE, caller);
	if (order < SOBA_PCP_ORDERS)
		return alloc_listed(gfp, order, caller);
	if (order <= SOBA_MAX_ORDER)
		return alloc_large(gfp, order, caller, home);
	return soba_pages_alloc_slow(gfp, order, NUMA_NO_NODE, caller);
}

/* Order 0 without wishes: all that is left of a call when nothing is special. */
static __always_inline struct page *alloc_fast(gfp_t gfp, unsigned int order,
					       unsigned long caller)
{
	struct soba_pcp *l;
	unsigned long top;
	u8 state;

	if (unlikely((gfp & SOBA_GFP_SLOW) || order) ||
	    unlikely(sleeps_in_atomic(gfp)) || soba_alloc_care())
		return alloc_special(gfp, order, caller);
	if (unlikely(!soba_pcp_open(0, &l)))
		return alloc_nested(gfp, 0, caller);
	top = l->top;
	if (unlikely(!top))
		return alloc_empty(gfp, 0, caller, l);
	return list_take(l, top, caller, &state);
}

/**
 * soba_alloc_pages() - allocate physically contiguous pages
 * @gfp: GFP flags, see Documentation/gfp.rst
 * @order: log2 of the number of pages, 0 to the host's largest order
 *
 * The pages are naturally aligned, in the direct map, and come from the node
 * nearest to this CPU. They are ordinary struct pages with one reference more
 * than the kernel's would have: soba's own.
 *
 * Context: any but NMI; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the first page, or NULL: nothing was to be had within @gfp and
 * limit=, or @order is too large.
 */
struct page *soba_alloc_pages(gfp_t gfp, unsigned int order)
{
	return alloc_fast(gfp, order, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_alloc_pages);

/**
 * soba_alloc_pages_node() - allocate pages near a node
 * @nid: node, or NUMA_NO_NODE for the nearest; with __GFP_THISNODE no other
 * @gfp: GFP flags
 * @order: log2 of the number of pages
 *
 * Context: as soba_alloc_pages().
 * Return: the first page, or NULL.
 */
struct page *soba_alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	/* After a migration the list is another node's: fair, unless binding. */
	if (!(gfp & __GFP_THISNODE) &&
	    (nid == NUMA_NO_NODE || nid == numa_mem_id()))
		return alloc_fast(gfp, order, _RET_IP_);
	return soba_pages_alloc_slow(gfp, order, nid, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_alloc_pages_node);

static unsigned long page_addr(struct page *page)
{
	return page ? (unsigned long)page_address(page) : 0;
}

/**
 * soba___get_free_pages() - allocate pages, by address
 * @gfp: GFP flags, without __GFP_HIGHMEM
 * @order: log2 of the number of pages
 *
 * Context: as soba_alloc_pages().
 * Return: address in the direct map, or 0.
 */
unsigned long soba___get_free_pages(gfp_t gfp, unsigned int order)
{
	return page_addr(alloc_fast(gfp & ~__GFP_HIGHMEM, order, _RET_IP_));
}
EXPORT_SYMBOL_GPL(soba___get_free_pages);

/**
 * soba_get_zeroed_page() - allocate one page of zeroes
 * @gfp: GFP flags
 *
 * Context: as soba_alloc_pages().
 * Return: address in the direct map, or 0.
 */
unsigned long soba_get_zeroed_page(gfp_t gfp)
{
	gfp = (gfp | __GFP_ZERO) & ~__GFP_HIGHMEM;
	return page_addr(alloc_fast(gfp, 0, _RET_IP_));
}
EXPORT_SYMBOL_GPL(soba_get_zeroed_page);

/*
 * Blocks of order 0 from this CPU's list into the slots of @pages, up to the
 * first that is not empty, the end, or the bottom of the list.
 */
static unsigned long bulk_from_list(unsigned long nr, struct page **pages,
				    unsigned long caller)
{
	struct soba_pcp_entry *e;
	struct soba_pcp *l;
	unsigned long i;

	if (!soba_pcp_open(0, &l))
		return 0;
	nr = min_t(unsigned long, nr, soba_pcp_count(l));
	e = soba_pcp_at(l, l->top);
#pragma GCC unroll 4
	for (i = 0; i < nr; i++) {
		struct soba_frame *f;

		if (unlikely(pages[i]))
			break;
		e--;
		f = e->frame;
		WRITE_ONCE(f->state, SOBA_F_ALLOC);
		f->caller = caller;
		pages[i] = e->page;
		soba_port_page_fresh(pages[i]);
	}
	l->allocs += i;
	l->top -= i * sizeof(*e);
	soba_pcp_close(l);
	return i;
}

/**
 * soba_alloc_pages_bulk() - allocate many single pages at once
 * @gfp: GFP flags
 * @nr: number of elements of @pages
 * @pages: its empty (NULL) elements are filled, the others left alone
 *
 * Context: as soba_alloc_pages().
 * Return: number of elements filled from the start, by this call or before.
 * Fewer than @nr: nothing more was to be had.
 */
unsigned long soba_alloc_pages_bulk(gfp_t gfp, unsigned long nr,
				    struct page **pages)
{
	bool plain = !(gfp & SOBA_GFP_SLOW) && !sleeps_in_atomic(gfp) &&
		     !soba_alloc_care();
	unsigned long i = 0;

	while (i < nr) {
		if (plain)
			i += bulk_from_list(nr - i, pages + i, _RET_IP_);
		if (i == nr)
			break;
		if (!pages[i])
			pages[i] = alloc_fast(gfp, 0, _RET_IP_);
		if (!pages[i])
			break;
		i++;
	}
	return i;
}
EXPORT_SYMBOL_GPL(soba_alloc_pages_bulk);
