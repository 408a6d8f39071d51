/* SPDX-License-Identifier: GPL-2.0 */
/*
 * objects.h - floor 5: the live objects of caches that keep records of owners.
 */
#ifndef SOBA_OBJECTS_H
#define SOBA_OBJECTS_H

#include "slab/debug.h"

/* A live object, and a copy of the record that was asked for. */
struct soba_obs_object {
	struct soba_cache *cache;
	const void *address;
	int nid;
	struct soba_track track;	/* ->nr is 0 when there is none */
};

/**
 * struct soba_obs_walk - a walk over live objects
 * @cache: whose; NULL: of all caches with SLAB_STORE_USER
 * @which: which record of an object is wanted
 * @ready: called before each slab, for @nr objects at most; may sleep; an
 *	error ends the walk. May be NULL
 * @found: called for each object, under rcu_read_lock()
 * @arg: for both
 */
struct soba_obs_walk {
	struct soba_cache *cache;
	enum soba_track_kind which;
	int (*ready)(void *arg, unsigned int nr);
	void (*found)(void *arg, const struct soba_obs_object *o);
	void *arg;
};

/**
 * soba_obs_walk_objects() - find live objects through the frame map
 * @walk: what for
 *
 * What is allocated and freed during the walk may be seen or not; no lock is
 * held. Context: process, may sleep. Return: 0, or what @ready returned.
 */
int soba_obs_walk_objects(const struct soba_obs_walk *walk);

#endif /* SOBA_OBJECTS_H */
