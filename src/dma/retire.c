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

/* The heap can still be used, and keeps nothing: all that is free goes. */
static void heap_close(struct soba_dma_heap *heap)
{
	unsigned int i;

	soba_dma_debug_flush(heap);
	for (i = 0; i < SOBA_DMA_CLASSES; i++)
		soba_dma_cache_shut(&heap->class[i]);
	soba_dma_cache_shut(&heap->block);
	soba_dma_pools_shut(heap);
	synchronize_rcu();
	for (i = 0; i < SOBA_DMA_CLASSES; i++)
		soba_dma_cache_empty(&heap->class[i]);
	soba_dma_cache_empty(&heap->block);
	soba_dma_pools_empty(heap);
	soba_dma_slab_settle(heap);
}

static int is_arm_of(struct device *dev, void *res, void *data)
{
	return *(struct soba_dma_heap **)res == data;
}

/*
 * The driver has left, by itself or because its probe failed; what it manages is
 * being released. The driver core undoes the device's DMA set-up next: what is
 * kept must be with the host by then.
 */
static void driver_leaves(struct device *dev, void *res)
{
	struct soba_dma_heap *heap = *(struct soba_dma_heap **)res;

	mutex_lock(&retire_lock);
	heap->armed = false;
	if (!heap->retired) {
		WRITE_ONCE(heap->closed, true);
		heap_close(heap);
	}
	mutex_unlock(&retire_lock);
	soba_dma_heap_put(heap);
}

void soba_dma_arm(struct soba_dma_heap *heap, const struct soba_req *req)
{
	struct soba_dma_heap **res;

	if (!soba_port_dma_bound(heap->dev))
		return;
	res = soba_port_devres_new(driver_leaves, sizeof(*res),
				   req->gfp & (GFP_KERNEL | __GFP_HIGH));
	if (!res)
		return;
	soba_dma_heap_hold(heap);
	heap->armed = true;
	*res = heap;
	soba_port_devres_add(heap->dev, res);
}

/* Of objects left when soba goes, obs/leak_dma.c has told by then. */
static void retire_heap(struct soba_dma_heap *heap, bool soba_goes)
{
	char who[SOBA_DMA_NAME + 40];

	soba_dma_heap_hide(heap);
	soba_dma_heap_forget(heap);
	heap_close(heap);
	if (heap->armed && !soba_port_devres_drop(heap->dev, driver_leaves,
						  is_arm_of, heap)) {
		heap->armed = false;
		soba_dma_heap_put(heap);
	}
	soba_dma_pools_report(heap);
	scnprintf(who, sizeof(who), "device %s was unbound and left",
		  heap->name);
	if (!soba_goes)
		soba_dma_leak_report(heap, who);
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
		soba_dma_slab_lose(s);
	return true;
}

void soba_dma_abandon(struct device *dev)
{
	soba_dma_retire(dev);
	soba_dma_each(abandon_slab, dev);
	/* What was freed late, in atomic context, is still on its way. */
	soba_dma_slab_settle(NULL);
	soba_dma_stream_abandon(dev);
}
