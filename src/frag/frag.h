/* SPDX-License-Identifier: GPL-2.0 */
/*
 * frag.h - floor 3: fragments of a block that is handed out piece by piece.
 *
 * A cache cuts its block from the end to the start. Each frame of the block is
 * owned (SOBA_OWN_FRAG) by the block's head, and ->offset of the head counts
 * references: those of the fragments that are out, and a stock that the cache
 * gives away one by one, so that only a free touches the shared count. The
 * struct page's own count stays what it is for all of soba's pages.
 *
 * Locking: a cache is its caller's alone, as in the kernel. The count is
 * atomic; who takes the last reference has the block.
 */
#ifndef SOBA_FRAG_CACHE_H
#define SOBA_FRAG_CACHE_H

#include "page/frame.h"
#include "page/owner.h"

struct soba_req;

/*
 * What soba keeps in a client's struct page_frag_cache, whose fields differ
 * between releases. All zero: empty. The pointer has the low bits free, and no
 * release looks for flags in higher ones of an address of a page.
 */
struct soba_frag_cache {
	void *va;			/* of the block */
	u32 offset;			/* of the last fragment, bytes */
	u32 stock;			/* references not given away yet */
};

static_assert(sizeof(struct soba_frag_cache) <= sizeof(struct page_frag_cache));

/* More than a block has bytes, and far from what a u32 holds. */
#define SOBA_FRAG_STOCK		(1U << 24)
#define SOBA_FRAG_ORDER		3

static inline struct soba_frag_cache *
soba_frag_cache(struct page_frag_cache *nc)
{
	return (struct soba_frag_cache *)nc;
}

/* The head's count of references. */
static __always_inline atomic_t *soba_frag_refs(struct soba_frame *head)
{
	static_assert(sizeof(atomic_t) == sizeof(head->offset));
	return (atomic_t *)&head->offset;
}

/* Room for one of @size bytes? Not in an empty cache, and never for none. */
static __always_inline bool soba_frag_fits(const struct soba_frag_cache *c,
					   unsigned int size)
{
	return size - 1 < c->offset;
}

/* The next one, aligned by @mask. Pre: it fits. */
static __always_inline void *soba_frag_cut(struct soba_frag_cache *c,
					   unsigned int size, unsigned int mask)
{
	u32 offset = (c->offset - size) & mask;

	c->offset = offset;
	c->stock--;
	return c->va + offset;
}

/**
 * soba_frag_refill() - a fresh block for a cache
 * @c: the cache; what is left of its block is given up
 * @req: decoded for order 0
 *
 * The same block, if no fragment of it is out any more.
 *
 * Context: any but NMI; sleeps only with req->sleep. Return: false: no memory.
 */
bool soba_frag_refill(struct soba_frag_cache *c, const struct soba_req *req);

/** soba_frag_drain() - give the cache's block up; any context but NMI */
void soba_frag_drain(struct soba_frag_cache *c, unsigned long caller);

/** soba_frag_release() - the last reference of a block is gone; any but NMI */
void soba_frag_release(struct soba_frame *head, unsigned long caller);

/*
 * This CPU's own cache for who calls: a task, a softirq and an interrupt each
 * have one, none of which another of its kind can interrupt. Pre: preemption
 * is off, until the cache is no longer used.
 */
struct soba_frag_cache *soba_frag_this_cpu(void);

int soba_frag_init(void);
void soba_frag_exit(void);

#endif /* SOBA_FRAG_CACHE_H */
