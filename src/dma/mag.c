// SPDX-License-Identifier: GPL-2.0
/*
 * mag.c - floor 3: per-CPU lists of free coherent objects: made, emptied, counted.
 *
 * Locking: the rule of mag.h. c->mag changes under c->lock: from the closed list
 * to lists of its own and, once, back.
 */
#include "dma/cache.h"
#include "dma/check.h"
#include "dma/floor.h"
#include "dma/heap.h"
#include "dma/mag.h"

/* Busy for ever, on every CPU. */
struct soba_dma_mag __percpu *soba_dma_closed;

int soba_dma_mag_init(void)
{
	unsigned int cpu;

	soba_dma_closed = soba_port_percpu_alloc(sizeof(struct soba_dma_mag),
						 GFP_KERNEL);
	if (!soba_dma_closed)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(soba_dma_closed, cpu)->guard = SOBA_DMA_BUSY;
	return 0;
}

void soba_dma_mag_exit(void)
{
	free_percpu(soba_dma_closed);
	soba_dma_closed = NULL;
}

static struct soba_dma_mag __percpu *mags_new(const struct soba_dma_cache *c,
					      gfp_t gfp)
{
	size_t bytes = c->mag_cap * sizeof(struct soba_dma_entry);
	struct soba_dma_mag __percpu *mags;
	unsigned int cpu;

	mags = soba_port_percpu_alloc(sizeof(*mags) + bytes, gfp);
	if (!mags)
		return NULL;
	for_each_possible_cpu(cpu) {
		struct soba_dma_mag *m = per_cpu_ptr(mags, cpu);

		m->top = SOBA_DMA_EMPTY;
		m->end = SOBA_DMA_EMPTY + bytes;
		m->bottom.handle = U64_MAX;
	}
	return mags;
}

void soba_dma_cache_open(struct soba_dma_cache *c, gfp_t gfp)
{
	struct soba_dma_mag __percpu *mags;
	unsigned long flags;

	if (likely(READ_ONCE(c->mag) != soba_dma_closed) || soba_dma_debug ||
	    READ_ONCE(c->closing) || !READ_ONCE(c->heap->watched))
		return;
	mags = mags_new(c, gfp);
	if (!mags)
		return;
	raw_spin_lock_irqsave(&c->lock, flags);
	if (c->mag == soba_dma_closed && !c->closing) {
		/* Pairs with the dependent loads of who reads c->mag ... */
		smp_store_release(&c->mag, mags);
		if (c->level) {
			/* ... or finds the lists by their level. */
			smp_store_release(c->level, mags);
		}
		mags = NULL;
	}
	raw_spin_unlock_irqrestore(&c->lock, flags);
	free_percpu(mags);
}

/* Pre: nobody can open it any more. */
static void mag_empty(struct soba_dma_cache *c, struct soba_dma_mag *m)
{
	struct soba_dma_entry e;

	while (soba_dma_mag_take(m, &e))
		soba_dma_cache_put(c, &e);
}

void soba_dma_cache_shut(struct soba_dma_cache *c)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&c->lock, flags);
	if (c->mag != soba_dma_closed)
		c->old = c->mag;
	WRITE_ONCE(c->mag, soba_dma_closed);
	if (c->level)
		WRITE_ONCE(*c->level, soba_dma_closed);
	c->closing = true;
	raw_spin_unlock_irqrestore(&c->lock, flags);
}

void soba_dma_cache_empty(struct soba_dma_cache *c)
{
	struct soba_dma_mag __percpu *mags = c->old;
	unsigned int cpu;

	if (mags) {
		c->old = NULL;
		for_each_possible_cpu(cpu)
			mag_empty(c, per_cpu_ptr(mags, cpu));
		free_percpu(mags);
	}
	soba_dma_cache_trim(c, ULONG_MAX);
}

/* The lists do not go away: their readers are under RCU or hold the cache. */
unsigned long soba_dma_cache_listed_on(const struct soba_dma_cache *c,
				       unsigned int cpu)
{
	struct soba_dma_mag __percpu *mags = READ_ONCE(c->mag);

	return soba_dma_mag_count(READ_ONCE(per_cpu_ptr(mags, cpu)->top));
}

unsigned long soba_dma_cache_listed(const struct soba_dma_cache *c)
{
	unsigned long n = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		n += soba_dma_cache_listed_on(c, cpu);
	return n;
}

/* Racy, and so is the peak: by the objects that move meanwhile. */
unsigned long soba_dma_cache_used(struct soba_dma_cache *c)
{
	unsigned long out, listed;

	rcu_read_lock();
	out = READ_ONCE(c->out);
	listed = soba_dma_cache_listed(c);
	rcu_read_unlock();
	out -= min(out, listed);
	if (out > READ_ONCE(c->peak))
		WRITE_ONCE(c->peak, out);
	return out;
}
