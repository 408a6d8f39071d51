/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mag.h - floor 3: per-CPU lists of free coherent objects, fast path.
 *
 * The guard is that of page/pcp.h: preemption off, and a word that says busy.
 * Whoever finds it busy has interrupted the owner on this CPU and takes the
 * cache's lock instead. Other CPUs look into a list only when its cache has been
 * closed and a grace period has passed. A cache without lists, because it is
 * closed, for debugging, or of a device on no bus, has one that is always busy.
 */
#ifndef SOBA_DMA_MAG_H
#define SOBA_DMA_MAG_H

#include "dma/dma.h"

struct soba_dma_mag {
	unsigned long top;		/* where the next entry goes, bytes from
					 * here; SOBA_DMA_BUSY: in use below us
					 */
	unsigned long last;		/* the highest top, less one */
	u64 mask;			/* coherent mask that slot[] is good for */
	struct soba_dma_entry slot[];
};

/* One word says busy, empty, and how full; so one compare sees the first two. */
#define SOBA_DMA_BUSY	0UL
#define SOBA_DMA_EMPTY	sizeof(struct soba_dma_mag)

extern struct soba_dma_mag __percpu *soba_dma_closed;

/* Pre: preemption off. @top: as it was read; not busy. */
static __always_inline void soba_dma_mag_busy(struct soba_dma_mag *m)
{
	WRITE_ONCE(m->top, SOBA_DMA_BUSY);
	barrier();
}

static __always_inline void soba_dma_mag_done(struct soba_dma_mag *m,
					      unsigned long top)
{
	barrier();
	WRITE_ONCE(m->top, top);
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

/*
 * The entry on top, and the list, busy until soba_dma_mag_done(@top). False when
 * it is busy, or empty, or, if @masked, not for this @mask. Preemption off.
 */
static __always_inline bool
soba_dma_mag_pop(struct soba_dma_cache *c, bool masked, u64 mask,
		 struct soba_dma_entry **e, unsigned long *top,
		 struct soba_dma_mag **mag)
{
	struct soba_dma_mag *m = this_cpu_ptr(READ_ONCE(c->mag));

	*top = READ_ONCE(m->top);
	if (unlikely(*top <= SOBA_DMA_EMPTY) ||
	    (masked && unlikely(m->mask != mask)))
		return false;
	soba_dma_mag_busy(m);
	*mag = m;
	*top -= sizeof(struct soba_dma_entry);
	*e = soba_dma_mag_at(m, *top);
	return true;
}

/* An object in; false when the list is busy, or full. Preemption off. */
static __always_inline bool soba_dma_mag_push(struct soba_dma_cache *c,
					      void *vaddr, dma_addr_t handle,
					      u64 *mark, bool masked)
{
	struct soba_dma_mag *m = this_cpu_ptr(READ_ONCE(c->mag));
	unsigned long top = READ_ONCE(m->top);
	struct soba_dma_entry *e;

	/* busy wraps round */
	if (unlikely(top - 1 >= m->last) ||
	    (masked && unlikely((handle | ~PAGE_MASK) > m->mask)))
		return false;
	soba_dma_mag_busy(m);
	WRITE_ONCE(*mark, 0);
	e = soba_dma_mag_at(m, top);
	e->vaddr = vaddr;
	e->handle = handle;
	e->mark = mark;
	soba_dma_mag_done(m, top + sizeof(*e));
	return true;
}

/* An object of at most a page: may a list for this mask hold it? */
static __always_inline bool soba_dma_entry_fits(const struct soba_dma_entry *e,
						u64 mask)
{
	return (e->handle | ~PAGE_MASK) <= mask;
}

#endif /* SOBA_DMA_MAG_H */
