// SPDX-License-Identifier: GPL-2.0
/*
 * block.c - floor 2: how a request is served when the per-CPU list cannot.
 *
 * Locking: none held here; zone->lock inside zone.c. What each step may do is
 * in the request; of GFP flags only __GFP_HARDWALL is looked at.
 */
#include "page/block.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"
#include "page/pcp.h"
#include "page/reclaim.h"
#include "page/zone.h"
#include "base/counter.h"

/* The host answers with one chunk a time; more rounds than this are a loop. */
#define MAX_GROWTHS 16

/* How long to wait for a chunk that is being moved: the host is clearing it. */
#define MOVING_TICKS (HZ / 10)

/*
 * This CPU's list first, when it is of the zone. Then a guess without the lock
 * spares it when there is plainly nothing.
 */
static struct soba_frame *try_zone(struct soba_zone *zone,
				   const struct soba_req *req, bool *zero)
{
	struct soba_frame *f;

	if (req->order < SOBA_PCP_ORDERS) {
		f = soba_pcp_take(zone, req->order, zero);
		if (f)
			return f;
	}
	if (soba_zone_free_frames(zone) < 1UL << req->order)
		return NULL;
	if (req->order < SOBA_PCP_ORDERS && soba_pcp_wants(zone, req))
		return soba_pcp_refill(zone, req, zero);
	return soba_zone_alloc(zone, req, zero);
}

static struct soba_frame *try_zones(const struct soba_req *req, bool *zero)
{
	struct soba_zonelist_pos pos;
	struct soba_zone *zone;

	soba_for_each_zone_of(zone, req, pos) {
		struct soba_frame *f = try_zone(zone, req, zero);

		if (f)
			return f;
	}
	return NULL;
}

/* Spare blocks of any order may, merged or split, be what is needed. */
static struct soba_frame *try_spares(const struct soba_req *req, bool *zero)
{
	struct soba_zonelist_pos pos;
	struct soba_zone *zone;
	bool any = false;

	soba_for_each_zone_of(zone, req, pos) {
		any |= soba_zone_spare_frames(zone) > 0;
		soba_zone_drain_spares(zone);
	}
	return any ? try_zones(req, zero) : NULL;
}

/*
 * From a zone that has grown instead of the best one: what it keeps from higher
 * classes was the host's to judge, which has reserves of its own.
 */
static struct soba_frame *try_lower(struct soba_zone *home,
				    const struct soba_req *req, bool *zero)
{
	struct soba_req lower = *req;

	lower.class = home->class;
	return try_zone(home, &lower, zero);
}

/* Has limit= room to fill a drained zone up to its watermark? */
static bool can_refill(const struct soba_zone *zone)
{
	unsigned long limit = soba_limits.limit;

	return !limit || atomic_long_read(&soba_held_frames) +
			 READ_ONCE(zone->wmark[SOBA_WMARK_MIN]) <= limit;
}

/*
 * From the zone that has just grown for it. Of that at least one block is the
 * request's, whatever the zone lacks to its watermarks: they are no worse off.
 */
static struct soba_frame *try_grown(struct soba_zone *home,
				    const struct soba_req *req, bool *zero)
{
	struct soba_frame *f = try_lower(home, req, zero);
	struct soba_req deep = *req;

	if (f || !can_refill(home))
		return f;
	deep.depth = SOBA_DEPTH_ALL;
	return try_lower(home, &deep, zero);
}

/* The zone to look into while the host has no more for @zone; or NULL. */
static struct soba_zone *stand_in(const struct soba_zone *zone,
				  const struct soba_req *req)
{
	struct soba_zone *home = READ_ONCE(zone->instead);

	if (!home || home->class > req->class ||
	    (req->this_node && home->nid != zone->nid))
		return NULL;
	return home;
}

/*
 * The node and class that the request is best served from, grown if need be:
 * other nodes and lower classes are asked only when the host has no more of
 * these. A chunk of another zone does not help the next request, which would
 * bring one more, and so on: so none of another node is taken here, and one of a
 * lower class closes the zone for a while. Not asked while the host refuses;
 * @asked is set when all of it has just refused.
 */
static struct soba_frame *try_preferred(const struct soba_req *req, bool *zero,
					bool *asked)
{
	struct soba_zone *zone = soba_zone_preferred(req);
	struct soba_zone *home;
	struct soba_frame *f;

	if (!zone)
		return NULL;
	f = try_zone(zone, req, zero);
	if (!f && soba_zone_spare_frames(zone)) {
		soba_zone_drain_spares(zone);
		f = try_zone(zone, req, zero);
	}
	if (f)
		return f;
	if (soba_zone_refused(zone, req->order)) {
		home = stand_in(zone, req);
		return home ? try_lower(home, req, zero) : NULL;
	}
	/* Who cannot sleep gets a few frames now, the worker brings more. */
	if (!req->sleep && req->wake)
		soba_grow_wake(zone, req);
	home = soba_chunk_take(zone, req, true);
	if (home) {
		WRITE_ONCE(zone->instead, home == zone ? NULL : home);
		if (home != zone)
			soba_zone_used_up(zone, req->order);
		return try_grown(home, req, zero);
	}
	/* A cpuset refuses this task alone. */
	if (!(req->gfp & __GFP_HARDWALL))
		soba_zone_refuse(zone, req->order);
	/* Higher classes may have been plugged in. */
	*asked = zone->class == req->class &&
		 (soba_nr_nodes == 1 || req->this_node);
	if (*asked)
		WRITE_ONCE(zone->instead, NULL);
	return NULL;
}

