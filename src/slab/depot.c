// SPDX-License-Identifier: GPL-2.0
/*
 * depot.c - floor 3: where CPUs of a node exchange full and empty magazines.
 *
 * The working set, after Bonwick: the fewest magazines that lay in a list since
 * the last look were not needed, and go.
 *
 * Locking: see depot.h. ->contended counts whom the lock kept waiting; from it
 * the magazines of a cache learn to be larger (reap.c).
 */
#include "slab/depot.h"
#include "slab/slab.h"

void soba_depot_setup(struct soba_depot *d)
{
	raw_spin_lock_init(&d->lock);
}

static unsigned long depot_lock(struct soba_depot *d)
	__acquires(&d->lock)
{
	unsigned long flags;

	local_irq_save(flags);
	if (unlikely(!raw_spin_trylock(&d->lock))) {
		raw_spin_lock(&d->lock);
		d->contended++;
	}
	return flags;
}

static void depot_unlock(struct soba_depot *d, unsigned long flags)
	__releases(&d->lock)
{
	raw_spin_unlock(&d->lock);
	local_irq_restore(flags);
}

/* WRITE_ONCE() of the two heads: whether there is one is guessed unlocked. */
static void push_full(struct soba_depot *d, struct soba_mag *m)
{
	m->next = d->full;
	WRITE_ONCE(d->full, m);
	d->objects += m->nr;
	d->nr_full++;
}

static struct soba_mag *pop_full(struct soba_depot *d)
{
	struct soba_mag *m = d->full;

	if (!m)
		return NULL;
	WRITE_ONCE(d->full, m->next);
	d->objects -= m->nr;
	if (--d->nr_full < d->min_full)
		d->min_full = d->nr_full;
	return m;
}

static void push_empty(struct soba_depot *d, struct soba_mag *m)
{
	m->next = d->empty;
	WRITE_ONCE(d->empty, m);
	d->nr_empty++;
}

static struct soba_mag *pop_empty(struct soba_depot *d)
{
	struct soba_mag *m = d->empty;

	if (!m)
		return NULL;
	WRITE_ONCE(d->empty, m->next);
	if (--d->nr_empty < d->min_empty)
		d->min_empty = d->nr_empty;
	return m;
}

struct soba_mag *soba_depot_get_full(struct soba_depot *d,
				     struct soba_mag *empty)
{
	struct soba_mag *m;
	unsigned long flags;

	/* A guess; who is wrong goes to the slabs. */
	if (!READ_ONCE(d->full))
		return NULL;
	flags = depot_lock(d);
	m = pop_full(d);
	if (m) {
		d->gets++;
		if (empty->cap)
			push_empty(d, empty);
	}
	depot_unlock(d, flags);
	return m;
}

static bool has_room(const struct soba_cache *c, const struct soba_depot *d,
		     const struct soba_mag *full)
{
	return d->objects + full->nr <= c->depot_objects;
}

struct soba_mag *soba_depot_get_empty(struct soba_cache *c,
				      struct soba_depot *d,
				      struct soba_mag *full, bool *kept)
{
	struct soba_mag *m = NULL;
	unsigned long flags;

	flags = depot_lock(d);
	*kept = has_room(c, d, full);
	if (*kept) {
		m = pop_empty(d);
		d->puts++;
		push_full(d, full);
	}
	depot_unlock(d, flags);
	return m;
}

struct soba_mag *soba_depot_swap_full(struct soba_cache *c,
				      struct soba_depot *d,
				      struct soba_mag *full)
{
	struct soba_mag *m = NULL;
	unsigned long flags;

	/* A guess, too. */
	if (!READ_ONCE(d->empty))
		return NULL;
	flags = depot_lock(d);
	if (has_room(c, d, full))
		m = pop_empty(d);
	if (m) {
		d->puts++;
		push_full(d, full);
	}
	depot_unlock(d, flags);
	return m;
}

/* Who drains meets all other CPUs here: no sign that magazines are too small. */
void soba_depot_put(struct soba_depot *d, struct soba_mag *m)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&d->lock, flags);
	if (m->nr)
		push_full(d, m);
	else
		push_empty(d, m);
	depot_unlock(d, flags);
}

void soba_depot_surplus(struct soba_depot *d, bool all,
			struct soba_depot_quota *nr)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&d->lock, flags);
	nr->full = all ? d->nr_full : d->min_full;
	nr->empty = all ? d->nr_empty : d->min_empty;
	d->min_full = d->nr_full - nr->full;
	d->min_empty = d->nr_empty - nr->empty;
	raw_spin_unlock_irqrestore(&d->lock, flags);
}

/* What leaves for good does not count as used: ->min_ stays as it was. */
static struct soba_mag *strip_one(struct soba_depot *d,
				  struct soba_depot_quota *nr)
{
	u32 min_full = d->min_full, min_empty = d->min_empty;
	struct soba_mag *m = NULL;

	if (nr->full) {
		nr->full--;
		m = pop_full(d);
	}
	if (!m && nr->empty) {
		nr->empty--;
		m = pop_empty(d);
	}
	d->min_full = min(min_full, d->nr_full);
	d->min_empty = min(min_empty, d->nr_empty);
	return m;
}

/* So many at a time, so that the lock is short. */
#define STRIP_BATCH 16

struct soba_mag *soba_depot_strip(struct soba_depot *d,
				  struct soba_depot_quota *nr)
{
	struct soba_mag *list = NULL, *m;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&d->lock, flags);
	for (i = 0; i < STRIP_BATCH; i++) {
		m = strip_one(d, nr);
		if (!m)
			break;
		m->next = list;
		list = m;
	}
	raw_spin_unlock_irqrestore(&d->lock, flags);
	return list;
}

/* The first ones are those that the CPUs exchange. */
struct soba_mag *soba_depot_strip_odd(struct soba_depot *d, u32 cap)
{
	struct soba_mag *list = NULL, **at = &d->empty, *m;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&d->lock, flags);
	for (i = 0; i < STRIP_BATCH && *at; i++) {
		m = *at;
		if (m->cap == cap) {
			at = &m->next;
			continue;
		}
		WRITE_ONCE(*at, m->next);
		d->nr_empty--;
		m->next = list;
		list = m;
	}
	d->min_empty = min(d->min_empty, d->nr_empty);
	raw_spin_unlock_irqrestore(&d->lock, flags);
	return list;
}

/* Best effort: without one the slabs serve. */
struct soba_mag *soba_mag_new(struct soba_cache *c, int nid)
{
	const struct soba_req req = {
		.gfp = __GFP_NOWARN,
		.nid = nid,
		.class = SOBA_CLASS_NORMAL,
	};
	u32 cap = READ_ONCE(c->mag_cap);
	struct soba_mag *m;

	m = soba_meta_alloc(struct_size_t(struct soba_mag, slot, cap + 1), &req);
	if (!m)
		return NULL;
	m->cap = cap;
	m->nr = 0;
	m->slot[0] = NULL;
	return m;
}

void soba_mag_free(struct soba_mag *m)
{
	if (m->cap)
		soba_meta_free(m);
}
