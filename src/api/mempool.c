// SPDX-License-Identifier: GPL-2.0
/*
 * mempool.c - floor 4: the kernel's mempool with elements from soba.
 *
 * Locking: none here; the pool has its own.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/mempool.h>

/**
 * soba_mempool_alloc_slab() - a mempool's way to allocate from a cache
 * @gfp: GFP flags
 * @pool_data: the cache
 *
 * Context: as soba_kmem_cache_alloc() with @gfp.
 * Return: an object, or NULL.
 */
void *soba_mempool_alloc_slab(gfp_t gfp, void *pool_data)
{
	return soba_kmem_cache_alloc(pool_data, gfp);
}
EXPORT_SYMBOL_GPL(soba_mempool_alloc_slab);

/**
 * soba_mempool_free_slab() - a mempool's way to free into a cache
 * @element: from soba_mempool_alloc_slab()
 * @pool_data: the cache
 *
 * Context: any but NMI.
 */
void soba_mempool_free_slab(void *element, void *pool_data)
{
	soba_kmem_cache_free(pool_data, element);
}
EXPORT_SYMBOL_GPL(soba_mempool_free_slab);

/**
 * soba_mempool_kmalloc() - a mempool's way to allocate bytes
 * @gfp: GFP flags
 * @pool_data: how many bytes, as a pointer
 *
 * Context: as soba_kmalloc() with @gfp.
 * Return: an object, or NULL.
 */
void *soba_mempool_kmalloc(gfp_t gfp, void *pool_data)
{
	return soba_kmalloc((size_t)pool_data, gfp);
}
EXPORT_SYMBOL_GPL(soba_mempool_kmalloc);

/**
 * soba_mempool_kfree() - a mempool's way to free bytes
 * @element: from soba_mempool_kmalloc()
 * @pool_data: not used
 *
 * Context: any but NMI.
 */
void soba_mempool_kfree(void *element, void *pool_data)
{
	soba_kfree(element);
}
EXPORT_SYMBOL_GPL(soba_mempool_kfree);

/**
 * soba_mempool_create_slab_pool() - a mempool over a cache
 * @min_nr: objects that are kept for when memory is short
 * @s: the cache; it must outlive the pool
 *
 * Used and destroyed with the kernel's mempool calls.
 *
 * Context: process, may sleep.
 * Return: the pool, or NULL.
 */
mempool_t *soba_mempool_create_slab_pool(int min_nr, struct kmem_cache *s)
{
	return mempool_create(min_nr, soba_mempool_alloc_slab,
			      soba_mempool_free_slab, s);
}
EXPORT_SYMBOL_GPL(soba_mempool_create_slab_pool);

/**
 * soba_mempool_create_kmalloc_pool() - a mempool of objects of one size
 * @min_nr: objects that are kept for when memory is short
 * @size: bytes of each
 *
 * Used and destroyed with the kernel's mempool calls.
 *
 * Context: process, may sleep.
 * Return: the pool, or NULL.
 */
mempool_t *soba_mempool_create_kmalloc_pool(int min_nr, size_t size)
{
	return mempool_create(min_nr, soba_mempool_kmalloc, soba_mempool_kfree,
			      (void *)size);
}
EXPORT_SYMBOL_GPL(soba_mempool_create_kmalloc_pool);
