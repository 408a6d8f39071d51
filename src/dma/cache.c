// SPDX-License-Identifier: GPL-2.0
/*
 * cache.c - floor 3: which slab an object comes from, and goes back to.
 *
 * Locking: c->lock, a leaf, around the lists and free maps; held for a batch of
 * objects at most. Slabs are taken from the host and given back without it: what
 * is to go is gathered in a list on the stack.
 */
#include "dma/cache.h"
#include "dma/check.h"
#include "dma/heap.h"
#include "dma/mag.h"
#include "dma/slab.h"
#include "dma/table.h"

/* Of free slabs one cache keeps about this much for speed. */
#define KEEP_BYTES	(32 * 1024)
#define KEEP_BLOCKS	16
#define KEEP_BLOCK_BYTES (256 * 1024)
/* And each CPU this much of a class, in so many objects. */
#define LIST_BYTES	(32 * 1024)
#define LIST_MIN	8U
#define LIST_MAX	128U

static void cache_shape(struct soba_dma_cache *c,
			const struct soba_dma_shape *shape)
{
	u32 size = shape->size + (soba_dma_debug ? SOBA_DMA_BAND : 0);

	c->size = shape->size;
	c->stride = ALIGN(size, max(1U << SOBA_DMA_MIN_SHIFT, shape->align));
	c->boundary = shape->boundary;
	c->slab_bytes = PAGE_ALIGN(c->stride);
	c->per_slab = c->slab_bytes > PAGE_SIZE ?
			      1 :
			      min_t(u32, PAGE_SIZE / c->stride,
				    SOBA_DMA_MAX_OBJECTS);
	c->shift = min_t(u32, __ffs(c->stride), PAGE_SHIFT);
	c->mag_cap = clamp_t(u32, LIST_BYTES / c->stride,
			     c->stride > PAGE_SIZE ? 2 : LIST_MIN, LIST_MAX);
	c->keep = max_t(u32, KEEP_BYTES / c->slab_bytes, 1);
}

/* Each block is a slab of its own size with one object. */
static void cache_of_blocks(struct soba_dma_cache *c)
{
	c->per_slab = 1;
	c->shift = PAGE_SHIFT;
	c->keep = KEEP_BLOCKS;
}

void soba_dma_cache_init(struct soba_dma_cache *c, struct soba_dma_heap *heap,
			 const struct soba_dma_shape *shape, const char *name)
{
	if (shape->size)
		cache_shape(c, shape);
	else
		cache_of_blocks(c);
	c->heap = heap;
	c->pool = shape->pool;
	c->small = is_power_of_2(c->size) && c->size <= SOBA_DMA_SMALL &&
		   c->size >= 1U << SOBA_DMA_MIN_SHIFT;
	c->mag = soba_dma_closed;
	c->mask = soba_port_dma_mask(heap->dev);
	strscpy(c->name, name, sizeof(c->name));
	raw_spin_lock_init(&c->lock);
	INIT_LIST_HEAD(&c->node);
	INIT_LIST_HEAD(&c->partial);
	INIT_LIST_HEAD(&c->full);
	INIT_LIST_HEAD(&c->idle);
	INIT_LIST_HEAD(&c->outside);
}

/* Sort slabs anew when the driver has changed its device's mask. */
static void follow_mask(struct soba_dma_cache *c)
{
	u64 mask = soba_port_dma_mask(c->heap->dev);
	struct soba_dma_slab *s, *next;
	LIST_HEAD(all);

	lockdep_assert_held(&c->lock);
	if (likely(c->mask == mask))
		return;
	c->mask = mask;
	list_splice_init(&c->partial, &all);
	list_splice_init(&c->outside, &all);
	list_for_each_entry_safe(s, next, &all, node)
		list_move(&s->node, soba_dma_slab_fits(s, mask) ? &c->partial :
							     &c->outside);
}

