// SPDX-License-Identifier: GPL-2.0
/*
 * object.c - floor 3: single objects straight from and to the slabs.
 *
 * Who comes here found the magazines empty, in use below on the same CPU, or
 * was not meant for them: another node, or a cache with debug checks.
 *
 * Locking: none held here; node->lock inside node.c. RCU keeps the cache while
 * its last object is freed.
 */
#include "slab/magazine.h"
#include "slab/debug.h"
#include "slab/large.h"
#include "slab/node.h"

/* From the slabs of one node; the debug checks look at what comes. */
static void *take_one(struct soba_cache *c, struct soba_cache_node *n,
		      const struct soba_req *req)
{
	void *object;

	while (soba_node_take(n, 1, &object)) {
		if (likely(!(c->own_flags & SOBA_CACHE_DEBUG)) ||
		    soba_debug_alloc(c, object, req->caller))
			return object;
	}
	return NULL;
}

static void *take_anywhere(struct soba_cache *c, const struct soba_req *req)
{
	struct soba_cache_node *n;
	void *object;
	unsigned int i;

	soba_for_each_cache_node(n, c, i) {
		object = take_one(c, n, req);
		if (object)
			return object;
	}
	return NULL;
}

void *soba_object_alloc(struct soba_cache *c, const struct soba_req *req)
{
	struct soba_cache_node *n = soba_cache_node_of(c, req->nid);
	struct soba_slab *slab;
	void *object;

	if (req->this_node && n->nid != req->nid)
		return NULL;
	for (;;) {
		object = take_one(c, n, req);
		if (object)
			break;
		slab = soba_slab_new(c, req);
		if (!slab) {
			object = req->this_node ? NULL : take_anywhere(c, req);
			break;
		}
		/* The host may have answered from another node. */
		n = slab->node;
		soba_node_add(n, slab);
	}
	if (object)
		this_cpu_inc(c->cpu->slow_allocs);
	return object;
}

void soba_object_put(struct soba_cache *c, void *object, unsigned long caller)
{
	/* It may be the cache's last object, and somebody be at its end. */
	rcu_read_lock();
	if (likely(!(c->own_flags & SOBA_CACHE_DEBUG)) ||
	    soba_debug_free(c, object, caller)) {
		if (!soba_cache_put(c, 1, &object, caller))
			this_cpu_inc(c->cpu->slow_frees);
	}
	rcu_read_unlock();
}

void soba_object_free(void *object, unsigned long caller)
{
	struct soba_frame *f = soba_addr_frame(object);
	void *owner = READ_ONCE(f->owner);

	if (soba_owner_kind(owner) == SOBA_OWN_LARGE)
		soba_large_free(f, caller);
	else
		soba_object_put(soba_owner_ptr(owner), object, caller);
}
