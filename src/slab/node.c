// SPDX-License-Identifier: GPL-2.0
/*
 * node.c - floor 3: slabs of one cache and node, sorted by how full they are.
 *
 * Objects come from the fullest slab that has one, so that the others run
 * empty and can go back. Which list a slab is in follows from its free objects
 * by a shift, so that a change costs no search.
 *
 * Locking: node->lock guards the lists, the counts and the maps of all slabs in
 * them. Slabs that leave are ended after it is dropped.
 */
#include "slab/node.h"
#include "page/zone.h"
#include "base/report.h"

void soba_node_setup(struct soba_cache_node *n, int nid)
{
	unsigned int i;

	raw_spin_lock_init(&n->lock);
	for (i = 0; i < SOBA_SLAB_FILLS; i++)
		INIT_LIST_HEAD(&n->partial[i]);
	INIT_LIST_HEAD(&n->full);
	INIT_LIST_HEAD(&n->empty);
	n->nid = nid;
	/* Here, as PREEMPT_RT has no get_random_u32() for under a raw lock. */
	n->seed = get_random_u32() | 1;
}

struct soba_cache_node *soba_cache_node_of(struct soba_cache *c, int nid)
{
	return c->node[soba_node_index(nid)];
}

enum { FILL_FULL = SOBA_SLAB_FILLS, FILL_EMPTY };

static u8 fill_of(const struct soba_slab *slab)
{
	if (!slab->nr_free)
		return FILL_FULL;
	if (slab->nr_free == slab->nr)
		return FILL_EMPTY;
	return min_t(u8, slab->nr_free >> slab->cache->fill_shift,
		     SOBA_SLAB_FILLS - 1);
}

static struct list_head *fill_list(struct soba_cache_node *n, u8 fill)
{
	if (fill == FILL_FULL)
		return &n->full;
	return fill == FILL_EMPTY ? &n->empty : &n->partial[fill];
}

static void count_fill(struct soba_cache_node *n, u8 fill, int by)
{
	if (fill == FILL_EMPTY)
		n->nr_empty += by;
	else if (fill != FILL_FULL)
		n->nr_partial += by;
}

/* Put a slab into the list that its free objects mean. */
static void refile(struct soba_cache_node *n, struct soba_slab *slab)
{
	u8 fill = fill_of(slab);

	if (likely(fill == slab->fill))
		return;
	count_fill(n, slab->fill, -1);
	count_fill(n, fill, 1);
	slab->fill = fill;
	list_move(&slab->link, fill_list(n, fill));
}

void soba_node_add(struct soba_cache_node *n, struct soba_slab *slab)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&n->lock, flags);
	slab->fill = fill_of(slab);
	count_fill(n, slab->fill, 1);
	list_add(&slab->link, fill_list(n, slab->fill));
	n->nr_slabs++;
	n->slabs_made++;
	n->nr_objects += slab->nr;
	n->nr_free += slab->nr_free;
	raw_spin_unlock_irqrestore(&n->lock, flags);
}

/*
 * No frame that an object begins in leads to the slab any more: who looks it up
 * under node->lock finds a slab that is in a list, or none. Above the orders
 * that an object of less than its block may have there is one object, in
 * whatever frame its colour lets it begin.
 */
static void forget_slab(struct soba_slab *slab)
{
	u32 i;

	if (slab->nr == 1) {
		WRITE_ONCE(soba_addr_frame(slab->base)->caller, 0);
		return;
	}
	for (i = 0; i < 1U << slab->order; i++)
		WRITE_ONCE(slab->frame[i].caller, 0);
}

static void unlist(struct soba_cache_node *n, struct soba_slab *slab)
{
	forget_slab(slab);
	list_del(&slab->link);
	count_fill(n, slab->fill, -1);
	n->nr_slabs--;
	n->slabs_gone++;
	n->nr_objects -= slab->nr;
	n->nr_free -= slab->nr_free;
}

/* The fullest slab with a free object. */
static struct soba_slab *best_slab(struct soba_cache_node *n)
{
	unsigned int i;

	for (i = 0; i < SOBA_SLAB_FILLS; i++)
		if (!list_empty(&n->partial[i]))
			return list_first_entry(&n->partial[i],
						struct soba_slab, link);
	return list_first_entry_or_null(&n->empty, struct soba_slab, link);
}

