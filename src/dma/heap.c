// SPDX-License-Identifier: GPL-2.0
/*
 * heap.c - floor 3: heaps of devices: found, made, let go.
 *
 * Locking: heaps_lock, raw, guards the hash, the list of heaps and their lists
 * of pools; it is a leaf. Readers of the hash have preemption off or are under
 * rcu_read_lock(). heap->refs says how long a heap lives; whoever takes it to 0
 * frees the heap after a grace period.
 */
#include "dma/heap.h"
#include "dma/cache.h"
#include "dma/mag.h"
#include "dma/retire.h"

#define BUCKETS 256U

DEFINE_PER_CPU(struct soba_dma_heap *, soba_dma_last);

static struct soba_dma_heap *buckets[BUCKETS];
static LIST_HEAD(heaps);
static DEFINE_RAW_SPINLOCK(heaps_lock);
static u64 last_seq;			/* under heaps_lock */
static const struct soba_dma_watcher *watcher;	/* under retire_lock */

/* Whose device nobody has: what a CPU that has used none remembers. */
static struct soba_dma_heap nobody;

static void show_work(struct work_struct *work);
static DECLARE_WORK(shower, show_work);

static struct soba_dma_heap **bucket_of(const struct device *dev)
{
	unsigned long word = (unsigned long)dev >> 6;

	return &buckets[(word ^ (word >> 8)) % BUCKETS];
}

/* Pre: a section that RCU waits for, or heaps_lock. */
static struct soba_dma_heap *lookup(const struct device *dev)
{
	struct soba_dma_heap *heap = READ_ONCE(*bucket_of(dev));

	while (heap && heap->dev != dev)
		heap = READ_ONCE(heap->next);
	return heap;
}

/* Not when the last one has let go already. */
static bool hold_unless_gone(struct soba_dma_heap *heap)
{
	long refs = atomic_long_read(&heap->refs);

	while (refs) {
		long old = atomic_long_cmpxchg(&heap->refs, refs, refs + 1);

		if (old == refs)
			return true;
		refs = old;
	}
	return false;
}

struct soba_dma_heap *soba_dma_heap_find(struct device *dev)
{
	struct soba_dma_heap *heap;

	rcu_read_lock();
	heap = lookup(dev);
	if (heap && !hold_unless_gone(heap))
		heap = NULL;
	rcu_read_unlock();
	return heap;
}

static void heap_free_rcu(struct rcu_head *head)
{
	soba_port_meta_free(container_of(head, struct soba_dma_heap, rcu),
			    sizeof(struct soba_dma_heap));
}

static void unhash(struct soba_dma_heap *heap)
{
	struct soba_dma_heap **at = bucket_of(heap->dev);

	lockdep_assert_held(&heaps_lock);
	while (*at && *at != heap)
		at = &(*at)->next;
	if (*at)
		WRITE_ONCE(*at, heap->next);
	list_del_init(&heap->all);
	heap->retired = true;
}

void soba_dma_heap_put(struct soba_dma_heap *heap)
{
	bool last = false;
	unsigned long flags;
	long left;

	rcu_read_lock();
	left = atomic_long_dec_return(&heap->refs);
	/*
	 * A device on no bus tells nobody that it goes: its heap goes with its
	 * last slab, when only the hash still holds it.
	 */
	if (left == 1 && !READ_ONCE(heap->watched)) {
		raw_spin_lock_irqsave(&heaps_lock, flags);
		last = !heap->watched && !heap->retired &&
		       atomic_long_read(&heap->refs) == 1;
		if (last)
			unhash(heap);
		raw_spin_unlock_irqrestore(&heaps_lock, flags);
	}
	if (!left || (last && atomic_long_dec_and_test(&heap->refs)))
		call_rcu(&heap->rcu, heap_free_rcu);
	rcu_read_unlock();
}

static void heap_setup(struct soba_dma_heap *heap)
{
	struct soba_dma_shape shape = { };
	char name[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(heap->level); i++)
		heap->level[i] = soba_dma_closed;
	for (i = 0; i < SOBA_DMA_CLASSES; i++) {
		shape.size = 1U << (SOBA_DMA_MIN_SHIFT + i);
		shape.align = shape.size;
		scnprintf(name, sizeof(name), "coherent-%u", shape.size);
		soba_dma_cache_init(&heap->class[i], heap, &shape, name);
		if (heap->class[i].small)
			heap->class[i].level =
				&heap->level[soba_dma_level(shape.size)];
	}
	shape = (struct soba_dma_shape){ };
	soba_dma_cache_init(&heap->block, heap, &shape, "coherent-blocks");
	atomic_long_set(&heap->refs, 1);
	INIT_LIST_HEAD(&heap->all);
	INIT_LIST_HEAD(&heap->pools);
}

/* Into the hash; or, if somebody was faster, his, held. */
static struct soba_dma_heap *publish(struct soba_dma_heap *heap)
{
	struct soba_dma_heap **at = bucket_of(heap->dev), *other;
	unsigned long flags;

	raw_spin_lock_irqsave(&heaps_lock, flags);
	other = lookup(heap->dev);
	if (other && !hold_unless_gone(other))
		other = NULL;
	if (!other) {
		soba_dma_heap_hold(heap);
		heap->next = *at;
		heap->seq = ++last_seq;
		list_add_tail(&heap->all, &heaps);
		/* Pairs with the dependent loads of lookup(). */
		smp_store_release(at, heap);
	}
	raw_spin_unlock_irqrestore(&heaps_lock, flags);
	return other ? other : heap;
}

