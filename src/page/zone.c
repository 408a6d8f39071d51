// SPDX-License-Identifier: GPL-2.0
/*
 * zone.c - floor 2: zones, their watermarks, and blocks in and out of them.
 *
 * Locking: zone->lock, raw with interrupts off, around every call of the buddy.
 * A frame's state changes under it, so that a block that left the lists is
 * never taken for free by a merge on another CPU. Nothing sleeps here and
 * nothing of the host's is called with the lock held.
 */
#include "page/zone.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"

/* Idle chunks that are looked at for one that may go. */
#define MAX_IDLE_LOOKS 16

struct soba_zone *soba_zones;
unsigned int soba_nr_zones;

const char *soba_class_name(unsigned int class)
{
	static const char *const names[] = { "DMA", "DMA32", "Normal" };

	static_assert(ARRAY_SIZE(names) == SOBA_NR_CLASSES);
	return names[class];
}

void soba_zone_setup(struct soba_zone *zone, unsigned int id, int nid,
		     enum soba_class class)
{
	raw_spin_lock_init(&zone->lock);
	soba_buddy_init(&zone->buddy);
	INIT_LIST_HEAD(&zone->chunks);
	INIT_LIST_HEAD(&zone->empty);
	zone->id = id;
	zone->nid = nid;
	zone->class = class;
	zone->spanned_start = ~0UL;
}

/*
 * The kernel's rule of a reserve that grows with the square root of what there
 * is (init_per_zone_wmark_min()), scaled so that a single 4 MiB chunk keeps
 * 1/16 and 64 MiB keep 1/64. Low and high leave the grower room for a burst.
 */
static void set_wmarks(struct soba_zone *zone)
{
	unsigned long min = 2 * int_sqrt(zone->managed);

	lockdep_assert_held(&zone->lock);
	WRITE_ONCE(zone->wmark[SOBA_WMARK_MIN], min);
	WRITE_ONCE(zone->wmark[SOBA_WMARK_LOW], 2 * min);
	WRITE_ONCE(zone->wmark[SOBA_WMARK_HIGH], 3 * min);
}

/*
 * Frames of @zone kept from requests that could have used @class, as the
 * kernel's lowmem_reserve: a share of what the classes between hold. The
 * kernel's DMA zone is in practice closed to others on any machine above 1 GiB;
 * here others leave at least half of it.
 */
static unsigned long lowmem_reserve(const struct soba_zone *zone,
				    unsigned int class)
{
	unsigned long above = 0, keep, managed = READ_ONCE(zone->managed);
	unsigned int c;

	if (class <= zone->class)
		return 0;
	for (c = zone->class + 1; c <= class; c++)
		above += READ_ONCE(zone[c - zone->class].managed);
	keep = above / 32;
	if (zone->class == SOBA_CLASS_DMA)
		keep = max(keep, managed / 2);
	return min(keep, managed);
}

/*
 * A zone's size has changed: so have its watermarks, and what the zones of its
 * node keep from each other. The lock of the zone is held, those of the others
 * are not: two zones that resize at once may leave a reserve that lags by one
 * chunk until the next resize. It is a share of an estimate either way.
 */
static void zone_resized(struct soba_zone *zone)
{
	struct soba_zone *first = zone - zone->class;
	unsigned int low, class;

	set_wmarks(zone);
	for (low = 0; low < SOBA_NR_CLASSES; low++)
		for (class = 0; class < SOBA_NR_CLASSES; class++)
			WRITE_ONCE(first[low].lowmem_reserve[class],
				   lowmem_reserve(&first[low], class));
}

/**
 * soba_zone_may_take() - do the watermarks let a request have so many frames?
 * @zone: the zone
 * @req: the request
 * @frames: how many
 *
 * Context: any; exact under zone->lock, else a good guess.
 */
bool soba_zone_may_take(const struct soba_zone *zone,
			const struct soba_req *req, unsigned long frames)
{
	unsigned long mark = READ_ONCE(zone->wmark[SOBA_WMARK_MIN]);

	if (req->depth == SOBA_DEPTH_ALL)
		return soba_zone_free_frames(zone) >= frames;
	if (req->depth == SOBA_DEPTH_HIGH)
		mark /= 2;
	mark += READ_ONCE(zone->lowmem_reserve[req->class]);
	return soba_zone_free_frames(zone) >= frames + mark;
}

/* The chunk of @f has just lost its first block to a user. */
static void chunk_used(struct soba_zone *zone, struct soba_chunk *c)
{
	list_move(&c->node, &zone->chunks);
	zone->empty_frames -= 1UL << c->order;
}

