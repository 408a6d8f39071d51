/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slab_live.h - harness: objects that a test holds, with what must be true of
 * them: nobody else has the address, it is aligned, zero when it was to be,
 * constructed once, and what was written is still there when it is freed. And
 * an independent count of what was allocated and freed, cache by cache.
 */
#ifndef SLAB_LIVE_H
#define SLAB_LIVE_H

#include "tests/test.h"

#include <soba/kmalloc.h>

#include "api/kmem_cache.h"
#include "slab/cache.h"

#define OBJ_MAX		2048
#define OBJ_KINDS	8

/* A cache under test; ->s NULL: the kmalloc() family. Counts are atomic. */
struct obj_kind {
	const char *name;
	struct kmem_cache *s;
	unsigned int size, align;
	slab_flags_t flags;
	bool ctor;		/* the first two words are its */
	long live, allocs, frees;
	long undone;		/* bulk calls that failed: objects taken and put back */
};

struct obj {
	struct obj_kind *kind;
	u8 *p;
	u64 tag;
	u32 size;		/* usable bytes, all written */
	bool large;		/* a block of its own */
};

struct obj_set {
	struct obj o[OBJ_MAX];
	unsigned int n;
	u64 rand;
	unsigned long asked, failed;
};

/* Of all sets; what is in whole blocks. Atomic. */
extern long obj_large_frames;

void obj_init(struct obj_set *s, u64 seed);
void obj_kind_create(struct obj_kind *k);
/* Nothing of it may be live; then all its memory must be back. */
void obj_kind_destroy(struct obj_kind *k);

/* @size for kmalloc() alone. NULL: soba says no. @gfp must suit the context. */
struct obj *obj_alloc(struct obj_set *s, struct obj_kind *k, size_t size, gfp_t gfp, int nid);
unsigned int obj_alloc_bulk(struct obj_set *s, struct obj_kind *k, gfp_t gfp, unsigned int n);
void obj_free(struct obj_set *s, unsigned int i);
void obj_free_rcu(struct obj_set *s, unsigned int i);
/* The last @n that are of @k (NULL: of any) in one call. */
void obj_free_bulk(struct obj_set *s, struct obj_kind *k, unsigned int n);
void obj_free_all(struct obj_set *s);
void obj_resize(struct obj_set *s, unsigned int i, size_t size, gfp_t gfp);

/* A constructor, and how often it ran. */
void obj_construct(void *object);
extern long obj_constructed;

/* Every law of caches and pages, every sum; @kinds may be NULL. Nobody runs. */
void obj_settle(struct obj_kind *kinds, unsigned int nr, const char *when);
/* Handed out and taken back, as soba counts it: all CPUs together. */
void obj_counts(struct kmem_cache *s, long *allocs, long *frees);

#endif /* SLAB_LIVE_H */
