/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool.h - floor 3: dma pools: a cache with a size, alignment and boundary of
 * the driver's. Locking: retire_lock around making and ending one.
 */
#ifndef SOBA_DMA_POOL_H
#define SOBA_DMA_POOL_H

#include "dma/cache.h"

/* The cache comes first: fast paths take one for the other. */
struct soba_dma_pool {
	struct soba_dma_cache cache;
	unsigned long caller;		/* who made it */
	struct rcu_head rcu;
};

/**
 * soba_dma_pool_new() - make a pool
 * @name: for people
 * @dev: the device
 * @shape: size, alignment and boundary, legal ones
 * @req: how it may be allocated; it sleeps
 *
 * Return: the pool, or NULL.
 */
struct soba_dma_pool *soba_dma_pool_new(const char *name, struct device *dev,
					const struct soba_dma_shape *shape,
					const struct soba_req *req);

/**
 * soba_dma_pool_end() - end a pool
 * @pool: nobody allocates from it any more
 * @caller: who ends it; with objects out, they and the pool stay, reported
 *
 * Context: process, sleeps.
 */
void soba_dma_pool_end(struct soba_dma_pool *pool, unsigned long caller);

/* A heap's pools, when its driver leaves: see soba_dma_cache_shut(). */
void soba_dma_pools_shut(struct soba_dma_heap *heap);
void soba_dma_pools_empty(struct soba_dma_heap *heap);
/** soba_dma_pools_report() - leak lines for those that were not destroyed */
void soba_dma_pools_report(struct soba_dma_heap *heap);

#endif /* SOBA_DMA_POOL_H */
