// SPDX-License-Identifier: GPL-2.0
/*
 * magazine.c - floor 3: what the per-CPU fast paths leave to the slow ones.
 *
 * Each CPU has a loaded and a spare magazine; the spare one is full or empty,
 * or has no room at all before the first use. So a CPU that allocates and frees
 * around the edge of one swaps two pointers and does not meet the depot.
 *
 * Locking: the rule of magazine.h. depot->lock and node->lock are taken with
 * the magazines open, never the other way round; nothing is allocated or given
 * back while they are open.
 */
#include "slab/magazine.h"
#include "slab/debug.h"
#include "slab/depot.h"
#include "slab/node.h"
#include "slab/reap.h"
#include "page/zone.h"

struct soba_mag soba_mag_none = { .slot = { NULL } };

/* Objects of a node's slabs that a refill takes at a time at most. */
#define REFILL_MAX 64

static void set_loaded(struct soba_cpu_cache *l, struct soba_mag *m)
{
	l->loaded = m;
	WRITE_ONCE(l->top, m->slot + m->nr);
	l->end = m->slot + m->cap;
}

static void set_spare(struct soba_cpu_cache *l, struct soba_mag *m)
{
	l->spare = m;
	WRITE_ONCE(l->spare_nr, m->nr);
}

/*
 * ->nr of a loaded magazine is behind: ->top says how many there are. Of
 * soba_mag_none, which all CPUs share, it is 0 and is not written.
 */
static struct soba_mag *unset_loaded(struct soba_cpu_cache *l)
{
	struct soba_mag *m = l->loaded;

	if (likely(m->cap))
		m->nr = l->top - m->slot;
	return m;
}

void soba_mag_swap(struct soba_cpu_cache *l)
{
	struct soba_mag *m = unset_loaded(l);

	set_loaded(l, l->spare);
	set_spare(l, m);
}

/* Pre: open, and the loaded magazine is not empty. Leaves closed. */
static void *pop_and_close(struct soba_cpu_cache *l)
{
	void *object = *l->top;

	WRITE_ONCE(l->top, l->top - 1);
	l->allocs++;
	l->refills++;
	soba_mag_close(l);
	return object;
}

static void push_and_close(struct soba_cpu_cache *l, void *object)
{
	*(l->top + 1) = object;
	WRITE_ONCE(l->top, l->top + 1);
	l->unloads++;
	soba_mag_close(l);
}

static struct soba_depot *depot_of(struct soba_cache *c,
				   const struct soba_cpu_cache *l)
{
	return &soba_cache_node_of(c, l->nid)->depot;
}

/* A full magazine of the depot for the spare one, which is empty. */
static bool load_from_depot(struct soba_cache *c, struct soba_cpu_cache *l)
{
	struct soba_mag *m = soba_depot_get_full(depot_of(c, l), l->spare);

	if (!m)
		return false;
	set_spare(l, unset_loaded(l));
	l->in += m->nr;
	set_loaded(l, m);
	return true;
}

/* Straight into the loaded magazine, which is empty. */
static bool load_from_slabs(struct soba_cache *c, struct soba_cpu_cache *l)
{
	struct soba_cache_node *n = soba_cache_node_of(c, l->nid);
	struct soba_mag *m = l->loaded;
	unsigned int nr;

	nr = soba_node_take(n, min_t(u32, m->cap, REFILL_MAX), m->slot + 1);
	l->in += nr;
	WRITE_ONCE(l->top, m->slot + nr);
	return nr;
}

/*
 * A new or emptied magazine for a place that has none, the loaded one first: a
 * spare one alone would stay alone for ever. NULL is nothing to do.
 */
static void install(struct soba_cache *c, struct soba_mag *m)
{
	struct soba_cpu_cache *l;

	if (!m)
		return;
	if (soba_mag_open(c, &l)) {
		if (!l->loaded->cap) {
			set_loaded(l, m);
			m = NULL;
		} else if (!l->spare->cap) {
			set_spare(l, m);
			m = NULL;
		}
		soba_mag_close(l);
	}
	if (m)
		soba_mag_free(m);
}

/* The first use of a cache on a CPU: two magazines, if they are to be had. */
static void furnish(struct soba_cache *c, struct soba_cpu_cache *l)
{
	int nid = l->nid;

	soba_mag_close(l);
	install(c, soba_mag_new(c, nid));
	install(c, soba_mag_new(c, nid));
}

bool soba_mag_load(struct soba_cache *c, struct soba_cpu_cache *l)
{
	if (l->spare->nr) {
		soba_mag_swap(l);
		return true;
	}
	return load_from_depot(c, l) || load_from_slabs(c, l);
}

void *soba_mag_refill(struct soba_cache *c, struct soba_cpu_cache *l)
{
	if (unlikely(!l->loaded->cap)) {
		furnish(c, l);
		if (!soba_mag_open(c, &l))
			return NULL;
	}
	/* Who was first there may have filled it. */
	if (soba_mag_loaded(l))
		return pop_and_close(l);
	if (soba_mag_load(c, l))
		return pop_and_close(l);
	soba_mag_close(l);
	return NULL;
}

/* Empty a magazine that belongs to us alone. */
static void empty_mag(struct soba_cache *c, struct soba_mag *m)
{
	soba_cache_put(c, m->nr, m->slot + 1, 0);
	m->nr = 0;
}

