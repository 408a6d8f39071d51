/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dma.h - floor 3: the structures of coherent memory.
 *
 * heap	what soba keeps for one device: a cache for each size class of its
 *	coherent objects, one for larger blocks, its pools, its ledger
 * cache	objects of one size for one device; a dma pool is one too
 * slab	coherent pages from the host in one piece, cut into objects of one
 *	cache. Nothing of soba's lies in the memory itself, where the device
 *	could overwrite it
 * mark	for each object, out of band: who allocated it and with what size, or
 *	that it is free. Marks stand for the largest power of two that divides
 *	the distance of objects: those between two objects stay free, so that an
 *	address inside of an object is no object's
 *
 * Locking: cache->lock guards a cache's lists of slabs and their free maps;
 * heaps_lock (heap.c) the hash of heaps; table_lock (table.c) changes of the
 * address table. Readers of the table are in a section that RCU waits for. A
 * mark belongs to whoever holds the object.
 */
#ifndef SOBA_DMA_DMA_H
#define SOBA_DMA_DMA_H

#include "soba_env.h"

struct device;
struct dentry;

#define SOBA_DMA_MIN_SHIFT	5	/* the least class is 32 bytes */
#define SOBA_DMA_CLASSES	8	/* 32, 64 ... 4096 */
#define SOBA_DMA_LARGEST	4096UL	/* and the last, whatever PAGE_SIZE is */
#define SOBA_DMA_SMALL		256UL	/* the last of the small ones */
#define SOBA_DMA_MAX_OBJECTS	128	/* in a slab */
#define SOBA_DMA_NAME		48
/* The device of what was left when its device went. No caller has it. */
#define SOBA_DMA_GONE		((struct device *)-1L)

/*
 * The state is the size that was asked for, in bytes, or one of the words below,
 * which no size is likely to be. A caller is written before the state, and says
 * nothing when the object is free.
 */
struct soba_dma_mark {
	u32 caller;			/* see soba_port_site_pack() */
	u32 state;
} __aligned(8);

#define SOBA_DMA_FREE	0xf4ee0b1dU
#define SOBA_DMA_POOL	SOBA_SITE_AFTER	/* its size is the pool's */
#define SOBA_DMA_BLOCK	0xb10c0b1dU	/* slab->want is its size */

/* An object on its way: in a per-CPU list, or to its caller. */
struct soba_dma_entry {
	void *vaddr;
	dma_addr_t handle;
	struct soba_dma_mark *mark;
};

struct soba_dma_mag;
struct soba_dma_heap;

struct soba_dma_cache {
	/* what the fast paths read */
	struct soba_dma_mag __percpu *mag;	/* closed, or one for each CPU */
	struct soba_dma_mag __percpu **level;	/* also there, or NULL */
	struct soba_dma_mag __percpu *old;	/* shut, not empty yet */
	struct soba_dma_heap *heap;
	u32 size;			/* bytes of an object; 0: any (blocks) */
	u32 shift;			/* log2 of the bytes that a mark stands for */
	u32 stride;			/* bytes from one object to the next */
	/* set up once */
	u32 per_slab;			/* objects */
	u32 slab_bytes;			/* a multiple of PAGE_SIZE */
	u32 boundary;			/* that no object crosses; 0: none */
	u32 mag_cap;			/* objects in a per-CPU list */
	u32 keep;			/* free slabs that are kept */
	bool pool;
	bool small;			/* as large as one of the small classes */
	char name[SOBA_DMA_NAME];
	struct list_head node;		/* in heap->pools */
	/* under lock */
	raw_spinlock_t lock;
	bool closing;			/* keeps nothing any more */
	struct list_head partial;	/* slabs with some objects out */
	struct list_head full;		/* all out */
	struct list_head idle;		/* none out */
	struct list_head outside;	/* free objects, but not in the mask */
	u64 mask;			/* for which partial and outside are right */
	unsigned int nr_slabs;
	unsigned int nr_idle;
	unsigned long idle_bytes;
	unsigned long out_bytes;	/* of blocks that are out; so is the next */
	unsigned long peak_bytes;
	unsigned long out;		/* objects not in slabs */
	unsigned long peak;		/* the most that were in use, sampled */
};

