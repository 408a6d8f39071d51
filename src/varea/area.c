// SPDX-License-Identifier: GPL-2.0
/*
 * area.c - floor 3: areas made and taken apart.
 *
 * Locking: none; an area that is being made or taken apart is in nobody's reach
 * but by rcu_read_lock(), see area.h. Everything here that calls the host runs
 * in process context.
 */
#include "varea/area.h"
#include "varea/frames.h"
#include "varea/index.h"
#include "page/map.h"
#include "page/req.h"
#include "base/counter.h"

/* Pages that may be cleared at a stretch. */
#define AREA_CLEAR_STEP	1024

static struct soba_area *area_new(const struct soba_req *req,
				  unsigned long slots, unsigned long nr_pages,
				  unsigned int flags)
{
	struct soba_area *a;

	for (;;) {
		a = soba_port_meta_alloc(struct_size(a, inline_pages, slots),
					 req->gfp, req->nid);
		if (a)
			break;
		if (!req->nofail)
			return NULL;
		schedule_timeout_uninterruptible(1);
	}
	a->nr_pages = nr_pages;
	a->key = soba_area_key(nr_pages, req->class);
	a->flags = flags;
	a->state = SOBA_AREA_LIVE;
	a->caller = req->caller;
	a->nid = req->nid;
	return a;
}

/* The last step of making one: from here on it can be found. */
static bool area_show(struct soba_area *a, const struct soba_req *req,
		      struct page **pages, pgprot_t prot, unsigned long align)
{
	void *addr;

	for (;;) {
		addr = soba_port_map(pages, a->nr_pages, prot, req->gfp,
				     a->flags & SOBA_AREA_USER, align);
		if (addr)
			break;
		if (!req->nofail)
			return false;
		schedule_timeout_uninterruptible(1);
	}
	a->addr = (unsigned long)addr;
	soba_index_add(a);
	soba_count(SOBA_C_AREA_MAP);
	return true;
}

static void area_free(struct soba_area *a)
{
	if (a->node_pages)
		soba_port_meta_free(a->node_pages, 0);
	soba_port_meta_free(a, 0);
}

static void area_free_rcu(struct rcu_head *rcu)
{
	area_free(container_of(rcu, struct soba_area, rcu));
}

struct soba_area *soba_area_create(const struct soba_req *req,
				   unsigned long nr_pages, unsigned int flags,
				   pgprot_t prot, unsigned long align)
{
	unsigned long slots = nr_pages <= SOBA_AREA_INLINE ? nr_pages : 0;
	struct soba_area *a;

	a = area_new(req, slots, nr_pages, flags);
	if (!a)
		return NULL;
	if (!soba_area_take_table(a, req))
		goto free_area;
	if (!soba_area_take_frames(a, req))
		goto free_table;
	if (req->direct || a->node_pages)
		a->flags |= SOBA_AREA_ONCE;
	if (area_show(a, req, a->pages, prot, align))
		return a;
	soba_area_give_frames(a, nr_pages);
free_table:
	soba_area_give_table(a);
free_area:
	/* A reader may have come to it through a frame. */
	call_rcu(&a->rcu, area_free_rcu);
	return NULL;
}

struct soba_area *soba_area_map(const struct soba_req *req,
				struct page **pages, unsigned long nr_pages,
				unsigned int flags, pgprot_t prot,
				soba_area_put_fn put)
{
	struct soba_area *a;
	unsigned long i;

	if (put)
		flags |= SOBA_AREA_PUT;
	a = area_new(req, 0, nr_pages, flags);
	if (!a)
		return NULL;
	if (put) {
		a->pages = pages;
		a->put = put;
	}
	for (i = 0; put && i < nr_pages; i++)
		if (!soba_area_count_node(a, req, i, 1))
			goto free;
	a->size = nr_pages << PAGE_SHIFT;
	if (area_show(a, req, pages, prot, PAGE_SIZE))
		return a;
free:
	area_free(a);
	return NULL;
}

void soba_area_destroy(struct soba_area *a)
{
	soba_index_del(a);
	soba_port_unmap((void *)a->addr, soba_area_flush);
	soba_count(SOBA_C_AREA_UNMAP);
	if (a->flags & SOBA_AREA_OWNS) {
		soba_area_give_frames(a, a->nr_pages);
		soba_area_give_table(a);
	}
	if ((a->flags & SOBA_AREA_PUT) && a->put)
		a->put(a->pages, a->nr_pages);
	call_rcu(&a->rcu, area_free_rcu);
}

void soba_area_abandon(struct soba_area *a)
{
	soba_index_del(a);
	if (a->flags & SOBA_AREA_OWNS) {
		soba_area_sign_frames(a);
		soba_area_give_table(a);
	}
	area_free(a);
}

void soba_area_clear(struct soba_area *a)
{
	unsigned long i, left;
	unsigned int order;

	/* By blocks; what is left at the end and is one page needs no look. */
	for (i = 0; i < a->nr_pages; i += 1UL << order) {
		left = a->nr_pages - i;
		order = left > 1 ? soba_map_frame_of_page(a->pages[i])->order : 0;
		soba_port_clear(a->pages[i], order);
		if (left > AREA_CLEAR_STEP)
			cond_resched();
	}
	soba_count_add(SOBA_C_ZERO_CLEARED, a->nr_pages);
}

/* By pages: in the direct map, which needs no mapping of either. */
void soba_area_copy(struct soba_area *to, struct soba_area *from,
		    unsigned long bytes)
{
	unsigned long i, n;

	for (i = 0; bytes; i++, bytes -= n) {
		n = min(bytes, PAGE_SIZE);
		memcpy(page_address(to->pages[i]), page_address(from->pages[i]),
		       n);
		cond_resched();
	}
}

bool soba_area_refs_ok(const struct soba_area *a)
{
	unsigned long i;

	for (i = 0; i < a->nr_pages; i++)
		if (soba_port_refs(a->pages[i]) != SOBA_PAGE_REFS)
			return false;
	return true;
}
