// SPDX-License-Identifier: GPL-2.0
/*
 * pages_free.c - floor 4: pages taken back, and every way to get it wrong.
 *
 * Locking: as pages.c. A descriptor that was looked up for a PFN that the
 * caller does not hold is read once, under rcu_read_lock().
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/pages.h>

#include "api/care.h"
#include "api/pages.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/map.h"
#include "page/pcp.h"
#include "page/zone.h"
#include "base/counter.h"
#include "base/report.h"

/* Of the block that @head begins; NULL when it is gone by now. */
static void report_tail(struct soba_frame *head, unsigned long pfn,
			unsigned int order, unsigned long caller)
{
	unsigned int state = head ? soba_frame_state(head) : SOBA_F_NONE;
	unsigned long origin = 0;
	bool live = state == SOBA_F_ALLOC || state == SOBA_F_OWNED;

	/* Of an object's block that word is its slab. */
	if (state == SOBA_F_ALLOC)
		origin = READ_ONCE(head->caller);
	if (soba_report(live ? SOBA_R_INVALID_FREE : SOBA_R_DOUBLE_FREE, caller,
			"pfn %#lx, order %u, is inside a block, not its first page",
			pfn, order))
		soba_report_origin(origin);
}

static void report_state(struct soba_frame *f, struct soba_frame snap,
			 unsigned long pfn, unsigned int order,
			 unsigned long caller)
{
	unsigned long origin;

	switch (snap.state & SOBA_F_MASK) {
	case SOBA_F_FREE:
	case SOBA_F_PCP:
	case SOBA_F_PINNED:
		soba_report(SOBA_R_DOUBLE_FREE, caller,
			    "pfn %#lx, order %u, is free already", pfn, order);
		return;
	case SOBA_F_TAIL:
		report_tail(soba_frame_head(f), pfn, order, caller);
		return;
	case SOBA_F_LOST:
		soba_report(SOBA_R_STRAY_PUT_PAGE, caller,
			    "pfn %#lx, order %u, belongs to the host since a stray put_page()",
			    pfn, order);
		return;
	case SOBA_F_ALLOC:
		origin = READ_ONCE(f->caller);
		if (soba_report(SOBA_R_WRONG_ORDER, caller,
				"pfn %#lx was allocated with order %u and is freed with order %u",
				pfn, snap.order, order))
			soba_report_origin(origin);
		return;
	case SOBA_F_OWNED:
		soba_report(SOBA_R_INVALID_FREE, caller,
			    "pfn %#lx, order %u, is not a page allocation but part of an object or area",
			    pfn, order);
		return;
	default:
		soba_report(SOBA_R_FOREIGN_FREE, caller,
			    "pfn %#lx, order %u, is not soba's", pfn, order);
	}
}

/* Of an address that is no page's: is the memory soba's all the same? */
enum soba_report_class soba_pages_class(unsigned long pfn)
{
	struct soba_frame *f;
	bool ours;

	rcu_read_lock();
	f = soba_map_frame(pfn);
	ours = f && soba_frame_state(f) != SOBA_F_NONE;
	rcu_read_unlock();
	return ours ? SOBA_R_INVALID_FREE : SOBA_R_FOREIGN_FREE;
}

/**
 * soba_pages_check() - is this a page allocation that the caller may free?
 * @pfn: any number
 * @order: what the caller believes its order to be
 * @caller: for the report
 *
 * Return: its head, or NULL after a report.
 */
struct soba_frame *soba_pages_check(unsigned long pfn, unsigned int order,
				    unsigned long caller)
{
	struct soba_frame snap = { .tag = 0 };
	struct soba_frame *f;
	bool ok = false;

	rcu_read_lock();
	f = soba_map_frame(pfn);
	if (f) {
		snap = soba_frame_snap(f);
		ok = snap.state == SOBA_F_ALLOC && snap.order == order;
	}
	if (!ok)
		report_state(f, snap, pfn, order, caller);
	rcu_read_unlock();
	return ok ? f : NULL;
}

/* Any page, any state: checked, reported, or given to its zone. */
static noinline __cold void free_slow(struct page *page, unsigned int order,
				      unsigned long caller)
{
	struct soba_frame *f;

	if (!page)
		return;
	f = soba_pages_check(page_to_pfn(page), order, caller);
	if (!f)
		return;
	soba_trace_page_free(page, order, caller);
	if (soba_block_settle(f, caller))
		soba_block_free(f);
}

