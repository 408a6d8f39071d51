/* SPDX-License-Identifier: GPL-2.0 */
/*
 * care.h - floor 4: one static branch on each fast path for all that is rarely
 * on: tracing, and the host's init_on_alloc= and init_on_free=.
 *
 * The branches are switched by the tracepoints' own registration and once at
 * load. Off, a fast path pays one no-op for all of them together.
 */
#ifndef SOBA_CARE_H
#define SOBA_CARE_H

#include "soba_env.h"

DECLARE_STATIC_KEY_FALSE(soba_alloc_care_key);
DECLARE_STATIC_KEY_FALSE(soba_free_care_key);

static __always_inline bool soba_alloc_care(void)
{
	return static_branch_unlikely(&soba_alloc_care_key);
}

static __always_inline bool soba_free_care(void)
{
	return static_branch_unlikely(&soba_free_care_key);
}

/* Follow init_on_alloc= and init_on_free=, which do not change after boot. */
int soba_care_init(void);

/* One user more or less; process context. */
int soba_alloc_care_get(void);
void soba_alloc_care_put(void);
int soba_free_care_get(void);
void soba_free_care_put(void);

#endif /* SOBA_CARE_H */