static bool slab_is_idle(const struct soba_dma_slab *s)
{
	return s->nr_free == s->nr;
}

/* Of a slab that is wholly free: is it worth keeping? */
static bool slab_keep(const struct soba_dma_cache *c,
		      const struct soba_dma_slab *s)
{
	if (c->closing || !c->heap->watched || s->attrs || s->once ||
	    !soba_dma_slab_fits(s, c->mask) || c->nr_idle >= c->keep)
		return false;
	return c->size || c->idle_bytes + s->bytes <= KEEP_BLOCK_BYTES;
}

/* Into the list where it belongs; true when it should go to the host. */
static bool slab_file(struct soba_dma_cache *c, struct soba_dma_slab *s)
{
	struct list_head *to = &c->partial;

	lockdep_assert_held(&c->lock);
	if (slab_is_idle(s)) {
		if (!slab_keep(c, s))
			return true;
		c->nr_idle++;
		c->idle_bytes += s->bytes;
		to = &c->idle;
	} else if (!s->nr_free) {
		to = &c->full;
	} else if (!soba_dma_slab_fits(s, c->mask)) {
		to = &c->outside;
	}
	list_move(&s->node, to);
	return false;
}

static void slab_unfile_idle(struct soba_dma_cache *c, struct soba_dma_slab *s)
{
	c->nr_idle--;
	c->idle_bytes -= s->bytes;
}

static struct soba_dma_entry slab_take(struct soba_dma_slab *s)
{
	u32 w = s->map[0] ? 0 : 1;
	u32 bit = __ffs64(s->map[w]);

	s->map[w] &= s->map[w] - 1;
	s->nr_free--;
	return soba_dma_slab_entry(s, w * 64 + bit);
}

/* Up to @nr objects; from slabs in use first. */
static unsigned int take_locked(struct soba_dma_cache *c, unsigned int nr,
				struct soba_dma_entry *e)
{
	struct soba_dma_slab *s;
	unsigned int n = 0;

	lockdep_assert_held(&c->lock);
	while (n < nr) {
		if (!list_empty(&c->partial)) {
			s = list_first_entry(&c->partial, struct soba_dma_slab,
					     node);
		} else if (!list_empty(&c->idle)) {
			s = list_first_entry(&c->idle, struct soba_dma_slab,
					     node);
			slab_unfile_idle(c, s);
		} else {
			break;
		}
		while (n < nr && s->nr_free)
			e[n++] = slab_take(s);
		slab_file(c, s);
	}
	c->out += n;
	return n;
}

/* Out of the cache, to @gone: whoever ends the heap waits for those. */
static void slab_leave(struct soba_dma_cache *c, struct soba_dma_slab *s,
		       struct list_head *gone)
{
	lockdep_assert_held(&c->lock);
	c->nr_slabs--;
	atomic_long_inc(&c->heap->giving);
	list_move(&s->node, gone);
}

/* Idle slabs that are no longer in the mask, to @gone. */
static void drop_outside(struct soba_dma_cache *c, struct list_head *gone)
{
	struct soba_dma_slab *s, *next;

	list_for_each_entry_safe(s, next, &c->idle, node) {
		if (soba_dma_slab_fits(s, c->mask))
			continue;
		slab_unfile_idle(c, s);
		slab_leave(c, s, gone);
	}
}

static unsigned int cache_take(struct soba_dma_cache *c, unsigned int nr,
			       struct soba_dma_entry *e)
{
	unsigned long flags;
	unsigned int n;
	LIST_HEAD(gone);

	raw_spin_lock_irqsave(&c->lock, flags);
	if (c->mask != soba_port_dma_mask(c->heap->dev)) {
		follow_mask(c);
		drop_outside(c, &gone);
	}
	n = take_locked(c, nr, e);
	raw_spin_unlock_irqrestore(&c->lock, flags);
	soba_dma_slab_drop_list(&gone);
	return n;
}

