// SPDX-License-Identifier: GPL-2.0
/*
 * pcp.c - floor 2: per-CPU lists: setting up, refilling, draining.
 *
 * Locking: the rule of pcp.h. Blocks are moved between a list and its zone in
 * two steps, through an array on the stack: the list is never open while
 * zone->lock is taken, so neither waits for the other.
 */
#include "page/pcp.h"
#include "page/chunk.h"
#include "page/limits.h"
#include "page/zone.h"
#include "base/counter.h"

/* Blocks, by order: about 2.5 MiB a CPU. */
static const u16 pcp_caps[SOBA_PCP_ORDERS] = { 252, 60, 28, 20 };

static struct soba_pcp pcp_closed = { .guard = SOBA_PCP_BUSY };

/* Set by soba_pcp_init(): a module's per-CPU data is not relocated. */
DEFINE_PER_CPU(struct soba_pcp *, soba_pcp[SOBA_PCP_ORDERS]);

static size_t pcp_bytes(unsigned int order)
{
	return sizeof(struct soba_pcp) +
	       pcp_caps[order] * sizeof(struct soba_pcp_entry);
}

/*
 * With a small limit= the lists of all CPUs hold an eighth of it at most, but
 * two blocks each, which is more where CPUs are many and the limit tiny.
 */
static unsigned int pcp_cap(unsigned int order)
{
	unsigned long share;

	if (!soba_limits.limit)
		return pcp_caps[order];
	share = soba_limits.limit /
		(8 * SOBA_PCP_ORDERS * num_possible_cpus()) >> order;
	return clamp_t(unsigned long, share, 2, pcp_caps[order]);
}

static struct soba_pcp *pcp_new(unsigned int order, int nid)
{
	const struct soba_req any = { .nid = nid, .class = SOBA_CLASS_NORMAL };
	struct soba_zone *zone = soba_zone_preferred(&any);
	struct soba_pcp *l;

	l = soba_port_meta_alloc(pcp_bytes(order), GFP_KERNEL, nid);
	if (!l)
		return NULL;
	l->guard = SOBA_PCP_IDLE;
	l->zone = zone;
	l->order = order;
	l->tag = soba_tag(order, SOBA_F_ALLOC, zone->id);
	l->cap = pcp_cap(order) * sizeof(struct soba_pcp_entry);
	l->batch = clamp_t(u32, pcp_cap(order) / 4, 1, SOBA_PCP_BATCH_MAX);
	return l;
}

/* Give a CPU its lists, unless it has them from before. */
static int add_lists(unsigned int cpu)
{
	unsigned int order;

	for (order = 0; order < SOBA_PCP_ORDERS; order++) {
		struct soba_pcp *l;

		if (per_cpu(soba_pcp[order], cpu) != &pcp_closed)
			continue;
		l = pcp_new(order, cpu_to_node(cpu));
		if (!l)
			return -ENOMEM;
		WRITE_ONCE(per_cpu(soba_pcp[order], cpu), l);
	}
	return 0;
}

/**
 * soba_pcp_cpu_online() - a CPU is about to run, or has been running
 * @cpu: the CPU; process context
 *
 * Without memory for its lists it comes up all the same: those that are missing
 * stay closed, so that its calls go to the zones, and it is counted. They are
 * made when it comes up the next time.
 *
 * Return: 0, a failure would keep the CPU down.
 */
int soba_pcp_cpu_online(unsigned int cpu)
{
	if (add_lists(cpu))
		soba_count(SOBA_C_PCP_MISSING);
	return 0;
}

/* Move up to a batch out of an open list, the latest first. */
static unsigned int unload(struct soba_pcp *l, struct soba_frame **frames)
{
	unsigned int i, nr, n = soba_pcp_count(l);

	nr = min_t(unsigned int, n, SOBA_PCP_BATCH_MAX);
	for (i = 0; i < nr; i++)
		frames[i] = l->slot[n - 1 - i].frame;
	l->top -= nr * sizeof(l->slot[0]);
	l->drained += nr;
	return nr;
}

static void drain_to_zone(struct soba_zone *zone, unsigned int order,
			  unsigned int nr, struct soba_frame **frames)
{
	if (!nr)
		return;
	soba_zone_free_batch(zone, order, nr, frames);
	soba_count(SOBA_C_PCP_DRAIN);
}

/**
 * soba_pcp_flush() - make room in a full list
 * @l: an open list of this CPU
 *
 * The coldest batch goes back to the zone: what was freed last stays, its
 * cache lines are warm.
 *
 * Context: enters with the list open, leaves with it closed and preemption as
 * before soba_pcp_open().
 */