static struct soba_dma_heap *heap_new(struct device *dev,
				      const struct soba_req *req)
{
	struct soba_dma_heap *heap, *used;

	heap = soba_port_meta_alloc(sizeof(*heap), req->gfp, req->nid);
	if (!heap)
		return NULL;
	heap->dev = dev;
	strscpy(heap->name, soba_port_dma_name(dev), sizeof(heap->name));
	heap_setup(heap);
	heap->watched = soba_port_dma_watched(dev) ||
			(req->sleep && soba_port_dma_watch(dev));
	used = publish(heap);
	if (used != heap) {
		soba_port_meta_free(heap, sizeof(*heap));
		return used;
	}
	if (heap->watched)
		soba_dma_arm(heap, req);
	schedule_work(&shower);
	return used;
}

/* It was made in atomic context: now its bus could be asked. */
static void now_watched(struct soba_dma_heap *heap, const struct soba_req *req)
{
	unsigned long flags;
	bool first;

	raw_spin_lock_irqsave(&heaps_lock, flags);
	first = !heap->retired && !heap->watched;
	if (first)
		heap->watched = true;
	raw_spin_unlock_irqrestore(&heaps_lock, flags);
	if (!first)
		return;
	soba_dma_arm(heap, req);
	schedule_work(&shower);
}

struct soba_dma_heap *soba_dma_heap_get(struct device *dev,
					const struct soba_req *req)
{
	struct soba_dma_heap *heap = soba_dma_heap_find(dev);

	if (!heap)
		return heap_new(dev, req);
	if (unlikely(!READ_ONCE(heap->watched)) && req->sleep &&
	    soba_port_dma_watch(dev))
		now_watched(heap, req);
	return heap;
}

/* Only those that are unhashed before they may go: see soba_dma_heap_retire(). */
void soba_dma_heap_remember(struct soba_dma_heap *heap)
{
	preempt_disable();
	if (READ_ONCE(heap->watched) && !READ_ONCE(heap->retired))
		__this_cpu_write(soba_dma_last, heap);
	preempt_enable();
}

void soba_dma_heap_forget(struct soba_dma_heap *heap)
{
	unsigned int cpu;

	/* Who found it in the hash has remembered it by then ... */
	synchronize_rcu();
	for_each_possible_cpu(cpu)
		cmpxchg(&per_cpu(soba_dma_last, cpu), heap, &nobody);
	/* ... and who has it from there has let go by then. */
	synchronize_rcu();
}

struct soba_dma_heap *soba_dma_heap_unhash(struct device *dev)
{
	struct soba_dma_heap *heap = NULL, *h;
	unsigned long flags;

	raw_spin_lock_irqsave(&heaps_lock, flags);
	list_for_each_entry(h, &heaps, all) {
		if (dev && h->dev != dev)
			continue;
		heap = h;
		unhash(heap);
		break;
	}
	raw_spin_unlock_irqrestore(&heaps_lock, flags);
	return heap;
}

void soba_dma_heap_add_pool(struct soba_dma_heap *heap,
			    struct soba_dma_cache *pool)
{
	unsigned long flags;

	soba_dma_heap_hold(heap);
	raw_spin_lock_irqsave(&heaps_lock, flags);
	list_add_tail(&pool->node, &heap->pools);
	raw_spin_unlock_irqrestore(&heaps_lock, flags);
}

void soba_dma_heap_del_pool(struct soba_dma_cache *pool)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&heaps_lock, flags);
	list_del_init(&pool->node);
	raw_spin_unlock_irqrestore(&heaps_lock, flags);
}

void soba_dma_heap_caches(struct soba_dma_heap *heap,
			  void (*visit)(struct soba_dma_cache *c, void *arg),
			  void *arg)
{
	struct soba_dma_cache *c;
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < SOBA_DMA_CLASSES; i++)
		visit(&heap->class[i], arg);
	visit(&heap->block, arg);
	raw_spin_lock_irqsave(&heaps_lock, flags);
	list_for_each_entry(c, &heap->pools, node)
		visit(c, arg);
	raw_spin_unlock_irqrestore(&heaps_lock, flags);
}

/* The next heap after @prev, which is let go of. They lie by ->seq. */
static struct soba_dma_heap *next_heap(struct soba_dma_heap *prev)
{
	struct soba_dma_heap *h, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&heaps_lock, flags);
	list_for_each_entry(h, &heaps, all) {
		if ((!prev || h->seq > prev->seq) && hold_unless_gone(h)) {
			found = h;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&heaps_lock, flags);
	if (prev)
		soba_dma_heap_put(prev);
	return found;
}

void soba_dma_heap_each(void (*visit)(struct soba_dma_heap *heap, void *arg),
			void *arg)
{
	struct soba_dma_heap *heap;

	for (heap = next_heap(NULL); heap; heap = next_heap(heap))
		visit(heap, arg);
}

void soba_dma_watch(const struct soba_dma_watcher *w)
{
	soba_dma_retire_lock();
	watcher = w;
	soba_dma_retire_unlock();
}

static void show_one(struct soba_dma_heap *heap, void *arg)
{
	soba_dma_retire_lock();
	if (watcher && !heap->dir && !heap->retired && heap->watched)
		watcher->appear(heap);
	soba_dma_retire_unlock();
}

static void show_work(struct work_struct *work)
{
	soba_dma_heap_each(show_one, NULL);
}

void soba_dma_heap_hide(struct soba_dma_heap *heap)
{
	if (watcher && heap->dir)
		watcher->vanish(heap);
}

int soba_dma_heap_init(void)
{
	unsigned int cpu;

	nobody.dev = ERR_PTR(-ENODEV);
	for_each_possible_cpu(cpu)
		per_cpu(soba_dma_last, cpu) = &nobody;
	return 0;
}

void soba_dma_heap_exit(void)
{
	cancel_work_sync(&shower);
}
