/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages from soba: the calls of linux/gfp.h under the prefix soba_, with the
 * same arguments, flags and return values. Link with soba.ko (GPL).
 */
#ifndef SOBA_PAGES_H
#define SOBA_PAGES_H

#include <linux/gfp.h>
#include <linux/mm_types.h>

struct page *soba_alloc_pages(gfp_t gfp, unsigned int order);
struct page *soba_alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
unsigned long soba___get_free_pages(gfp_t gfp, unsigned int order);
unsigned long soba_get_zeroed_page(gfp_t gfp);
unsigned long soba_alloc_pages_bulk(gfp_t gfp, unsigned long nr,
				    struct page **pages);
void soba___free_pages(struct page *page, unsigned int order);
void soba_free_pages(unsigned long addr, unsigned int order);
void *soba_alloc_pages_exact(size_t size, gfp_t gfp);
void soba_free_pages_exact(void *virt, size_t size);
void soba_split_page(struct page *page, unsigned int order);

#define soba_alloc_page(gfp)		soba_alloc_pages(gfp, 0)
#define soba___get_free_page(gfp)	soba___get_free_pages(gfp, 0)
#define soba___get_dma_pages(gfp, order) \
	soba___get_free_pages((gfp) | GFP_DMA, order)
#define soba___free_page(page)		soba___free_pages(page, 0)
#define soba_free_page(addr)		soba_free_pages(addr, 0)

/* The same without the kernel's leading underscores, where no name clashes. */
#define soba_get_free_pages(gfp, order)	soba___get_free_pages(gfp, order)
#define soba_get_free_page(gfp)		soba___get_free_page(gfp)
#define soba_get_dma_pages(gfp, order)	soba___get_dma_pages(gfp, order)

#endif /* SOBA_PAGES_H */
