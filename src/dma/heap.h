/* SPDX-License-Identifier: GPL-2.0 */
/*
 * heap.h - floor 3: what soba keeps for each device, from the first allocation
 * to the moment the driver leaves.
 *
 * A heap is found by its device in a hash under RCU; each CPU remembers the one
 * it used last. It lives as long as somebody holds it: the hash, each slab, each
 * pool, each call that may sleep.
 *
 * When the driver leaves the heap is closed, by a managed resource of the device
 * that is the heap's: it keeps nothing from then on. When the driver core says
 * that it has left, or when another is bound, the heap is retired: it leaves the
 * hash, and what is still out is reported. Late frees find their slab by address
 * and work as ever; a new driver gets a new heap. When the device goes, what is
 * left of it is abandoned: never given to the host, never used again.
 */
#ifndef SOBA_DMA_HEAP_H
#define SOBA_DMA_HEAP_H

#include "dma/dma.h"
#include "page/req.h"

/* Never NULL: where none was used yet, one whose device no caller has. */
DECLARE_PER_CPU(struct soba_dma_heap *, soba_dma_last);

int soba_dma_heap_init(void);
void soba_dma_heap_exit(void);

/**
 * soba_dma_heap_get() - a device's heap, made if there is none
 * @dev: the device
 * @req: how it may be made
 *
 * Context: as @req says.
 * Return: the heap, held; or NULL without memory.
 */
struct soba_dma_heap *soba_dma_heap_get(struct device *dev,
					const struct soba_req *req);

/**
 * soba_dma_heap_find() - a device's heap, if there is one
 * @dev: the device
 *
 * Context: any but NMI.
 * Return: the heap, held; or NULL.
 */
struct soba_dma_heap *soba_dma_heap_find(struct device *dev);

static inline void soba_dma_heap_hold(struct soba_dma_heap *heap)
{
	atomic_long_inc(&heap->refs);
}

/** soba_dma_heap_put() - let go of a heap; any context but NMI */
void soba_dma_heap_put(struct soba_dma_heap *heap);

/* Let this CPU remember it. Any context. */
void soba_dma_heap_remember(struct soba_dma_heap *heap);

/** soba_dma_heap_add_pool() - a pool joins its device's heap, which it holds */
void soba_dma_heap_add_pool(struct soba_dma_heap *heap,
			    struct soba_dma_cache *pool);
/** soba_dma_heap_del_pool() - and leaves; the heap is let go of later */
void soba_dma_heap_del_pool(struct soba_dma_cache *pool);

/**
 * soba_dma_heap_each() - visit all heaps that are not retired
 * @visit: called with the heap held, no lock held; it may sleep
 * @arg: for it
 *
 * Context: process.
 */
void soba_dma_heap_each(void (*visit)(struct soba_dma_heap *heap, void *arg),
			void *arg);

/**
 * soba_dma_heap_caches() - visit a heap's own caches, then its pools
 * @heap: held
 * @visit: called under a raw lock for pools: it must be short
 * @arg: for it
 */
void soba_dma_heap_caches(struct soba_dma_heap *heap,
			  void (*visit)(struct soba_dma_cache *c, void *arg),
			  void *arg);

/**
 * struct soba_dma_watcher - who shows heaps to people
 * @appear: a heap is new; process context, the heap is held
 * @vanish: it is about to be retired; after return nobody reads it
 */
struct soba_dma_watcher {
	void (*appear)(struct soba_dma_heap *heap);
	void (*vanish)(struct soba_dma_heap *heap);
};

/** soba_dma_watch() - set before the first heap; NULL when the last is gone */
void soba_dma_watch(const struct soba_dma_watcher *watcher);

#endif /* SOBA_DMA_HEAP_H */
