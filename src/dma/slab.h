/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slab.h - floor 3: coherent pages from the host and back. No lock is held.
 */
#ifndef SOBA_DMA_SLAB_H
#define SOBA_DMA_SLAB_H

#include "dma/dma.h"
#include "page/req.h"

/**
 * soba_dma_slab_new() - coherent pages from the host, cut for a cache
 * @c: the cache; its heap is held by the caller
 * @bytes: a multiple of PAGE_SIZE
 * @attrs: DMA_ATTR_*
 * @req: how
 *
 * It is in the address table, in no list; all its objects are free.
 *
 * Context: as @req says.
 * Return: the slab, or NULL.
 */
struct soba_dma_slab *soba_dma_slab_new(struct soba_dma_cache *c, size_t bytes,
					unsigned long attrs,
					const struct soba_req *req);

/**
 * soba_dma_slab_drop() - give it back
 * @s: in no list, all its objects free
 *
 * Where this may sleep the host gets it at once, else a work item gives it.
 * That of a device that is gone is never given.
 *
 * Context: any but NMI.
 */
void soba_dma_slab_drop(struct soba_dma_slab *s);

/** soba_dma_slab_drop_list() - the same for a list of them */
void soba_dma_slab_drop_list(struct list_head *list);

/**
 * soba_dma_slab_settle() - wait for slabs on their way to the host
 * @heap: its slabs, whoever gives them; NULL: those of the work item
 *
 * Context: process, sleeps.
 */
void soba_dma_slab_settle(struct soba_dma_heap *heap);

/* Its device is gone. */
static inline void soba_dma_slab_lose(struct soba_dma_slab *s)
{
	if (!s->cache->pool)
		WRITE_ONCE(s->key,
			   (unsigned long)SOBA_DMA_GONE + s->distance);
	WRITE_ONCE(s->dev, SOBA_DMA_GONE);
}

/* Is all of it where the device can reach? */
static inline bool soba_dma_slab_fits(const struct soba_dma_slab *s, u64 mask)
{
	return s->dma + s->bytes - 1 <= mask;
}

static inline struct soba_dma_entry
soba_dma_slab_entry(struct soba_dma_slab *s, u32 i)
{
	unsigned long offset = (unsigned long)i * soba_dma_stride(s);

	return (struct soba_dma_entry){
		.vaddr = (void *)(s->base + offset),
		.handle = s->dma + offset,
		.mark = soba_dma_mark_at(s, offset),
	};
}

#endif /* SOBA_DMA_SLAB_H */
