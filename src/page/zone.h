/* SPDX-License-Identifier: GPL-2.0 */
/*
 * zone.h - floor 2: frames of one address class on one node, under one lock.
 *
 * Lock order: nothing is taken under zone->lock, and two zones' locks are never
 * held together. It is raw and taken with interrupts off: what allocation and
 * freeing do under it is bounded (a batch of at most SOBA_PCP_BATCH_MAX blocks),
 * so that hardirq context is served on PREEMPT_RT too. Only the validator, a
 * tool for tests, holds it for a walk over all free blocks.
 */
#ifndef SOBA_ZONE_H
#define SOBA_ZONE_H

#include "page/buddy.h"
#include "page/req.h"

/* After a refusal; after a chunk of another zone, which may be idle as long. */
#define SOBA_REFUSED_DELAY (HZ / 10)
#define SOBA_USED_UP_DELAY HZ

enum soba_wmark {
	SOBA_WMARK_MIN,
	SOBA_WMARK_LOW,
	SOBA_WMARK_HIGH,
	SOBA_NR_WMARKS
};

struct soba_zone {
	raw_spinlock_t lock;

	/* guarded by lock */
	struct soba_buddy buddy;
	struct list_head chunks;	/* with a block in use */
	struct list_head empty;		/* wholly free: may go back */
	unsigned int nr_chunks;
	unsigned long empty_frames;	/* in the chunks of empty */
	unsigned long managed;		/* frames of all chunks */
	unsigned long spanned_start;	/* lowest PFN ever managed */
	unsigned long spanned_end;	/* highest one, plus one */

	/* written under lock, read without: a stale value is a fair guess */
	unsigned long wmark[SOBA_NR_WMARKS];
	unsigned long lowmem_reserve[SOBA_NR_CLASSES];

	/* no lock: a guess that is wrong costs one call of the host */
	unsigned long refused_until;	/* jiffies */
	unsigned int refused_order;	/* and all above */
	bool refused;
	struct soba_zone *instead;	/* where the host's last chunk for it was */

	/*
	 * One block of each order above the lists', merged only when something
	 * needs it. Changed by xchg() and cmpxchg() alone; state PCP.
	 */
	struct soba_frame *spare[SOBA_NR_ORDERS];

	/* constant */
	u16 id;				/* index in soba_zones */
	u8 class;			/* enum soba_class */
	int nid;
};

const char *soba_class_name(unsigned int class);

/* All zones, SOBA_NR_CLASSES to each node of soba_nr_nodes, in order of node. */
extern struct soba_zone *soba_zones;
extern unsigned int soba_nr_zones;

/* Nodes with memory at load, by index; their order is that of their numbers. */
extern unsigned int soba_nr_nodes;
unsigned int soba_node_index(int nid);
int soba_node_id(unsigned int index);

int soba_zone_init(void);
void soba_zone_exit(void);
void soba_zone_setup(struct soba_zone *zone, unsigned int id, int nid,
		     enum soba_class class);

struct soba_zone *soba_zone_preferred(const struct soba_req *req);
struct soba_zone *soba_zone_of(int nid, enum soba_class class);
static inline struct soba_zone *soba_zone_by_id(unsigned int id)
{
	return id < soba_nr_zones ? &soba_zones[id] : NULL;
}

/* Where a walk over the zones of a request is. */
struct soba_zonelist_pos {
	const u16 *node;		/* next node, as an index; NULL: the end */
	unsigned int nodes;		/* left, with that one */
	int class;			/* next class on it */
};

void soba_zonelist_first(const struct soba_req *req,
			 struct soba_zonelist_pos *pos);

/* The next zone: on each node from the highest class down, then the next node. */
static inline struct soba_zone *soba_zonelist_next(const struct soba_req *req,
						   struct soba_zonelist_pos *pos)
{
	if (pos->class < 0) {
		pos->class = req->class;
		pos->node++;
		pos->nodes--;
	}
	if (!pos->nodes)
		return NULL;
	return &soba_zones[*pos->node * SOBA_NR_CLASSES + pos->class--];
}