static struct soba_frame *take_block(struct soba_zone *zone,
				     const struct soba_req *req)
{
	struct soba_frame *f;

	lockdep_assert_held(&zone->lock);
	f = soba_buddy_alloc(&zone->buddy, req->order, req->zero);
	if (f && f->chunk->nr_free + (1U << req->order) == f->chunk->nr_frames)
		chunk_used(zone, f->chunk);
	return f;
}

static void wake_below_low(struct soba_zone *zone, const struct soba_req *req)
{
	if (req->wake && soba_zone_free_frames(zone) <
			 READ_ONCE(zone->wmark[SOBA_WMARK_LOW]))
		soba_grow_wake(zone, req);
}

/**
 * soba_zone_alloc() - take one block
 * @zone: from here
 * @req: order, watermark depth, whether zero is preferred
 * @zero: set to whether the block is known to be zero
 *
 * Context: any but NMI.
 * Return: the head in state ALLOC, or NULL.
 */
struct soba_frame *soba_zone_alloc(struct soba_zone *zone,
				   const struct soba_req *req, bool *zero)
{
	struct soba_frame *f = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	if (soba_zone_may_take(zone, req, 1UL << req->order))
		f = take_block(zone, req);
	if (f) {
		*zero = f->state & SOBA_F_ZERO;
		WRITE_ONCE(f->state, SOBA_F_ALLOC);
	}
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	if (f)
		wake_below_low(zone, req);
	return f;
}

/**
 * soba_zone_alloc_batch() - take up to @nr blocks under one lock
 * @zone: from here
 * @req: as for soba_zone_alloc()
 * @nr: how many at most
 * @frames: filled with heads in state PCP, with SOBA_F_ZERO where known
 *
 * Context: any but NMI.
 * Return: how many.
 */
unsigned int soba_zone_alloc_batch(struct soba_zone *zone,
				   const struct soba_req *req, unsigned int nr,
				   struct soba_frame **frames)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&zone->lock, flags);
	for (i = 0; i < nr; i++) {
		struct soba_frame *f;

		if (!soba_zone_may_take(zone, req, 1UL << req->order))
			break;
		f = take_block(zone, req);
		if (!f)
			break;
		WRITE_ONCE(f->owner, NULL);
		WRITE_ONCE(f->state, SOBA_F_PCP | (f->state & SOBA_F_ZERO));
		frames[i] = f;
	}
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	wake_below_low(zone, req);
	return i;
}

/* True when its chunk is now wholly free. */
static bool put_block(struct soba_zone *zone, struct soba_frame *f,
		      unsigned int order)
{
	struct soba_chunk *c = f->chunk;
	bool zero = f->state & SOBA_F_ZERO;

	lockdep_assert_held(&zone->lock);
	soba_buddy_free(&zone->buddy, f, order, zero);
	if (!soba_chunk_empty(c))
		return false;
	/* At the end: the one that has been idle longest goes first. */
	c->idle_since = jiffies;
	list_move_tail(&c->node, &zone->empty);
	zone->empty_frames += 1UL << c->order;
	return true;
}

/* Would the zone be above its high watermark without its idle chunk? */
static bool surplus(const struct soba_zone *zone)
{
	return soba_zone_free_frames(zone) >
	       READ_ONCE(zone->wmark[SOBA_WMARK_HIGH]) + SOBA_REGION_FRAMES;
}

/**
 * soba_zone_free() - put one block back
 * @zone: its zone
 * @f: its head; SOBA_F_ZERO in its state when it is known to be zero
 * @order: log2 of its frames
 *
 * Context: any but NMI.
 */
void soba_zone_free(struct soba_zone *zone, struct soba_frame *f,
		    unsigned int order)
{
	unsigned long flags;
	bool emptied;

	raw_spin_lock_irqsave(&zone->lock, flags);
	emptied = put_block(zone, f, order);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	if (emptied && surplus(zone))
		soba_grow_trim_later();
}

/**
 * soba_zone_free_batch() - put blocks of one order back under one lock
 * @zone: their zone
 * @order: log2 of the frames of each
 * @nr: how many, bounded by SOBA_PCP_BATCH_MAX
 * @frames: their heads
 *
 * Context: any but NMI.
 */
void soba_zone_free_batch(struct soba_zone *zone, unsigned int order,
			  unsigned int nr, struct soba_frame **frames)
{
	bool emptied = false;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&zone->lock, flags);
	for (i = 0; i < nr; i++)
		emptied |= put_block(zone, frames[i], order);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	if (emptied && surplus(zone))
		soba_grow_trim_later();
}

/**
 * soba_zone_first_idle() - frames of the chunk that a trim would begin with
 * @zone: the zone
 *
 * Context: any but NMI.
 * Return: frames, 0 when no chunk is wholly free.
 */