static unsigned int take_locked(struct soba_cache_node *n, unsigned int nr,
				void **objects)
{
	unsigned int done = 0;

	while (done < nr) {
		struct soba_slab *slab = best_slab(n);

		if (!slab)
			break;
		done += soba_slab_pop_many(slab, nr - done, objects + done);
		refile(n, slab);
	}
	n->nr_free -= done;
	return done;
}

unsigned int soba_node_take(struct soba_cache_node *n, unsigned int nr,
			    void **objects)
{
	unsigned int done;
	unsigned long flags;

	/* A guess that is wrong costs a slab, or a moment of the lock. */
	if (!READ_ONCE(n->nr_free))
		return 0;
	raw_spin_lock_irqsave(&n->lock, flags);
	done = take_locked(n, nr, objects);
	raw_spin_unlock_irqrestore(&n->lock, flags);
	return done;
}

/* Without SMP nobody sees a lock taken: its holder may be below this NMI. */
static bool may_try(void)
{
	return IS_ENABLED(CONFIG_SMP) || !in_nmi();
}

void *soba_node_try_take(struct soba_cache_node *n)
{
	void *object = NULL;
	unsigned long flags;

	if (!may_try() || !raw_spin_trylock_irqsave(&n->lock, flags))
		return NULL;
	take_locked(n, 1, &object);
	raw_spin_unlock_irqrestore(&n->lock, flags);
	return object;
}

/* Objects that came home in vain, to be told of once no lock is held. */
struct put_state {
	struct soba_cache *c;
	struct list_head gone;		/* empty slabs */
	void *bad;			/* the first of them */
	unsigned int nr_bad;
};

static void put_bad(struct put_state *s, void *object)
{
	if (!s->nr_bad++)
		s->bad = object;
}

/* True: it is free now. False: it was free already. */
static bool give_back(struct soba_cache_node *n, struct soba_slab *slab,
		      void *object)
{
	u32 i = soba_slab_number(slab->cache, object - slab->base);
	unsigned long bit = 1UL << (i % 64);

	if (unlikely(slab->map[i / 64] & bit))
		return false;
	slab->map[i / 64] |= bit;
	slab->nr_free++;
	n->nr_free++;
	refile(n, slab);
	return true;
}

static void put_one(struct soba_cache_node *n, struct soba_slab *slab,
		    void *object, struct put_state *s)
{
	if (unlikely(!give_back(n, slab, object))) {
		put_bad(s, object);
		return;
	}
	if (slab->fill == FILL_EMPTY &&
	    n->nr_empty > READ_ONCE(s->c->min_empty)) {
		unlist(n, slab);
		list_add(&slab->link, &s->gone);
	}
}

/*
 * Where an object's slab is, if there is one: NULL when the object was freed
 * twice and its slab has left since the first time. irqs off, so that the
 * descriptor and its chunk stay.
 */
static struct soba_cache_node *home_of(struct soba_cache *c,
				       const struct soba_frame *f)
{
	if (unlikely(!f || READ_ONCE(f->owner) != soba_cache_key(c)))
		return NULL;
	if (soba_nr_nodes == 1)
		return c->node[0];
	return c->node[soba_node_index(f->chunk->zone->nid)];
}

/*
 * The slab of an object whose home_of() is locked. NULL as there; or another
 * slab lies there, of another colour.
 */
static struct soba_slab *slab_of(const struct soba_cache *c,
				 const struct soba_frame *f, const void *object)
{
	if (unlikely(READ_ONCE(f->owner) != soba_cache_key(c) ||
		     !soba_slab_starts_at(c, f, object)))
		return NULL;
	return soba_frame_slab(f);
}

/* As many as lie on one node, under its lock. */
static unsigned int put_run(struct put_state *s, unsigned int nr,
			    void **objects)
{
	struct soba_cache_node *n;
	struct soba_frame *f;
	unsigned int i = 0;
	unsigned long flags;

	local_irq_save(flags);
	f = soba_addr_frame(objects[0]);
	n = home_of(s->c, f);
	if (unlikely(!n)) {
		local_irq_restore(flags);
		put_bad(s, objects[0]);
		return 1;
	}
	raw_spin_lock(&n->lock);
	do {
		struct soba_slab *slab = slab_of(s->c, f, objects[i]);

		if (likely(slab))
			put_one(n, slab, objects[i], s);
		else
			put_bad(s, objects[i]);
		if (++i == nr)
			break;
		f = soba_addr_frame(objects[i]);
	} while (home_of(s->c, f) == n);
	raw_spin_unlock(&n->lock);
	local_irq_restore(flags);
	return i;
}