#define soba_for_each_zone_of(zone, req, pos)				\
	for (soba_zonelist_first(req, &(pos));				\
	     ((zone) = soba_zonelist_next(req, &(pos)));)

bool soba_zone_may_take(const struct soba_zone *zone,
			const struct soba_req *req, unsigned long frames);

struct soba_frame *soba_zone_alloc(struct soba_zone *zone,
				   const struct soba_req *req, bool *zero);
unsigned int soba_zone_alloc_batch(struct soba_zone *zone,
				   const struct soba_req *req, unsigned int nr,
				   struct soba_frame **frames);
void soba_zone_free(struct soba_zone *zone, struct soba_frame *f,
		    unsigned int order);
void soba_zone_free_batch(struct soba_zone *zone, unsigned int order,
			  unsigned int nr, struct soba_frame **frames);
unsigned long soba_zone_first_idle(struct soba_zone *zone);
unsigned long soba_zone_above_reserve(void);
void soba_zone_drain_spares(struct soba_zone *zone);
unsigned long soba_zone_spare_frames(const struct soba_zone *zone);
void soba_zone_add_chunk(struct soba_zone *zone, struct soba_chunk *c,
			 bool zero);
bool soba_zone_has_idle(struct soba_zone *zone, unsigned long floor,
			unsigned long max);
struct soba_chunk *soba_zone_isolate_chunk(struct soba_zone *zone,
					   unsigned long floor,
					   unsigned long age, unsigned long max);

/* Do not ask the host, or limit=, for a block of this order or above? */
static inline bool soba_zone_refused(const struct soba_zone *zone,
				     unsigned int order)
{
	return READ_ONCE(zone->refused) &&
	       order >= READ_ONCE(zone->refused_order) &&
	       time_before(jiffies, READ_ONCE(zone->refused_until));
}

/* What a smaller order was refused stands; racing writers are both right. */
static inline void soba_zone_refuse_for(struct soba_zone *zone,
					unsigned int order, unsigned long ticks)
{
	if (soba_zone_refused(zone, order))
		return;
	WRITE_ONCE(zone->refused_order, order);
	WRITE_ONCE(zone->refused_until, jiffies + ticks);
	WRITE_ONCE(zone->refused, true);
}

/* They had nothing of this order for the zone: leave them alone for a while. */
static inline void soba_zone_refuse(struct soba_zone *zone, unsigned int order)
{
	soba_zone_refuse_for(zone, order, SOBA_REFUSED_DELAY);
}

/*
 * They gave, but a chunk of another zone. It has to do for a while: else each
 * request would bring one more.
 */
static inline void soba_zone_used_up(struct soba_zone *zone, unsigned int order)
{
	soba_zone_refuse_for(zone, order, SOBA_USED_UP_DELAY);
}

/* The spare block of an order, now the caller's alone, in state PCP; or NULL. */
static inline struct soba_frame *soba_zone_take_spare(struct soba_zone *zone,
						      unsigned int order)
{
	if (!READ_ONCE(zone->spare[order]))
		return NULL;
	return xchg(&zone->spare[order], NULL);
}

/*
 * Keep a block that the caller holds as the spare one of its order. False: there
 * is one already. The largest order is never kept, it is a chunk of its own.
 */
static inline bool soba_zone_keep_spare(struct soba_zone *zone,
					struct soba_frame *f,
					unsigned int order)
{
	if (READ_ONCE(zone->spare[order]) || order >= SOBA_MAX_ORDER)
		return false;
	WRITE_ONCE(f->state, SOBA_F_PCP);
	if (!cmpxchg(&zone->spare[order], NULL, f))
		return true;
	WRITE_ONCE(f->state, SOBA_F_ALLOC);
	return false;
}

static inline unsigned long soba_zone_free_frames(const struct soba_zone *zone)
{
	return READ_ONCE(zone->buddy.nr_free);
}

#endif /* SOBA_ZONE_H */
