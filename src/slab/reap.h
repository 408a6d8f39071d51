/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reap.h - floor 3: what caches keep for speed goes back in time.
 */
#ifndef SOBA_REAP_H
#define SOBA_REAP_H

#include "slab/cache.h"

/* Look at the depots soon; any context but NMI, no lock held. */
void soba_reap_later(void);

/**
 * soba_cache_shrink() - give back what a cache does not need just now
 * @c: the cache
 *
 * Context: process, may sleep. Return: frames given back.
 */
unsigned long soba_cache_shrink(struct soba_cache *c);

/*
 * The same for all, and what CPUs have at hand only if that is less than @nr
 * frames; process context, the caller may hold any of its own locks.
 */
unsigned long soba_cache_shrink_all(unsigned long nr);

/* A CPU has stopped. */
void soba_cache_cpu_dead(unsigned int cpu);

int soba_reap_init(void);
void soba_reap_exit(void);

#endif /* SOBA_REAP_H */
