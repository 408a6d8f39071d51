/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmalloc.h - floor 4: shared by the entry points of mapped memory.
 */
#ifndef SOBA_API_VMALLOC_H
#define SOBA_API_VMALLOC_H

#include "varea/area.h"

/* A request that is more than size and flags. */
struct soba_area_want {
	unsigned long size;		/* bytes */
	unsigned long align;
	gfp_t gfp;
	int nid;
	unsigned int flags;		/* SOBA_AREA_OWNS, and _USER or none */
	unsigned long caller;
};

/* Any size, flags and context; reports what is wrong. Address, or NULL. */
void *soba_area_alloc(const struct soba_area_want *want);

/*
 * Frees it by whatever way is right for it; @sleep: the caller may. False, after
 * a report: there was no area to be freed.
 */
bool soba_area_free(const void *addr, bool sleep, unsigned long caller);

/*
 * The LIVE area that begins at @addr, or NULL after a report of what is there
 * instead; @what the caller was about to do with it. Pre: rcu_read_lock().
 */
struct soba_area *soba_area_lookup(const void *addr, const char *what,
				   unsigned long caller);

/*
 * From LIVE to FREED: the area is the caller's. False, after a report: another
 * was first. Pre: rcu_read_lock().
 */
bool soba_area_take_back(struct soba_area *a, const char *what,
			 unsigned long caller);

/* soba_vfree() and soba_vrealloc(), for who knows on whose behalf. */
void soba_vfree_from(const void *addr, unsigned long caller);
void *soba_vrealloc_from(const void *p, size_t size, gfp_t flags,
			 unsigned long caller);

#endif /* SOBA_API_VMALLOC_H */
