// SPDX-License-Identifier: GPL-2.0
/*
 * chunk.c - floor 2: chunks come from the host, and go back whole.
 *
 * Locking: none held while the host is called. soba_held_frames is charged
 * before the host is asked, so that limit= holds against any race; a chunk in
 * transit (isolated, or not yet in its zone) belongs to one context alone.
 */
#include "page/chunk.h"
#include "page/limits.h"
#include "page/map.h"
#include "page/zone.h"
#include "base/counter.h"
#include "base/report.h"

/* With an atomic context waiting, a few frames now beat many later. */
#define ATOMIC_CHUNK_ORDER 4
/* The kernel's costly order: below it the host hardly ever fails. */
#define SMALL_CHUNK_ORDER 3
/* The host's DMA zone is 16 MiB in all on x86: take it by small pieces. */
#define DMA_CHUNK_ORDER 6

/* A trim that meets so many pinned chunks gives up for now. */
#define MAX_PINNED_CHUNKS 8
/* How often to try to give back at once what is of no use. */
#define GIVE_TRIES 1000

atomic_long_t soba_held_frames;
atomic_long_t soba_direct_frames;
atomic_t soba_chunks_moving;
struct soba_limits soba_limits;
static unsigned long trimming;		/* bit 0: one context trims at a time */

static bool charge(unsigned int order)
{
	long held = atomic_long_read(&soba_held_frames);
	unsigned long limit = soba_limits.limit;

	/* Never above it, not even for a moment: others would be refused. */
	do {
		if (limit && held + (1UL << order) > limit)
			return false;
	} while (!atomic_long_try_cmpxchg(&soba_held_frames, &held,
					  held + (1L << order)));
	return true;
}

static void uncharge(unsigned int order)
{
	atomic_long_sub(1UL << order, &soba_held_frames);
}

/*
 * Lockless readers see either NONE or a state with ->chunk and ->zone set: the
 * state is written last.
 */
static void frames_init(struct soba_chunk *c, u16 zone_id)
{
	unsigned long i;

	for (i = 0; i < 1UL << c->order; i++) {
		struct soba_frame *f = c->frames + i;

		f->owner = NULL;
		f->caller = 0;
		f->order = 0;
		f->zone = zone_id;
		/* Whoever still sees the last chunk's state may read this one. */
		smp_store_release(&f->chunk, c);
		/* Last: ->chunk is there. Pairs with soba_map_next_chunk(). */
		smp_store_release(&f->state, SOBA_F_TAIL);
	}
}

static void frames_clear(struct soba_chunk *c)
{
	unsigned long i;

	for (i = 0; i < 1UL << c->order; i++)
		WRITE_ONCE(c->frames[i].state, SOBA_F_NONE);
}

/* Descriptors for frames that the host has just given; NULL: not to be had. */
static struct soba_chunk *chunk_new(struct page *page, unsigned int order,
				    gfp_t gfp)
{
	int nid = page_to_nid(page);
	struct soba_chunk *c = soba_port_meta_alloc(sizeof(*c), gfp, nid);

	if (!c)
		return NULL;
	c->page = page;
	c->pfn = page_to_pfn(page);
	c->order = order;
	c->nr_frames = 1U << order;
	c->born = jiffies;
	INIT_LIST_HEAD(&c->node);
	if (soba_map_add(c->pfn, gfp, nid)) {
		soba_port_meta_free(c, sizeof(*c));
		return NULL;
	}
	c->frames = soba_map_frame(c->pfn);
	c->zone = soba_zone_of(nid, soba_port_class(page));
	return c;
}

static void chunk_free_rcu(struct rcu_head *head)
{
	soba_port_meta_free(container_of(head, struct soba_chunk, rcu),
			    sizeof(struct soba_chunk));
}

/* The last step of a chunk whose frames are the host's again, or abandoned. */
static void chunk_forget(struct soba_chunk *c)
{
	soba_map_remove(c->pfn);
	uncharge(c->order);
	call_rcu(&c->rcu, chunk_free_rcu);
}

/*
 * What cannot be described goes back. A foreign reference here is a host
 * walker's and goes away, but not while we spin in its way for ever: then the
 * frames are lost, and stay charged.
 */
static void give_unused(struct page *page, unsigned int order, bool comp)
{
	unsigned int tries;

	for (tries = 0; tries < GIVE_TRIES; tries++) {
		if (!soba_port_give(page, order, comp)) {
			uncharge(order);
			return;
		}
		cpu_relax();
	}
	soba_report(SOBA_R_PINNED_PAGE, 0,
		    "pfn %#lx, order %u, cannot go back to the host, it is lost",
		    page_to_pfn(page), order);
}

