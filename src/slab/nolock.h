/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nolock.h - floor 3: objects for those who may have interrupted anything.
 */
#ifndef SOBA_NOLOCK_H
#define SOBA_NOLOCK_H

#include "slab/cache.h"

/**
 * soba_nolock_get() - an object without waiting for any lock
 * @c: its cache
 *
 * Context: any, NMI too. Return: the object, or NULL.
 */
void *soba_nolock_get(struct soba_cache *c);

/**
 * soba_nolock_put() - free a checked object without waiting for any lock
 * @c: its cache
 * @object: it; its first word is written when it has to wait
 *
 * Context: any, NMI too.
 */
void soba_nolock_put(struct soba_cache *c, void *object);

/* The same for a large object. */
void soba_nolock_defer(void *object);

/* Free what had to wait: called by the host soon after, in hardirq context. */
void soba_nolock_drain(void);

#endif /* SOBA_NOLOCK_H */
