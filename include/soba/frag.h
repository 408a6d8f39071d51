/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page fragments from soba: the calls of linux/gfp.h and linux/skbuff.h under
 * the prefix soba_. A fragment is freed with soba_page_frag_free(), never by
 * put_page(): its count is not in the page. Link with soba.ko (GPL).
 */
#ifndef SOBA_FRAG_H
#define SOBA_FRAG_H

#include <linux/gfp.h>
#include <linux/mm_types.h>

void *soba_page_frag_alloc_align(struct page_frag_cache *nc,
				 unsigned int fragsz, gfp_t gfp,
				 unsigned int align);
void soba_page_frag_free(void *addr);
void soba_page_frag_cache_drain(struct page_frag_cache *nc);
void *soba_netdev_alloc_frag_align(unsigned int fragsz, unsigned int align);

static inline void *soba_page_frag_alloc(struct page_frag_cache *nc,
					 unsigned int fragsz, gfp_t gfp)
{
	return soba_page_frag_alloc_align(nc, fragsz, gfp, ~0U);
}

static inline void *soba_netdev_alloc_frag(unsigned int fragsz)
{
	return soba_netdev_alloc_frag_align(fragsz, ~0U);
}

#endif /* SOBA_FRAG_H */
