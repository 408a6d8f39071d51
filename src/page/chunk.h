/* SPDX-License-Identifier: GPL-2.0 */
/*
 * chunk.h - floor 2: runs of frames taken from the host in one go.
 *
 * Locking: @node and @nr_free are guarded by zone->lock, the rest does not
 * change while the chunk exists. The structure goes away an RCU grace period
 * after its frames have gone back.
 */
#ifndef SOBA_CHUNK_H
#define SOBA_CHUNK_H

#include "page/frame.h"

struct soba_zone;
struct soba_req;

struct soba_chunk {
	struct soba_frame *frames;	/* descriptor of the first frame */
	struct page *page;		/* the first frame's */
	unsigned long pfn;
	struct soba_zone *zone;
	struct list_head node;		/* on zone->chunks */
	unsigned int nr_free;		/* frames free in the buddy */
	unsigned int nr_frames;		/* 2^order */
	u8 order;
	bool direct;			/* one caller's, never in the buddy */
	bool comp;			/* a compound page of the host */
	unsigned long born;		/* jiffies */
	unsigned long idle_since;	/* jiffies; while on zone->empty */
	struct rcu_head rcu;
};

/* At most half of it in use: its blocks are used last. */
static inline bool soba_chunk_sparse(const struct soba_chunk *c)
{
	return c->nr_free * 2 >= c->nr_frames;
}

static inline bool soba_chunk_empty(const struct soba_chunk *c)
{
	return c->nr_free == c->nr_frames;
}

static inline struct page *soba_frame_page(const struct soba_frame *f)
{
	return f->chunk->page + (f - f->chunk->frames);
}

static inline unsigned long soba_frame_pfn(const struct soba_frame *f)
{
	return f->chunk->pfn + (f - f->chunk->frames);
}

/* Frames held from the host, chunks and direct blocks; never above limit=. */
extern atomic_long_t soba_held_frames;

/* Frames of direct blocks among them. */
extern atomic_long_t soba_direct_frames;

/* Contexts that are just moving a chunk, or frames: of no use to anybody yet. */
extern atomic_t soba_chunks_moving;

struct soba_zone *soba_chunk_take(const struct soba_zone *zone,
				  const struct soba_req *req, bool strict);
struct soba_frame *soba_chunk_take_direct(const struct soba_req *req);
int soba_chunk_give_direct(struct soba_chunk *c);
unsigned long soba_chunk_trim(struct soba_zone *zone, unsigned long nr,
			      unsigned long floor, unsigned long age);
void soba_chunk_forget_frames(struct soba_chunk *c);

#endif /* SOBA_CHUNK_H */
