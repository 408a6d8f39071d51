// SPDX-License-Identifier: GPL-2.0
/*
 * nolock.c - floor 3: objects in NMI, and below anybody's raw lock.
 *
 * The guard of the magazines holds in NMI too: so the fast path does. Beyond it
 * the locks are tried, never waited for: who holds one may be whom we
 * interrupted. What cannot be freed here waits in a slot of the CPU for an
 * interrupt. Not in itself: what is freed twice must not make a loop of a list.
 *
 * Locking: a slot changes by cmpxchg() and xchg() alone, any context.
 */
#include "slab/nolock.h"
#include "slab/debug.h"
#include "slab/magazine.h"
#include "slab/node.h"
#include "page/zone.h"
#include "base/report.h"

#define SLOTS 64

struct nolock_waiting {
	int any;		/* a slot was filled since the last drain */
	void *slot[SLOTS];
};

static DEFINE_PER_CPU(struct nolock_waiting, waiting);
static void (*nolock_release)(void *object);

static bool has_mags(const struct soba_cache *c)
{
	return !(c->own_flags & (SOBA_CACHE_NO_MAG | SOBA_CACHE_DEBUG));
}

/* From the loaded or the spare magazine. */
static void *from_mags(struct soba_cache *c)
{
	struct soba_cpu_cache *l;
	void *object;

	if (!soba_mag_open(c, &l)) {
		soba_mag_count_nested(c);
		return NULL;
	}
	object = *l->top;
	if (!object && l->spare->nr) {
		soba_mag_swap(l);
		object = *l->top;
		l->refills++;
	}
	if (object) {
		WRITE_ONCE(l->top, l->top - 1);
		l->allocs++;
	}
	soba_mag_close(l);
	return object;
}

void *soba_nolock_get(struct soba_cache *c)
{
	void *object = has_mags(c) ? from_mags(c) : NULL;

	if (object)
		return object;
	/* The debug checks' reports are not for NMI. */
	if (c->own_flags & SOBA_CACHE_DEBUG)
		return NULL;
	object = soba_node_try_take(soba_cache_node_of(c, numa_mem_id()));
	if (object)
		this_cpu_inc(c->cpu->slow_allocs);
	return object;
}

/* Open: is an object of another node than the magazines? */
static bool is_remote(const struct soba_cpu_cache *l, const void *object)
{
	return soba_nr_nodes > 1 &&
	       soba_addr_frame(object)->chunk->zone->nid != l->nid;
}

static bool to_mags(struct soba_cache *c, void *object)
{
	struct soba_cpu_cache *l;
	bool done = false;

	if (!soba_mag_open(c, &l)) {
		soba_mag_count_nested(c);
		return false;
	}
	if (is_remote(l, object)) {
		l->remote++;
	} else if (*l->top != object) {
		if (l->top == l->end && l->spare->cap && !l->spare->nr) {
			soba_mag_swap(l);
			l->unloads++;
		}
		done = l->top != l->end;
	}
	if (done) {
		*(l->top + 1) = object;
		WRITE_ONCE(l->top, l->top + 1);
	}
	soba_mag_close(l);
	return done;
}

static bool to_slab(struct soba_cache *c, void *object)
{
	bool done;

	/* The debug checks' reports are not for NMI. */
	if (c->own_flags & SOBA_CACHE_DEBUG)
		return false;
	/* As in soba_object_put(). */
	rcu_read_lock();
	done = soba_node_try_put(c, object);
	if (done)
		this_cpu_inc(c->cpu->slow_frees);
	rcu_read_unlock();
	return done;
}

static bool take_slot(struct nolock_waiting *w, void *object)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (!READ_ONCE(w->slot[i]) &&
		    !cmpxchg(&w->slot[i], NULL, object))
			return true;
	return false;
}

void soba_nolock_defer(void *object, unsigned long caller)
{
	struct nolock_waiting *w;
	bool done;

	preempt_disable();
	w = this_cpu_ptr(&waiting);
	done = take_slot(w, object);
	if (done)
		WRITE_ONCE(w->any, 1);
	preempt_enable();
	/* Asked for after ->any is set: who drains now or next sees it. */
	soba_port_soon();
	if (unlikely(!done))
		soba_report(SOBA_R_LEAK, caller,
			    "object 0x%p, freed where no lock can be waited for, is kept: %u others wait",
			    object, SLOTS);
}

void soba_nolock_put(struct soba_cache *c, void *object, unsigned long caller)
{
	if ((!has_mags(c) || !to_mags(c, object)) && !to_slab(c, object))
		soba_nolock_defer(object, caller);
}

static void drain(struct nolock_waiting *w)
{
	unsigned int i;

	/* Full barrier: who sets it again has filled his slot after this. */
	if (!READ_ONCE(w->any) || !xchg(&w->any, 0))
		return;
	for (i = 0; i < SLOTS; i++) {
		void *object = READ_ONCE(w->slot[i]);

		if (object && cmpxchg(&w->slot[i], object, NULL) == object)
			nolock_release(object);
	}
}

void soba_nolock_drain(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		drain(per_cpu_ptr(&waiting, cpu));
}

void soba_nolock_init(void (*release)(void *object))
{
	nolock_release = release;
}
