/* SPDX-License-Identifier: GPL-2.0 */
/*
 * frame.h - floor 2: the descriptor of a page frame.
 *
 * Descriptors live outside struct page, 32 bytes a frame, in arrays of
 * SOBA_REGION_FRAMES that are aligned to their own size. So a buddy's
 * descriptor is found by flipping one bit of an address, and the position in
 * the region by masking it.
 *
 * Locking: a frame belongs to whoever its state names. SOBA_F_FREE: the zone's
 * lock guards all fields. SOBA_F_PCP: the CPU whose list holds it.
 * SOBA_F_ALLOC, SOBA_F_OWNED: who holds the block. Only the first frame (head) of
 * a block has a state of its own; the others are SOBA_F_TAIL, and stay so while
 * the block is neither split nor merged. Readers without the lock (lookup,
 * debugfs) use soba_frame_tag() and get a consistent snapshot of one word.
 */
#ifndef SOBA_FRAME_H
#define SOBA_FRAME_H

#include "soba_env.h"

#define SOBA_REGION_ORDER	SOBA_MAX_ORDER
#define SOBA_REGION_FRAMES	(1UL << SOBA_REGION_ORDER)
#define SOBA_NR_ORDERS		(SOBA_MAX_ORDER + 1)

enum soba_frame_state {
	SOBA_F_NONE,	/* not soba's */
	SOBA_F_TAIL,	/* inside a block, not its first frame */
	SOBA_F_FREE,	/* head of a free block of the buddy */
	SOBA_F_PCP,	/* head of a free block on a per-CPU list */
	SOBA_F_ALLOC,	/* head of a block that a caller of the page API holds */
	SOBA_F_OWNED,	/* head of a block that a floor above holds: see owner */
	SOBA_F_PINNED,	/* freed by its caller, held by a foreign reference */
	SOBA_F_LOST,	/* its last reference went to the host: never reused */
	SOBA_NR_FRAME_STATES
};

/* Or-ed to FREE and PCP: every byte of the block is known to be zero. */
#define SOBA_F_ZERO	0x80
#define SOBA_F_MASK	0x7f

/* zone number of a block that never enters a zone's lists */
#define SOBA_ZONE_DIRECT 0xffff

struct soba_chunk;

struct soba_frame {
	union {
		struct list_head link;		/* FREE: the zone's list */
		struct {
			void *owner;		/* OWNED: slab, area, ... */
			unsigned long caller;	/* ALLOC, OWNED: who asked */
		};
	};
	union {
		struct {
			u8 order;		/* of the block, in its head */
			u8 state;		/* enum soba_frame_state */
			u16 zone;		/* number of the zone */
		};
		u32 tag;			/* the three in one compare */
	};
	u32 offset;			/* for the owner: see owner.h */
	struct soba_chunk *chunk;
};

static_assert(sizeof(struct soba_frame) == 32);

/* What frame->tag reads for the head of a block in a given state. */
static __always_inline u32 soba_tag(unsigned int order, u8 state, u16 zone)
{
	struct soba_frame f = { .order = order, .state = state, .zone = zone };

	return f.tag;
}

/* A snapshot of tag, for those who do not hold what guards the frame. */
static inline struct soba_frame soba_frame_snap(const struct soba_frame *f)
{
	return (struct soba_frame){ .tag = READ_ONCE(f->tag) };
}

static inline unsigned int soba_frame_state(const struct soba_frame *f)
{
	return READ_ONCE(f->state) & SOBA_F_MASK;
}

/* The other half of the block of twice the size that @f would merge into. */
static inline struct soba_frame *soba_frame_buddy(struct soba_frame *f,
						  unsigned int order)
{
	return (struct soba_frame *)((unsigned long)f ^ (sizeof(*f) << order));
}

/* First frame of the naturally aligned block of @order that contains @f. */
static inline struct soba_frame *soba_frame_align(struct soba_frame *f,
						  unsigned int order)
{
	return (struct soba_frame *)((unsigned long)f &
				     ~((sizeof(*f) << order) - 1));
}

/*
 * Head of the block that @f is part of, or NULL when @f is not soba's. Racy
 * unless the block is held; O(orders).
 */
static inline struct soba_frame *soba_frame_head(struct soba_frame *f)
{
	unsigned int order;

	for (order = 0; order <= SOBA_REGION_ORDER; order++) {
		struct soba_frame *head = soba_frame_align(f, order);
		struct soba_frame snap = soba_frame_snap(head);

		switch (snap.state & SOBA_F_MASK) {
		case SOBA_F_NONE:
			return NULL;
		case SOBA_F_TAIL:
			continue;
		}
		return snap.order >= order ? head : NULL;
	}
	return NULL;
}

#endif /* SOBA_FRAME_H */
