// SPDX-License-Identifier: GPL-2.0
/*
 * sites_object.c - calls for objects from many places: see sites.c.
 *
 * Locking: none.
 */
#include <soba/soba.h>

#include "object.h"
#include "sites.h"

void *site_kmalloc(u32 site, size_t size, gfp_t gfp)
{
	void *p = NULL;

	switch (site) {
#define SITE_KMALLOC(n)						\
	case n:							\
		p = soba_kmalloc(size, gfp);			\
		SITE_MARK(n);					\
		break;
	SITES(SITE_KMALLOC)
#undef SITE_KMALLOC
	}
	return p;
}

void *site_cache_alloc(u32 site, struct kmem_cache *s, gfp_t gfp)
{
	void *p = NULL;

	switch (site) {
#define SITE_CACHE_ALLOC(n)					\
	case n:							\
		p = soba_kmem_cache_alloc(s, gfp);		\
		SITE_MARK(n);					\
		break;
	SITES(SITE_CACHE_ALLOC)
#undef SITE_CACHE_ALLOC
	}
	return p;
}

void site_kfree(u32 site, const void *p)
{
	switch (site) {
#define SITE_KFREE(n)						\
	case n:							\
		soba_kfree(p);					\
		SITE_MARK(n);					\
		break;
	SITES(SITE_KFREE)
#undef SITE_KFREE
	}
}

void site_cache_free(u32 site, struct kmem_cache *s, void *p)
{
	switch (site) {
#define SITE_CACHE_FREE(n)					\
	case n:							\
		soba_kmem_cache_free(s, p);			\
		SITE_MARK(n);					\
		break;
	SITES(SITE_CACHE_FREE)
#undef SITE_CACHE_FREE
	}
}
