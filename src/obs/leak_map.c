// SPDX-License-Identifier: GPL-2.0
/*
 * leak_map.c - floor 5: mappings that a client or soba itself leaves behind.
 * Their pages are not soba's to tell of: leak.c sees frames only.
 *
 * Locking: leak_lock of leak.c is held; the index is read in batches.
 */
#include <linux/slab.h>

#include "obs/leak.h"
#include "varea/area.h"
#include "varea/index.h"
#include "base/report.h"

/* One line for each of the first, one for the rest. */
#define LINES_MAX	16

static bool is_left(const struct soba_area_info *info, struct module *mod)
{
	if (!info->live || (info->flags & SOBA_AREA_OWNS))
		return false;
	return !mod || soba_leak_of_module(info->caller, mod);
}

static void say_map(const struct soba_area_info *info, struct module *mod)
{
	const struct leak_name *name = soba_leak_name_of(info->caller);

	if (mod)
		name = soba_leak_name_add(info->caller, mod->name);
	soba_report_line(SOBA_R_LEAK, mod || !name ? info->caller : 0,
			 "%s%s%sa mapping of %lu pages at %#lx%s%s%s",
			 mod ? "module " : "", mod ? mod->name : "",
			 mod ? " leaves " : "", info->nr_pages, info->addr,
			 mod ? "" : " stays", name && !mod ? ", by " : "",
			 name && !mod ? name->text : "");
}

void soba_leak_maps(struct module *mod)
{
	struct soba_index_pos pos = { };
	struct soba_area_info *info;
	unsigned long left = 0;
	unsigned int i, n;

	info = kcalloc(SOBA_INDEX_BATCH, sizeof(*info), GFP_KERNEL);
	if (!info)
		return;
	while ((n = soba_index_read(&pos, info, SOBA_INDEX_BATCH))) {
		for (i = 0; i < n; i++)
			if (is_left(&info[i], mod) && left++ < LINES_MAX)
				say_map(&info[i], mod);
		cond_resched();
	}
	kfree(info);
	if (left > LINES_MAX)
		soba_report_line(SOBA_R_LEAK, 0, "and %lu mappings more",
				 left - LINES_MAX);
}
