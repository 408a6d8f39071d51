/* SPDX-License-Identifier: GPL-2.0 */
/*
 * live.h - harness: blocks that a test holds, with what must be true of them:
 * nobody else has the frames, the class and node asked for, the bytes zero when
 * they were to be, and what was written still there when they are freed.
 */
#ifndef LIVE_H
#define LIVE_H

#include "tests/test.h"

#define LIVE_MAX	1024

enum live_kind { LIVE_PAGES, LIVE_ADDR, LIVE_EXACT, LIVE_BULK };

struct live {
	struct page *page;
	u64 tag;
	size_t size;		/* LIVE_EXACT */
	u8 order;
	u8 kind;
	u8 pinned;		/* references that the test took */
};

struct live_set {
	struct live b[LIVE_MAX];
	unsigned int n;
	u64 rand;
	unsigned long frames;
	unsigned long asked, failed;
	bool busy;		/* in the middle of a change: injected ops keep off */
};

/* All sets together; atomic, threads share it. */
extern long live_frames;

void live_init(struct live_set *s, u64 seed);
/* Allocate by any call; NULL when soba says no. @gfp must suit the context. */
struct live *live_alloc(struct live_set *s, gfp_t gfp, unsigned int order, int nid);
struct live *live_alloc_as(struct live_set *s, enum live_kind kind, gfp_t gfp,
			   unsigned int order, int nid);
void live_free(struct live_set *s, unsigned int i);
void live_free_all(struct live_set *s);
gfp_t live_gfp(struct live_set *s, bool may_sleep);
unsigned int live_order(struct live_set *s);

#endif /* LIVE_H */
