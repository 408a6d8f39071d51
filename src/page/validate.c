// SPDX-License-Identifier: GPL-2.0
/*
 * validate.c - floor 2: the laws of chunks and zones, checked one by one.
 *
 * Locking: a zone's lock for its free lists and sums, then for each chunk by
 * itself: c->nr_free changes under the same lock, so a chunk agrees with its
 * frames at any moment. Lines are said with the lock held: @say must not sleep.
 */
#include "page/validate.h"
#include "page/chunk.h"
#include "page/map.h"
#include "page/zone.h"

void soba_law(struct soba_check *ck, const char *fmt, ...)
{
	char line[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	ck->broken++;
	ck->say(ck->arg, line);
}

/*
 * A head in a chunk: known state, order within the chunk, aligned, all others
 * of its frames tails. Returns the number of frames it covers.
 */
static unsigned long check_head(struct soba_check *ck, struct soba_chunk *c,
				unsigned long i, unsigned long *nr_free)
{
	struct soba_frame *f = c->frames + i;
	struct soba_frame snap = soba_frame_snap(f);
	unsigned int state = snap.state & SOBA_F_MASK;
	unsigned long pfn = c->pfn + i, n = 1UL << snap.order, t;

	if (state == SOBA_F_NONE || state == SOBA_F_TAIL ||
	    state >= SOBA_NR_FRAME_STATES) {
		soba_law(ck, "chunk %#lx: pfn %#lx has state %u where a block begins",
			 c->pfn, pfn, state);
		return 1;
	}
	if (snap.order > c->order || (i & (n - 1))) {
		soba_law(ck, "chunk %#lx: pfn %#lx has order %u, which does not fit there",
			 c->pfn, pfn, snap.order);
		return 1;
	}
	if (f->chunk != c)
		soba_law(ck, "chunk %#lx: pfn %#lx belongs to another chunk", c->pfn,
			 pfn);
	for (t = 1; t < n; t++)
		if (soba_frame_state(f + t) != SOBA_F_TAIL &&
		    soba_frame_snap(f).order == snap.order)
			soba_law(ck, "chunk %#lx: pfn %#lx is inside the block %#lx but has state %u",
				 c->pfn, pfn + t, pfn, soba_frame_state(f + t));
	if (state == SOBA_F_FREE)
		*nr_free += n;
	return n;
}

/* Pre: zone->lock is held. */
static void check_chunk(struct soba_check *ck, struct soba_chunk *c)
{
	unsigned long i, nr_free = 0;

	if (soba_map_frame(c->pfn) != c->frames)
		soba_law(ck, "chunk %#lx: the map does not lead to it", c->pfn);
	for (i = 0; i < c->nr_frames;)
		i += check_head(ck, c, i, &nr_free);
	if (nr_free != c->nr_free)
		soba_law(ck, "chunk %#lx: %lu frames are free, nr_free is %u",
			 c->pfn, nr_free, c->nr_free);
}

struct sums {
	unsigned long managed;
	unsigned long free;
	unsigned long empty;
	unsigned int chunks;
};

static void sum_chunks(struct soba_check *ck, struct soba_zone *zone,
		       struct list_head *list, struct sums *sum)
{
	bool of_empty = list == &zone->empty;
	struct soba_chunk *c;

	list_for_each_entry(c, list, node) {
		if (c->zone != zone)
			soba_law(ck, "chunk %#lx: is on the list of another zone",
				 c->pfn);
		if (soba_chunk_empty(c) != of_empty)
			soba_law(ck, "chunk %#lx: with %u free frames is on the wrong list",
				 c->pfn, c->nr_free);
		sum->managed += c->nr_frames;
		sum->free += c->nr_free;
		sum->chunks++;
		if (list == &zone->empty)
			sum->empty += c->nr_frames;
	}
}

static void check_sum(struct soba_check *ck, struct soba_zone *zone,
		      const char *what, unsigned long is, unsigned long says)
{
	if (is != says)
		soba_law(ck, "zone %d:%s: chunks have %lu %s, the zone says %lu",
			 zone->nid, soba_class_name(zone->class), is, what, says);
}

static void check_zone(struct soba_check *ck, struct soba_zone *zone)
{
	struct sums sum = { };
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	ck->broken += soba_buddy_validate(&zone->buddy, ck->say, ck->arg);
	sum_chunks(ck, zone, &zone->chunks, &sum);
	sum_chunks(ck, zone, &zone->empty, &sum);
	check_sum(ck, zone, "frames", sum.managed, zone->managed);
	check_sum(ck, zone, "free frames", sum.free, zone->buddy.nr_free);
	check_sum(ck, zone, "idle frames", sum.empty, zone->empty_frames);
	check_sum(ck, zone, "members", sum.chunks, zone->nr_chunks);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
}

/* A chunk on no list is on its way to or from the host: nothing to check. */
static void check_frames(struct soba_check *ck)
{
	unsigned long flags, pfn = 0;
	struct soba_chunk *c;

	for (;;) {
		rcu_read_lock();
		c = soba_map_next_chunk(&pfn);
		if (c && !c->direct) {
			raw_spin_lock_irqsave(&c->zone->lock, flags);
			if (!list_empty(&c->node))
				check_chunk(ck, c);
			raw_spin_unlock_irqrestore(&c->zone->lock, flags);
		}
		rcu_read_unlock();
		if (!c)
			return;
		cond_resched();
	}
}

unsigned int soba_validate_all(void (*say)(void *arg, const char *line),
			       void *arg)
{
	struct soba_check ck = { .say = say, .arg = arg };
	unsigned int id;

	for (id = 0; id < soba_nr_zones; id++)
		check_zone(&ck, soba_zone_by_id(id));
	check_frames(&ck);
	return ck.broken;
}
