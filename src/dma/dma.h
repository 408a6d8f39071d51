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
 * mark	a word for each object, out of band: who allocated it and with what
 *	size; 0 when nobody has it. Marks stand for the largest power of two that
 *	divides the distance of objects: those between two objects stay 0, so that
 *	an address inside of an object is no object's
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
#define SOBA_DMA_MAX_OBJECTS	128	/* in a slab */
#define SOBA_DMA_NAME		48
/* The device of what was left when its device went. No caller has it. */
#define SOBA_DMA_GONE		((struct device *)-1L)

/* An object on its way: in a per-CPU list, or to its caller. */
struct soba_dma_entry {
	void *vaddr;
	dma_addr_t handle;
	u64 *mark;
};

struct soba_dma_mag;
struct soba_dma_heap;

struct soba_dma_cache {
	/* what the fast paths read */
	struct soba_dma_mag __percpu *mag;	/* closed, or one for each CPU */
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
	unsigned long out;		/* objects not in slabs */
	unsigned long peak;		/* the most that were in use, sampled */
};

struct soba_dma_slab {
	unsigned long base;		/* address, a multiple of PAGE_SIZE */
	struct soba_dma_slab *next;	/* in its bucket of the address table */
	struct device *dev;		/* SOBA_DMA_GONE when it is gone */
	struct soba_dma_cache *cache;
	dma_addr_t dma;			/* of base */
	size_t bytes;
	size_t want;			/* a block's size as it was asked for */
	unsigned long attrs;		/* DMA_ATTR_* */
	struct rcu_head rcu;
	struct list_head node;		/* in a list of the cache, or to be given */
	u32 nr;				/* objects */
	u32 nr_free;			/* bits in map */
	u64 map[SOBA_DMA_MAX_OBJECTS / 64];	/* 1: free, here in the slab */
	u64 mark[];			/* see soba_dma_marks() */
};

struct soba_dma_heap {
	struct device *dev;
	struct soba_dma_cache class[SOBA_DMA_CLASSES];
	struct soba_dma_cache block;	/* larger, or with attributes */
	atomic_long_t refs;		/* the hash, each slab, each pool, each call */
	struct soba_dma_heap *next;	/* in its bucket of the hash */
	struct list_head all;		/* in the list of heaps */
	struct list_head pools;		/* under heaps_lock */
	struct rcu_head rcu;
	bool watched;			/* its bus tells when it goes */
	bool retired;			/* no longer in the hash */
	atomic_long_t held;		/* bytes from the host */
	atomic_long_t held_peak;
	atomic_long_t fails;		/* requests answered with NULL */
	atomic_long_t maps;		/* streaming mappings now */
	struct dentry *dir;		/* debugfs */
	char name[SOBA_DMA_NAME];
};

/*
 * A mark: the caller's address above, the size below, so that one compare says
 * whether an object is out and was asked for with this size. Code lies where
 * sign extension from bit 47 reaches. A pool knows the size of its objects: their
 * marks are the address alone.
 */
#define SOBA_DMA_SIZE_BITS	16
#define SOBA_DMA_SIZE_BIAS	0x8000UL	/* 0 bytes is not nobody's */
#define SOBA_DMA_BLOCK		2UL		/* slab->want is it */

static __always_inline u64 soba_dma_mark(unsigned long caller, unsigned long low)
{
	return ((u64)caller << SOBA_DMA_SIZE_BITS) | low;
}

static __always_inline unsigned long soba_dma_mark_low(u64 mark)
{
	return mark & ((1UL << SOBA_DMA_SIZE_BITS) - 1);
}

static inline unsigned long soba_dma_caller(const struct soba_dma_slab *s,
					    u64 mark)
{
	return s->cache->pool ? mark :
	       (unsigned long)((s64)mark >> SOBA_DMA_SIZE_BITS);
}

/* Bytes from one object of a slab to the next. */
static inline u32 soba_dma_stride(const struct soba_dma_slab *s)
{
	return s->cache->size ? s->cache->stride : PAGE_SIZE;
}

/* How many marks a slab of a cache has. */
static inline u32 soba_dma_marks(const struct soba_dma_cache *c)
{
	return PAGE_SIZE >> c->shift;
}

/* The mark of an object's first byte, at @offset of its slab. */
static inline u64 *soba_dma_mark_at(struct soba_dma_slab *s,
				    unsigned long offset)
{
	return &s->mark[offset >> s->cache->shift];
}

/* Bytes that an object that is out was asked for with. */
static inline size_t soba_dma_size(const struct soba_dma_slab *s, u64 mark)
{
	if (s->cache->pool)
		return s->cache->size;
	if (soba_dma_mark_low(mark) == SOBA_DMA_BLOCK)
		return READ_ONCE(s->want);
	return soba_dma_mark_low(mark) - SOBA_DMA_SIZE_BIAS;
}

/* The class whose objects are large enough. Pre: 0 < size <= 4096. */
static __always_inline unsigned int soba_dma_class(size_t size)
{
	return __fls((size - 1) | ((1UL << SOBA_DMA_MIN_SHIFT) - 1)) + 1 -
	       SOBA_DMA_MIN_SHIFT;
}

#endif /* SOBA_DMA_DMA_H */