void soba_pcp_flush(struct soba_pcp *l)
{
	struct soba_frame *frames[SOBA_PCP_BATCH_MAX];
	unsigned int i, nr = min(l->batch, soba_pcp_count(l));
	struct soba_zone *zone = l->zone;
	unsigned int order = l->order;

	for (i = 0; i < nr; i++)
		frames[i] = l->slot[i].frame;
	l->top -= nr * sizeof(l->slot[0]);
	memmove(&l->slot[0], &l->slot[nr], l->top);
	l->drained += nr;
	soba_pcp_close(l);
	drain_to_zone(zone, order, nr, frames);
}

/* Put what a refill brought on this CPU's list; what does not fit goes back. */
static void stock(struct soba_zone *zone, unsigned int order, unsigned int nr,
		  struct soba_frame **frames)
{
	unsigned int i = 0;
	struct soba_pcp *l;

	if (soba_pcp_open(order, &l)) {
		if (l->zone == zone) {
			for (; i < nr && l->top < l->cap; i++) {
				struct soba_pcp_entry *e = soba_pcp_at(l, l->top);

				e->page = soba_frame_page(frames[i]);
				e->frame = frames[i];
				l->top += sizeof(*e);
			}
			l->refilled += i;
		}
		soba_pcp_close(l);
	}
	drain_to_zone(zone, order, nr - i, frames + i);
}

/**
 * soba_pcp_take() - a block from this CPU's list, if it is of a certain zone
 * @zone: the zone
 * @order: below SOBA_PCP_ORDERS
 * @zero: set to whether the block is known to be zero
 *
 * Counted as moved to the zone: who asks this way counts what it hands out.
 *
 * Context: any; no list open.
 * Return: the head, in state ALLOC; or NULL.
 */
struct soba_frame *soba_pcp_take(const struct soba_zone *zone,
				 unsigned int order, bool *zero)
{
	struct soba_frame *f = NULL;
	struct soba_pcp *l;

	if (!soba_pcp_open(order, &l))
		return NULL;
	if (l->zone == zone && l->top) {
		l->top -= sizeof(l->slot[0]);
		l->drained++;
		f = soba_pcp_at(l, l->top)->frame;
		*zero = f->state & SOBA_F_ZERO;
		WRITE_ONCE(f->state, SOBA_F_ALLOC);
	}
	soba_pcp_close(l);
	return f;
}

/**
 * soba_pcp_refill() - take a batch from a zone, one block of it for the caller
 * @zone: from here
 * @req: what for; soba_pcp_wants() it
 * @zero: set to whether the caller's block is known to be zero
 *
 * Context: any but NMI; no list open.
 * Return: the head, in state ALLOC; or NULL.
 */
struct soba_frame *soba_pcp_refill(struct soba_zone *zone,
				   const struct soba_req *req, bool *zero)
{
	struct soba_frame *frames[SOBA_PCP_BATCH_MAX];
	const struct soba_pcp *l = *raw_cpu_ptr(&soba_pcp[req->order]);
	unsigned int nr;

	nr = soba_zone_alloc_batch(zone, req, max(l->batch, 1U), frames);
	if (!nr)
		return NULL;
	nr--;
	*zero = frames[nr]->state & SOBA_F_ZERO;
	WRITE_ONCE(frames[nr]->state, SOBA_F_ALLOC);
	if (nr) {
		stock(zone, req->order, nr, frames);
		soba_count(SOBA_C_PCP_REFILL);
	}
	return frames[nr];
}

/* Are there blocks in a CPU's lists? A guess: it may be running. */
static bool cpu_has_blocks(int cpu, void *unused)
{
	unsigned int order;

	for (order = 0; order < SOBA_PCP_ORDERS; order++)
		if (READ_ONCE(per_cpu(soba_pcp[order], cpu)->top))
			return true;
	return false;
}

/* Empty one list of this CPU, unless what we interrupted is using it. */
static void drain_list(unsigned int order)
{
	struct soba_frame *frames[SOBA_PCP_BATCH_MAX];
	struct soba_zone *zone;
	struct soba_pcp *l;
	unsigned int nr;

	do {
		if (!soba_pcp_open(order, &l))
			return;
		zone = l->zone;
		nr = unload(l, frames);
		soba_pcp_close(l);
		drain_to_zone(zone, order, nr, frames);
	} while (nr);
}

