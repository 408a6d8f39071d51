// SPDX-License-Identifier: GPL-2.0
/*
 * buddy.c - floor 2: split and merge.
 *
 * Locking: none of its own, zone->lock is held around every call. Nothing is
 * allocated and every loop is bounded by the number of orders.
 *
 * Order of use: a block goes to the front of its list when its chunk is more
 * than half in use and to the back when it is not, and blocks are taken from
 * the front. So full chunks fill up and sparse ones drain and can be given back
 * to the host.
 */
#include "page/buddy.h"
#include "page/chunk.h"

void soba_buddy_init(struct soba_buddy *b)
{
	unsigned int kind, order;

	memset(b, 0, sizeof(*b));
	for (kind = 0; kind < SOBA_NR_KINDS; kind++)
		for (order = 0; order < SOBA_NR_ORDERS; order++)
			INIT_LIST_HEAD(&b->list[kind][order].blocks);
}

static enum soba_buddy_kind kind_of(const struct soba_frame *f)
{
	return f->state & SOBA_F_ZERO ? SOBA_KIND_ZERO : SOBA_KIND_DIRTY;
}

/*
 * list_add() without the checks of CONFIG_DEBUG_LIST, which distributions set:
 * they cost more than the rest of the function, and the validator finds what
 * they would.
 */
static __always_inline void link_between(struct list_head *new,
					 struct list_head *prev,
					 struct list_head *next)
{
	next->prev = new;
	/* It shares its place with ->owner, which anybody may look at. */
	WRITE_ONCE(new->next, next);
	new->prev = prev;
	WRITE_ONCE(prev->next, new);
}

/* Lists are touched here and in unlink_block() only: counts follow them. */
static __always_inline void link_block(struct soba_buddy *b,
				       struct soba_frame *f,
				       unsigned int order, u8 zero)
{
	unsigned int kind = zero ? SOBA_KIND_ZERO : SOBA_KIND_DIRTY;
	struct soba_buddy_list *list = &b->list[kind][order];

	f->order = order;
	WRITE_ONCE(f->state, SOBA_F_FREE | zero);
	if (soba_chunk_sparse(f->chunk))
		link_between(&f->link, list->blocks.prev, &list->blocks);
	else
		link_between(&f->link, &list->blocks, list->blocks.next);
	b->nonempty[kind] |= 1UL << order;
	list->nr++;
}

static __always_inline void unlink_block(struct soba_buddy *b,
					 struct soba_frame *f)
{
	unsigned int kind = kind_of(f);
	struct soba_buddy_list *list = &b->list[kind][f->order];

	__list_del(f->link.prev, f->link.next);
	if (!--list->nr)
		b->nonempty[kind] &= ~(1UL << f->order);
}

static void count_free(struct soba_buddy *b, struct soba_frame *f,
		       unsigned int order)
{
	b->nr_free += 1UL << order;
	f->chunk->nr_free += 1U << order;
}

static void count_taken(struct soba_buddy *b, struct soba_frame *f,
			unsigned int order)
{
	b->nr_free -= 1UL << order;
	f->chunk->nr_free -= 1U << order;
}

/* The smallest order that fits; of two kinds at that order, the wanted one. */
static struct soba_frame *best_fit(struct soba_buddy *b, unsigned int order,
				   bool want_zero)
{
	unsigned int kind = want_zero ? SOBA_KIND_ZERO : SOBA_KIND_DIRTY;
	unsigned long fits;
	unsigned int o;

	fits = (b->nonempty[0] | b->nonempty[1]) & (~0UL << order);
	if (!fits)
		return NULL;
	o = __ffs(fits);
	if (!(b->nonempty[kind] & (1UL << o)))
		kind = !kind;
	return list_first_entry(&b->list[kind][o].blocks, struct soba_frame,
				link);
}

struct soba_frame *soba_buddy_alloc(struct soba_buddy *b, unsigned int order,
				    bool want_zero)
{
	struct soba_frame *f = best_fit(b, order, want_zero);
	unsigned int o;
	u8 zero;

	if (!f)
		return NULL;
	unlink_block(b, f);
	count_taken(b, f, order);
	zero = f->state & SOBA_F_ZERO;
	for (o = f->order; o > order;) {
		o--;
		link_block(b, soba_frame_buddy(f, o), o, zero);
	}
	f->order = order;
	return f;
}

/* The buddy of @f at @order, if it is free, whole and in the same chunk. */
static struct soba_frame *free_buddy(struct soba_frame *f, unsigned int order)
{
	struct soba_frame *buddy, snap;

	if (order >= f->chunk->order)
		return NULL;
	buddy = soba_frame_buddy(f, order);
	/* Its holder may be changing it, but never to or from FREE. */
	snap = soba_frame_snap(buddy);
	if ((snap.state & SOBA_F_MASK) != SOBA_F_FREE || snap.order != order)
		return NULL;
	return buddy;
}

struct soba_frame *soba_buddy_free(struct soba_buddy *b, struct soba_frame *f,
				   unsigned int order, bool zero)
{
	u8 all_zero = zero ? SOBA_F_ZERO : 0;
	struct soba_frame *buddy;

	count_free(b, f, order);
	while ((buddy = free_buddy(f, order))) {
		unlink_block(b, buddy);
		all_zero &= buddy->state;
		if (buddy < f)
			swap(buddy, f);
		WRITE_ONCE(buddy->state, SOBA_F_TAIL);
		order++;
	}
	link_block(b, f, order, all_zero);
	return f;
}

void soba_buddy_take(struct soba_buddy *b, struct soba_frame *f)
{
	unlink_block(b, f);
	count_taken(b, f, f->order);
}