/* Anywhere, with the caller's own flags: the host has a fallback of its own. */
static struct soba_zone *grow(const struct soba_req *req)
{
	struct soba_zone *zone = soba_zone_preferred(req), *home;

	if (!zone)
		return NULL;
	home = soba_chunk_take(soba_zone_of(zone->nid, req->class), req, false);
	WRITE_ONCE(zone->instead, home == zone ? NULL : home);
	return home;
}

static void wait_a_tick(void)
{
	schedule_timeout_uninterruptible(1);
}

/*
 * What other CPUs and the quarantine hold back comes home. A chunk that somebody
 * is just taking or giving back counts against limit= and helps nobody: it is
 * worth a short wait. Not a flush: the worker's reclaim may need our caller's
 * locks.
 */
static void reclaim(const struct soba_req *req)
{
	unsigned int tick;

	soba_count(SOBA_C_RECLAIM);
	soba_reclaim_scan(ULONG_MAX, true);
	soba_pcp_drain_all();
	soba_pinned_gather();
	for (tick = 0; tick < MOVING_TICKS; tick++) {
		if (!atomic_read(&soba_chunks_moving))
			break;
		wait_a_tick();
	}
	soba_grow_make_room(1UL << req->order);
}

static struct soba_frame *alloc_hard(const struct soba_req *req, bool *zero)
{
	unsigned int growths = 0, round = 0;
	struct soba_zone *home;
	struct soba_frame *f;

	for (;;) {
		bool asked = false;

		f = try_preferred(req, zero, &asked);
		if (!f)
			f = try_zones(req, zero);
		if (!f)
			f = try_spares(req, zero);
		if (f)
			return f;
		home = !asked && growths++ < MAX_GROWTHS ? grow(req) : NULL;
		f = home ? try_grown(home, req, zero) : NULL;
		if (f)
			return f;
		if (home)
			continue;
		if (!req->sleep)
			return NULL;
		if (round++ < req->rounds) {
			reclaim(req);
			growths = 0;
			continue;
		}
		if (!req->nofail)
			return NULL;
		/* __GFP_NOFAIL: whoever frees next lets us on. */
		soba_count(SOBA_C_NOFAIL_WAIT);
		wait_a_tick();
		growths = 0;
		round = 0;
	}
}

/* __GFP_COMP and __GFP_ACCOUNT: the same patience, the host's own pages. */
static struct soba_frame *alloc_direct(const struct soba_req *req)
{
	unsigned int round = 0;
	struct soba_frame *f;

	for (;;) {
		f = soba_chunk_take_direct(req);
		if (f || !req->sleep)
			return f;
		if (round++ >= req->rounds) {
			if (!req->nofail)
				return NULL;
			soba_count(SOBA_C_NOFAIL_WAIT);
			wait_a_tick();
		}
		reclaim(req);
	}
}

static void clear_block(struct soba_frame *f, const struct soba_req *req,
			bool zero)
{
	if (!req->zero)
		return;
	if (zero) {
		soba_count_add(SOBA_C_ZERO_SKIPPED, 1UL << req->order);
		return;
	}
	soba_port_clear(soba_frame_page(f), req->order);
	soba_count_add(SOBA_C_ZERO_CLEARED, 1UL << req->order);
}

struct soba_frame *soba_block_alloc(const struct soba_req *req)
{
	struct soba_frame *f;
	bool zero = false;

	if (req->direct) {
		f = alloc_direct(req);
		zero = f && soba_port_zeroes(req->gfp);
	} else {
		f = alloc_hard(req, &zero);
	}
	if (!f) {
		soba_count(SOBA_C_PAGE_ALLOC_FAIL);
		return NULL;
	}
	f->owner = NULL;
	f->caller = req->caller;
	soba_port_page_fresh(soba_frame_page(f));
	clear_block(f, req, zero);
	soba_count(SOBA_C_PAGE_ALLOC_SLOW);
	return f;
}

void soba_block_free(struct soba_frame *f)
{
	unsigned int order = f->order;

	soba_count(SOBA_C_PAGE_FREE_SLOW);
	if (f->chunk->direct) {
		if (!soba_chunk_give_direct(f->chunk))
			return;
		soba_stray_put(f, 0);
		if (soba_frame_state(f) != SOBA_F_LOST)
			soba_pinned_add(f, 0);
		return;
	}
	if (soba_port_init_on_free()) {
		soba_port_clear(soba_frame_page(f), order);
		WRITE_ONCE(f->state, f->state | SOBA_F_ZERO);
	}
	soba_zone_free(f->chunk->zone, f, order);
}

void soba_block_free_warm(struct soba_frame *f)
{
	unsigned int order = f->order;
	struct soba_pcp *l;
	bool done = false;

	if (order >= SOBA_PCP_ORDERS || soba_port_init_on_free() ||
	    !soba_pcp_open(order, &l)) {
		soba_block_free(f);
		return;
	}
	/* The tag has the zone in it, and tells blocks of one caller only. */
	if (f->tag == l->tag && l->top < l->cap) {
		soba_pcp_push(l, l->top, soba_frame_page(f), f);
		done = true;
	}
	soba_pcp_close(l);
	if (!done)
		soba_block_free(f);
}
