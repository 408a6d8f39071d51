// SPDX-License-Identifier: GPL-2.0
/*
 * pages_exact.c - floor 4: blocks cut up: split, and exact numbers of pages.
 *
 * Locking: the caller holds the block, so its descriptors are ours; zone->lock
 * keeps the validator away while they change.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/pages.h>

#include "api/gfp.h"
#include "api/pages.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/zone.h"
#include "base/report.h"

/* Every frame of the block becomes a block of order 0 of the same owner. */
static void split_block(struct soba_frame *f, unsigned int order)
{
	raw_spinlock_t *lock = &f->chunk->zone->lock;
	unsigned long flags;
	unsigned int i;

	/* For the validator alone, which would see half of it. */
	raw_spin_lock_irqsave(lock, flags);
	for (i = 1; i < 1U << order; i++) {
		f[i].owner = NULL;
		f[i].caller = f->caller;
		f[i].order = 0;
		/* Last: ->caller is there. Pairs with soba_map_next_chunk(). */
		smp_store_release(&f[i].state, SOBA_F_ALLOC);
	}
	WRITE_ONCE(f->order, 0);
	raw_spin_unlock_irqrestore(lock, flags);
}

/**
 * soba_split_page() - make single pages of a block
 * @page: first page of a block from soba_alloc_pages()
 * @order: as it was allocated, without __GFP_COMP or __GFP_ACCOUNT
 *
 * From then on each page is freed by itself, with order 0.
 *
 * Context: any but NMI.
 */
void soba_split_page(struct page *page, unsigned int order)
{
	struct soba_frame *f;

	f = soba_pages_check(page_to_pfn(page), order, _RET_IP_);
	if (!f)
		return;
	if (f->chunk->direct && order) {
		soba_report(SOBA_R_INVALID_FREE, _RET_IP_,
			    "pfn %#lx, order %u, is compound or accounted and cannot be split",
			    page_to_pfn(page), order);
		return;
	}
	split_block(f, order);
}
EXPORT_SYMBOL_GPL(soba_split_page);

/**
 * soba_alloc_pages_exact() - allocate contiguous memory in whole pages
 * @size: bytes; rounded up to pages, not to a power of two
 * @gfp: GFP flags; __GFP_COMP and __GFP_ACCOUNT are reported and ignored
 *
 * Context: as soba_alloc_pages().
 * Return: address in the direct map, or NULL.
 */
void *soba_alloc_pages_exact(size_t size, gfp_t gfp)
{
	unsigned int i, used, order = get_order(size);
	struct soba_frame *f;
	struct page *page;

	if (!size)
		return NULL;
	if (gfp & (__GFP_COMP | __GFP_ACCOUNT | __GFP_HIGHMEM)) {
		soba_report(SOBA_R_BAD_FLAGS, _RET_IP_,
			    "exact pages, %zu bytes, gfp %#x (%pGg): compound, accounted or highmem pages cannot be cut",
			    size, (__force unsigned int)gfp, &gfp);
		gfp &= ~(__GFP_COMP | __GFP_ACCOUNT | __GFP_HIGHMEM);
	}
	page = soba_pages_alloc_slow(gfp, order, NUMA_NO_NODE, _RET_IP_);
	if (!page)
		return NULL;
	f = soba_pages_check(page_to_pfn(page), order, _RET_IP_);
	if (WARN_ON_ONCE(!f))
		return NULL;
	split_block(f, order);
	used = DIV_ROUND_UP(size, PAGE_SIZE);
	for (i = used; i < 1U << order; i++)
		soba_pages_free(page + i, 0, _RET_IP_);
	return page_address(page);
}
EXPORT_SYMBOL_GPL(soba_alloc_pages_exact);

/**
 * soba_free_pages_exact() - free what soba_alloc_pages_exact() gave
 * @virt: its address; NULL is ignored
 * @size: bytes, as then
 *
 * Context: any but NMI.
 */
void soba_free_pages_exact(void *virt, size_t size)
{
	unsigned long addr = (unsigned long)virt;
	unsigned long end = addr + PAGE_ALIGN(size);
	unsigned long pfn = soba_port_addr_pfn(addr);

	if (!virt)
		return;
	if ((addr & ~PAGE_MASK) || !pfn_valid(pfn)) {
		soba_report(soba_pages_class(pfn), _RET_IP_,
			    "address %#lx, %zu bytes, is not that of a page",
			    addr, size);
		return;
	}
	for (; addr < end; addr += PAGE_SIZE, pfn++)
		soba_pages_free(pfn_to_page(pfn), 0, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_free_pages_exact);
