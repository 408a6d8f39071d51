/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reclaim.h - floor 2: floors above pages that keep blocks for speed, and can
 * let them go.
 */
#ifndef SOBA_RECLAIM_H
#define SOBA_RECLAIM_H

#include "soba_env.h"

/**
 * struct soba_reclaimer - a cache of blocks
 * @count: frames that @scan could free now; any context, a guess is enough
 * @scan: give up to @nr frames back to the zones, return how many; it may sleep
 *	only if @sleep, and must not allocate with __GFP_DIRECT_RECLAIM: it is
 *	called by those who are short, with locks of soba's callers held
 * @wait: until somebody is done because of whom @scan would do nothing; sleeps.
 *	NULL: there is nobody such
 */
struct soba_reclaimer {
	unsigned long (*count)(void);
	unsigned long (*scan)(unsigned long nr, bool sleep);
	void (*wait)(void);
};

/**
 * soba_reclaim_add() - from now on @r is asked
 * @r: static; process context, from the init ladder
 */
void soba_reclaim_add(const struct soba_reclaimer *r);

/**
 * soba_reclaim_del() - undo soba_reclaim_add()
 * @r: the same; nobody allocates any more, and the host's callbacks are gone
 */
void soba_reclaim_del(const struct soba_reclaimer *r);

/* The sums over all reclaimers. */
unsigned long soba_reclaim_count(void);
unsigned long soba_reclaim_scan(unsigned long nr, bool sleep);

/* For who asks by hand, and is not short: process context. */
void soba_reclaim_wait(void);

#endif /* SOBA_RECLAIM_H */
