// SPDX-License-Identifier: GPL-2.0
/*
 * objects.c - floor 5: finds live objects, through the frame map.
 *
 * The descriptor of a slab's first frame tells its cache and where its first
 * object lies, and the cache tells the rest. So neither a list of slabs nor
 * struct soba_slab is touched, and no lock is needed. Whether an object is live
 * its own records say.
 *
 * Locking: soba_cache_mutex for a look at the registry. One slab at a time under
 * rcu_read_lock(), which keeps the descriptor and the cache. The slab itself may
 * be given back meanwhile: its memory is read as one reads strange memory, and
 * what was read counts only if the frame is still the cache's afterwards.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "obs/objects.h"
#include "page/chunk.h"
#include "page/map.h"
#include "slab/slab.h"

/* The cache of a slab's first frame, if it is of the walk; else NULL. */
static struct soba_cache *cache_of(const struct soba_obs_walk *w,
				   const struct soba_frame *f)
{
	struct soba_cache *c;
	void *owner;

	/* Pairs with soba_block_own(): with the state comes the owner. */
	if (smp_load_acquire(&f->state) != SOBA_F_OWNED)
		return NULL;
	owner = READ_ONCE(f->owner);
	if (soba_owner_kind(owner) != SOBA_OWN_SLAB)
		return NULL;
	c = soba_owner_ptr(owner);
	if (w->cache ? c != w->cache : !c->track_offset)
		return NULL;
	return c;
}

static bool still_of(const struct soba_frame *f, const struct soba_cache *c)
{
	/* What was read of the slab was read before this. */
	smp_rmb();
	return READ_ONCE(f->owner) == soba_cache_key(c);
}

static bool read_track(struct soba_track *t, const struct soba_cache *c,
		       const void *object, enum soba_track_kind kind)
{
	const void *from = object + c->track_offset + kind * sizeof(*t);

	return !copy_from_kernel_nofault(t, from, sizeof(*t));
}

/* Half a record, or one that is being written, is none. */
static bool is_sane(const struct soba_track *t)
{
	return t->nr && t->nr <= SOBA_TRACK_ADDRS;
}

/* True when the object is live; with the record that the walk wants. */
static bool read_object(const struct soba_obs_walk *w, struct soba_frame *f,
			struct soba_obs_object *o)
{
	struct soba_track *t = &o->track;

	if (!read_track(t, o->cache, o->address, SOBA_TRACK_ALLOC))
		return false;
	if (t->latest != SOBA_TRACK_LATEST || !is_sane(t))
		return false;
	if (w->which == SOBA_TRACK_FREE &&
	    !read_track(t, o->cache, o->address, SOBA_TRACK_FREE))
		return false;
	if (!is_sane(t))
		t->nr = 0;
	return still_of(f, o->cache);
}

static void walk_slab(const struct soba_obs_walk *w, struct soba_frame *f,
		      struct soba_cache *c)
{
	struct soba_obs_object o = { .cache = c };
	const void *start = page_address(soba_frame_page(f));
	const void *base = start - (s32)soba_slab_distance(f, start);
	unsigned int i;

	o.nid = page_to_nid(soba_frame_page(f));
	for (i = 0; i < c->nr; i++) {
		o.address = base + (size_t)i * c->size;
		if (read_object(w, f, &o))
			w->found(w->arg, &o);
	}
}

/* The block, or part of one, at @pfn. Return: the PFN after it. */
static unsigned long walk_frame(const struct soba_obs_walk *w,
				unsigned long pfn)
{
	struct soba_frame *f = soba_map_frame(pfn);
	struct soba_frame snap;
	struct soba_cache *c;

	if (!f)
		return pfn + 1;
	snap = soba_frame_snap(f);
	c = cache_of(w, f);
	if (c)
		walk_slab(w, f, c);
	switch (snap.state & SOBA_F_MASK) {
	case SOBA_F_NONE:
	case SOBA_F_TAIL:
		return pfn + 1;
	}
	return pfn + (snap.order > SOBA_REGION_ORDER ? 1 : 1UL << snap.order);
}

/* The bounds of the first chunk at or after @pfn, in PFNs. */
static bool next_chunk(unsigned long pfn, unsigned long *first,
		       unsigned long *end)
{
	struct soba_chunk *c;

	rcu_read_lock();
	c = soba_map_next_chunk(&pfn);
	if (c) {
		*first = c->pfn;
		*end = pfn;
	}
	rcu_read_unlock();
	return c;
}

/* Mostly there is none, and the map is large. */
static bool any_records(void)
{
	struct soba_cache *c;
	bool any = false;

	mutex_lock(&soba_cache_mutex);
	list_for_each_entry(c, &soba_cache_list, link)
		any |= c->track_offset != 0;
	mutex_unlock(&soba_cache_mutex);
	return any;
}

int soba_obs_walk_objects(const struct soba_obs_walk *w)
{
	unsigned long pfn, end = 0;
	int err = 0;

	if (!w->cache && !any_records())
		return 0;
	while (next_chunk(end, &pfn, &end)) {
		while (pfn < end) {
			if (w->ready)
				err = w->ready(w->arg, SOBA_SLAB_MAX_OBJECTS);
			if (err)
				return err;
			rcu_read_lock();
			pfn = walk_frame(w, pfn);
			rcu_read_unlock();
			cond_resched();
		}
	}
	return 0;
}
