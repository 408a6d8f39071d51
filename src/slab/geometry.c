// SPDX-License-Identifier: GPL-2.0
/*
 * geometry.c - floor 3: where objects lie in a slab, and how large slabs and
 * magazines are. Pure arithmetic; no locking.
 */
#include "slab/cache.h"
#include "slab/debug.h"

/* Slabs are not larger unless the object demands it. */
#define MAX_SLAB_ORDER 3
/* A cache's magazines on a CPU, and its depot on a node, hold about so much. */
#define MAG_BYTES	SZ_32K
#define MAG_BYTES_MAX	SZ_128K
#define DEPOT_BYTES	SZ_4M

/* 24 bytes of head and these make a power of two. */
static const u8 mag_caps[] = { 5, 13, 29, 61, 125 };

u32 soba_mag_larger(u32 cap)
{
	unsigned int i;

	for (i = 0; i + 1 < ARRAY_SIZE(mag_caps); i++)
		if (mag_caps[i] >= cap)
			return mag_caps[i + 1];
	return cap;
}

u32 soba_mag_smaller(u32 cap)
{
	unsigned int i;

	for (i = ARRAY_SIZE(mag_caps) - 1; i > 0; i--)
		if (mag_caps[i] <= cap)
			return mag_caps[i - 1];
	return cap;
}

static u32 mag_cap_for(u32 size, u32 bytes)
{
	u32 cap = mag_caps[0];

	while (soba_mag_larger(cap) > cap && soba_mag_larger(cap) * size <= bytes)
		cap = soba_mag_larger(cap);
	return cap;
}

static void mag_layout(struct soba_cache *c)
{
	c->depot_objects = max_t(u32, DEPOT_BYTES / c->size, 2 * mag_caps[0]);
	/* Even the smallest would hold too much: none, of no size. */
	if (mag_caps[0] * (size_t)c->size > MAG_BYTES_MAX) {
		c->own_flags |= SOBA_CACHE_NO_MAG;
		return;
	}
	c->mag_min = mag_cap_for(c->size, MAG_BYTES);
	c->mag_cap = c->mag_min;
	c->mag_max = mag_cap_for(c->size, MAG_BYTES_MAX);
}

/* The kernel's rule: a small object may share a cache line with its like. */
static u32 alignment(const struct soba_cache_spec *spec)
{
	u32 align = max_t(u32, spec->align, sizeof(void *));

	if (spec->flags & SLAB_HWCACHE_ALIGN) {
		u32 line = cache_line_size();

		while (spec->size <= line / 2)
			line /= 2;
		align = max(align, line);
	}
	return roundup_pow_of_two(align);
}

static size_t room(const struct soba_cache *c, unsigned int order)
{
	return (PAGE_SIZE << order) - c->head;
}

static bool fits(const struct soba_cache *c, unsigned int order, u32 part,
		 u32 least)
{
	size_t bytes = room(c, order);
	u32 nr = min_t(size_t, bytes / c->size, SOBA_SLAB_MAX_OBJECTS);

	return nr >= least && (bytes - (size_t)nr * c->size) * part <= bytes;
}

/* No order up to the bound wastes at most an eighth: the one that wastes least. */
static unsigned int least_waste(const struct soba_cache *c)
{
	unsigned int order, best = get_order(c->size + c->head);

	for (order = best + 1; order <= MAX_SLAB_ORDER; order++)
		if (room(c, order) % c->size <
		    (room(c, best) % c->size) << (order - best))
			best = order;
	return best;
}

/*
 * The smallest order that wastes little and holds a few; then one that wastes at
 * most an eighth; then whatever the object needs.
 */
static unsigned int slab_order(const struct soba_cache *c)
{
	static const struct { u8 part, least; } wishes[] = {
		{ 16, 16 }, { 8, 8 }, { 16, 4 }, { 8, 1 },
	};
	unsigned int i, order;

	for (i = 0; i < ARRAY_SIZE(wishes); i++)
		for (order = 0; order <= MAX_SLAB_ORDER; order++)
			if (fits(c, order, wishes[i].part, wishes[i].least))
				return order;
	return least_waste(c);
}

static void count_objects(struct soba_cache *c)
{
	size_t bytes = room(c, c->order), rest;

	c->nr = min_t(size_t, bytes / c->size, SOBA_SLAB_MAX_OBJECTS);
	rest = bytes - (size_t)c->nr * c->size;
	c->colours = min_t(size_t, rest / c->align, 255) + 1;
	c->fill_shift = c->nr < 8 ? 0 : ilog2(c->nr) - 2;
}

/* The descriptor at the head of soba's own slabs, with a map that is enough. */
static u32 on_slab_head(const struct soba_cache *c)
{
	u32 words = SOBA_SLAB_WORDS(PAGE_SIZE / c->size);

	return ALIGN(sizeof(struct soba_slab) + words * sizeof(long), c->align);
}

int soba_cache_layout(struct soba_cache *c, const struct soba_cache_spec *spec)
{
	c->object_size = spec->size;
	c->align = alignment(spec);
	c->size = ALIGN(max_t(u32, spec->size, SOBA_MIN_OBJECT), c->align);
	if (c->own_flags & SOBA_CACHE_DEBUG)
		soba_debug_layout(c);
	if (c->own_flags & SOBA_CACHE_ON_SLAB)
		c->head = on_slab_head(c);
	c->order = slab_order(c);
	if (c->order > SOBA_MAX_ORDER)
		return -EINVAL;
	count_objects(c);
	/* Above the quotient, not equal to it: see soba_slab_starts(). */
	c->inverse = ~0ULL / c->size + 1 + is_power_of_2(c->size);
	c->limit = c->nr * (c->size * c->inverse);
	c->min_empty = c->order ? 1 : 2;
	mag_layout(c);
	return 0;
}
