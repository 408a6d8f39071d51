// SPDX-License-Identifier: GPL-2.0
/*
 * buddy_validate.c - floor 2: the laws of the buddy, checked one by one.
 *
 * Locking: zone->lock is held by the caller.
 */
#include "page/buddy.h"
#include "page/chunk.h"
#include "page/validate.h"

/* One free block: what it says of itself, and whether it should have merged. */
static void check_block(struct soba_check *ck, struct soba_frame *f,
			unsigned int kind, unsigned int order)
{
	unsigned long pfn = soba_frame_pfn(f);
	u8 zero = kind == SOBA_KIND_ZERO ? SOBA_F_ZERO : 0;
	struct soba_frame *buddy, snap;

	if (f->state != (SOBA_F_FREE | zero))
		soba_law(ck, "buddy: pfn %#lx on list of order %u has state %#x, not free%s",
			 pfn, order, f->state, zero ? "+zero" : "");
	if (f->order != order)
		soba_law(ck, "buddy: pfn %#lx on list of order %u says order %u",
			 pfn, order, f->order);
	if (pfn & ((1UL << order) - 1))
		soba_law(ck, "buddy: pfn %#lx is not aligned to order %u", pfn,
			 order);
	if (order >= f->chunk->order)
		return;
	buddy = soba_frame_buddy(f, order);
	snap = soba_frame_snap(buddy);
	if ((snap.state & SOBA_F_MASK) == SOBA_F_FREE && snap.order == order)
		soba_law(ck, "buddy: pfn %#lx and its buddy %#lx are free at order %u and not merged",
			 pfn, soba_frame_pfn(buddy), order);
}

static unsigned long check_list(struct soba_check *ck, struct soba_buddy *b,
				unsigned int kind, unsigned int order)
{
	struct soba_buddy_list *list = &b->list[kind][order];
	unsigned long n = 0;
	struct soba_frame *f;

	list_for_each_entry(f, &list->blocks, link) {
		check_block(ck, f, kind, order);
		n++;
	}
	if (n != list->nr)
		soba_law(ck, "buddy: order %u kind %u has %lu blocks, counts %lu",
			 order, kind, n, list->nr);
	if (!n != !(b->nonempty[kind] & (1UL << order)))
		soba_law(ck, "buddy: order %u kind %u has %lu blocks, bitmap says %s",
			 order, kind, n, n ? "empty" : "not empty");
	return n << order;
}

unsigned int soba_buddy_validate(struct soba_buddy *b,
				 void (*say)(void *arg, const char *line),
				 void *arg)
{
	struct soba_check ck = { .say = say, .arg = arg };
	unsigned int kind, order;
	unsigned long frames = 0;

	for (kind = 0; kind < SOBA_NR_KINDS; kind++)
		for (order = 0; order < SOBA_NR_ORDERS; order++)
			frames += check_list(&ck, b, kind, order);
	if (frames != b->nr_free)
		soba_law(&ck, "buddy: lists hold %lu frames, nr_free is %lu",
			 frames, b->nr_free);
	return ck.broken;
}
