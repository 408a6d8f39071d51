/* SPDX-License-Identifier: GPL-2.0 */
/*
 * area.h - floor 3: a virtually contiguous range over scattered frames.
 *
 * An area is made whole (frames, mapping, entry in the index) before anybody
 * sees it, and taken apart by whoever holds it freed. Between a free and the
 * next allocation of its size it may lie in a cache (varea/cache.h), mapped.
 *
 * Locking: ->state goes from LIVE to FREED by cmpxchg(), so one of two frees
 * wins; after that, and until it is LIVE again, whoever took it out of a cache
 * holds it alone. Who finds an area that he does not hold is under
 * rcu_read_lock() or has preemption off, and reads each field once: the
 * structure goes away a grace period after its mapping.
 */
#ifndef SOBA_AREA_H
#define SOBA_AREA_H

#include "soba_env.h"

struct soba_req;

enum soba_area_state {
	SOBA_AREA_LIVE = 1,
	SOBA_AREA_FREED			/* in a cache, or on its way out */
};

/* What an area is, and why it may not be cached. */
#define SOBA_AREA_OWNS		0x01	/* its frames are its own: vmalloc() */
#define SOBA_AREA_MAP		0x02	/* vmap() of somebody's pages */
#define SOBA_AREA_USER		0x04	/* may be mapped to userspace */
#define SOBA_AREA_DMA		0x08	/* coherent memory */
#define SOBA_AREA_PUT		0x10	/* of a MAP: pages are freed with it */
#define SOBA_AREA_ONCE		0x20	/* frames of one caller, or several nodes */
#define SOBA_AREA_VPAGES	0x40	/* of a PUT: the array is mapped memory */

typedef void (*soba_area_put_fn)(struct page **pages, unsigned long nr);

struct soba_area {
	/* what the fast path touches, in one cache line */
	unsigned long addr;		/* constant */
	unsigned long key;		/* pages and class, see soba_area_key() */
	unsigned long nr_pages;		/* constant */
	u32 state;			/* enum soba_area_state */
	u16 flags;			/* SOBA_AREA_*, constant */
	u8 exposed;			/* somebody knows its pages */
	u8 zero;			/* cleared when it was freed */
	struct page **pages;		/* constant; NULL: a MAP that keeps none */
	unsigned long size;		/* bytes asked for */
	unsigned long caller;		/* who allocated it */
	unsigned long stamp;		/* jiffies of the free */

	int nid;			/* of the first page, constant */
	u32 *node_pages;		/* by node; NULL: all are of nid */
	unsigned long freed_by;		/* for the report of a pinned page */
	union {
		struct soba_frame *table;	/* block that holds pages[] */
		soba_area_put_fn put;		/* PUT: frees pages and array; NULL: they stay */
	};
	void *array;			/* or host memory that does */
	struct rb_node node;		/* index; its shard's lock */
	struct list_head bucket;	/* depot; its lock */
	union {
		struct list_head lru;	/* the same, or a list to dispose of */
		struct rcu_head rcu;
	};
	struct page *inline_pages[];
};

/* vmalloc_cache=debug: nobody reaches an area after its free. */
extern bool soba_area_flush;

/* Of areas up to this size the array of pages is part of the structure. */
#define SOBA_AREA_INLINE 32

/* Equal keys: one area serves for the other. Size 0 has none. */
static __always_inline unsigned long soba_area_key(unsigned long nr_pages,
						   unsigned int class)
{
	return nr_pages << 2 | class;
}

/**
 * soba_area_create() - frames, mapping and entry in the index
 * @req: decoded for order 0; it sleeps, or at least its context may
 * @nr_pages: at least 1
 * @flags: SOBA_AREA_OWNS, and _USER, _DMA or none
 * @prot: of the mapping
 * @align: of the address, a power of two; above PAGE_SIZE at most the size
 *
 * The frames are of the largest blocks there are. Zeroed as @req says.
 *
 * Context: process, may sleep (the mapping does, whatever @req says).
 * Return: the area, LIVE, ->size not set; or NULL.
 */
struct soba_area *soba_area_create(const struct soba_req *req,
				   unsigned long nr_pages, unsigned int flags,
				   pgprot_t prot, unsigned long align);

/**
 * soba_area_map() - a mapping of somebody else's pages
 * @req: for descriptors and page tables
 * @pages: the pages
 * @nr_pages: how many, at least 1
 * @flags: SOBA_AREA_MAP, and _USER or none
 * @prot: of the mapping
 * @put: when not NULL, frees pages and array after the mapping; process context
 *
 * Context: process, may sleep. Return: the area, LIVE; or NULL.
 */
struct soba_area *soba_area_map(const struct soba_req *req,
				struct page **pages, unsigned long nr_pages,
				unsigned int flags, pgprot_t prot,
				soba_area_put_fn put);

/**
 * soba_area_destroy() - unmap it and give the frames back
 * @a: FREED, in no cache
 *
 * Frames that somebody else holds a reference of are quarantined, and who freed
 * the area (->freed_by) is reported. Pages of a MAP are left alone.
 *
 * Context: process, may sleep.
 */
void soba_area_destroy(struct soba_area *a);

/** soba_area_clear() - write zeroes; @a is the caller's; may sleep */
void soba_area_clear(struct soba_area *a);

/**
 * soba_area_copy() - copy bytes from the start of one area to another
 * @to: at least @bytes long, both with pages of their own
 * @from: the source
 * @bytes: how many
 *
 * Context: process, may sleep.
 */
void soba_area_copy(struct soba_area *to, struct soba_area *from,
		    unsigned long bytes);

/** soba_area_refs_ok() - have its pages just soba's references? Any context */
bool soba_area_refs_ok(const struct soba_area *a);

/**
 * soba_area_of_frame() - the area that a frame is part of
 * @owner: ->owner of its descriptor, under rcu_read_lock()
 *
 * Return: the area, which may have been freed; or NULL.
 */
struct soba_area *soba_area_of_frame(void *owner);

/**
 * soba_area_abandon() - the end of an area that is still LIVE at unload
 * @a: the area; nobody runs any more
 *
 * Mapping and frames stay as they are, for ever; the frames' descriptors say
 * from now on who allocated them.
 */
void soba_area_abandon(struct soba_area *a);

#endif /* SOBA_AREA_H */
