/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmalloc.h - floor 4: the kmalloc() family shares this.
 */
#ifndef SOBA_API_KMALLOC_H
#define SOBA_API_KMALLOC_H

#include "slab/cache.h"

struct soba_heap;

/* The cache of the same size in the memory that @gfp asks for. */
struct soba_cache *soba_kmalloc_retype(struct soba_cache *c, gfp_t gfp);

/* The cache for a size above 0; NULL above the largest class. */
struct soba_cache *soba_kmalloc_find(struct soba_heap *heap, size_t size);

int soba_kmalloc_init(void);
void soba_kmalloc_exit(void);
int soba_kmalloc_nolock_init(void);

#endif /* SOBA_API_KMALLOC_H */