unsigned long soba_zone_first_idle(struct soba_zone *zone)
{
	unsigned long flags, frames = 0;
	struct soba_chunk *c;

	raw_spin_lock_irqsave(&zone->lock, flags);
	c = list_first_entry_or_null(&zone->empty, struct soba_chunk, node);
	if (c)
		frames = c->nr_frames;
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	return frames;
}

/**
 * soba_zone_above_reserve() - frames of all zones that reserve= does not bind
 *
 * Direct blocks and chunks in transit do not count: they are no reserve.
 *
 * Context: any.
 */
unsigned long soba_zone_above_reserve(void)
{
	unsigned long frames = 0;
	unsigned int id;

	for (id = 0; id < soba_nr_zones; id++)
		frames += READ_ONCE(soba_zones[id].managed);
	return frames > soba_limits.reserve ? frames - soba_limits.reserve : 0;
}

/**
 * soba_zone_drain_spares() - let the spare blocks merge
 * @zone: the zone
 *
 * Context: any but NMI.
 */
void soba_zone_drain_spares(struct soba_zone *zone)
{
	unsigned int order;

	for (order = 0; order < SOBA_NR_ORDERS; order++) {
		struct soba_frame *f = soba_zone_take_spare(zone, order);

		if (f)
			soba_zone_free(zone, f, order);
	}
}

/* Frames in spare blocks; any context. */
unsigned long soba_zone_spare_frames(const struct soba_zone *zone)
{
	unsigned long frames = 0;
	unsigned int order;

	for (order = 0; order < SOBA_NR_ORDERS; order++)
		if (READ_ONCE(zone->spare[order]))
			frames += 1UL << order;
	return frames;
}

/**
 * soba_zone_add_chunk() - a new chunk joins the free blocks
 * @zone: its zone
 * @c: the chunk, its descriptors in state TAIL
 * @zero: its frames are known to be zero
 */
void soba_zone_add_chunk(struct soba_zone *zone, struct soba_chunk *c,
			 bool zero)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	c->nr_free = 0;
	c->idle_since = jiffies;
	list_add_tail(&c->node, &zone->empty);
	zone->empty_frames += 1UL << c->order;
	zone->nr_chunks++;
	zone->managed += 1UL << c->order;
	zone->spanned_start = min(zone->spanned_start, c->pfn);
	zone->spanned_end = max(zone->spanned_end, c->pfn + (1UL << c->order));
	zone_resized(zone);
	soba_buddy_free(&zone->buddy, c->frames, c->order, zero);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * The chunk that has been idle longest of those that may go. Chunks differ in
 * size, so that behind one that is too large another may fit; not far behind,
 * because this is under the lock.
 */
static struct soba_chunk *find_idle(struct soba_zone *zone, unsigned long floor,
				    unsigned long age, unsigned long max)
{
	unsigned int looks = MAX_IDLE_LOOKS;
	struct soba_chunk *c;

	lockdep_assert_held(&zone->lock);
	if (zone->buddy.nr_free <= floor)
		return NULL;
	max = min(max, zone->buddy.nr_free - floor);
	list_for_each_entry(c, &zone->empty, node) {
		if (time_before(jiffies, c->idle_since + age))
			return NULL;
		if (c->nr_frames <= max)
			return c;
		if (!--looks)
			return NULL;
	}
	return NULL;
}

/**
 * soba_zone_has_idle() - is there a chunk that may go, or may after a while?
 * @zone: the zone
 * @floor: the zone keeps at least so many free frames
 * @max: frames that the chunk may have
 *
 * Context: any but NMI.
 */
bool soba_zone_has_idle(struct soba_zone *zone, unsigned long floor,
			unsigned long max)
{
	unsigned long flags;
	bool found;

	raw_spin_lock_irqsave(&zone->lock, flags);
	found = find_idle(zone, floor, 0, max);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	return found;
}

/**
 * soba_zone_isolate_chunk() - take a wholly free chunk out of the zone
 * @zone: from here
 * @floor: the zone keeps at least so many free frames
 * @age: jiffies that it has been idle for
 * @max: frames that it may have
 *
 * Return: the chunk, on no list, its head in state TAIL like the rest; or NULL.
 */
struct soba_chunk *soba_zone_isolate_chunk(struct soba_zone *zone,
					   unsigned long floor,
					   unsigned long age, unsigned long max)
{
	struct soba_chunk *c;
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	c = find_idle(zone, floor, age, max);
	if (c) {
		soba_buddy_take(&zone->buddy, c->frames);
		WRITE_ONCE(c->frames->state, SOBA_F_TAIL);
		list_del_init(&c->node);
		zone->empty_frames -= 1UL << c->order;
		zone->nr_chunks--;
		zone->managed -= 1UL << c->order;
		zone_resized(zone);
	}
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	return c;
}
