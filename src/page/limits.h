/* SPDX-License-Identifier: GPL-2.0 */
/*
 * limits.h - floor 2: the bounds that the module's parameters set, in frames.
 * Written at load, before anything reads them; unload ends the reserve.
 */
#ifndef SOBA_LIMITS_H
#define SOBA_LIMITS_H

#include "soba_env.h"

struct soba_limits {
	unsigned long limit;		/* most frames held; 0: no bound */
	unsigned long reserve;		/* frames never given back while loaded */
	unsigned int chunk_order;	/* of a chunk, when the host has it */
	unsigned long vmalloc_cache;	/* freed areas that stay mapped */
	bool vmalloc_flush;		/* unmapped for all CPUs at once */
};

extern struct soba_limits soba_limits;

#endif /* SOBA_LIMITS_H */
