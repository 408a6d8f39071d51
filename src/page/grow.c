// SPDX-License-Identifier: GPL-2.0
/*
 * grow.c - floor 2: the background grower and trimmer, and host pressure.
 *
 * One work item grows zones that fell below their low watermark, so that
 * atomic requests find memory; another gives chunks back above the high
 * watermark that have been idle for a second, and looks after the quarantine.
 * The second is the working-set rule: a chunk that is needed again within it
 * never leaves, but to host pressure.
 *
 * Locking: none of its own; a bit per zone in `wanted` says where to grow, and
 * the work items run alone (WQ_UNBOUND, one item each).
 */
#include "page/grow.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/limits.h"
#include "page/pcp.h"
#include "page/reclaim.h"
#include "page/zone.h"
#include "base/counter.h"

#define TRIM_DELAY	HZ
#define SHRINK_ROUNDS	20

static struct workqueue_struct *grow_wq;	/* NULL: unloading */
static unsigned long *wanted;		/* one bit for each zone */

static void grow_zone(struct soba_zone *zone)
{
	const struct soba_req req = {
		.gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN,
		.nid = zone->nid,
		.class = zone->class,
		.sleep = true,
	};
	struct soba_zone *home;

	do {
		home = soba_chunk_take(zone, &req, true);
		if (!home) {
			soba_zone_refuse(zone, 0);
			return;
		}
		soba_count(SOBA_C_GROW_CHUNK);
		if (home != zone) {
			soba_zone_used_up(zone, 0);
			return;
		}
	} while (soba_zone_free_frames(zone) <
		 READ_ONCE(zone->wmark[SOBA_WMARK_HIGH]));
}

/* It may have been helped in the meantime; without any frames it is low. */
static bool is_low(const struct soba_zone *zone)
{
	return !READ_ONCE(zone->managed) || soba_zone_free_frames(zone) <
					    READ_ONCE(zone->wmark[SOBA_WMARK_HIGH]);
}

/* Counts as moving a chunk before it takes note of a wish: see forget_wishes(). */
static void grow_fn(struct work_struct *work)
{
	unsigned int id;

	atomic_inc(&soba_chunks_moving);
	for (id = 0; id < soba_nr_zones; id++)
		if (test_and_clear_bit(id, wanted) && is_low(soba_zone_by_id(id)))
			grow_zone(soba_zone_by_id(id));
	atomic_dec(&soba_chunks_moving);
}

static DECLARE_WORK(grow_work, grow_fn);

/*
 * The grower, when it runs late, must not undo a shrink by wishes from before it.
 * A full barrier each: either it no longer sees the wish, or we see it moving.
 */
static void forget_wishes(void)
{
	unsigned int id;

	for (id = 0; id < soba_nr_zones; id++)
		test_and_clear_bit(id, wanted);
}

/**
 * soba_grow_wake() - a zone is below its low watermark
 * @zone: the zone
 * @req: the request that brought it there
 *
 * Context: any but NMI; no lock held.
 */
void soba_grow_wake(struct soba_zone *zone, const struct soba_req *req)
{
	struct workqueue_struct *wq = READ_ONCE(grow_wq);

	if (!wq)
		return;
	if (soba_zone_refused(zone, 0))
		return;
	if (test_bit(zone->id, wanted) || test_and_set_bit(zone->id, wanted))
		return;
	soba_count(SOBA_C_GROW_WAKE);
	queue_work(wq, &grow_work);
}

/* @age: jiffies idle; with one, zones keep what their high watermark says. */
static unsigned long trim_zones(unsigned long nr, unsigned long age)
{
	unsigned long done = 0;
	unsigned int id;

	for (id = 0; id < soba_nr_zones && done < nr; id++) {
		struct soba_zone *zone = soba_zone_by_id(id);
		unsigned long floor = 0;

		if (age)
			floor = READ_ONCE(zone->wmark[SOBA_WMARK_HIGH]);
		done += soba_chunk_trim(zone, nr - done, floor, age);
	}
	return done;
}

