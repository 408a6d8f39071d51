/* SPDX-License-Identifier: GPL-2.0 */
/*
 * block.h - floor 2: the way in for the floors above: blocks by request.
 */
#ifndef SOBA_BLOCK_H
#define SOBA_BLOCK_H

#include "page/chunk.h"
#include "page/frame.h"
#include "page/pcp.h"
#include "page/req.h"

/**
 * soba_block_alloc() - serve a request by every means it allows
 * @req: decoded by soba_gfp_decode()
 *
 * The zones in fallback order; the host; with req->sleep also reclaim. The
 * block is cleared when req->zero says so and it is not known to be zero.
 *
 * Context: any but NMI; sleeps only with req->sleep.
 * Return: the head, in state ALLOC, owner NULL; or NULL.
 */
struct soba_frame *soba_block_alloc(const struct soba_req *req);

/**
 * soba_block_free() - take a block back
 * @f: its head, in state ALLOC; the block's pages have no foreign reference
 *
 * Context: any but NMI.
 */
void soba_block_free(struct soba_frame *f);

/**
 * soba_block_free_warm() - soba_block_free() that keeps small blocks at hand
 * @f: as there
 *
 * Blocks of this CPU's own zone go to its list, if there is room.
 *
 * Context: any but NMI.
 */
void soba_block_free_warm(struct soba_frame *f);

/**
 * soba_block_refs_ok() - have the pages of a block just soba's references?
 * @page: the first
 * @order: log2 of its pages
 *
 * All pages up to order 7, and 128 of larger blocks, evenly spread: a range that
 * is mapped to userspace is still seen. What escapes here stops the chunk from
 * going back to the host, where every page is looked at.
 *
 * Context: any.
 */
bool soba_block_refs_ok(struct page *page, unsigned int order);

/**
 * soba_block_release() - free a block after a look at its references
 * @f: its head, in state ALLOC
 * @caller: for the report when somebody else holds one
 *
 * Context: any but NMI.
 */
void soba_block_release(struct soba_frame *f, unsigned long caller);

bool soba_block_settle(struct soba_frame *f, unsigned long caller);

/* Pages of a block that have a count of their own: of a compound one the head. */
static inline unsigned long soba_block_counts(const struct soba_chunk *c,
					      unsigned int order)
{
	return c->comp ? 1 : 1UL << order;
}

/* Has its user dropped every page of an allocated block by put_page()? */
bool soba_block_dropped(const struct soba_chunk *c, struct page *page,
			unsigned int order);

/* pinned.c: blocks that were freed while somebody else held a reference */
void soba_pinned_add(struct soba_frame *f, unsigned long caller);
unsigned long soba_pinned_gather(void);
unsigned long soba_pinned_frames(void);
void soba_stray_put(struct soba_frame *f, unsigned long caller);

#endif /* SOBA_BLOCK_H */
