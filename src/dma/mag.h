/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mag.h - floor 3: per-CPU lists of free coherent objects, fast path.
 *
 * The guard is that of page/pcp.h: preemption off, and ->guard says busy before
 * anything else is looked at. Whoever finds it busy has interrupted the owner on
 * this CPU and takes the cache's lock instead. Other CPUs look into a list only
 * when its cache has been shut and a grace period has passed. A cache without
 * lists, because it is shut, for debugging, or of a device on no bus, has one
 * that is always busy.
 */
#ifndef SOBA_DMA_MAG_H
#define SOBA_DMA_MAG_H

#include "dma/dma.h"

struct soba_dma_mag {
	unsigned long guard;		/* SOBA_DMA_BUSY: in use below us */
	unsigned long end;		/* the top of a full list */
	unsigned long top;		/* where the next goes, bytes from here */
	struct soba_dma_entry bottom;	/* no device reaches it: ends the list */
	struct soba_dma_entry slot[];
};

#define SOBA_DMA_BUSY	1UL
#define SOBA_DMA_EMPTY	sizeof(struct soba_dma_mag)

extern struct soba_dma_mag __percpu *soba_dma_closed;

/* Preemption off. False: go round the list. */
static __always_inline bool soba_dma_mag_lock(struct soba_dma_mag *m)
{
	/* only this CPU writes it: a plain load may be part of the comparison */
	if (unlikely(data_race(m->guard)))
		return false;
	WRITE_ONCE(m->guard, SOBA_DMA_BUSY);
	barrier();
	return true;
}

static __always_inline void soba_dma_mag_unlock(struct soba_dma_mag *m)
{
	barrier();
	WRITE_ONCE(m->guard, 0);
}

static __always_inline struct soba_dma_entry *
soba_dma_mag_at(struct soba_dma_mag *m, unsigned long top)
{
	return (void *)m + top;
}

/* Entries in a list whose top was read. */
static __always_inline unsigned long soba_dma_mag_count(unsigned long top)
{
	return top ? (top - SOBA_DMA_EMPTY) / sizeof(struct soba_dma_entry) : 0;
}

/* An object of at most a page: can a device with this mask reach it? */
static __always_inline bool soba_dma_entry_fits(const struct soba_dma_entry *e,
						u64 mask)
{
	return (e->handle | ~PAGE_MASK) <= mask;
}

/*
 * The entry on top: its address, handle and mark. False when the list is busy or
 * empty, or, if @reach, when @dev may not reach the entry; the page up to its mask
 * counts as such. Preemption off.
 */
static __always_inline bool soba_dma_mag_pop(struct soba_dma_mag *m,
					     const struct device *dev,
					     bool reach, void **vaddr,
					     dma_addr_t *handle,
					     struct soba_dma_mark **mark)
{
	struct soba_dma_entry *e;
	unsigned long top;

	if (!soba_dma_mag_lock(m))
		return false;
	top = READ_ONCE(m->top);
	e = soba_dma_mag_at(m, top) - 1;
	/* the bottom's handle is beyond any mask */
	if (unlikely(reach ? (e->handle | ~PAGE_MASK) >=
				     soba_port_dma_mask_once(dev) :
			     top <= SOBA_DMA_EMPTY)) {
		soba_dma_mag_unlock(m);
		return false;
	}
	*vaddr = e->vaddr;
	*handle = e->handle;
	*mark = e->mark;
	WRITE_ONCE(m->top, top - sizeof(*e));
	soba_dma_mag_unlock(m);
	return true;
}

/* The same as an entry, for any device. */
static inline bool soba_dma_mag_take(struct soba_dma_mag *m,
				     struct soba_dma_entry *e)
{
	return soba_dma_mag_pop(m, NULL, false, &e->vaddr, &e->handle, &e->mark);
}

/* An object in, free from now on; false when the list is busy, or full. */
static __always_inline bool soba_dma_mag_push(struct soba_dma_mag *m,
					      void *vaddr, dma_addr_t handle,
					      struct soba_dma_mark *mark)
{
	struct soba_dma_entry *e;
	unsigned long top;

	if (!soba_dma_mag_lock(m))
		return false;
	top = READ_ONCE(m->top);
	if (unlikely(top >= m->end)) {
		soba_dma_mag_unlock(m);
		return false;
	}
	soba_dma_mark_free(mark);
	e = soba_dma_mag_at(m, top);
	e->vaddr = vaddr;
	e->handle = handle;
	e->mark = mark;
	WRITE_ONCE(m->top, top + sizeof(*e));
	soba_dma_mag_unlock(m);
	return true;
}

#endif /* SOBA_DMA_MAG_H */
