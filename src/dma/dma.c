// SPDX-License-Identifier: GPL-2.0
/*
 * dma.c - floor 3: coherent memory set up, taken down, and given back under
 * pressure.
 *
 * Locking: init and exit run alone. The reclaimer's calls take each cache's lock
 * for a moment.
 */
#include "dma/cache.h"
#include "dma/check.h"
#include "dma/floor.h"
#include "dma/heap.h"
#include "dma/retire.h"
#include "dma/slab.h"
#include "dma/stream.h"
#include "dma/table.h"
#include "page/reclaim.h"

struct trimming {
	unsigned long bytes;		/* wanted */
	unsigned long done;
};

static void count_cache(struct soba_dma_cache *c, void *arg)
{
	unsigned long *bytes = arg;

	*bytes += READ_ONCE(c->idle_bytes);
}

static void count_heap(struct soba_dma_heap *heap, void *arg)
{
	soba_dma_heap_caches(heap, count_cache, arg);
}

static unsigned long idle_frames(void)
{
	unsigned long bytes = 0;

	soba_dma_heap_each(count_heap, &bytes);
	return bytes >> PAGE_SHIFT;
}

/* Pools are left alone: they keep little, and their list is under a raw lock. */
static void trim_heap(struct soba_dma_heap *heap, void *arg)
{
	struct trimming *t = arg;
	unsigned int i;

	for (i = 0; i < SOBA_DMA_CLASSES && t->done < t->bytes; i++)
		t->done += soba_dma_cache_trim(&heap->class[i],
					       t->bytes - t->done);
	if (t->done < t->bytes)
		t->done += soba_dma_cache_trim(&heap->block,
					       t->bytes - t->done);
}

static bool cpu_has_listed(int cpu, void *arg)
{
	struct soba_dma_heap *heap = arg;
	unsigned long n = 0;
	unsigned int i;

	for (i = 0; i < SOBA_DMA_CLASSES; i++)
		n += soba_dma_cache_listed_on(&heap->class[i], cpu);
	return n;
}

static void unlist_this_cpu(void *arg)
{
	struct soba_dma_heap *heap = arg;
	unsigned int i;

	for (i = 0; i < SOBA_DMA_CLASSES; i++)
		soba_dma_cache_unlist(&heap->class[i]);
}

static void unlist_heap(struct soba_dma_heap *heap, void *arg)
{
	on_each_cpu_cond(cpu_has_listed, unlist_this_cpu, heap, true);
}

/* To the host, not to the zones: they do not count as found for soba. */
static unsigned long give_idle(unsigned long nr, bool sleep)
{
	struct trimming t = {
		.bytes = nr > ULONG_MAX >> PAGE_SHIFT ? ULONG_MAX :
							nr << PAGE_SHIFT,
	};

	if (!sleep)
		return 0;
	soba_dma_debug_flush(NULL);
	soba_dma_heap_each(unlist_heap, NULL);
	soba_dma_heap_each(trim_heap, &t);
	return 0;
}

static const struct soba_reclaimer reclaimer = {
	.count = idle_frames,
	.scan = give_idle,
};

static void device_removed(struct device *dev)
{
	soba_dma_abandon(dev);
}

/* What managed resources gave back has come by now: the rest is left. */
static void device_unbound(struct device *dev)
{
	soba_dma_retire(dev);
	soba_dma_stream_report(dev);
}

/* The last driver's probe failed after it had used the heap. */
static void device_binding(struct device *dev)
{
	struct soba_dma_heap *heap = soba_dma_heap_find(dev);
	bool closed = heap && READ_ONCE(heap->closed);

	if (heap)
		soba_dma_heap_put(heap);
	if (closed)
		device_unbound(dev);
}

static const struct soba_port_dma_ops port_ops = {
	.binding = device_binding,
	.unbound = device_unbound,
	.removed = device_removed,
};

int soba_dma_init(void)
{
	int err = soba_dma_mag_init();

	if (err)
		return err;
	err = soba_dma_slab_init();
	if (err) {
		soba_dma_mag_exit();
		return err;
	}
	soba_dma_table_init();
	soba_dma_heap_init();
	soba_port_dma_register(&port_ops);
	soba_reclaim_add(&reclaimer);
	return 0;
}

/* Pre: no client is left, the host's callbacks and the files are gone. */
void soba_dma_exit(void)
{
	soba_reclaim_del(&reclaimer);
	/* Before the buses tell no more: until then no device goes unnoticed. */
	soba_dma_stream_report(NULL);
	soba_dma_abandon(NULL);
	soba_port_dma_unregister();
	soba_dma_heap_exit();
	soba_dma_table_abandon();
	soba_dma_slab_exit();
	rcu_barrier();
	soba_dma_mag_exit();
}