struct soba_dma_slab {
	unsigned long base;		/* address, a multiple of PAGE_SIZE */
	struct soba_dma_slab *next;	/* in its bucket of the address table */
	struct device *dev;		/* SOBA_DMA_GONE when it is gone */
	struct soba_dma_cache *cache;
	dma_addr_t dma;			/* of base */
	dma_addr_t distance;		/* from an address to its handle */
	unsigned long key;		/* the same and the owner in one sum */
	unsigned long marks;		/* in mark[] */
	u32 shift;			/* as its cache's */
	u32 span;			/* of its first page; 1: no memory there */
	size_t bytes;
	size_t want;			/* a block's size as it was asked for */
	unsigned long attrs;		/* DMA_ATTR_* */
	bool once;			/* charged to somebody: for nobody else */
	struct rcu_head rcu;
	struct list_head node;		/* in a list of the cache, or to be given */
	u32 nr;				/* objects */
	u32 nr_free;			/* bits in map */
	u64 map[SOBA_DMA_MAX_OBJECTS / 64];	/* 1: free, here in the slab */
	struct soba_dma_mark mark[];
};

struct soba_dma_heap {
	/* what the fast path reads */
	struct device *dev;
	/* The lists of the small classes, by soba_dma_level(); others are closed. */
	struct soba_dma_mag __percpu *level[BITS_PER_LONG];
	struct soba_dma_cache class[SOBA_DMA_CLASSES];
	struct soba_dma_cache block;	/* larger, or with attributes */
	atomic_long_t refs;		/* the hash, each slab, each pool, each call */
	struct soba_dma_heap *next;	/* in its bucket of the hash */
	struct list_head all;		/* in the list of heaps */
	struct list_head pools;		/* under heaps_lock */
	struct rcu_head rcu;
	u64 seq;			/* its place in the list of heaps */
	bool watched;			/* its bus tells when it goes */
	bool retired;			/* no longer in the hash */
	bool armed;			/* the driver's leaving closes it */
	bool closed;			/* it has: nothing is kept any more */
	atomic_long_t giving;		/* slabs between its caches and the host */
	atomic_long_t held;		/* bytes from the host */
	atomic_long_t held_peak;
	atomic_long_t fails;		/* requests answered with NULL */
	atomic_long_t maps;		/* streaming mappings now */
	struct dentry *dir;		/* debugfs */
	char name[SOBA_DMA_NAME];
};

static __always_inline void soba_dma_mark_out(struct soba_dma_mark *m, u32 state,
					      unsigned long caller)
{
	WRITE_ONCE(m->caller, soba_port_site_pack(caller));
	WRITE_ONCE(m->state, state);
}

/* The same with SOBA_DMA_POOL. */
static __always_inline void soba_dma_mark_pool(struct soba_dma_mark *m,
					       unsigned long caller)
{
	soba_port_site_put(&m->caller, caller);
}

static __always_inline void soba_dma_mark_free(struct soba_dma_mark *m)
{
	WRITE_ONCE(m->state, SOBA_DMA_FREE);
}

static inline bool soba_dma_mark_is_out(const struct soba_dma_mark *m)
{
	return READ_ONCE(m->state) != SOBA_DMA_FREE;
}

/* Who allocated an object that is out. */
static inline unsigned long soba_dma_caller(const struct soba_dma_mark *m)
{
	return soba_port_site_unpack(READ_ONCE(m->caller));
}

/* Bytes from one object of a slab to the next. */
static inline u32 soba_dma_stride(const struct soba_dma_slab *s)
{
	return s->cache->size ? s->cache->stride : PAGE_SIZE;
}

/* The mark of an object's first byte, at @offset of its slab. */
static inline struct soba_dma_mark *soba_dma_mark_at(struct soba_dma_slab *s,
						     unsigned long offset)
{
	return &s->mark[offset >> s->shift];
}

/* Bytes that an object was asked for with; 0: it is free. */
static inline size_t soba_dma_size(const struct soba_dma_slab *s,
				   const struct soba_dma_mark *m)
{
	u32 state = READ_ONCE(m->state);

	switch (state) {
	case SOBA_DMA_FREE:
		return 0;
	case SOBA_DMA_POOL:
		return s->cache->size;
	case SOBA_DMA_BLOCK:
		return READ_ONCE(s->want);
	default:
		return state;
	}
}

/* Where in heap->level a size belongs; a size of 0, to the last. */
static __always_inline unsigned long soba_dma_level(size_t size)
{
	return __fls((size - 1) | ((1UL << SOBA_DMA_MIN_SHIFT) - 1));
}

/* The class whose objects are large enough. Pre: 0 < size <= 4096. */
static __always_inline unsigned long soba_dma_class(size_t size)
{
	return soba_dma_level(size) + 1 - SOBA_DMA_MIN_SHIFT;
}

#endif /* SOBA_DMA_DMA_H */
