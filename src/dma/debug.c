// SPDX-License-Identifier: GPL-2.0
/*
 * debug.c - floor 3: end bands, poison, and the quarantine of freed objects.
 *
 * Locking: quarantine_lock, raw, a leaf, guards the ring. Memory is looked at and
 * filled without it: an object in motion is in nobody else's hands, but the
 * device's, which is the one under suspicion.
 */
#include "dma/cache.h"
#include "dma/check.h"
#include "dma/heap.h"
#include "dma/slab.h"
#include "base/report.h"

#define BAND_BYTE	0xb5
#define POISON_BYTE	0x5a
#define RING		64U
/* Larger blocks are poisoned nowhere: they would keep too much. */
#define RING_BYTES_EACH	65536UL

bool soba_dma_debug;

struct suspect {
	struct soba_dma_slab *slab;	/* it cannot go: this object is out */
	struct soba_dma_entry e;
	unsigned long alloc_site;
	unsigned long free_site;
	size_t size;
};

static struct suspect ring[RING];
static unsigned int ring_first, ring_nr;
static DEFINE_RAW_SPINLOCK(quarantine_lock);

/* Bytes from the object's address to the next object, or the slab's end. */
static size_t room_of(const struct soba_dma_slab *s)
{
	if (s->attrs & DMA_ATTR_NO_KERNEL_MAPPING)
		return 0;
	return s->cache->size ? s->cache->stride : s->bytes;
}

/* The first byte that is not @byte; @to when all are. */
static size_t first_other(const u8 *p, size_t from, size_t to, u8 byte)
{
	while (from < to && READ_ONCE(p[from]) == byte)
		from++;
	return from;
}

void soba_dma_debug_out(struct soba_dma_slab *s, const struct soba_dma_entry *e,
			size_t size)
{
	if (room_of(s))
		memset(e->vaddr + size, BAND_BYTE, room_of(s) - size);
}

static void check_band(struct soba_dma_slab *s, const struct soba_dma_entry *e)
{
	size_t size = soba_dma_size(s, e->mark), room = room_of(s);
	size_t at = first_other(e->vaddr, size, room, BAND_BYTE);

	if (at >= room)
		return;
	soba_report(SOBA_R_OUT_OF_BOUNDS, soba_dma_caller(e->mark),
		    "%s of %s: byte %zu after a coherent buffer of %zu bytes, handle %#llx, was overwritten with %#x, allocated",
		    s->cache->name, s->cache->heap->name,
		    at - size, size, (u64)e->handle, ((u8 *)e->vaddr)[at]);
}

static void check_poison(const struct suspect *q)
{
	const struct soba_dma_slab *s = q->slab;
	size_t at = first_other(q->e.vaddr, 0, room_of(s), POISON_BYTE);

	if (at == room_of(s))
		return;
	soba_report(SOBA_R_USE_AFTER_FREE, q->alloc_site,
		    "%s of %s: byte %zu of a freed coherent buffer of %zu bytes, handle %#llx, was overwritten with %#x, freed by %pS, allocated",
		    s->cache->name, s->cache->heap->name,
		    at, q->size, (u64)q->e.handle, ((u8 *)q->e.vaddr)[at],
		    (void *)q->free_site);
}

/* The oldest, when there are @more than so many. */
static bool ring_pop(unsigned int more, struct suspect *q)
{
	unsigned long flags;
	bool popped = false;

	raw_spin_lock_irqsave(&quarantine_lock, flags);
	if (ring_nr > more) {
		*q = ring[ring_first];
		/* Whoever ends its heap waits until it is back. */
		atomic_long_inc(&q->slab->cache->heap->giving);
		ring_first = (ring_first + 1) % RING;
		ring_nr--;
		popped = true;
	}
	raw_spin_unlock_irqrestore(&quarantine_lock, flags);
	return popped;
}

static void popped_done(struct soba_dma_heap *heap)
{
	if (atomic_long_dec_and_test(&heap->giving))
		wake_up_var(&heap->giving);
}

/* What was popped goes to its slab, if nobody has written to it. */
static void put_back(const struct suspect *q)
{
	struct soba_dma_heap *heap = q->slab->cache->heap;

	soba_dma_heap_hold(heap);
	check_poison(q);
	soba_dma_cache_put(q->slab->cache, &q->e);
	popped_done(heap);
	soba_dma_heap_put(heap);
}

static bool ring_push(const struct suspect *q)
{
	unsigned long flags;
	bool pushed = false;

	raw_spin_lock_irqsave(&quarantine_lock, flags);
	if (ring_nr < RING) {
		ring[(ring_first + ring_nr++) % RING] = *q;
		pushed = true;
	}
	raw_spin_unlock_irqrestore(&quarantine_lock, flags);
	return pushed;
}

bool soba_dma_debug_in(struct soba_dma_slab *s, struct soba_dma_entry *e,
		       unsigned long caller)
{
	struct suspect q = {
		.slab = s,
		.e = *e,
		.alloc_site = soba_dma_caller(e->mark),
		.free_site = caller,
		.size = soba_dma_size(s, e->mark),
	}, old;

	check_band(s, e);
	soba_dma_mark_free(e->mark);
	if (!room_of(s) || room_of(s) > RING_BYTES_EACH)
		return true;
	memset(e->vaddr, POISON_BYTE, room_of(s));
	if (ring_pop(RING - 1, &old))
		put_back(&old);
	return !ring_push(&q);
}

unsigned int soba_dma_debug_held(const struct soba_dma_cache *c)
{
	unsigned int i, n = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&quarantine_lock, flags);
	for (i = 0; i < ring_nr; i++)
		n += ring[(ring_first + i) % RING].slab->cache == c;
	raw_spin_unlock_irqrestore(&quarantine_lock, flags);
	return n;
}

void soba_dma_debug_flush(const struct soba_dma_heap *heap)
{
	unsigned int i, n = READ_ONCE(ring_nr);
	struct suspect q;

	for (i = 0; i < n && ring_pop(0, &q); i++) {
		/* Once it is pushed, others may end its slab. */
		struct soba_dma_heap *of = q.slab->cache->heap;

		if (heap && of != heap && ring_push(&q))
			popped_done(of);
		else
			put_back(&q);
	}
}
