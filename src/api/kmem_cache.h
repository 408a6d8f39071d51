/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmem_cache.h - floor 4: the caches' entry points share this.
 */
#ifndef SOBA_API_KMEM_CACHE_H
#define SOBA_API_KMEM_CACHE_H

#include "slab/cache.h"

struct kmem_cache;

/* Clients know soba's caches by the kernel's opaque type. */
static __always_inline struct soba_cache *
soba_cache_private(struct kmem_cache *s)
{
	return (struct soba_cache *)s;
}

static __always_inline struct kmem_cache *
soba_cache_public(struct soba_cache *c)
{
	return (struct kmem_cache *)c;
}

#endif /* SOBA_API_KMEM_CACHE_H */
