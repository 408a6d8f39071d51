/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dma.h - floor 4: shared by the entry points of coherent memory.
 */
#ifndef SOBA_API_DMA_H
#define SOBA_API_DMA_H

#include "dma/cache.h"
#include "dma/check.h"

/**
 * soba_dma_refused() - may coherent memory be asked for at all?
 * @dev: the device, or NULL by mistake
 * @size: bytes
 * @caller: who asks
 *
 * Return: true after one report, when not.
 */
bool soba_dma_refused(struct device *dev, size_t size, unsigned long caller);

/* soba_dma_alloc_attrs() and soba_dma_free_attrs() in another's name. */
void *soba_dma_alloc_for(struct device *dev, size_t size, dma_addr_t *handle,
			 gfp_t gfp, unsigned long attrs, unsigned long caller);
bool soba_dma_free_for(const struct soba_dma_free *f);	/* Return: was it right? */

/* The same for a pool, past this CPU's list. */
void *soba_dma_pool_alloc_for(struct soba_dma_cache *pool, gfp_t gfp,
			      dma_addr_t *handle, unsigned long caller);

#endif /* SOBA_API_DMA_H */
