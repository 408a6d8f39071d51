// SPDX-License-Identifier: GPL-2.0
/*
 * pool.c - floor 3: dma pools made and ended.
 *
 * Locking: retire_lock, so that a pool and its device's heap end one after the
 * other. A pool is freed after a grace period: a wrong free may look at it.
 */
#include "dma/pool.h"
#include "dma/check.h"
#include "dma/heap.h"
#include "dma/retire.h"
#include "dma/slab.h"
#include "base/report.h"

struct soba_dma_pool *soba_dma_pool_new(const char *name, struct device *dev,
					const struct soba_dma_shape *shape,
					const struct soba_req *req)
{
	struct soba_dma_heap *heap = soba_dma_heap_get(dev, req);
	struct soba_dma_pool *pool;

	if (!heap)
		return NULL;
	pool = soba_port_meta_alloc(sizeof(*pool), req->gfp, req->nid);
	if (pool) {
		soba_dma_cache_init(&pool->cache, heap, shape, name);
		pool->caller = req->caller;
		soba_dma_retire_lock();
		soba_dma_heap_add_pool(heap, &pool->cache);
		soba_dma_retire_unlock();
	}
	soba_dma_heap_put(heap);
	return pool;
}

static void pool_free_rcu(struct rcu_head *head)
{
	soba_port_meta_free(container_of(head, struct soba_dma_pool, rcu),
			    sizeof(struct soba_dma_pool));
}

void soba_dma_pool_end(struct soba_dma_pool *pool, unsigned long caller)
{
	struct soba_dma_cache *c = &pool->cache;
	struct soba_dma_heap *heap = c->heap;
	bool busy;

	soba_dma_retire_lock();
	soba_dma_debug_flush(heap);
	soba_dma_cache_shut(c);
	synchronize_rcu();
	soba_dma_cache_empty(c);
	busy = c->nr_slabs;
	if (busy)
		soba_report(SOBA_R_LIVE_OBJECTS, caller,
			    "pool %s of %s is destroyed with %lu objects out: they and it stay",
			    c->name, heap->name, c->out);
	else
		soba_dma_heap_del_pool(c);
	soba_dma_retire_unlock();
	if (busy)
		return;
	soba_dma_slab_settle(heap);
	call_rcu(&pool->rcu, pool_free_rcu);
	soba_dma_heap_put(heap);
}

/* Pre, of those below: retire_lock, under which alone the list changes. */
void soba_dma_pools_shut(struct soba_dma_heap *heap)
{
	struct soba_dma_cache *c;

	list_for_each_entry(c, &heap->pools, node)
		soba_dma_cache_shut(c);
}

void soba_dma_pools_empty(struct soba_dma_heap *heap)
{
	struct soba_dma_cache *c;

	list_for_each_entry(c, &heap->pools, node)
		soba_dma_cache_empty(c);
}

void soba_dma_pools_report(struct soba_dma_heap *heap)
{
	struct soba_dma_cache *c;

	list_for_each_entry(c, &heap->pools, node)
		soba_report_line(SOBA_R_LEAK,
				 container_of(c, struct soba_dma_pool,
					      cache)->caller,
				 "pool %s of device %s was not destroyed",
				 c->name, heap->name);
}
