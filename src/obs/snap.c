// SPDX-License-Identifier: GPL-2.0
/*
 * snap.c - floor 5: copies of what is shown, taken so that nobody waits.
 *
 * Locking: zone->lock while a zone's figures are copied, a few hundred bytes.
 */
#include <linux/seq_file.h>

#include "obs/obs.h"
#include "page/map.h"

void soba_zone_snap(struct soba_zone *zone, struct soba_zone_snap *snap)
{
	unsigned int kind, order;
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	snap->free = zone->buddy.nr_free;
	snap->idle = zone->empty_frames;
	snap->managed = zone->managed;
	snap->spanned_start = zone->spanned_start;
	snap->spanned_end = zone->spanned_end;
	snap->nr_chunks = zone->nr_chunks;
	memcpy(snap->wmark, zone->wmark, sizeof(snap->wmark));
	for (kind = 0; kind < SOBA_NR_KINDS; kind++)
		for (order = 0; order < SOBA_NR_ORDERS; order++)
			snap->blocks[kind][order] =
				zone->buddy.list[kind][order].nr;
	raw_spin_unlock_irqrestore(&zone->lock, flags);

	if (snap->spanned_start > snap->spanned_end)
		snap->spanned_start = snap->spanned_end;
}

unsigned long soba_obs_site(unsigned long caller)
{
	return soba_map_frame(soba_port_addr_pfn(caller)) ? 0 : caller;
}

void soba_obs_put_site(struct seq_file *m, unsigned long caller)
{
	if (caller)
		seq_printf(m, "%pS", (void *)caller);
	else
		seq_putc(m, '-');
}