/* A checked block of an order above the lists' goes straight to its zone. */
static void free_large(struct page *page, unsigned int order,
		       unsigned long caller, struct soba_zone *zone)
{
	struct soba_frame *f = soba_map_frame_of_page(page);

	if (!zone)
		return free_slow(page, order, caller);
	soba_count(SOBA_C_PAGE_FREE_SLOW);
	if (soba_zone_keep_spare(zone, f, order))
		soba_grow_trim_later();
	else
		soba_zone_free(zone, f, order);
}

static noinline __cold void free_nested(struct page *page, unsigned int order,
					unsigned long caller)
{
	soba_count(SOBA_C_PCP_NESTED);
	free_slow(page, order, caller);
}

/*
 * The cold ends of free_fast() take its arguments in its own order, so that it
 * need not move them. These two leave the list closed.
 */
static noinline __cold void free_full(struct page *page, unsigned int order,
				      unsigned long caller, struct soba_pcp *l)
{
	soba_pcp_flush(l);
	soba_pages_free(page, order, caller);
}

static noinline __cold void free_closing(struct page *page, unsigned int order,
					 unsigned long caller,
					 struct soba_pcp *l)
{
	soba_pcp_close(l);
	free_slow(page, order, caller);
}

/*
 * Inlined twice: for order 0, which folds away, and for the others, whose tails
 * have been looked at. A page's own fields are read only after its descriptor
 * has said that it is ours: of a foreign one not even they need exist.
 */
static __always_inline void free_listed(struct page *page, unsigned int order,
					unsigned long caller)
{
	unsigned long offset = soba_port_page_offset(page);
	struct soba_frame *f;
	struct soba_pcp *l;
	unsigned long top;

	if (unlikely(!soba_pcp_open(order, &l)))
		return free_nested(page, order, caller);
	/* Not before: preemption off keeps the descriptor where it is. */
	f = soba_map_frame_at(offset);
	if (unlikely(READ_ONCE(f->tag) != l->tag) ||
	    unlikely(soba_port_refs_once(page) != SOBA_PAGE_REFS))
		return free_closing(page, order, caller, l);
	top = l->top;
	if (unlikely(top >= l->cap))
		return free_full(page, order, caller, l);
	soba_pcp_push(l, top, page, f);
	soba_pcp_close(l);
}

/* Orders above 0 and within the map: the head says so, and all tails agree. */
static noinline void free_ordered(struct page *page, unsigned int order,
				  unsigned long caller)
{
	struct soba_frame snap;

	if (unlikely(!soba_map_covers(soba_port_page_pfn(page))) ||
	    soba_free_care())
		return free_slow(page, order, caller);
	preempt_disable();
	snap = soba_frame_snap(soba_map_frame_of_page(page));
	preempt_enable();
	if (unlikely(snap.state != SOBA_F_ALLOC || snap.order != order) ||
	    unlikely(!soba_block_refs_ok(page, order)))
		return free_slow(page, order, caller);
	if (order < SOBA_PCP_ORDERS)
		free_listed(page, order, caller);
	else
		free_large(page, order, caller, soba_zone_by_id(snap.zone));
}

static __always_inline void free_fast(struct page *page, unsigned int order,
				      unsigned long caller)
{
	if (unlikely(order))
		return free_ordered(page, order, caller);
	if (unlikely(!soba_map_covers(soba_port_page_pfn(page))) ||
	    soba_free_care())
		return free_slow(page, 0, caller);
	free_listed(page, 0, caller);
}

void soba_pages_free(struct page *page, unsigned int order,
		     unsigned long caller)
{
	free_fast(page, order, caller);
}

/**
 * soba___free_pages() - free pages
 * @page: first page, from one of soba's page calls; NULL is ignored
 * @order: as it was allocated
 *
 * While somebody else holds a reference of one of the pages they are not
 * reused, and the caller is reported (pinned-page). A wrong order, a double
 * free, a page that is not soba's or not the first of its block: reported,
 * counted, and the memory left alone.
 *
 * Context: any but NMI.
 */
void soba___free_pages(struct page *page, unsigned int order)
{
	free_fast(page, order, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba___free_pages);

/**
 * soba_free_pages() - free pages by address
 * @addr: from soba___get_free_pages(); 0 is ignored
 * @order: as it was allocated
 *
 * Mistakes are met as by soba___free_pages().
 *
 * Context: any but NMI.
 */
void soba_free_pages(unsigned long addr, unsigned int order)
{
	unsigned long pfn = soba_port_addr_pfn(addr);

	if (!addr)
		return;
	if (unlikely((addr & ~PAGE_MASK) || !pfn_valid(pfn))) {
		soba_report(soba_pages_class(pfn), _RET_IP_,
			    "address %#lx, order %u, is not that of a page",
			    addr, order);
		return;
	}
	free_fast(pfn_to_page(pfn), order, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_free_pages);