/* Both are full. One goes to the depot, or home; leaves closed. */
static void exchange_full(struct soba_cache *c, struct soba_cpu_cache *l)
{
	struct soba_mag *full = l->spare, *m;
	int nid = l->nid;
	bool kept;

	l->out += full->nr;
	m = soba_depot_get_empty(c, depot_of(c, l), full, &kept);
	if (m) {
		set_spare(l, unset_loaded(l));
		set_loaded(l, m);
		soba_mag_close(l);
	} else {
		set_spare(l, &soba_mag_none);
		soba_mag_close(l);
		if (!kept)
			empty_mag(c, full);
		install(c, kept ? soba_mag_new(c, nid) : full);
	}
	soba_reap_later();
}

bool soba_mag_store(struct soba_cache *c, struct soba_cpu_cache *l)
{
	struct soba_mag *m;
	u32 nr = l->spare->nr;

	if (!l->spare->cap)
		return false;
	if (!nr) {
		soba_mag_swap(l);
		return true;
	}
	m = soba_depot_swap_full(c, depot_of(c, l), l->spare);
	if (!m)
		return false;
	l->out += nr;
	set_spare(l, unset_loaded(l));
	set_loaded(l, m);
	return true;
}

/* Make room in an open, full pair. Leaves closed, whatever came of it. */
static void make_room(struct soba_cache *c, struct soba_cpu_cache *l)
{
	if (!l->loaded->cap) {
		furnish(c, l);
		return;
	}
	if (l->spare->cap && !l->spare->nr) {
		soba_mag_swap(l);
		soba_mag_close(l);
		return;
	}
	if (!l->spare->cap) {
		int nid = l->nid;

		soba_mag_close(l);
		install(c, soba_mag_new(c, nid));
		return;
	}
	exchange_full(c, l);
}

/* Each round makes room or finds it made; more than this is bad luck. */
#define UNLOAD_ROUNDS 3

void soba_mag_unload(struct soba_cache *c, struct soba_cpu_cache *l,
		     void *object, unsigned long caller)
{
	unsigned int round;

	for (round = 0; round < UNLOAD_ROUNDS; round++) {
		make_room(c, l);
		if (!soba_mag_open(c, &l))
			break;
		if (l->top != l->end) {
			push_and_close(l, object);
			return;
		}
	}
	if (round == UNLOAD_ROUNDS)
		soba_mag_close(l);
	soba_object_put(c, object, caller);
}

int soba_mag_setup(struct soba_cache *c)
{
	bool none = c->own_flags & (SOBA_CACHE_NO_MAG | SOBA_CACHE_DEBUG);
	unsigned int cpu;

	c->cpu = alloc_percpu(struct soba_cpu_cache);
	if (!c->cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct soba_cpu_cache *l = per_cpu_ptr(c->cpu, cpu);

		l->guard = none ? SOBA_GUARD_BUSY : SOBA_GUARD_IDLE;
		l->shut = none;
		l->nid = soba_node_id(soba_node_index(cpu_to_node(cpu)));
		set_spare(l, &soba_mag_none);
		set_loaded(l, &soba_mag_none);
	}
	return 0;
}

/* Both magazines out of an open pair, into the depot. */
static void unload_all(struct soba_cache *c, struct soba_cpu_cache *l)
{
	struct soba_depot *d = depot_of(c, l);
	struct soba_mag *loaded = unset_loaded(l), *spare = l->spare;

	l->out += loaded->nr + spare->nr;
	set_spare(l, &soba_mag_none);
	set_loaded(l, &soba_mag_none);
	if (loaded->cap)
		soba_depot_put(d, loaded);
	if (spare->cap)
		soba_depot_put(d, spare);
}

/* On the CPU whose magazines they are; a pair that is in use is in motion. */
void soba_mag_drain_cpu(void *cache)
{
	struct soba_cache *c = cache;
	struct soba_cpu_cache *l;

	if (!soba_mag_open(c, &l))
		return;
	unload_all(c, l);
	soba_mag_close(l);
}

void soba_mag_drain(struct soba_cache *c)
{
	if (!(c->own_flags & (SOBA_CACHE_NO_MAG | SOBA_CACHE_DEBUG)))
		on_each_cpu(soba_mag_drain_cpu, c, 1);
}

void soba_mag_cpu_dead(struct soba_cache *c, unsigned int cpu)
{
	unload_all(c, per_cpu_ptr(c->cpu, cpu));
}

struct shutting {
	struct soba_cache *c;
	atomic_t missed;	/* CPUs with a free or an allocation under way */
};

/*
 * The objects still out are freed by whoever has them, past the magazines. Who
 * is in the magazines now has interrupts on, and is below this one.
 */
static void shut_cpu(void *arg)
{
	struct shutting *s = arg;
	struct soba_cpu_cache *l;

	if (raw_cpu_read(s->c->cpu->shut))
		return;
	if (!soba_mag_open(s->c, &l)) {
		atomic_inc(&s->missed);
		return;
	}
	unload_all(s->c, l);
	l->shut = true;
	/* Not closed again. */
	preempt_enable();
}

void soba_mag_shut(struct soba_cache *c)
{
	struct shutting s = { .c = c };
	unsigned int cpu;

	cpus_read_lock();
	do {
		atomic_set(&s.missed, 0);
		on_each_cpu(shut_cpu, &s, 1);
	} while (atomic_read(&s.missed));
	for_each_possible_cpu(cpu) {
		if (cpu_online(cpu))
			continue;
		/* It may have stopped when the registry had forgotten us. */
		soba_mag_cpu_dead(c, cpu);
		per_cpu_ptr(c->cpu, cpu)->guard = SOBA_GUARD_BUSY;
		per_cpu_ptr(c->cpu, cpu)->shut = true;
	}
	cpus_read_unlock();
}
