// SPDX-License-Identifier: GPL-2.0
/*
 * care.c - floor 4: the static branches of care.h.
 *
 * Locking: jump labels have their own; called from process context only.
 */
#include "soba_env.h"

#include <linux/export.h>

#include "api/care.h"
#include "page/map.h"
#include "page/zone.h"

DEFINE_STATIC_KEY_FALSE(soba_alloc_care_key);
DEFINE_STATIC_KEY_FALSE(soba_free_care_key);
/* Clients look at this one. */
DEFINE_STATIC_KEY_FALSE(soba_obj_alloc_care_key);
EXPORT_SYMBOL_GPL(soba_obj_alloc_care_key);
DEFINE_STATIC_KEY_FALSE(soba_obj_free_care_key);
DEFINE_STATIC_KEY_FALSE(soba_obj_alloc_trace_key);
DEFINE_STATIC_KEY_FALSE(soba_numa_key);

unsigned long soba_obj_free_regions __read_mostly;

/* The users of the keys come one at a time. */
static void settle_free(void)
{
	bool slow = static_key_enabled(&soba_obj_free_care_key) ||
		    static_key_enabled(&soba_numa_key);

	WRITE_ONCE(soba_obj_free_regions, slow ? 0 : soba_map.nr_regions);
}

void soba_obj_free_init(void)
{
	if (soba_nr_nodes > 1)
		static_branch_enable(&soba_numa_key);
	settle_free();
}

int soba_alloc_care_get(void)
{
	static_branch_inc(&soba_alloc_care_key);
	return 0;
}

void soba_alloc_care_put(void)
{
	static_branch_dec(&soba_alloc_care_key);
}

int soba_free_care_get(void)
{
	static_branch_inc(&soba_free_care_key);
	return 0;
}

void soba_free_care_put(void)
{
	static_branch_dec(&soba_free_care_key);
}

int soba_obj_alloc_care_get(void)
{
	static_branch_inc(&soba_obj_alloc_trace_key);
	static_branch_inc(&soba_obj_alloc_care_key);
	return 0;
}

void soba_obj_alloc_care_put(void)
{
	static_branch_dec(&soba_obj_alloc_care_key);
	static_branch_dec(&soba_obj_alloc_trace_key);
}

int soba_obj_free_care_get(void)
{
	static_branch_inc(&soba_obj_free_care_key);
	settle_free();
	return 0;
}

void soba_obj_free_care_put(void)
{
	static_branch_dec(&soba_obj_free_care_key);
	settle_free();
}

int soba_care_init(void)
{
	if (soba_port_init_on_alloc()) {
		soba_alloc_care_get();
		static_branch_inc(&soba_obj_alloc_care_key);
	}
	if (soba_port_init_on_free()) {
		soba_free_care_get();
		soba_obj_free_care_get();
	}
	return 0;
}