static unsigned long end_slabs(struct list_head *slabs)
{
	struct soba_slab *slab, *next;
	unsigned long frames = 0;

	list_for_each_entry_safe(slab, next, slabs, link) {
		frames += 1UL << slab->order;
		soba_slab_end(slab);
	}
	return frames;
}

/* A drain finds those of many callers, and knows none: not once and for all. */
static void report_bad(const struct put_state *s, unsigned long caller)
{
	const struct soba_cache *c = s->c;

	if (caller)
		soba_report(SOBA_R_DOUBLE_FREE, caller,
			    "object 0x%p of cache %s, size %u, is free already",
			    s->bad, c->name, c->object_size);
	else
		soba_report_often(SOBA_R_DOUBLE_FREE, 0,
				  "object 0x%p of cache %s, size %u, is free already, the first of %u that a drain found",
				  s->bad, c->name, c->object_size, s->nr_bad);
}

unsigned int soba_cache_put(struct soba_cache *c, unsigned int nr,
			    void **objects, unsigned long caller)
{
	struct put_state s = { .c = c };
	unsigned int i;

	INIT_LIST_HEAD(&s.gone);
	for (i = 0; i < nr;)
		i += put_run(&s, nr - i, objects + i);
	if (unlikely(s.nr_bad))
		report_bad(&s, caller);
	end_slabs(&s.gone);
	return s.nr_bad;
}

/* Only if nobody has the lock. Pre: interrupts off. */
static bool try_give_back(struct soba_cache_node *n, struct soba_cache *c,
			  struct soba_frame *f, void *object)
{
	struct soba_slab *slab;
	bool done;

	if (!raw_spin_trylock(&n->lock))
		return false;
	slab = slab_of(c, f, object);
	done = slab && give_back(n, slab, object);
	raw_spin_unlock(&n->lock);
	return done;
}

bool soba_node_try_put(struct soba_cache *c, void *object)
{
	struct soba_cache_node *n;
	struct soba_frame *f;
	unsigned long flags;
	bool done;

	if (!may_try())
		return false;
	local_irq_save(flags);
	f = soba_addr_frame(object);
	n = home_of(c, f);
	done = n && try_give_back(n, c, f, object);
	local_irq_restore(flags);
	return done;
}

/* Up to a few at a time leave, so that the lock is short. */
#define TRIM_BATCH 16

static bool trim_some(struct soba_cache_node *n, unsigned int keep,
		      struct list_head *gone)
{
	unsigned int done = 0;
	unsigned long flags;
	bool more;

	raw_spin_lock_irqsave(&n->lock, flags);
	while (n->nr_empty > keep && done++ < TRIM_BATCH) {
		struct soba_slab *slab = list_last_entry(&n->empty,
							 struct soba_slab,
							 link);

		unlist(n, slab);
		list_add(&slab->link, gone);
	}
	more = n->nr_empty > keep;
	raw_spin_unlock_irqrestore(&n->lock, flags);
	return more;
}

unsigned long soba_node_trim(struct soba_cache *c, struct soba_cache_node *n,
			     unsigned int keep)
{
	unsigned int nr = READ_ONCE(n->nr_empty);
	unsigned long frames = 0;
	bool more = nr > keep;

	/* As many as there were: who frees meanwhile must not keep us here. */
	while (more && nr) {
		LIST_HEAD(gone);

		more = trim_some(n, keep, &gone);
		frames += end_slabs(&gone);
		nr -= min_t(unsigned int, nr, TRIM_BATCH);
	}
	return frames;
}

void soba_cache_disband(struct soba_cache *c)
{
	struct soba_cache_node *n;
	unsigned int i, fill;

	soba_for_each_cache_node(n, c, i) {
		LIST_HEAD(gone);

		for (fill = 0; fill <= FILL_EMPTY; fill++)
			list_splice_init(fill_list(n, fill), &gone);
		end_slabs(&gone);
		n->nr_objects = 0;
		n->nr_free = 0;
		n->nr_slabs = 0;
		n->nr_partial = 0;
		n->nr_empty = 0;
	}
}