/* Idle chunks that were too young, or pinned. */
static bool any_surplus(void)
{
	unsigned long max = soba_zone_above_reserve();
	unsigned int id;

	for (id = 0; id < soba_nr_zones; id++) {
		struct soba_zone *zone = soba_zone_by_id(id);

		if (soba_zone_has_idle(zone, READ_ONCE(zone->wmark[SOBA_WMARK_HIGH]),
				       max))
			return true;
	}
	return false;
}

static void trim_fn(struct work_struct *work)
{
	soba_pinned_gather();
	soba_pcp_drain_spares();
	trim_zones(ULONG_MAX, TRIM_DELAY);
	if (soba_pinned_frames() || any_surplus())
		soba_grow_trim_later();
}

static DECLARE_DELAYED_WORK(trim_work, trim_fn);

/**
 * soba_grow_trim_later() - a chunk became idle, or a page was quarantined
 *
 * Context: any but NMI; no lock held.
 */
void soba_grow_trim_later(void)
{
	struct workqueue_struct *wq = READ_ONCE(grow_wq);

	if (wq && !delayed_work_pending(&trim_work))
		queue_delayed_work(wq, &trim_work, TRIM_DELAY);
}

void soba_grow_make_room(unsigned long frames)
{
	if (soba_limits.limit)
		trim_zones(frames, 0);
}

unsigned long soba_shrink_all(void)
{
	unsigned long done = 0;
	unsigned int round;

	forget_wishes();
	/* Another context may be trimming or growing: its chunks count too. */
	for (round = 0; round < SHRINK_ROUNDS; round++) {
		if (round)
			schedule_timeout_uninterruptible(1);
		soba_reclaim_scan(ULONG_MAX, true);
		soba_pcp_drain_all();
		soba_pinned_gather();
		done += trim_zones(ULONG_MAX, 0);
		if (!atomic_read(&soba_chunks_moving))
			break;
	}
	return done;
}

/*
 * What the shrinker could free: idle chunks, and what lies in per-CPU lists and
 * may complete more of them, as far as reserve= does not bind it.
 */
unsigned long soba_shrink_count(void)
{
	unsigned long idle = 0, room = soba_zone_above_reserve();
	struct soba_pcp_stat pcp;
	unsigned int id;

	soba_count(SOBA_C_SHRINK_ASK);
	for (id = 0; id < soba_nr_zones; id++) {
		struct soba_zone *zone = soba_zone_by_id(id);

		if (soba_zone_first_idle(zone) <= room)
			idle += READ_ONCE(zone->empty_frames);
	}
	soba_pcp_stat(&pcp);
	return min(idle + pcp.frames + soba_reclaim_count(), room);
}

unsigned long soba_shrink_scan(unsigned long nr, gfp_t gfp)
{
	unsigned long done;

	soba_count(SOBA_C_SHRINK_CALL);
	soba_pinned_gather();
	soba_pcp_drain_spares();
	done = trim_zones(nr, 0);
	if (done < nr) {
		soba_reclaim_scan(nr - done, gfp & __GFP_DIRECT_RECLAIM);
		done += trim_zones(nr - done, 0);
	}
	if (done < nr && (gfp & __GFP_DIRECT_RECLAIM)) {
		soba_pcp_drain_all();
		done += trim_zones(nr - done, 0);
	}
	return done;
}

int soba_grow_init(void)
{
	wanted = bitmap_zalloc(soba_nr_zones, GFP_KERNEL);
	if (!wanted)
		return -ENOMEM;
	grow_wq = alloc_workqueue("soba", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!grow_wq) {
		bitmap_free(wanted);
		wanted = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* Pre: nobody allocates or frees any more. The second call does nothing. */
void soba_grow_exit(void)
{
	struct workqueue_struct *wq = grow_wq;

	if (!wq)
		return;
	WRITE_ONCE(grow_wq, NULL);
	cancel_work_sync(&grow_work);
	cancel_delayed_work_sync(&trim_work);
	destroy_workqueue(wq);
	bitmap_free(wanted);
	wanted = NULL;
}
