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

#endif /* SOBA_API_VMALLOC_H */