/* One chunk of this very order from the host, not yet in any list. */
static struct soba_chunk *chunk_get(int nid, unsigned int class,
				    unsigned int order, gfp_t gfp)
{
	bool comp = gfp & __GFP_COMP;
	struct soba_chunk *c;
	struct page *page;

	if (!charge(order))
		return NULL;
	page = soba_port_take(nid, class, order, gfp);
	if (!page) {
		uncharge(order);
		return NULL;
	}
	c = chunk_new(page, order, gfp);
	if (!c) {
		give_unused(page, order, comp);
		return NULL;
	}
	c->comp = comp;
	return c;
}

/* One for a zone, which nobody has seen yet, goes back. */
static void chunk_drop(struct soba_chunk *c)
{
	struct page *page = c->page;
	unsigned int order = c->order;

	soba_map_remove(c->pfn);
	soba_port_meta_free(c, sizeof(*c));
	give_unused(page, order, false);
}

/* How large a chunk to ask for first. */
static unsigned int best_order(const struct soba_zone *zone,
			       const struct soba_req *req)
{
	unsigned int order = soba_limits.chunk_order;

	if (!req->sleep)
		order = min_t(unsigned int, order, ATOMIC_CHUNK_ORDER);
	if (zone->class == SOBA_CLASS_DMA)
		order = min_t(unsigned int, order, DMA_CHUNK_ORDER);
	return max_t(unsigned int, order, req->order);
}

/*
 * The caller's own flags only for the order that the caller needs. For larger
 * chunks the host shall neither reclaim nor compact: they are for our comfort.
 */
static gfp_t chunk_gfp(const struct soba_req *req, unsigned int order,
		       bool local)
{
	gfp_t gfp = req->gfp & ~(__GFP_COMP | __GFP_ACCOUNT);

	if (local)
		gfp |= __GFP_THISNODE;
	if (local || !req->sleep)
		gfp &= ~__GFP_DIRECT_RECLAIM;
	if (order <= req->order)
		return gfp;
	if (order > SMALL_CHUNK_ORDER)
		return gfp & ~__GFP_RECLAIM;
	return (gfp & ~__GFP_NOFAIL) | __GFP_NORETRY;
}

/*
 * @strict: a smaller chunk of the zone is better than a large one of another; of
 * several nodes only the zone's is asked, for the free memory that it has.
 */
static struct soba_chunk *chunk_find(const struct soba_zone *zone,
				     const struct soba_req *req, bool strict)
{
	bool local = strict && soba_nr_nodes > 1 && !req->this_node;
	unsigned int order = best_order(zone, req);
	struct soba_chunk *c;

	for (;; order--) {
		c = chunk_get(zone->nid, zone->class, order,
			      chunk_gfp(req, order, local));
		if (c && (!strict || c->zone == zone || order <= req->order))
			return c;
		if (c)
			chunk_drop(c);
		if (order <= req->order)
			return NULL;
	}
}

static struct soba_zone *chunk_take(const struct soba_zone *zone,
				    const struct soba_req *req, bool strict)
{
	struct soba_chunk *c = chunk_find(zone, req, strict);
	struct soba_zone *home;
	unsigned int order;
	unsigned long pfn;

	if (!c)
		return NULL;
	home = c->zone;
	order = c->order;
	pfn = c->pfn;
	frames_init(c, home->id);
	/* Once there, a trim may give it back and free @c while we are preempted. */
	soba_zone_add_chunk(home, c, soba_port_zeroes(req->gfp));
	soba_count(SOBA_C_CHUNK_TAKE);
	soba_count_add(SOBA_C_CHUNK_TAKE_FRAMES, 1UL << order);
	soba_trace_chunk_take(home->nid, home->class, pfn, order);
	return home;
}

/**
 * soba_chunk_take() - grow a zone, or another one, by one chunk
 * @zone: where the request begins to look; the host may answer from another
 *	node or a lower class unless the request forbids it
 * @req: the request that could not be served
 * @strict: rather less than from another zone, and nothing from another node;
 *	of several nodes without reclaim
 *
 * Largest chunk first, then smaller ones down to what the request needs.
 *
 * Context: as req->sleep says; no lock held.
 * Return: the zone that has it, or NULL when the host or limit= refuse.
 */
struct soba_zone *soba_chunk_take(const struct soba_zone *zone,
				  const struct soba_req *req, bool strict)
{
	struct soba_zone *home;

	atomic_inc(&soba_chunks_moving);
	home = chunk_take(zone, req, strict);
	atomic_dec(&soba_chunks_moving);
	if (!home)
		soba_count(SOBA_C_CHUNK_TAKE_FAIL);
	return home;
}

