/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pools with a guaranteed minimum: the kernel's mempool over soba's caches. The
 * mempool itself is the kernel's; only where the elements come from is soba's.
 */
#ifndef SOBA_MEMPOOL_H
#define SOBA_MEMPOOL_H

#include <linux/mempool.h>

#include <soba/kmalloc.h>
#include <soba/slab.h>

void *soba_mempool_alloc_slab(gfp_t gfp, void *pool_data);
void soba_mempool_free_slab(void *element, void *pool_data);
void *soba_mempool_kmalloc(gfp_t gfp, void *pool_data);
void soba_mempool_kfree(void *element, void *pool_data);

mempool_t *soba_mempool_create_slab_pool(int min_nr, struct kmem_cache *s);
mempool_t *soba_mempool_create_kmalloc_pool(int min_nr, size_t size);

#endif /* SOBA_MEMPOOL_H */
