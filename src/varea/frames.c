// SPDX-License-Identifier: GPL-2.0
/*
 * frames.c - floor 3: the frames of an area, in blocks as large as there are.
 *
 * The blocks are not noted anywhere: ->pages leads to descriptors, and those
 * know their order.
 *
 * Locking: the area is the caller's alone; its frames are OWNED by it.
 */
#include "varea/frames.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/map.h"
#include "page/owner.h"

/* Larger than inline: a block of soba's, which costs less than the host's. */
static bool table_of_block(struct soba_area *a, const struct soba_req *req,
			   size_t bytes)
{
	struct soba_req block = *req;

	block.order = get_order(bytes);
	block.class = SOBA_CLASS_NORMAL;
	block.zero = false;
	block.direct = false;
	block.rounds = block.order ? 0 : req->rounds;
	if (block.order)
		block.gfp &= ~__GFP_DIRECT_RECLAIM;
	block.nofail = req->nofail && !block.order;
	if (block.order > SOBA_MAX_ORDER)
		return false;
	a->table = soba_block_alloc(&block);
	if (!a->table)
		return false;
	soba_block_own(a->table, SOBA_OWN_META, NULL);
	a->pages = page_address(soba_frame_page(a->table));
	return true;
}

bool soba_area_take_table(struct soba_area *a, const struct soba_req *req)
{
	size_t bytes = a->nr_pages * sizeof(a->pages[0]);

	if (a->nr_pages <= SOBA_AREA_INLINE) {
		a->pages = a->inline_pages;
		return true;
	}
	if (table_of_block(a, req, bytes))
		return true;
	do {
		a->array = soba_port_array_alloc(bytes, req->gfp, req->nid);
		a->pages = a->array;
	} while (!a->array && req->nofail);
	return a->array;
}

void soba_area_give_table(struct soba_area *a)
{
	if (a->table) {
		soba_block_disown(a->table);
		soba_block_free_warm(a->table);
	}
	if (a->array)
		soba_port_array_free(a->array);
	a->table = NULL;
	a->array = NULL;
	a->pages = NULL;
}

/*
 * A block of at most *@order, which is lowered to what there was: the rest of
 * the area will hardly find better. Only single frames are worth reclaim.
 */
static struct soba_frame *take_block(const struct soba_req *req,
				     unsigned int *order)
{
	struct soba_req large;
	struct soba_frame *f;

	if (!*order)
		return soba_block_alloc(req);
	large = *req;
	large.gfp = (req->gfp | __GFP_NORETRY) &
		    ~(__GFP_RETRY_MAYFAIL | __GFP_DIRECT_RECLAIM);
	large.rounds = 0;
	large.nofail = false;
	for (; *order; --*order) {
		large.order = *order;
		f = soba_block_alloc(&large);
		if (f)
			return f;
	}
	return soba_block_alloc(req);
}

bool soba_area_count_node(struct soba_area *a, const struct soba_req *req,
			  unsigned long at, unsigned long n)
{
	int nid = page_to_nid(a->pages[at]);

	if (!at)
		a->nid = nid;
	if (likely(nid == a->nid && !a->node_pages))
		return true;
	if (!a->node_pages) {
		a->node_pages = soba_port_meta_alloc(nr_node_ids * sizeof(u32),
						     req->gfp, a->nid);
		if (!a->node_pages)
			return false;
		a->node_pages[a->nid] = at;
	}
	a->node_pages[nid] += n;
	return true;
}

static void own_block(struct soba_area *a, unsigned long at,
		      struct soba_frame *f, unsigned int n)
{
	void *tag = soba_owner_tag(a, SOBA_OWN_AREA);
	struct page *page = soba_frame_page(f);
	struct page **slot = a->pages + at;
	unsigned int i;

	for (i = 1; i < n; i++)
		WRITE_ONCE(f[i].owner, tag);
	for (i = 0; i < n; i++)
		slot[i] = page + i;
	soba_block_own(f, SOBA_OWN_AREA, a);
}

bool soba_area_take_frames(struct soba_area *a, const struct soba_req *req)
{
	unsigned int order = SOBA_MAX_ORDER;
	unsigned long at = 0;
	struct soba_frame *f;

	while (at < a->nr_pages) {
		unsigned long n;

		order = min_t(unsigned int, order, ilog2(a->nr_pages - at));
		f = take_block(req, &order);
		if (!f)
			break;
		n = 1UL << order;
		own_block(a, at, f, n);
		at += n;
		if (!soba_area_count_node(a, req, at - n, n) && !req->nofail)
			goto give;
		if (req->sleep)
			cond_resched();
		if (soba_port_killed() && !req->nofail)
			break;
	}
	if (at == a->nr_pages)
		return true;
give:
	soba_area_give_frames(a, at);
	return false;
}

/* Of @all pages, when somebody is known to have seen them; else as for a block. */
static bool refs_ok(const struct soba_frame *f, bool all)
{
	struct page *page = soba_frame_page(f);
	unsigned long i;

	if (!all)
		return soba_block_refs_ok(page, f->order);
	for (i = 0; i < 1UL << f->order; i++)
		if (soba_port_refs(page + i) != SOBA_PAGE_REFS)
			return false;
	return true;
}

/* As a page allocation that is freed: other people's references are met. */
static void give_block(struct soba_frame *f, bool all, unsigned long caller)
{
	soba_block_disown(f);
	if (likely(refs_ok(f, all))) {
		soba_block_free_warm(f);
		return;
	}
	soba_stray_put(f, caller);
	if (soba_frame_state(f) == SOBA_F_LOST)
		return;
	if (refs_ok(f, all))
		soba_block_free(f);
	else
		soba_pinned_add(f, caller);
}

void soba_area_give_frames(struct soba_area *a, unsigned long nr)
{
	bool all = a->exposed || (a->flags & ~(SOBA_AREA_OWNS | SOBA_AREA_ONCE));
	unsigned long at, n;
	struct soba_frame *f;
	unsigned int i;

	for (at = 0; at < nr; at += n) {
		f = soba_map_frame_of_page(a->pages[at]);
		n = 1UL << f->order;
		for (i = 1; i < n; i++)
			WRITE_ONCE(f[i].owner, NULL);
		/* It may have been handed out again from a cache. */
		f->caller = a->caller;
		give_block(f, all, a->freed_by);
		cond_resched();
	}
}

void soba_area_sign_frames(struct soba_area *a)
{
	unsigned long at, n;
	struct soba_frame *f;

	for (at = 0; at < a->nr_pages; at += n) {
		f = soba_map_frame_of_page(a->pages[at]);
		n = 1UL << f->order;
		f->caller = a->caller;
		soba_block_own(f, SOBA_OWN_AREA, NULL);
	}
}

struct soba_area *soba_area_of_frame(void *owner)
{
	if (soba_owner_kind(owner) != SOBA_OWN_AREA)
		return NULL;
	return soba_owner_ptr(owner);
}
