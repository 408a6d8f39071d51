// SPDX-License-Identifier: GPL-2.0
/*
 * large.c - floor 3: kmalloc() of whole blocks, above the largest class, and
 * objects that are charged to a memcg and so cannot share a block.
 *
 * Locking: none; a block belongs to who holds it. Two who free the same one at
 * once are told apart by the exchange of its owner.
 */
#include "slab/large.h"
#include "base/counter.h"
#include "base/report.h"
#include "page/block.h"
#include "page/zone.h"

/* One object more or less of a cache, on the node of its block. */
static void count_accounted(struct soba_cache *c, struct soba_frame *f, int by)
{
	struct soba_cache_node *n;

	n = c->node[soba_node_index(f->chunk->zone->nid)];
	atomic_long_add(by, &n->accounted);
}

void *soba_large_alloc(const struct soba_req *req, struct soba_cache *c)
{
	struct soba_frame *f = soba_block_alloc(req);

	if (!f)
		return NULL;
	soba_count(SOBA_C_LARGE_ALLOC);
	if (c)
		count_accounted(c, f, 1);
	soba_block_own(f, SOBA_OWN_LARGE, c);
	return page_address(soba_frame_page(f));
}

void soba_large_free(struct soba_frame *f, unsigned long caller)
{
	void *owner = READ_ONCE(f->owner);

	if (soba_owner_kind(owner) != SOBA_OWN_LARGE ||
	    cmpxchg(&f->owner, owner, NULL) != owner) {
		soba_report(SOBA_R_DOUBLE_FREE, caller,
			    "pfn %#lx, order %u, is free already",
			    soba_frame_pfn(f), f->order);
		return;
	}
	soba_count(SOBA_C_LARGE_FREE);
	/* Who ends the cache sees it live until here; it is not used after. */
	if (soba_owner_ptr(owner))
		count_accounted(soba_owner_ptr(owner), f, -1);
	soba_block_disown(f);
	soba_block_release(f, caller);
}

bool soba_large_find(const void *addr, struct soba_object *o)
{
	struct soba_frame *f, *head = NULL;
	bool found = false;

	rcu_read_lock();
	f = soba_addr_frame(addr);
	if (f)
		head = soba_frame_head(f);
	if (head && soba_frame_state(head) == SOBA_F_OWNED &&
	    soba_owner_kind(READ_ONCE(head->owner)) == SOBA_OWN_LARGE) {
		o->cache = soba_owner_ptr(READ_ONCE(head->owner));
		o->start = page_address(soba_frame_page(head));
		o->size = PAGE_SIZE << head->order;
		if (o->cache)
			o->size = o->cache->object_size;
		found = addr < o->start + o->size;
	}
	rcu_read_unlock();
	return found;
}
