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
 * @object: it
 * @caller: for a report
 *
 * Context: any, NMI too.
 */
void soba_nolock_put(struct soba_cache *c, void *object, unsigned long caller);

/**
 * soba_nolock_defer() - free an object as soon as an interrupt comes
 * @object: it, a large one too; it is not written to
 * @caller: for a report: when too many wait on this CPU it is leaked
 *
 * Context: any, NMI too.
 */
void soba_nolock_defer(void *object, unsigned long caller);

/* Free what had to wait: called by the host soon after, in hardirq context. */
void soba_nolock_drain(void);

/**
 * soba_nolock_init() - get ready
 * @release: frees one object that has waited, or finds that it is none any
 *	more; hardirq context, no lock held
 */
void soba_nolock_init(void (*release)(void *object));

#endif /* SOBA_NOLOCK_H */
