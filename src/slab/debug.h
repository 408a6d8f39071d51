/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug.h - floor 3: caches whose objects are watched.
 *
 * A slot of such a cache, ->size bytes, and where ->offset and ->track_offset
 * (from the object) lead:
 *
 *	| red zone | object | red zone | allocated by | freed by | padding |
 *	 ->offset   ->object_size       ->track_offset
 *
 * SLAB_RED_ZONE lays the zones, SLAB_STORE_USER the two records, SLAB_POISON
 * fills free objects and the padding. SLAB_CONSISTENCY_CHECKS adds no bytes:
 * like all of them it keeps the cache from having magazines, so that each free
 * is checked by its slab at once. What is laid is checked at every allocation
 * and free.
 *
 * Locking: none. An object is looked at by who just took it from its slab or
 * is about to put it back, and is nobody else's then.
 */
#ifndef SOBA_DEBUG_H
#define SOBA_DEBUG_H

#include "slab/cache.h"

#define SOBA_DEBUG_FLAGS	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | \
				 SLAB_POISON | SLAB_STORE_USER)

#define SOBA_TRACK_ADDRS	16
#define SOBA_DEBUG_PATTERNS	8

/* Who did something to an object. */
struct soba_track {
	unsigned long addrs[SOBA_TRACK_ADDRS];	/* [0]: the call site */
	unsigned long when;			/* jiffies */
	int pid;
	u16 cpu;
	u8 nr;					/* addresses; 0: never */
	u8 latest;				/* SOBA_TRACK_LATEST, or not */
};

#define SOBA_TRACK_LATEST	0x5c

enum soba_track_kind {
	SOBA_TRACK_ALLOC,
	SOBA_TRACK_FREE,
	SOBA_NR_TRACKS
};

/* What debug= asks for; set once, before the first cache. */
struct soba_debug_policy {
	slab_flags_t flags;
	unsigned int nr;			/* patterns; 0: every cache */
	char pattern[SOBA_DEBUG_PATTERNS][SOBA_CACHE_NAME_LEN];
};

extern struct soba_debug_policy soba_debug_policy;

/**
 * soba_debug_flags() - what debug= asks for a cache
 * @name: of the cache
 *
 * Context: any. Return: some of SOBA_DEBUG_FLAGS, or 0.
 */
slab_flags_t soba_debug_flags(const char *name);

/**
 * soba_debug_layout() - how large a slot is, and where in it the object lies
 * @c: ->object_size, ->align (a power of two) and ->flags are set
 *
 * Sets ->offset, ->track_offset and ->size.
 */
void soba_debug_layout(struct soba_cache *c);

/**
 * soba_debug_slab_made() - a slot of a new slab becomes a free object
 * @c: its cache
 * @object: as it will be handed out; its constructor has not run
 */
void soba_debug_slab_made(struct soba_cache *c, void *object);

/**
 * soba_debug_alloc() - an object is taken from its slab
 * @c: its cache
 * @object: it
 * @caller: who asked
 *
 * Context: any but NMI; no lock held.
 * Return: false after a report (use-after-free, out-of-bounds): somebody wrote
 * to it while it was free, and it is to be kept out of use.
 */
bool soba_debug_alloc(struct soba_cache *c, void *object, unsigned long caller);

/**
 * soba_debug_free() - an object is about to be put back into its slab
 * @c: its cache
 * @object: it
 * @caller: who frees
 *
 * Context: any but NMI; no lock held.
 * Return: false after a report (double-free, out-of-bounds): it is to be left
 * alone.
 */
bool soba_debug_free(struct soba_cache *c, void *object, unsigned long caller);

/**
 * soba_debug_track() - the record of who allocated or freed an object last
 * @c: its cache
 * @object: as it is handed out
 * @kind: which record
 *
 * Who does not hold the object may read two halves of two records.
 *
 * Return: the record, or NULL when the cache keeps none or the object never
 * was allocated or freed.
 */
const struct soba_track *soba_debug_track(const struct soba_cache *c,
					  const void *object,
					  enum soba_track_kind kind);

/**
 * soba_debug_history() - print who allocated and who freed an object
 * @c: its cache
 * @object: as it is handed out
 *
 * For reports: the lines that follow the first. Nothing when no record is kept.
 *
 * Context: any.
 */
void soba_debug_history(const struct soba_cache *c, const void *object);

#endif /* SOBA_DEBUG_H */
