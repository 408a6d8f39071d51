/* SPDX-License-Identifier: GPL-2.0 */
/*
 * validate.h - floor 3: the checker of all caches, for tests and debugfs.
 */
#ifndef SOBA_SLAB_VALIDATE_H
#define SOBA_SLAB_VALIDATE_H

#include "soba_env.h"

struct soba_cache;

/**
 * soba_cache_validate() - check every law of one cache
 * @c: the cache
 * @say: called with one line, without newline, for each broken law; must not sleep
 * @arg: for @say
 *
 * A node's lock is held for a walk over its slabs: a tool for tests and
 * debugging. Magazines on CPUs are in motion and not looked at.
 *
 * Context: process.
 * Return: number of broken laws.
 */
unsigned int soba_cache_validate(struct soba_cache *c,
				 void (*say)(void *arg, const char *line),
				 void *arg);

/* The same for all caches of the registry. */
unsigned int soba_cache_validate_all(void (*say)(void *arg, const char *line),
				     void *arg);

#endif /* SOBA_SLAB_VALIDATE_H */