static void slab_join(struct soba_dma_cache *c, struct soba_dma_slab *s)
{
	INIT_LIST_HEAD(&s->node);
	c->nr_slabs++;
}

/* A slab from the host joins; up to @nr of its objects are the caller's. */
static unsigned int cache_grow(struct soba_dma_cache *c, unsigned int nr,
			       struct soba_dma_entry *e,
			       const struct soba_req *req)
{
	struct soba_dma_slab *s;
	unsigned int n = 0;
	unsigned long flags;

	s = soba_dma_slab_new(c, c->slab_bytes, 0, req);
	if (!s)
		return 0;
	raw_spin_lock_irqsave(&c->lock, flags);
	slab_join(c, s);
	while (n < nr && s->nr_free)
		e[n++] = slab_take(s);
	c->out += n;
	slab_file(c, s);
	raw_spin_unlock_irqrestore(&c->lock, flags);
	return n;
}

/* @nr objects back to their slabs. Their slabs cannot go before. */
static void cache_return(struct soba_dma_cache *c, unsigned int nr,
			 const struct soba_dma_entry *e)
{
	unsigned long flags;
	unsigned int i;
	LIST_HEAD(gone);

	rcu_read_lock();
	raw_spin_lock_irqsave(&c->lock, flags);
	for (i = 0; i < nr; i++) {
		unsigned long addr = (unsigned long)e[i].vaddr;
		struct soba_dma_slab *s = soba_dma_find(addr);
		u32 k = ((unsigned long)addr - s->base) / soba_dma_stride(s);

		if (!c->size)
			c->out_bytes -= s->bytes;
		s->map[k / 64] |= 1ULL << (k % 64);
		s->nr_free++;
		if (slab_file(c, s))
			slab_leave(c, s, &gone);
	}
	c->out -= nr;
	raw_spin_unlock_irqrestore(&c->lock, flags);
	rcu_read_unlock();
	soba_dma_slab_drop_list(&gone);
}

/* Move up to a batch out of this CPU's list. */
static unsigned int unload(struct soba_dma_cache *c, struct soba_dma_entry *e)
{
	struct soba_dma_mag *m;
	unsigned int n = 0;

	preempt_disable();
	m = this_cpu_ptr(READ_ONCE(c->mag));
	while (n < SOBA_DMA_BATCH_MAX && soba_dma_mag_take(m, &e[n]))
		n++;
	preempt_enable();
	return n;
}

/* Put a batch on this CPU's list; how many did not fit. */
static unsigned int stock(struct soba_dma_cache *c, unsigned int nr,
			  const struct soba_dma_entry *e)
{
	struct soba_dma_mag *m;

	preempt_disable();
	m = this_cpu_ptr(READ_ONCE(c->mag));
	while (nr && soba_dma_mag_push(m, e[nr - 1].vaddr, e[nr - 1].handle,
				       e[nr - 1].mark))
		nr--;
	preempt_enable();
	return nr;
}

/* The top of this CPU's list; what its device cannot reach leaves the list. */
static bool listed(struct soba_dma_cache *c, struct soba_dma_entry *e)
{
	u64 mask = soba_port_dma_mask(c->heap->dev);
	struct soba_dma_mag *m;
	bool found;

	for (;;) {
		preempt_disable();
		m = this_cpu_ptr(READ_ONCE(c->mag));
		found = soba_dma_mag_take(m, e);
		preempt_enable();
		if (!found || soba_dma_entry_fits(e, mask))
			return found;
		cache_return(c, 1, e);
	}
}

bool soba_dma_cache_get(struct soba_dma_cache *c, const struct soba_req *req,
			struct soba_dma_entry *e)
{
	struct soba_dma_entry batch[SOBA_DMA_BATCH_MAX];
	unsigned int n, nr;

