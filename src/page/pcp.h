/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pcp.h - floor 2: per-CPU lists of free blocks of orders 0 to 3, fast path.
 *
 * Each CPU has a stack of blocks for each small order, all of its home zone.
 * Guard: preemption off, and ->guard says busy while the stack is touched.
 * Whoever finds it busy has interrupted the owner on the same CPU (interrupt, NMI,
 * kprobe) and takes the zone's lock instead. No interrupt is disabled and no
 * locked instruction is executed. Other CPUs never touch the stack: they send
 * an IPI that obeys the same rule (pcp.c), or wait until the CPU is dead.
 */
#ifndef SOBA_PCP_H
#define SOBA_PCP_H

#include "page/frame.h"
#include "page/req.h"

#define SOBA_PCP_ORDERS		4
#define SOBA_PCP_BATCH_MAX	63

struct soba_zone;

struct soba_pcp_entry {
	struct page *page;
	struct soba_frame *frame;	/* head, state PCP */
};

/* Not 0 and 1: the compiler tests memory for 0 in two instructions. */
enum soba_pcp_guard {
	SOBA_PCP_IDLE = 1,
	SOBA_PCP_BUSY = 2
};

struct soba_pcp {
	u32 guard;			/* enum soba_pcp_guard */
	u32 tag;			/* soba_tag() of a block that may come in */
	unsigned long top;		/* bytes of slot[] in use */
	unsigned long cap;		/* bytes of slot[] there are */
	unsigned long allocs;		/* blocks handed out from slot[] */
	unsigned long refilled;		/* blocks moved in from the zone */
	unsigned long drained;		/* blocks moved out to the zone */
	u32 batch;			/* blocks moved at a time */
	u32 order;
	struct soba_zone *zone;
	struct soba_pcp_entry slot[];
};

static_assert(sizeof(struct soba_pcp) == 64);

/* Never NULL: a CPU without lists of its own has lists that are always busy. */
DECLARE_PER_CPU(struct soba_pcp *, soba_pcp[SOBA_PCP_ORDERS]);

/*
 * Enter: any context. True: preemption is off and the list ours. False: it is
 * in use below us on this CPU, preemption is as it was.
 *
 * Plain accesses between barriers: only this CPU touches the list, and what
 * interrupts us leaves it as it was.
 */
static __always_inline bool soba_pcp_open(unsigned int order,
					  struct soba_pcp **list)
{
	struct soba_pcp *l;

	preempt_disable();
	l = __this_cpu_read(soba_pcp[order]);
	if (unlikely(l->guard != SOBA_PCP_IDLE)) {
		preempt_enable();
		return false;
	}
	l->guard = SOBA_PCP_BUSY;
	barrier();
	*list = l;
	return true;
}

/* Leave: preemption is as before soba_pcp_open(). */
static __always_inline void soba_pcp_close(struct soba_pcp *l)
{
	barrier();
	l->guard = SOBA_PCP_IDLE;
	preempt_enable();
}

/* The slot at a distance of @bytes from the first. */
static __always_inline struct soba_pcp_entry *soba_pcp_at(struct soba_pcp *l,
							  unsigned long bytes)
{
	return (void *)l + sizeof(*l) + bytes;
}

static __always_inline u32 soba_pcp_count(const struct soba_pcp *l)
{
	return READ_ONCE(l->top) / sizeof(struct soba_pcp_entry);
}

/* Pre: the list is open and holds @top > 0 bytes. The entry's state is as it was. */
static __always_inline struct soba_pcp_entry *soba_pcp_pop(struct soba_pcp *l,
							   unsigned long top)
{
	l->top = top - sizeof(struct soba_pcp_entry);
	l->allocs++;
	return soba_pcp_at(l, top) - 1;
}

/* Pre: the list is open, holds @top bytes and has room; @f's tag is l->tag. */
static __always_inline void soba_pcp_push(struct soba_pcp *l,
					  unsigned long top, struct page *page,
					  struct soba_frame *f)
{
	struct soba_pcp_entry *e = soba_pcp_at(l, top);

	WRITE_ONCE(f->state, SOBA_F_PCP);
	e->page = page;
	e->frame = f;
	l->top = top + sizeof(*e);
}

/*
 * Is this CPU's list empty and of this zone, so that a batch should come? A
 * guess is enough: whoever is migrated meanwhile is sorted out when it stocks.
 */
static inline bool soba_pcp_wants(const struct soba_zone *zone,
				  const struct soba_req *req)
{
	const struct soba_pcp *l = *raw_cpu_ptr(&soba_pcp[req->order]);

	return l->zone == zone && !READ_ONCE(l->top) &&
	       req->depth == SOBA_DEPTH_MIN;
}

int soba_pcp_init(void);
void soba_pcp_exit(void);
int soba_pcp_cpu_online(unsigned int cpu);
int soba_pcp_cpu_dead(unsigned int cpu);
void soba_pcp_flush(struct soba_pcp *l);
struct soba_frame *soba_pcp_take(const struct soba_zone *zone,
				 unsigned int order, bool *zero);
struct soba_frame *soba_pcp_refill(struct soba_zone *zone,
				   const struct soba_req *req, bool *zero);
void soba_pcp_drain_all(void);
void soba_pcp_drain_spares(void);

/* Figures for the statistics; racy while CPUs allocate. */
struct soba_pcp_stat {
	unsigned long frames;		/* free in the lists, and spare */
	unsigned long allocs;		/* blocks handed out */
	unsigned long frees;		/* blocks taken in */
};

void soba_pcp_stat(struct soba_pcp_stat *stat);
unsigned long soba_pcp_zone_frames(const struct soba_zone *zone);

#endif /* SOBA_PCP_H */
