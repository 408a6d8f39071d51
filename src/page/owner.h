/* SPDX-License-Identifier: GPL-2.0 */
/*
 * owner.h - floor 2: whose a block is, for the floors above pages.
 *
 * ->owner of a frame descriptor is a pointer whose low bits tell what it points
 * to. A floor that owns a block may write ->owner, ->caller and ->offset of
 * all its frames, tails too, and clears ->owner of all of them before it gives
 * the block back: no free frame has a kind (the link of a free block, which
 * shares the field, has low bits of 0). So one compare of ->owner with an
 * expected value is a full check of an address.
 *
 * Locking: the owner of a block alone writes. Readers that do not hold it are
 * under rcu_read_lock() or have preemption off, and read each field once.
 */
#ifndef SOBA_OWNER_H
#define SOBA_OWNER_H

#include "page/frame.h"

enum soba_owner_kind {
	SOBA_OWN_NONE,		/* a page allocation, or free */
	SOBA_OWN_SLAB,		/* struct soba_cache; every frame of the block */
	SOBA_OWN_LARGE,		/* kmalloc() of whole blocks; the head */
	SOBA_OWN_AREA,		/* struct soba_area; every frame of the block */
	SOBA_OWN_FRAG,		/* page fragments; every frame of the block */
	SOBA_OWN_DMA,		/* coherent memory; every frame of the block */
	SOBA_OWN_META,		/* descriptors of soba's own; the head */
	SOBA_OWN_MASK = 7
};

static __always_inline void *soba_owner_tag(const void *p,
					    enum soba_owner_kind kind)
{
	return (void *)((unsigned long)p | kind);
}

static __always_inline enum soba_owner_kind soba_owner_kind(const void *owner)
{
	return (unsigned long)owner & SOBA_OWN_MASK;
}

static __always_inline void *soba_owner_ptr(void *owner)
{
	return (void *)((unsigned long)owner & ~(unsigned long)SOBA_OWN_MASK);
}

/**
 * soba_block_own() - a block from soba_block_alloc() now belongs to a floor above
 * @f: its head, in state ALLOC
 * @kind: of the owner
 * @p: what owns it, aligned to 8 bytes; or NULL
 *
 * Only the head's ->owner is set.
 */
static inline void soba_block_own(struct soba_frame *f,
				  enum soba_owner_kind kind, const void *p)
{
	WRITE_ONCE(f->owner, soba_owner_tag(p, kind));
	/* Pairs with the acquire of who looks at an OWNED block's owner. */
	smp_store_release(&f->state, SOBA_F_OWNED);
}

/**
 * soba_block_disown() - make an owned block ready for soba_block_free()
 * @f: its head; all ->owner of its other frames are NULL
 */
static inline void soba_block_disown(struct soba_frame *f)
{
	WRITE_ONCE(f->owner, NULL);
	WRITE_ONCE(f->state, SOBA_F_ALLOC);
}

#endif /* SOBA_OWNER_H */