	soba_dma_cache_open(c, req->gfp);
	if (listed(c, e))
		return true;
	nr = READ_ONCE(c->mag) == soba_dma_closed ? 1 :
	     min_t(unsigned int, SOBA_DMA_BATCH_MAX, c->mag_cap / 2);
	n = cache_take(c, nr, batch);
	if (!n)
		n = cache_grow(c, nr, batch, req);
	if (!n)
		return false;
	*e = batch[--n];
	n = n ? stock(c, n, batch) : 0;
	if (n)
		cache_return(c, n, batch);
	soba_dma_cache_used(c);
	return true;
}

void soba_dma_cache_unlist(struct soba_dma_cache *c)
{
	struct soba_dma_entry batch[SOBA_DMA_BATCH_MAX];
	unsigned int n;

	for (n = unload(c, batch); n; n = unload(c, batch))
		cache_return(c, n, batch);
}

void soba_dma_cache_put(struct soba_dma_cache *c,
			const struct soba_dma_entry *e)
{
	cache_return(c, 1, e);
}

void soba_dma_cache_flush(struct soba_dma_cache *c,
			  const struct soba_dma_entry *e)
{
	struct soba_dma_entry batch[SOBA_DMA_BATCH_MAX];
	unsigned int n = 0;

	if (soba_dma_entry_fits(e, READ_ONCE(c->mask))) {
		if (!stock(c, 1, e))
			return;
		n = unload(c, batch);
	}
	if (n)
		cache_return(c, n, batch);
	if (!n || stock(c, 1, e))
		cache_return(c, 1, e);
}

static struct soba_dma_slab *idle_block(struct soba_dma_cache *c, size_t bytes)
{
	struct soba_dma_slab *s;

	list_for_each_entry(s, &c->idle, node) {
		if (s->bytes == bytes && soba_dma_slab_fits(s, c->mask)) {
			slab_unfile_idle(c, s);
			return s;
		}
	}
	return NULL;
}

static void block_out(struct soba_dma_cache *c, struct soba_dma_slab *s,
		      struct soba_dma_entry *e)
{
	lockdep_assert_held(&c->lock);
	*e = slab_take(s);
	list_move(&s->node, &c->full);
	c->out++;
	c->out_bytes += s->bytes;
	c->peak = max(c->peak, c->out);
	c->peak_bytes = max(c->peak_bytes, c->out_bytes);
}

struct soba_dma_slab *soba_dma_block_get(struct soba_dma_cache *c, size_t bytes,
					 unsigned long attrs,
					 const struct soba_req *req,
					 struct soba_dma_entry *e)
{
	struct soba_dma_slab *s = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&c->lock, flags);
	follow_mask(c);
	if (!attrs && !req->direct)
		s = idle_block(c, bytes);
	if (s)
		block_out(c, s, e);
	raw_spin_unlock_irqrestore(&c->lock, flags);
	if (s) {
		/* All of it: what is mapped to userspace is whole pages. */
		memset(e->vaddr, 0, bytes);
		return s;
	}
	s = soba_dma_slab_new(c, bytes, attrs, req);
	if (!s)
		return NULL;
	raw_spin_lock_irqsave(&c->lock, flags);
	slab_join(c, s);
	block_out(c, s, e);
	raw_spin_unlock_irqrestore(&c->lock, flags);
	return s;
}

unsigned long soba_dma_cache_trim(struct soba_dma_cache *c, unsigned long bytes)
{
	unsigned long flags, n = 0;
	LIST_HEAD(gone);

	raw_spin_lock_irqsave(&c->lock, flags);
	while (n < bytes && !list_empty(&c->idle)) {
		struct soba_dma_slab *s;

		s = list_last_entry(&c->idle, struct soba_dma_slab, node);
		slab_unfile_idle(c, s);
		n += s->bytes;
		slab_leave(c, s, &gone);
	}
	raw_spin_unlock_irqrestore(&c->lock, flags);
	soba_dma_slab_drop_list(&gone);
	return n;
}
