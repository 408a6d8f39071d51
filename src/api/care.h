/* SPDX-License-Identifier: GPL-2.0 */
/*
 * care.h - floor 4: one static branch on each fast path, of pages and of objects,
 * for all that is rarely on: tracing, and the host's init_on_alloc= and
 * init_on_free=.
 *
 * The branches are switched by the tracepoints' own registration and once at
 * load. Off, a fast path pays one no-op for all of them together.
 */
#ifndef SOBA_CARE_H
#define SOBA_CARE_H

#include "soba_env.h"

DECLARE_STATIC_KEY_FALSE(soba_alloc_care_key);
DECLARE_STATIC_KEY_FALSE(soba_free_care_key);
DECLARE_STATIC_KEY_FALSE(soba_obj_alloc_care_key);
DECLARE_STATIC_KEY_FALSE(soba_obj_free_care_key);
DECLARE_STATIC_KEY_FALSE(soba_obj_alloc_trace_key);

/* Set at load when there is more than one node. */
DECLARE_STATIC_KEY_FALSE(soba_numa_key);

/*
 * What a free of an object compares its address with in any case: the regions of
 * soba_map, or 0 when frees need care or there is more than one node. So these
 * cost nothing where they are not.
 */
extern unsigned long soba_obj_free_regions;

static __always_inline bool soba_alloc_care(void)
{
	return static_branch_unlikely(&soba_alloc_care_key);
}

static __always_inline bool soba_free_care(void)
{
	return static_branch_unlikely(&soba_free_care_key);
}

static __always_inline bool soba_obj_alloc_care(void)
{
	return static_branch_unlikely(&soba_obj_alloc_care_key);
}

/* Of the reasons for soba_obj_alloc_care(): tracing. If not, init_on_alloc=. */
static __always_inline bool soba_obj_alloc_traced(void)
{
	return static_branch_unlikely(&soba_obj_alloc_trace_key);
}

static __always_inline bool soba_obj_free_care(void)
{
	return static_branch_unlikely(&soba_obj_free_care_key);
}

/* After the map and the nodes are known. */
void soba_obj_free_init(void);

/* Follow init_on_alloc= and init_on_free=, which do not change after boot. */
int soba_care_init(void);

/* One user more or less; process context. */
int soba_alloc_care_get(void);
void soba_alloc_care_put(void);
int soba_free_care_get(void);
void soba_free_care_put(void);
int soba_obj_alloc_care_get(void);
void soba_obj_alloc_care_put(void);
int soba_obj_free_care_get(void);
void soba_obj_free_care_put(void);

#endif /* SOBA_CARE_H */
