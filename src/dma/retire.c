// SPDX-License-Identifier: GPL-2.0
/*
 * retire.c - floor 3: the end of a heap: its driver leaves, its device goes, or
 * soba does.
 *
 * Locking: retire_lock, a mutex, makes one end at a time, and keeps the files of
 * a heap, its pools and its end apart. The host's allocator, the driver core's
 * notifiers and debugfs are above it: they are called, and call, with it held.
 */
#include "dma/cache.h"
#include "dma/check.h"
#include "dma/heap.h"
#include "dma/pool.h"
#include "dma/retire.h"
#include "dma/slab.h"
#include "dma/stream.h"
#include "dma/table.h"

static DEFINE_MUTEX(retire_lock);

void soba_dma_retire_lock(void)
{
	mutex_lock(&retire_lock);
}

void soba_dma_retire_unlock(void)
{
	mutex_unlock(&retire_lock);
}

/* Of objects left when soba goes, obs/leak_dma.c has told by then. */
static void retire_heap(struct soba_dma_heap *heap, bool soba_goes)
{
	char who[SOBA_DMA_NAME + 40];
	unsigned int i;

	soba_dma_heap_hide(heap);
	soba_dma_heap_forget(heap);
	soba_dma_debug_flush(heap);
	for (i = 0; i < SOBA_DMA_CLASSES; i++)
		soba_dma_cache_close(&heap->class[i]);
	soba_dma_cache_close(&heap->block);
	soba_dma_pools_close(heap);
	soba_dma_slab_settle();
	scnprintf(who, sizeof(who), "device %s %s", heap->name,
		  soba_goes ? "still has" : "was unbound and left");
	if (!soba_goes)
		soba_dma_leak_report(heap, who);
	soba_dma_stream_report(heap->dev, who);
	soba_dma_heap_put(heap);
}

void soba_dma_retire(struct device *dev)
{
	struct soba_dma_heap *heap;

	mutex_lock(&retire_lock);
	for (;;) {
		heap = soba_dma_heap_unhash(dev);
		if (!heap)
			break;
		retire_heap(heap, !dev);
	}
	mutex_unlock(&retire_lock);
}

static bool abandon_slab(struct soba_dma_slab *s, void *arg)
{
	if (!arg || s->dev == arg)
		WRITE_ONCE(s->dev, SOBA_DMA_GONE);
	return true;
}

void soba_dma_abandon(struct device *dev)
{
	soba_dma_retire(dev);
	soba_dma_each(abandon_slab, dev);
	soba_dma_stream_abandon(dev);
}
