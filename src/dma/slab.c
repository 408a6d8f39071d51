// SPDX-License-Identifier: GPL-2.0
/*
 * slab.c - floor 3: coherent pages from the host and back.
 *
 * The host may sleep when it takes pages back, because it may have to unmap
 * them. So what is dropped in atomic context waits in a list for a work item.
 *
 * Locking: give_lock, a leaf, guards that list. The host is called without it.
 */
#include "dma/slab.h"
#include "dma/floor.h"
#include "dma/heap.h"
#include "dma/table.h"
#include "base/report.h"

static DEFINE_RAW_SPINLOCK(give_lock);
static LIST_HEAD(give_list);

static struct workqueue_struct *give_wq;

static void give_work(struct work_struct *work);
static DECLARE_WORK(giver, give_work);

/* Bits of the objects that cross no boundary. */
static void slab_cut(struct soba_dma_slab *s, const struct soba_dma_cache *c)
{
	u32 i, b = c->boundary;

	s->shift = c->shift;
	s->marks = PAGE_SIZE >> c->shift;
	s->span = s->attrs & DMA_ATTR_NO_KERNEL_MAPPING ? 1 : PAGE_SIZE;
	for (i = 0; i < s->marks; i++)
		soba_dma_mark_free(&s->mark[i]);
	for (i = 0; i < c->per_slab; i++) {
		u32 first = i * c->stride, last = first + c->size - 1;

		if (b && c->size && first / b != last / b)
			continue;
		s->map[i / 64] |= 1ULL << (i % 64);
		s->nr++;
	}
	s->nr_free = s->nr;
}

static void slab_free_rcu(struct rcu_head *head)
{
	struct soba_dma_slab *s = container_of(head, struct soba_dma_slab, rcu);

	soba_port_meta_free(s, 0);
}

static void charge(struct soba_dma_heap *heap, size_t bytes)
{
	long held = atomic_long_add_return(bytes, &heap->held);
	long peak = atomic_long_read(&heap->held_peak);

	while (held > peak) {
		long old = atomic_long_cmpxchg(&heap->held_peak, peak, held);

		if (old == peak)
			break;
		peak = old;
	}
}

/* In no table any more, or not yet. The caller has taken hold of its device. */
static void slab_defer(struct soba_dma_slab *s)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&give_lock, flags);
	list_add(&s->node, &give_list);
	raw_spin_unlock_irqrestore(&give_lock, flags);
	queue_work(give_wq, &giver);
}

struct soba_dma_slab *soba_dma_slab_new(struct soba_dma_cache *c, size_t bytes,
					unsigned long attrs,
					const struct soba_req *req)
{
	struct soba_dma_heap *heap = c->heap;
	u64 mask = soba_port_dma_mask(heap->dev);
	struct soba_dma_slab *s;
	void *vaddr;

	s = soba_port_meta_alloc(struct_size(s, mark, PAGE_SIZE >> c->shift), req->gfp,
				 req->nid);
	if (!s)
		return NULL;
	vaddr = soba_port_dma_take(heap->dev, bytes, &s->dma, req->gfp, attrs);
	if (!vaddr) {
		soba_port_meta_free(s, 0);
		return NULL;
	}
	s->base = (unsigned long)vaddr;
	s->distance = s->dma - s->base;
	s->dev = heap->dev;
	/* Whoever frees it has to name its pool, or its device. */
	s->key = (c->pool ? (unsigned long)c : (unsigned long)s->dev) +
		 s->distance;
	s->cache = c;
	s->bytes = bytes;
	s->attrs = attrs;
	s->once = req->direct;
	soba_dma_heap_hold(heap);
	charge(heap, bytes);
	if (!soba_dma_slab_fits(s, mask)) {
		soba_report(SOBA_R_ALLOC_FAILURE, req->caller,
			    "the host gave %s %zu bytes at %#llx, outside of its coherent mask %#llx",
			    heap->name, bytes, (u64)s->dma, mask);
		soba_port_dma_hold(s->dev);
		atomic_long_inc(&heap->giving);
		slab_defer(s);
		return NULL;
	}
	slab_cut(s, c);
	soba_dma_table_add(s);
	return s;
}

/* Pre: out of the table, given or abandoned. */
static void slab_end(struct soba_dma_slab *s)
{
	struct soba_dma_heap *heap = s->cache->heap;

	atomic_long_sub(s->bytes, &heap->held);
	call_rcu(&s->rcu, slab_free_rcu);
	soba_dma_heap_put(heap);
}

/* It has left its cache: to the host, unless its device is gone. */
static void slab_give(struct soba_dma_slab *s)
{
	struct soba_dma_heap *heap = s->cache->heap;

	if (s->dev != SOBA_DMA_GONE)
		soba_port_dma_give(s->dev, s->bytes, (void *)s->base, s->dma,
				   s->attrs);
	if (atomic_long_dec_and_test(&heap->giving))
		wake_up_var(&heap->giving);
	slab_end(s);
}

static void give_work(struct work_struct *work)
{
	struct soba_dma_slab *s;
	unsigned long flags;

	for (;;) {
		struct device *dev;

		raw_spin_lock_irqsave(&give_lock, flags);
		s = NULL;
		if (!list_empty(&give_list)) {
			s = list_first_entry(&give_list, struct soba_dma_slab,
					     node);
			list_del(&s->node);
		}
		raw_spin_unlock_irqrestore(&give_lock, flags);
		if (!s)
			break;
		dev = s->dev;
		slab_give(s);
		soba_port_dma_let_go(dev);
	}
}

void soba_dma_slab_drop(struct soba_dma_slab *s)
{
	soba_dma_table_del(s);
	if (s->dev == SOBA_DMA_GONE || soba_port_can_sleep() ||
	    soba_port_dma_own_memory(s->dev)) {
		slab_give(s);
	} else {
		soba_port_dma_hold(s->dev);
		slab_defer(s);
	}
}

void soba_dma_slab_drop_list(struct list_head *list)
{
	while (!list_empty(list)) {
		struct soba_dma_slab *s;

		s = list_first_entry(list, struct soba_dma_slab, node);
		list_del(&s->node);
		soba_dma_slab_drop(s);
	}
}

void soba_dma_slab_settle(struct soba_dma_heap *heap)
{
	flush_work(&giver);
	if (heap)
		wait_var_event(&heap->giving,
			       !atomic_long_read(&heap->giving));
}

int soba_dma_slab_init(void)
{
	/* The host's reclaim waits for it. */
	give_wq = alloc_workqueue("soba_dma", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return give_wq ? 0 : -ENOMEM;
}

void soba_dma_slab_exit(void)
{
	destroy_workqueue(give_wq);
	give_wq = NULL;
}

static bool take_any(struct soba_dma_slab *s, void *arg)
{
	*(struct soba_dma_slab **)arg = s;
	return false;
}

/* Pre: soba goes, nobody calls. The memory stays with whoever still uses it. */
void soba_dma_table_abandon(void)
{
	struct soba_dma_slab *s;

	for (;;) {
		s = NULL;
		soba_dma_each(take_any, &s);
		if (!s)
			break;
		soba_dma_table_del(s);
		slab_end(s);
	}
}
