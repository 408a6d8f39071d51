// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim.c - floor 2: asks the floors above to give back what they keep.
 *
 * Locking: none. The table changes only in the init ladder, at a time when
 * nobody is in a call of soba's; an entry is published whole.
 */
#include "page/reclaim.h"

#define MAX_RECLAIMERS 8

static const struct soba_reclaimer *reclaimers[MAX_RECLAIMERS];

void soba_reclaim_add(const struct soba_reclaimer *r)
{
	unsigned int i;

	for (i = 0; i < MAX_RECLAIMERS; i++) {
		if (reclaimers[i])
			continue;
		/* Pairs with the dependent loads below. */
		smp_store_release(&reclaimers[i], r);
		return;
	}
	WARN_ONCE(1, "soba: no room for one more reclaimer\n");
}

void soba_reclaim_del(const struct soba_reclaimer *r)
{
	unsigned int i;

	for (i = 0; i < MAX_RECLAIMERS; i++)
		if (reclaimers[i] == r)
			WRITE_ONCE(reclaimers[i], NULL);
}

unsigned long soba_reclaim_count(void)
{
	unsigned long frames = 0;
	unsigned int i;

	for (i = 0; i < MAX_RECLAIMERS; i++) {
		const struct soba_reclaimer *r = READ_ONCE(reclaimers[i]);

		if (r)
			frames += r->count();
	}
	return frames;
}

unsigned long soba_reclaim_scan(unsigned long nr, bool sleep)
{
	unsigned long done = 0;
	unsigned int i;

	for (i = 0; i < MAX_RECLAIMERS && done < nr; i++) {
		const struct soba_reclaimer *r = READ_ONCE(reclaimers[i]);

		if (r)
			done += r->scan(nr - done, sleep);
	}
	return done;
}

void soba_reclaim_wait(void)
{
	unsigned int i;

	for (i = 0; i < MAX_RECLAIMERS; i++) {
		const struct soba_reclaimer *r = READ_ONCE(reclaimers[i]);

		if (r && r->wait)
			r->wait();
	}
}
