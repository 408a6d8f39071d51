/* SPDX-License-Identifier: GPL-2.0 */
/*
 * retire.h - floor 3: the end of a heap. Locking: see retire.c.
 */
#ifndef SOBA_DMA_RETIRE_H
#define SOBA_DMA_RETIRE_H

#include "dma/dma.h"
#include "page/req.h"

/* Around what makes a heap visible, and what hides it; they sleep. */
void soba_dma_retire_lock(void);
void soba_dma_retire_unlock(void);

/**
 * soba_dma_retire() - a driver has left its device
 * @dev: the device; NULL: soba itself goes, retire all heaps
 *
 * Context: process.
 */
void soba_dma_retire(struct device *dev);

/**
 * soba_dma_arm() - have a heap closed before its device's DMA set-up is undone
 * @heap: a new one, of a device whose driver may be bound
 * @req: how it may be done; without memory it is closed when the driver has left
 *
 * Context: as @req says.
 */
void soba_dma_arm(struct soba_dma_heap *heap, const struct soba_req *req);

/**
 * soba_dma_abandon() - a device goes
 * @dev: the device; NULL: of all
 *
 * Context: process.
 */
void soba_dma_abandon(struct device *dev);

/* heap.c, for retire.c only */
struct soba_dma_heap *soba_dma_heap_unhash(struct device *dev);
void soba_dma_heap_forget(struct soba_dma_heap *heap);
void soba_dma_heap_hide(struct soba_dma_heap *heap);

#endif /* SOBA_DMA_RETIRE_H */
