/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slab.h - floor 3: one block cut into objects: making, finding, ending.
 *
 * Locking: a slab that is in no list belongs to who made it or took it out; in
 * a list, node->lock guards its map and counts. Who looks one up for an
 * address that it does not hold is under rcu_read_lock() or has preemption off.
 */
#ifndef SOBA_SLAB_INT_H
#define SOBA_SLAB_INT_H

#include "page/chunk.h"
#include "page/map.h"
#include "slab/cache.h"

/* The descriptor of the frame of any address; NULL beyond the machine. */
static __always_inline struct soba_frame *soba_addr_frame(const void *addr)
{
	return soba_map_frame(soba_port_addr_pfn((unsigned long)addr));
}

/* Bytes from a slab's first object to @addr; wraps when it is below that. */
static __always_inline u32 soba_slab_distance(const struct soba_frame *f,
					      const void *addr)
{
	return (u32)(unsigned long)addr - f->offset;
}

/*
 * Is a distance that of an object's first byte, and within the slab? One
 * multiplication and one compare. With e = size * inverse - 2^64, at least 1, a
 * distance of k * size times inverse is k * e modulo 2^64, below limit = nr * e
 * just for k < nr; a rest r adds r * inverse, which is above any limit. After
 * Lemire, Kaser and Kurz, "Faster remainder by direct computation", 2019. Holds
 * for distances up to 2^48 of objects up to 32 KiB, up to 2^32 of others.
 */
static __always_inline bool soba_slab_starts(const struct soba_cache *c,
					     u64 distance)
{
	return distance * c->inverse < c->limit;
}

/* The same of an address in a slab of @c that @f is a frame of. */
static __always_inline bool soba_slab_starts_at(const struct soba_cache *c,
						const struct soba_frame *f,
						const void *addr)
{
	return soba_port_scale((unsigned long)addr, &f->offset, &c->inverse) <
	       c->limit;
}

/* The number of the object that a distance lies in. */
static __always_inline u32 soba_slab_number(const struct soba_cache *c,
					    u32 distance)
{
	return mul_u64_u64_shr(distance, c->inverse, 64);
}

static inline struct soba_slab *soba_frame_slab(const struct soba_frame *f)
{
	return (struct soba_slab *)READ_ONCE(f->caller);
}

static inline void *soba_slab_object(const struct soba_slab *slab, u32 i)
{
	return slab->base + (size_t)i * slab->cache->size;
}

/* An object of soba's that some address lies in. */
struct soba_object {
	struct soba_cache *cache;	/* NULL: kmalloc() of whole blocks */
	void *start;			/* as handed out */
	size_t size;			/* usable bytes */
};

/**
 * soba_object_find() - which object does an address lie in?
 * @addr: any address
 * @o: filled in
 *
 * Context: any; the answer holds as long as the caller holds the object.
 * Return: true when it lies in the usable bytes of one.
 */
bool soba_object_find(const void *addr, struct soba_object *o);

/*
 * What init_on_alloc= promises of an object that is not cleared when it is
 * allocated, as its constructor or RCU readers would mind: its block is.
 */
static inline bool soba_cache_zero_blocks(const struct soba_cache *c)
{
	return !c->init_size && soba_port_init_on_alloc();
}

/**
 * soba_slab_new() - a slab full of free, constructed objects
 * @c: its cache
 * @req: what for: node and patience; order and class are the cache's
 *
 * Context: as req->sleep says; no lock held.
 * Return: the slab, in no list; or NULL.
 */
struct soba_slab *soba_slab_new(struct soba_cache *c,
				const struct soba_req *req);

/**
 * soba_slab_end() - give the block of a wholly free slab back
 * @slab: in no list
 *
 * With SLAB_TYPESAFE_BY_RCU after a grace period.
 *
 * Context: any but NMI; no lock held.
 */
void soba_slab_end(struct soba_slab *slab);

/* Take up to @nr free objects; node->lock held. Return: how many there were. */
unsigned int soba_slab_pop_many(struct soba_slab *slab, unsigned int nr,
				void **objects);

/* Blocks for soba's own descriptors: slabs and magazines. */
void *soba_meta_alloc(size_t size, const struct soba_req *req);
void soba_meta_free(void *p);
int soba_meta_init(void);
void soba_meta_exit(void);

#endif /* SOBA_SLAB_INT_H */
