// SPDX-License-Identifier: GPL-2.0
/*
 * validate.c - floor 3: the laws of caches: slabs agree with their maps, their
 * lists, their frames and the sums; what lies in a depot is of the cache and
 * not free in its slab as well.
 *
 * Locking: soba_cache_mutex keeps the registry still; node->lock, then
 * depot->lock, each for the walk over what it guards.
 */
#include "slab/validate.h"
#include "slab/node.h"
#include "page/validate.h"
#include "page/zone.h"

/* What a walk over a node's slabs adds up. */
struct sums {
	unsigned int slabs;
	unsigned int partial;
	unsigned int empty;
	unsigned long objects;
	unsigned long free;
};

static u32 map_weight(const struct soba_slab *slab)
{
	u32 i, n = 0;

	for (i = 0; i < slab->words; i++)
		n += hweight_long(slab->map[i]);
	return n;
}

static void check_frames(struct soba_check *ck, const struct soba_slab *slab)
{
	const struct soba_cache *c = slab->cache;
	u32 i;

	for (i = 0; i < 1U << slab->order; i++) {
		const struct soba_frame *f = slab->frame + i;

		if (f->owner != soba_cache_key(c) || soba_frame_slab(f) != slab ||
		    f->offset != (u32)(unsigned long)slab->base)
			soba_law(ck, "cache %s: frame %u of the slab at pfn %#lx is not the slab's",
				 c->name, i, soba_frame_pfn(slab->frame));
	}
	if (soba_frame_state(slab->frame) != SOBA_F_OWNED)
		soba_law(ck, "cache %s: slab at pfn %#lx has state %u", c->name,
			 soba_frame_pfn(slab->frame),
			 soba_frame_state(slab->frame));
}

static void check_slab(struct soba_check *ck, struct soba_cache *c,
		       struct soba_cache_node *n, const struct soba_slab *slab)
{
	unsigned long pfn = soba_frame_pfn(slab->frame);

	if (slab->cache != c || slab->node != n)
		soba_law(ck, "cache %s: slab at pfn %#lx is of another cache or node",
			 c->name, pfn);
	if (slab->nr != c->nr || slab->nr_free > slab->nr)
		soba_law(ck, "cache %s: slab at pfn %#lx has %u objects, %u free",
			 c->name, pfn, slab->nr, slab->nr_free);
	if (map_weight(slab) != slab->nr_free)
		soba_law(ck, "cache %s: slab at pfn %#lx counts %u free, its map has %u",
			 c->name, pfn, slab->nr_free, map_weight(slab));
	check_frames(ck, slab);
}

static unsigned int check_list(struct soba_check *ck, struct soba_cache *c,
			       struct soba_cache_node *n,
			       struct list_head *list, u32 least, u32 most,
			       struct sums *s)
{
	const struct soba_slab *slab;
	unsigned int nr = 0;

	list_for_each_entry(slab, list, link) {
		check_slab(ck, c, n, slab);
		if (slab->nr_free < least || slab->nr_free > most)
			soba_law(ck, "cache %s: slab at pfn %#lx with %u of %u free is in the wrong list",
				 c->name, soba_frame_pfn(slab->frame),
				 slab->nr_free, slab->nr);
		s->objects += slab->nr;
		s->free += slab->nr_free;
		nr++;
	}
	s->slabs += nr;
	return nr;
}

static void check_sums(struct soba_check *ck, const struct soba_cache *c,
		       const struct soba_cache_node *n, const struct sums *s)
{
	if (s->slabs != n->nr_slabs || s->partial != n->nr_partial ||
	    s->empty != n->nr_empty)
		soba_law(ck, "cache %s, node %d: %u slabs, %u partial, %u empty, but it counts %u, %u, %u",
			 c->name, n->nid, s->slabs, s->partial, s->empty,
			 n->nr_slabs, n->nr_partial, n->nr_empty);
	if (s->objects != n->nr_objects || s->free != n->nr_free)
		soba_law(ck, "cache %s, node %d: %lu objects, %lu free, but it counts %lu, %lu",
			 c->name, n->nid, s->objects, s->free, n->nr_objects,
			 n->nr_free);
	if (n->slabs_made - n->slabs_gone != n->nr_slabs)
		soba_law(ck, "cache %s, node %d: %lu slabs made, %lu gone, %u there",
			 c->name, n->nid, n->slabs_made, n->slabs_gone,
			 n->nr_slabs);
}

