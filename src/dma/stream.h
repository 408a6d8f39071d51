/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stream.h - floor 3: which memory of soba's is mapped for a device now.
 *
 * Each page of soba's that is mapped gets one reference more. So a block that is
 * freed meanwhile is found by the same check as any pinned page, waits in the
 * quarantine until it is unmapped, and cannot be handed out under the device.
 *
 * Locking: stream_lock, raw, a leaf, guards the table of mappings.
 */
#ifndef SOBA_DMA_STREAM_H
#define SOBA_DMA_STREAM_H

#include "dma/dma.h"

/* A run of pages. */
struct soba_dma_run {
	struct page *page;
	unsigned long nr;
};

struct soba_dma_mapping {
	struct soba_dma_mapping *next;
	struct device *dev;
	u64 key;			/* handle, or address of the scatter list */
	size_t size;			/* bytes, or entries */
	unsigned long caller;
	unsigned int dir;
	bool told;			/* that it was left; under stream_lock */
	bool watched;			/* @dev does not go before this does */
	struct rcu_head rcu;
	unsigned int nr_runs;
	struct soba_dma_run runs[];
};

/**
 * soba_dma_stream_new() - room for a mapping
 * @nr_runs: runs of pages
 *
 * Context: any but NMI. Return: it, or NULL: the mapping is not followed then.
 */
struct soba_dma_mapping *soba_dma_stream_new(unsigned int nr_runs);

/** soba_dma_stream_add() - it is mapped, all fields but the first are set */
void soba_dma_stream_add(struct soba_dma_mapping *m);

/**
 * soba_dma_stream_drop() - it is no longer mapped
 * @dev: for this device
 * @key: handle, or address of the scatter list
 * @size: bytes or entries
 * @dir: direction
 * @caller: who says so; blamed when size or direction are not the mapping's
 *
 * A mapping that is not known was not followed: nothing happens.
 */
void soba_dma_stream_drop(struct device *dev, u64 key, size_t size,
			  unsigned int dir, unsigned long caller);

/**
 * soba_dma_stream_report() - leak lines for what is still mapped, by call site,
 * once for each mapping
 * @dev: for this device, which lost its driver; NULL: for any, soba goes
 */
void soba_dma_stream_report(struct device *dev);

/** soba_dma_stream_abandon() - @dev goes: forget its mappings, keep the pages */
void soba_dma_stream_abandon(struct device *dev);

/* Mappings for @dev now. */
unsigned long soba_dma_stream_count(struct device *dev);

#endif /* SOBA_DMA_STREAM_H */
