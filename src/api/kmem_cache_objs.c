// SPDX-License-Identifier: GPL-2.0
/*
 * kmem_cache_objs.c - floor 4: objects of a cache, one or many at a time.
 *
 * Locking: none here; see objects.h.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/slab.h>
/* Here are the functions behind the inlined calls. */
#undef soba_kmem_cache_alloc

#include "api/kmem_cache.h"
#include "api/objects.h"
#include "slab/reap.h"

/* What soba/front.h and soba/inline.h say of a cache. */
#define SAME_PLACE(member)						      \
	static_assert(offsetof(struct soba_cpu_front, member) ==	      \
		      offsetof(struct soba_cpu_cache, member))
SAME_PLACE(guard);
SAME_PLACE(nid);
SAME_PLACE(top);
SAME_PLACE(end);
SAME_PLACE(allocs);
static_assert(offsetof(struct soba_cache_front, cpu) ==
	      offsetof(struct soba_cache, cpu));
static_assert(SOBA_GUARD_IDLE == 1 && SOBA_GUARD_BUSY == 0);
static_assert(!(SOBA_PLAIN_FLAGS & (SOBA_OBJ_SLOW | __GFP_DIRECT_RECLAIM)));

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
 * Context: as soba_kmem_cache_alloc().
 * Return: the object, or NULL.
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

/* For init_on_alloc=; whole words, which the slots of objects are made of. */
static void clear_each(const struct soba_cache *c, size_t nr, void **p)
{
	size_t words = DIV_ROUND_UP(c->init_size, sizeof(u64)), i;

	for (i = 0; i < nr; i++)
		memset64(p[i], 0, words);
}

/* With preemption off so many at a time. */
#define BULK_RUN 512

/* What magazines and depot have. */
static size_t bulk_from_mags(struct soba_cache *c, size_t size, void **p)
{
	struct soba_cpu_cache *l;
	size_t done = 0;

	size = min_t(size_t, size, BULK_RUN);
	if (!soba_mag_open(c, &l))
		return 0;
	for (;;) {
		size_t nr = min_t(size_t, size - done, soba_mag_loaded(l));

		take_run(l, nr, p + done);
		done += nr;
		if (done == size || !soba_mag_load(c, l))
			break;
		l->refills += min_t(size_t, size - done, soba_mag_loaded(l));
	}
	soba_mag_close(l);
	if (soba_obj_alloc_care())
		clear_each(c, done, p);
	return done;
}

/**
 * soba_kmem_cache_alloc_bulk() - allocate many objects at once
 * @s: their cache
 * @flags: GFP flags
 * @size: how many
 * @p: filled in
 *
 * Context: as soba_kmem_cache_alloc().
 * Return: @size, or 0: then nothing was allocated.
 */
int soba_kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t flags, size_t size,
			       void **p)
{
	struct soba_cache *c = soba_cache_private(s);
	bool plain = !(flags & SOBA_OBJ_SLOW) && !soba_sleeps_in_atomic(flags) &&
		     !soba_obj_alloc_traced();
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

/*
 * The first object of the slab that @object is of. When it is of another cache
 * or node, an address that no object has this distance from.
 */
static __always_inline unsigned long slab_base(const struct soba_cache *c,
					       unsigned long object)
{
	unsigned long pfn = soba_port_addr_pfn(object);
	struct soba_frame *f;

	if (unlikely(!soba_map_covers(pfn)))
		return object + 1;
	f = soba_map_frame_covered(pfn);
	/* One word, read once. */
	if (unlikely(data_race(f->owner) != soba_cache_key(c)) ||
	    (static_branch_unlikely(&soba_numa_key) &&
	     f->chunk->zone->nid != raw_cpu_ptr(c->cpu)->nid))
		return object + 1;
	return object - soba_slab_distance(f, (void *)object);
}

/* How far a bulk free has come, and the slab that it met last. */
struct bulk_free {
	void **next;
	void **end;
	unsigned long base;
};

/*
 * An object into its slot, which is nobody's until ->top is moved. Return: is it
 * of the slab at @base? soba_slab_starts(), with what it needs in registers.
 */
static __always_inline bool push_one(void **to, void *object,
				     unsigned long base, unsigned long inverse,
				     unsigned long limit)
{
	*to = object;
	return likely(((unsigned long)object - base) * inverse < limit);
}

/*
 * Objects into the open magazine until it is full or one is not as it should
 * be. Neighbours are mostly of one slab: only the distance is checked then.
 */
static void push_run(struct soba_cache *c, struct soba_cpu_cache *l,
		     struct bulk_free *b)
{
	unsigned long base = b->base, inverse = c->inverse, limit = c->limit;
	size_t room = l->end - l->top, nr = b->end - b->next;
	void **to = l->top + 1, **from = b->next;
	void **end = from + min(nr, room);
	unsigned int i = 0;

	if (!base && from != end)
		goto other_slab;
again:
	for (; from < end - 7; from += 8, to += 8) {
#pragma GCC unroll 8
		for (i = 0; i < 8; i++)
			if (!push_one(to + i, from[i], base, inverse, limit))
				goto other_slab;
	}
	for (i = 0; from != end; from++, to++)
		if (!push_one(to, *from, base, inverse, limit))
			goto other_slab;
	goto out;
other_slab:
	from += i;
	to += i;
	base = slab_base(c, (unsigned long)*from);
	if (push_one(to, *from, base, inverse, limit)) {
		from++;
		to++;
		goto again;
	}
	base = 0;
out:
	b->base = base;
	b->next = from;
	l->top = to - 1;
}

/* As many as the magazines and the depot have room for, and about BULK_RUN. */
static void bulk_to_mags(struct soba_cache *c, struct bulk_free *b)
{
	void **stop = b->next + BULK_RUN;
	struct soba_cpu_cache *l;
	bool stored = false;

	/* Larger objects' distances from another slab are not told apart. */
	if (c->size > SZ_32K || soba_obj_free_care() || !soba_mag_open(c, &l))
		return;
	/* What was looked up before may be gone, and so may the CPU. */
	b->base = 0;
	for (;;) {
		push_run(c, l, b);
		if (b->next == b->end || l->top != l->end ||
		    b->next >= stop || !soba_mag_store(c, l))
			break;
		stored = true;
	}
	soba_mag_close(l);
	if (stored)
		soba_reap_later();
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
	struct bulk_free b = { .next = p, .end = p + size };

	while (b.next != b.end) {
		if (s)
			bulk_to_mags(soba_cache_private(s), &b);
		/* Makes room where that takes more, or says what is wrong. */
		if (b.next != b.end)
			free_one(soba_cache_private(s), *b.next++);
	}
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_free_bulk);