static void check_slabs(struct soba_check *ck, struct soba_cache *c,
			struct soba_cache_node *n)
{
	struct sums s = { 0 };
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&n->lock, flags);
	for (i = 0; i < SOBA_SLAB_FILLS; i++)
		s.partial += check_list(ck, c, n, &n->partial[i], 1, c->nr - 1,
					&s);
	check_list(ck, c, n, &n->full, 0, 0, &s);
	s.empty = check_list(ck, c, n, &n->empty, c->nr, c->nr, &s);
	check_sums(ck, c, n, &s);
	raw_spin_unlock_irqrestore(&n->lock, flags);
}

/* An object in a magazine: of the cache, and in use as far as its slab knows. */
static void check_cached(struct soba_check *ck, struct soba_cache *c,
			 void *object)
{
	const struct soba_frame *f = soba_addr_frame(object);
	const struct soba_slab *slab;
	u32 i;

	if (!f || f->owner != soba_cache_key(c) ||
	    !soba_slab_starts_at(c, f, object)) {
		soba_law(ck, "cache %s: 0x%p in the depot is no object of it",
			 c->name, object);
		return;
	}
	slab = soba_frame_slab(f);
	if (!slab) {
		soba_law(ck, "cache %s: 0x%p is in the depot and its slab is not",
			 c->name, object);
		return;
	}
	i = soba_slab_number(c, object - slab->base);
	if (READ_ONCE(slab->map[i / 64]) & 1UL << (i % 64))
		soba_law(ck, "cache %s: 0x%p is in the depot and free in its slab",
			 c->name, object);
}

static void check_depot(struct soba_check *ck, struct soba_cache *c,
			struct soba_cache_node *n)
{
	struct soba_depot *d = &n->depot;
	unsigned long flags, objects = 0;
	unsigned int full = 0, empty = 0;
	const struct soba_mag *m;
	u32 i;

	raw_spin_lock_irqsave(&d->lock, flags);
	for (m = d->full; m; m = m->next, full++) {
		objects += m->nr;
		if (m->nr > m->cap || m->slot[0])
			soba_law(ck, "cache %s: a magazine in the depot is broken",
				 c->name);
		for (i = 1; i <= min(m->nr, m->cap); i++)
			check_cached(ck, c, m->slot[i]);
	}
	for (m = d->empty; m; m = m->next)
		empty++;
	if (full != d->nr_full || empty != d->nr_empty || objects != d->objects)
		soba_law(ck, "cache %s, node %d: depot has %u full, %u empty, %lu objects, but it counts %u, %u, %lu",
			 c->name, n->nid, full, empty, objects, d->nr_full,
			 d->nr_empty, d->objects);
	raw_spin_unlock_irqrestore(&d->lock, flags);
}

unsigned int soba_cache_validate(struct soba_cache *c,
				 void (*say)(void *arg, const char *line),
				 void *arg)
{
	struct soba_check ck = { .say = say, .arg = arg };
	struct soba_cache_node *n;
	unsigned int i;

	soba_for_each_cache_node(n, c, i) {
		check_slabs(&ck, c, n);
		check_depot(&ck, c, n);
	}
	return ck.broken;
}

unsigned int soba_cache_validate_all(void (*say)(void *arg, const char *line),
				     void *arg)
{
	struct soba_cache *c;
	unsigned int broken = 0;

	mutex_lock(&soba_cache_mutex);
	list_for_each_entry(c, &soba_cache_list, link)
		broken += soba_cache_validate(c, say, arg);
	mutex_unlock(&soba_cache_mutex);
	return broken;
}