/* Runs on the CPU whose lists it empties, in hardirq or process context. */
static void drain_this_cpu(void *unused)
{
	unsigned int order;

	for (order = 0; order < SOBA_PCP_ORDERS; order++)
		drain_list(order);
	soba_count(SOBA_C_PCP_SHRINK);
}

/**
 * soba_pcp_drain_spares() - give the spare blocks back to their zones
 *
 * Context: any but NMI.
 */
void soba_pcp_drain_spares(void)
{
	unsigned int id;

	for (id = 0; id < soba_nr_zones; id++)
		soba_zone_drain_spares(&soba_zones[id]);
}

/**
 * soba_pcp_drain_all() - give the blocks of all lists back to their zones
 *
 * CPUs without any are not disturbed. A list that is in use at the very moment
 * its CPU is interrupted is left alone, and tried once more.
 *
 * Context: process, interrupts on; waits for all CPUs.
 */
void soba_pcp_drain_all(void)
{
	on_each_cpu_cond(cpu_has_blocks, drain_this_cpu, NULL, true);
	on_each_cpu_cond(cpu_has_blocks, drain_this_cpu, NULL, true);
	soba_pcp_drain_spares();
}

/**
 * soba_pcp_cpu_dead() - empty the lists of a CPU that has stopped
 * @cpu: the CPU; nothing runs on it
 */
int soba_pcp_cpu_dead(unsigned int cpu)
{
	struct soba_frame *frames[SOBA_PCP_BATCH_MAX];
	unsigned int order, nr;

	for (order = 0; order < SOBA_PCP_ORDERS; order++) {
		struct soba_pcp *l = per_cpu(soba_pcp[order], cpu);

		while (l->top) {
			nr = unload(l, frames);
			drain_to_zone(l->zone, order, nr, frames);
		}
	}
	return 0;
}

/* Pre: nobody allocates any more. Leaves all lists closed and freed. */
void soba_pcp_exit(void)
{
	unsigned int cpu, order;

	for_each_possible_cpu(cpu) {
		soba_pcp_cpu_dead(cpu);
		for (order = 0; order < SOBA_PCP_ORDERS; order++) {
			struct soba_pcp *l = per_cpu(soba_pcp[order], cpu);

			if (l == &pcp_closed)
				continue;
			per_cpu(soba_pcp[order], cpu) = &pcp_closed;
			soba_port_meta_free(l, pcp_bytes(order));
		}
	}
	soba_pcp_drain_spares();
}

int soba_pcp_init(void)
{
	unsigned int cpu, order;
	int err;

	for_each_possible_cpu(cpu)
		for (order = 0; order < SOBA_PCP_ORDERS; order++)
			per_cpu(soba_pcp[order], cpu) = &pcp_closed;
	for_each_online_cpu(cpu) {
		err = add_lists(cpu);
		if (err) {
			soba_pcp_exit();
			return err;
		}
	}
	return 0;
}

/* What came in = what went out + what is there - what the zone gave. */
static void add_list(const struct soba_pcp *l, struct soba_pcp_stat *stat)
{
	unsigned long n = soba_pcp_count(l);
	unsigned long allocs = READ_ONCE(l->allocs);

	stat->frames += n << l->order;
	stat->allocs += allocs;
	stat->frees += allocs + n + READ_ONCE(l->drained) -
		       READ_ONCE(l->refilled);
}

/**
 * soba_pcp_stat() - sums over all CPUs
 * @stat: filled in; exact when no CPU allocates
 */
void soba_pcp_stat(struct soba_pcp_stat *stat)
{
	unsigned int cpu, order, id;

	memset(stat, 0, sizeof(*stat));
	for (id = 0; id < soba_nr_zones; id++)
		stat->frames += soba_zone_spare_frames(&soba_zones[id]);
	for_each_possible_cpu(cpu)
		for (order = 0; order < SOBA_PCP_ORDERS; order++)
			add_list(per_cpu(soba_pcp[order], cpu), stat);
}

/* Frames of @zone that lie in per-CPU lists or are spare. */
unsigned long soba_pcp_zone_frames(const struct soba_zone *zone)
{
	unsigned long frames = soba_zone_spare_frames(zone);
	unsigned int cpu, order;

	for_each_possible_cpu(cpu) {
		for (order = 0; order < SOBA_PCP_ORDERS; order++) {
			const struct soba_pcp *l = per_cpu(soba_pcp[order], cpu);

			if (l->zone == zone)
				frames += (unsigned long)soba_pcp_count(l) << order;
		}
	}
	return frames;
}
