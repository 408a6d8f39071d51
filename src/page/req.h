/* SPDX-License-Identifier: GPL-2.0 */
/*
 * req.h - floor 2: what a request for pages asks for, decoded. api/gfp.c is the
 * only one that makes it from GFP flags. Lives on the requester's stack.
 */
#ifndef SOBA_REQ_H
#define SOBA_REQ_H

#include "soba_env.h"

/* How deep below the min watermark a request may reach. */
enum soba_depth {
	SOBA_DEPTH_MIN,		/* not at all */
	SOBA_DEPTH_HIGH,	/* to half of it: __GFP_HIGH */
	SOBA_DEPTH_ALL,		/* to the last frame: __GFP_MEMALLOC */
};

struct soba_req {
	gfp_t gfp;		/* the caller's flags, made legal */
	int nid;		/* where to begin looking */
	unsigned long caller;	/* for reports and the leak ledger */
	u8 order;
	u8 class;		/* enum soba_class, the highest usable */
	u8 depth;		/* enum soba_depth */
	u8 rounds;		/* of reclaim before giving up */
	bool sleep;		/* may sleep, and can here */
	bool wake;		/* wakes the grower below low */
	bool this_node;
	bool zero;		/* __GFP_ZERO or init_on_alloc */
	bool nofail;
	bool direct;		/* __GFP_COMP, __GFP_ACCOUNT: from the host */
	bool nowarn;
};

#endif /* SOBA_REQ_H */
