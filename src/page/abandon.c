// SPDX-License-Identifier: GPL-2.0
/*
 * abandon.c - floor 2: the end of all chunks at unload.
 *
 * Locking: none; runs alone at module exit, see abandon.h.
 */
#include "page/abandon.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/limits.h"
#include "page/map.h"
#include "page/zone.h"
#include "base/report.h"

#define GIVE_TICKS 20
/* Frames that are given back without a look at who else wants the CPU. */
#define TRIM_SLICE 16384

/* A block whose user has dropped it by put_page() is soba's again. */
static bool reclaim(struct soba_chunk *c, unsigned long i, unsigned int order)
{
	unsigned long k;

	if (soba_frame_state(c->frames + i) != SOBA_F_ALLOC ||
	    !soba_block_dropped(c, c->page + i, order))
		return false;
	for (k = 0; k < soba_block_counts(c, order); k++)
		soba_port_ref_restore(c->page + i + k);
	return true;
}

/* A host walker may hold a page for a moment: a block is worth some ticks. */
static void give_patiently(struct page *page, unsigned int order, bool comp)
{
	unsigned int tick;

	for (tick = 0; tick < GIVE_TICKS; tick++) {
		if (!soba_port_give(page, order, comp))
			return;
		schedule_timeout_uninterruptible(1);
	}
	soba_report_line(SOBA_R_PINNED_PAGE, 0,
			 "pfn %#lx, order %u, is free and held by a foreign reference, it is lost",
			 page_to_pfn(page), order);
}

/* Give the free blocks of a chunk back, leave those in use where they are. */
static void abandon_chunk(struct soba_chunk *c)
{
	unsigned long i, n;

	for (i = 0; i < 1UL << c->order; i += n) {
		struct soba_frame *f = c->frames + i;

		n = 1UL << f->order;
		if (soba_frame_state(f) == SOBA_F_FREE || reclaim(c, i, f->order))
			give_patiently(c->page + i, f->order, c->comp);
	}
	soba_chunk_forget_frames(c);
}

void soba_abandon_all(void)
{
	unsigned long pfn = 0;
	struct soba_chunk *c;
	unsigned int id;

	soba_pinned_gather();
	soba_limits.reserve = 0;
	for (id = 0; id < soba_nr_zones; id++)
		while (soba_chunk_trim(soba_zone_by_id(id), TRIM_SLICE, 0, 0))
			cond_resched();
	while ((c = soba_map_next_chunk(&pfn)))
		abandon_chunk(c);
}
