/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache.h - floor 3: coherent objects of one size: slabs, and the way between
 * them and the per-CPU lists. Locking: see dma.h and mag.h.
 */
#ifndef SOBA_DMA_CACHE_H
#define SOBA_DMA_CACHE_H

#include "dma/dma.h"
#include "page/req.h"

#define SOBA_DMA_BATCH_MAX	24

/**
 * struct soba_dma_shape - how a cache cuts its slabs
 * @size: bytes of an object; 0 for a cache of blocks of any size
 * @align: power of two, at most PAGE_SIZE
 * @boundary: power of two that no object crosses, or 0
 * @pool: a dma pool
 */
struct soba_dma_shape {
	u32 size;
	u32 align;
	u32 boundary;
	bool pool;
};

void soba_dma_cache_init(struct soba_dma_cache *c, struct soba_dma_heap *heap,
			 const struct soba_dma_shape *shape, const char *name);

/**
 * soba_dma_cache_get() - one object, and a batch for this CPU's list
 * @c: the cache
 * @req: how it may be got
 * @e: filled in; its mark is free
 *
 * Context: as @req says; no list open, preemption as the caller had it.
 * Return: false when there is none.
 */
bool soba_dma_cache_get(struct soba_dma_cache *c, const struct soba_req *req,
			struct soba_dma_entry *e);

/**
 * soba_dma_cache_put() - an object back to its slab, past the per-CPU list
 * @c: the cache
 * @e: the object, of which the address counts; its mark is free
 *
 * Context: any but NMI.
 */
void soba_dma_cache_put(struct soba_dma_cache *c,
			const struct soba_dma_entry *e);

/**
 * soba_dma_cache_flush() - make room in this CPU's list, then take an object in
 * @c: the cache
 * @e: the object; its mark is free
 *
 * Context: any but NMI; no list open.
 */
void soba_dma_cache_flush(struct soba_dma_cache *c,
			  const struct soba_dma_entry *e);

/**
 * soba_dma_cache_unlist() - empty this CPU's list
 * @c: the cache
 *
 * Context: any but NMI, the caller stays on this CPU.
 */
void soba_dma_cache_unlist(struct soba_dma_cache *c);

/**
 * soba_dma_block_get() - pages for one caller, cleared
 * @c: the heap's cache of blocks
 * @bytes: a multiple of PAGE_SIZE
 * @attrs: DMA_ATTR_*
 * @req: how; with ->direct never one that somebody had before
 * @e: filled in
 *
 * Context: as @req says.
 * Return: the slab that is the block, or NULL.
 */
struct soba_dma_slab *soba_dma_block_get(struct soba_dma_cache *c, size_t bytes,
					 unsigned long attrs,
					 const struct soba_req *req,
					 struct soba_dma_entry *e);

/**
 * soba_dma_cache_trim() - give slabs that nobody uses back to the host
 * @c: the cache
 * @bytes: about so many; ULONG_MAX for all
 *
 * Context: any but NMI; what must sleep is left to a work item.
 * Return: bytes that go.
 */
unsigned long soba_dma_cache_trim(struct soba_dma_cache *c,
				  unsigned long bytes);

/**
 * soba_dma_cache_open() - give a cache its per-CPU lists, unless it has them
 * @c: the cache
 * @gfp: how they may be allocated
 */
void soba_dma_cache_open(struct soba_dma_cache *c, gfp_t gfp);

/**
 * soba_dma_cache_shut() - keep nothing from now on
 * @c: the cache; objects that are out may still be freed
 *
 * A grace period later, soba_dma_cache_empty(). Context: under retire_lock.
 */
void soba_dma_cache_shut(struct soba_dma_cache *c);

/** soba_dma_cache_empty() - what the per-CPU lists had, and all idle slabs, go */
void soba_dma_cache_empty(struct soba_dma_cache *c);

/*
 * Objects in per-CPU lists, in all and in one; a close guess while CPUs allocate.
 * Under rcu_read_lock() unless the cache cannot be shut.
 */
unsigned long soba_dma_cache_listed(const struct soba_dma_cache *c);
unsigned long soba_dma_cache_listed_on(const struct soba_dma_cache *c,
				       unsigned int cpu);
/* Objects in callers' hands; also brings c->peak up to date. */
unsigned long soba_dma_cache_used(struct soba_dma_cache *c);

#endif /* SOBA_DMA_CACHE_H */
