/* SPDX-License-Identifier: GPL-2.0 */
/*
 * magazine.h - floor 3: the per-CPU part of a cache, and its fast paths.
 *
 * Guard, as in page/pcp.h: preemption off, and ->guard says busy while the
 * magazines are touched. Whoever finds it busy has interrupted the owner on this
 * CPU and goes to the slabs instead. No interrupt is disabled, no locked
 * instruction executed. Other CPUs never touch the magazines: they send an IPI
 * that obeys the same rule, or wait until the CPU is dead.
 *
 * ->top points at the last object of the loaded magazine, or at its slot[0],
 * which is NULL: so one load tells both what to hand out and whether there is
 * anything.
 */
#ifndef SOBA_MAGAZINE_H
#define SOBA_MAGAZINE_H

#include "slab/slab.h"

/* See soba_front_grab(). */
enum soba_guard {
	SOBA_GUARD_BUSY,
	SOBA_GUARD_IDLE
};

/* The same memory, for the steps of soba/front.h. */
static __always_inline struct soba_cpu_front __percpu *
soba_front(const struct soba_cache *c)
{
	return (struct soba_cpu_front __percpu *)c->cpu;
}

/*
 * Enter: any context. True: preemption is off and the magazines ours. False: in
 * use below us, or the cache has none; preemption is as it was.
 */
static __always_inline bool soba_mag_open(struct soba_cache *c,
					  struct soba_cpu_cache **cpu)
{
	preempt_disable();
	if (unlikely(!soba_front_grab(soba_front(c)))) {
		preempt_enable();
		return false;
	}
	*cpu = raw_cpu_ptr(c->cpu);
	return true;
}

/* Leave: preemption is as before soba_mag_open(). */
static __always_inline void soba_mag_close(struct soba_cpu_cache *l)
{
	barrier();
	l->guard = SOBA_GUARD_IDLE;
	preempt_enable();
}

/* soba_mag_open() failed: was it for somebody below, or are there none? */
static inline void soba_mag_count_nested(struct soba_cache *c)
{
	if (!(c->own_flags & (SOBA_CACHE_NO_MAG | SOBA_CACHE_DEBUG)))
		this_cpu_inc(c->cpu->nested);
}

/* Objects in the loaded magazine; open, or a guess. */
static __always_inline u32 soba_mag_loaded(const struct soba_cpu_cache *l)
{
	return READ_ONCE(l->top) - READ_ONCE(l->loaded)->slot;
}

/* Loaded and spare change places; open. */
void soba_mag_swap(struct soba_cpu_cache *l);

/* What the depot and the slabs bring into an open, empty magazine. */
bool soba_mag_load(struct soba_cache *c, struct soba_cpu_cache *l);

/*
 * Make room in an open, full magazine with what is at hand: the spare one, or an
 * empty one of the depot. Leaves it open. False: there was none.
 */
bool soba_mag_store(struct soba_cache *c, struct soba_cpu_cache *l);

/* A magazine without room, on every CPU that has none of its own yet. */
extern struct soba_mag soba_mag_none;

/**
 * soba_mag_refill() - the loaded magazine is empty: get another, or objects
 * @c: the cache
 * @l: open
 *
 * The spare one; a full one of the depot; objects of partial slabs.
 *
 * Context: enters open; leaves closed.
 * Return: an object, or NULL: a slab must be made.
 */
void *soba_mag_refill(struct soba_cache *c, struct soba_cpu_cache *l);

/**
 * soba_mag_unload() - the loaded magazine is full: make room, then free
 * @c: the cache
 * @l: open
 * @object: checked
 * @caller: for a report
 *
 * Context: enters open; leaves closed. Any but NMI.
 */
void soba_mag_unload(struct soba_cache *c, struct soba_cpu_cache *l,
		     void *object, unsigned long caller);

/**
 * soba_object_alloc() - one object by every means that a request allows
 * @c: the cache
 * @req: decoded; node, patience and caller count
 *
 * Not cleared. Context: as req->sleep says, any but NMI. Return: it or NULL.
 */
void *soba_object_alloc(struct soba_cache *c, const struct soba_req *req);

/**
 * soba_object_put() - free a checked object without the magazines
 * @c: its cache
 * @object: it
 * @caller: for a report
 */
void soba_object_put(struct soba_cache *c, void *object, unsigned long caller);

/* soba_kfree() for floor 3: any object of any cache, or a large one. */
void soba_object_free(void *object, unsigned long caller);

/* The per-CPU part of a new cache. */
int soba_mag_setup(struct soba_cache *c);

/* The magazines of all CPUs go back to the depot; process context. */
void soba_mag_drain(struct soba_cache *c);
void soba_mag_drain_cpu(void *cache);

/* Close them for good, on all CPUs; process context. */
void soba_mag_shut(struct soba_cache *c);

/* Those of a CPU that has stopped. */
void soba_mag_cpu_dead(struct soba_cache *c, unsigned int cpu);

#endif /* SOBA_MAGAZINE_H */