/**
 * soba_chunk_take_direct() - a block of the host for one caller alone
 * @req: the request, with __GFP_COMP or __GFP_ACCOUNT
 *
 * Return: the head, in state ALLOC; or NULL.
 */
struct soba_frame *soba_chunk_take_direct(const struct soba_req *req)
{
	int nid = soba_zone_of(req->nid, req->class)->nid;
	gfp_t gfp = req->gfp;
	struct soba_chunk *c;

	if (req->this_node && nid != req->nid)
		return NULL;
	if (!req->sleep)
		gfp &= ~__GFP_DIRECT_RECLAIM;
	if (!req->order)
		gfp &= ~__GFP_COMP;
	c = chunk_get(nid, req->class, req->order, gfp);
	if (!c)
		return NULL;
	c->direct = true;
	frames_init(c, SOBA_ZONE_DIRECT);
	c->frames->order = req->order;
	/* Last: ->order is there. Pairs with soba_map_next_chunk(). */
	smp_store_release(&c->frames->state, SOBA_F_ALLOC);
	atomic_long_add(c->nr_frames, &soba_direct_frames);
	soba_count(SOBA_C_DIRECT_TAKE);
	return c->frames;
}

/* Frames go NONE first: the host may hand them out, even to us, at once. */
static int chunk_give(struct soba_chunk *c)
{
	frames_clear(c);
	return soba_port_give(c->page, c->order, c->comp);
}

/**
 * soba_chunk_give_direct() - the caller of a direct block has freed it
 * @c: its chunk
 *
 * Return: 0, or -EBUSY while a foreign reference pins it; it is ALLOC again
 * then.
 */
int soba_chunk_give_direct(struct soba_chunk *c)
{
	unsigned long caller = c->frames->caller;

	if (chunk_give(c)) {
		frames_init(c, SOBA_ZONE_DIRECT);
		c->frames->caller = caller;
		c->frames->order = c->order;
		/* Last: ->order is there. Pairs with soba_map_next_chunk(). */
		smp_store_release(&c->frames->state, SOBA_F_ALLOC);
		return -EBUSY;
	}
	atomic_long_sub(c->nr_frames, &soba_direct_frames);
	chunk_forget(c);
	return 0;
}

/* One idle chunk back to the host. 0: done, else why not; *@frames its size. */
static int trim_one(struct soba_zone *zone, unsigned long floor,
		    unsigned long age, unsigned long *frames)
{
	struct soba_chunk *c;

	c = soba_zone_isolate_chunk(zone, floor, age,
				    soba_zone_above_reserve());
	if (!c)
		return -ENOENT;
	if (chunk_give(c)) {
		frames_init(c, zone->id);
		soba_zone_add_chunk(zone, c, false);
		return -EBUSY;
	}
	*frames = c->nr_frames;
	soba_count(SOBA_C_CHUNK_RETURN);
	soba_count_add(SOBA_C_CHUNK_RETURN_FRAMES, c->nr_frames);
	soba_trace_chunk_return(zone->nid, zone->class, c->pfn, c->order);
	chunk_forget(c);
	return 0;
}

/**
 * soba_chunk_trim() - give wholly free chunks back to the host
 * @zone: from here
 * @nr: frames wanted
 * @floor: free frames that the zone keeps
 * @age: jiffies that a chunk has to be idle for
 *
 * reserve= frames stay with soba whatever is asked. A chunk that a host walker
 * holds a reference in goes to the end of the line.
 *
 * Context: any that the host's __free_pages() allows; no lock held.
 * Return: frames given back.
 */
unsigned long soba_chunk_trim(struct soba_zone *zone, unsigned long nr,
			      unsigned long floor, unsigned long age)
{
	unsigned long done = 0, frames;
	unsigned int pinned = 0;

	/* Two at a time could each see room above reserve= and break it. */
	if (test_and_set_bit_lock(0, &trimming))
		return 0;
	atomic_inc(&soba_chunks_moving);
	while (done < nr) {
		int err = trim_one(zone, floor, age, &frames);

		if (!err) {
			done += frames;
			continue;
		}
		if (err != -EBUSY)
			break;
		soba_count(SOBA_C_CHUNK_RETURN_PINNED);
		if (++pinned == MAX_PINNED_CHUNKS)
			break;
	}
	atomic_dec(&soba_chunks_moving);
	clear_bit_unlock(0, &trimming);
	return done;
}

/**
 * soba_chunk_forget_frames() - drop a chunk and leave its frames where they are
 * @c: a chunk that nobody will look up again
 */
void soba_chunk_forget_frames(struct soba_chunk *c)
{
	frames_clear(c);
	chunk_forget(c);
}
