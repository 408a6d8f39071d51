/* SPDX-License-Identifier: GPL-2.0 */
/*
 * depot.h - floor 3: full and empty magazines of a cache on one node.
 *
 * Locking: depot->lock, raw, irqs off, for at most 16 magazines at a time;
 * nothing is called under it. A magazine in no list belongs to who took it out.
 */
#ifndef SOBA_DEPOT_H
#define SOBA_DEPOT_H

#include "slab/cache.h"

/* Magazines that are to leave. */
struct soba_depot_quota {
	u32 full;
	u32 empty;
};

void soba_depot_setup(struct soba_depot *d);

/* A full magazine for an empty one (or soba_mag_none); NULL: there is none. */
struct soba_mag *soba_depot_get_full(struct soba_depot *d,
				     struct soba_mag *empty);

/*
 * An empty magazine for a full one. NULL and *@kept: the full one was taken, no
 * empty one is there. NULL and not *@kept: the depot has as many objects as it
 * may, nothing was exchanged.
 */
struct soba_mag *soba_depot_get_empty(struct soba_cache *c,
				      struct soba_depot *d,
				      struct soba_mag *full, bool *kept);

/*
 * The same, if an empty one is there and the depot takes the full one: else NULL
 * and nothing was exchanged.
 */
struct soba_mag *soba_depot_swap_full(struct soba_cache *c,
				      struct soba_depot *d,
				      struct soba_mag *full);

/* Put one in, full or empty, without bounds: for those who drain. */
void soba_depot_put(struct soba_depot *d, struct soba_mag *m);

/**
 * soba_depot_surplus() - how many magazines may go
 * @d: the depot
 * @all: all there are, else those that the last interval did not need
 * @nr: filled in; begins the next interval
 */
void soba_depot_surplus(struct soba_depot *d, bool all,
			struct soba_depot_quota *nr);

/* Take a few of them out; NULL: no more are wanted, or there. */
struct soba_mag *soba_depot_strip(struct soba_depot *d,
				  struct soba_depot_quota *nr);

/* Take out a few empty ones of another size than @cap. */
struct soba_mag *soba_depot_strip_odd(struct soba_depot *d, u32 cap);

struct soba_mag *soba_mag_new(struct soba_cache *c, int nid);
void soba_mag_free(struct soba_mag *m);

#endif /* SOBA_DEPOT_H */
