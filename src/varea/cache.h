/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache.h - floor 3: freed areas that stay mapped, to be handed out again.
 *
 * Each CPU has a table of slots, chosen by size, each with one area: the fast
 * path. Behind them a depot for each node keeps areas by size, the oldest
 * leaving first. Both are bounded in pages, the depot in number too; what was
 * not used for some seconds goes, all goes when memory is short.
 *
 * Locking: a slot changes by xchg() alone, from any CPU and any context: who
 * gets an area out of it holds it. So nothing is disabled and nobody waits. A
 * depot has a raw spinlock, irqs off, a leaf, held for one area (or, when the
 * cache is emptied, for the areas of one depot). Nothing is unmapped under it.
 */
#ifndef SOBA_AREA_CACHE_H
#define SOBA_AREA_CACHE_H

#include "varea/area.h"
#include "varea/index.h"

#define SOBA_SLOT_BITS 5

struct soba_area_slot {
	unsigned long key;		/* of the area, or of the last one */
	struct soba_area *area;
};

struct soba_area_slots {
	atomic_long_t pages;		/* in all slots */
	long cap;			/* of pages */
	int nid;			/* areas of other nodes do not go in */
	struct soba_area_slot slot[1 << SOBA_SLOT_BITS];
};

extern struct soba_area_slots __percpu *soba_area_slots;
extern bool soba_varea_aging;		/* the worker will come */

static __always_inline struct soba_area_slot *
soba_varea_slot(struct soba_area_slots *t, unsigned long key)
{
	return &t->slot[(u32)key * 0x61c88647U >> (32 - SOBA_SLOT_BITS)];
}

void soba_varea_store(struct soba_area *a, bool sleep);
void soba_varea_wake(void);

/* An area of that key from this CPU's slots, now the caller's; or NULL. */
static __always_inline struct soba_area *soba_varea_take(unsigned long key)
{
	struct soba_area_slots *t = raw_cpu_ptr(soba_area_slots);
	struct soba_area_slot *s = soba_varea_slot(t, key);
	struct soba_area *a;

	/* A guess; what comes out of the slot is looked at again. */
	if (READ_ONCE(s->key) != key || !READ_ONCE(s->area))
		return NULL;
	a = xchg(&s->area, NULL);
	if (unlikely(!a))
		return NULL;
	atomic_long_sub(a->nr_pages, &t->pages);
	if (likely(a->key == key))
		return a;
	soba_varea_store(a, false);
	return NULL;
}

/*
 * Pre: preemption is off; @a is FREED and the caller's. True: it is in a slot,
 * and *@old is what was there before, or NULL. False: it stays the caller's.
 */
static __always_inline bool soba_varea_put(struct soba_area *a,
					   struct soba_area **old)
{
	struct soba_area_slots *t = this_cpu_ptr(soba_area_slots);
	struct soba_area_slot *s = soba_varea_slot(t, a->key);
	unsigned long nr_pages = a->nr_pages;

	if (unlikely(a->nid != t->nid))
		return false;
	if (unlikely(atomic_long_add_return(nr_pages, &t->pages) > t->cap)) {
		atomic_long_sub(nr_pages, &t->pages);
		return false;
	}
	a->stamp = jiffies;
	WRITE_ONCE(s->key, a->key);
	*old = xchg(&s->area, a);
	if (unlikely(*old))
		atomic_long_sub((*old)->nr_pages, &t->pages);
	return true;
}

/**
 * soba_depot_take() - an area from a node's depot
 * @key: its key
 * @nid: the node
 *
 * Context: any but NMI. Return: the area, FREED and the caller's; or NULL.
 */
struct soba_area *soba_depot_take(unsigned long key, int nid);

/**
 * soba_varea_free() - keep a freed area, or destroy it
 * @a: FREED, the caller's
 * @sleep: the caller may sleep; otherwise a worker unmaps what must be
 *
 * Context: any but NMI.
 */
void soba_varea_free(struct soba_area *a, bool sleep);

/** soba_varea_drop() - destroy a freed area, at once or by the worker */
void soba_varea_drop(struct soba_area *a, bool sleep);

/** soba_varea_pages() - pages of all cached areas; any context, a guess */
unsigned long soba_varea_pages(void);

/** soba_varea_areas() - how many areas are cached; as soba_varea_pages() */
unsigned long soba_varea_areas(void);

/** soba_varea_init() - process context. Return: 0 or an errno */
int soba_varea_init(void);

/** soba_varea_exit() - nobody allocates or frees any more; process context */
void soba_varea_exit(void);

#endif /* SOBA_AREA_CACHE_H */
