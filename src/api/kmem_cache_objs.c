// SPDX-License-Identifier: GPL-2.0
/*
 * kmem_cache_objs.c - floor 4: objects of a cache, one or many at a time.
 *
 * Locking: none here; see objects.h.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/slab.h>

#include "api/kmem_cache.h"
#include "api/objects.h"
#include "slab/node.h"

/**
 * soba_kmem_cache_alloc() - allocate an object
 * @s: its cache
 * @flags: GFP flags
 *
 * Context: any but NMI; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the object, aligned as the cache says; or NULL.
 */
void *soba_kmem_cache_alloc(struct kmem_cache *s, gfp_t flags)
{
	return soba_object_get(soba_cache_private(s), flags, 0);
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_alloc);

/**
 * soba_kmem_cache_alloc_node() - allocate an object near a node
 * @s: its cache
 * @flags: GFP flags
 * @node: node, or NUMA_NO_NODE; with __GFP_THISNODE no other
 *
 * Context: as soba_kmem_cache_alloc(). Return: the object, or NULL.
 */
void *soba_kmem_cache_alloc_node(struct kmem_cache *s, gfp_t flags, int node)
{
	struct soba_cache *c = soba_cache_private(s);

	/* The task may move: only a wish is fulfilled by where we were. */
	if (node == NUMA_NO_NODE ||
	    (node == numa_mem_id() && !(flags & __GFP_THISNODE)))
		return soba_object_get(c, flags, 0);
	return soba_object_node(c, flags, 0, _RET_IP_, node);
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_alloc_node);

/**
 * soba_kmem_cache_free() - give an object back
 * @s: the cache that it is of
 * @objp: the object
 *
 * Anything else than an object of @s is reported and left alone.
 *
 * Context: any but NMI.
 */
void soba_kmem_cache_free(struct kmem_cache *s, void *objp)
{
	soba_object_give(false, soba_cache_private(s), objp);
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_free);

/* The loaded magazine's last @nr objects; open. */
static __always_inline void take_run(struct soba_cpu_cache *l, size_t nr,
				     void **p)
{
	void **from = l->top, **end = p + nr;

	l->top = from - nr;
	l->allocs += nr;
#pragma GCC unroll 8
	while (p != end)
		*p++ = *from--;
}

/* What magazines and depot have. */
static size_t bulk_from_mags(struct soba_cache *c, size_t size, void **p)
{
	struct soba_cpu_cache *l;
	size_t done = 0;

	if (!soba_mag_open(c, &l))
		return 0;
	for (;;) {
		size_t nr = min_t(size_t, size - done, soba_mag_loaded(l));

		take_run(l, nr, p + done);
		done += nr;
		if (done == size || !soba_mag_load(c, l))
			break;
	}
	soba_mag_close(l);
	return done;
}

/**
 * soba_kmem_cache_alloc_bulk() - allocate many objects at once
 * @s: their cache
 * @flags: GFP flags
 * @size: how many
 * @p: filled in
 *
 * Context: as soba_kmem_cache_alloc(), with interrupts on.
 * Return: @size, or 0: then nothing was allocated.
 */
int soba_kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t flags, size_t size,
			       void **p)
{
	struct soba_cache *c = soba_cache_private(s);
	bool plain = !(flags & SOBA_OBJ_SLOW) && !soba_sleeps_in_atomic(flags) &&
		     !soba_obj_alloc_care();
	size_t done = 0;

	while (done < size) {
		if (plain)
			done += bulk_from_mags(c, size - done, p + done);
		if (done == size)
			break;
		p[done] = soba_object_get(c, flags, 0);
		if (unlikely(!p[done])) {
			soba_kmem_cache_free_bulk(s, done, p);
			return 0;
		}
		done++;
	}
	return size;
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_alloc_bulk);

/* The first object of the slab that @object is of; NULL: not of this cache. */
static void *slab_base(struct soba_cache *c, const void *object)
{
	unsigned long pfn = soba_port_addr_pfn((unsigned long)object);
	struct soba_frame *f;

	if (!soba_map_covers(pfn))
		return NULL;
	f = soba_map_frame_covered(pfn);
	if (READ_ONCE(f->owner) != soba_cache_key(c) ||
	    (static_branch_unlikely(&soba_numa_key) &&
	     f->chunk->zone->nid != raw_cpu_ptr(c->cpu)->nid))
		return NULL;
	return (void *)object - soba_slab_distance(f, object);
}

/*
 * Objects into the open magazine until it is full or one is not as it should
 * be. Neighbours are mostly of one slab: only the distance is checked then.
 */
static size_t push_run(struct soba_cache *c, struct soba_cpu_cache *l,
		       size_t nr, void **p)
{
	u64 inverse = c->inverse, limit = c->limit;
	size_t room = l->end - l->top;
	void **top = l->top + 1, **from = p, **end;
	/* No distance from here is that of an object: the first is looked up. */
	unsigned long base = (unsigned long)*p + 1;

	end = p + min(nr, room);
#pragma GCC unroll 8
	while (p != end) {
		unsigned long object = (unsigned long)*p;

		/* soba_slab_starts() */
		if (unlikely((object - base) * inverse >= limit)) {
			base = (unsigned long)slab_base(c, *p);
			if (!base || (object - base) * inverse >= limit)
				break;
		}
		*top++ = (void *)object;
		p++;
	}
	l->top = top - 1;
	return p - from;
}

static size_t bulk_to_mags(struct soba_cache *c, size_t size, void **p)
{
	struct soba_cpu_cache *l;
	size_t done;

	/* Larger objects' distances from another slab are not told apart. */
	if (c->size > SZ_32K || soba_obj_free_care() || !soba_mag_open(c, &l))
		return 0;
	done = push_run(c, l, size, p);
	soba_mag_close(l);
	return done;
}

static __always_inline void free_one(struct soba_cache *c, void *object)
{
	if (c)
		soba_object_give(false, c, object);
	else if (!ZERO_OR_NULL_PTR(object))
		soba_object_give(true, NULL, object);
}

/**
 * soba_kmem_cache_free_bulk() - give many objects back
 * @s: the cache that they are of, or NULL for any
 * @size: how many
 * @p: the objects
 *
 * Context: any but NMI.
 */
void soba_kmem_cache_free_bulk(struct kmem_cache *s, size_t size, void **p)
{
	size_t done = 0;

	while (done < size) {
		if (s)
			done += bulk_to_mags(soba_cache_private(s), size - done,
					     p + done);
		/* Makes room, finds another slab, or says what is wrong. */
		if (done < size)
			free_one(soba_cache_private(s), p[done++]);
	}
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_free_bulk);
