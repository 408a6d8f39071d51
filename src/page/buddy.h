/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy.h - floor 2: the binary buddy, a mechanism without policy.
 *
 * Free blocks of 2^order frames hang on a list per order, known-zero ones and
 * others apart; a word per kind has a bit for each order whose list is not
 * empty. A block merges with its buddy while both are free and within one
 * chunk. It takes no lock and allocates nothing; the caller (zone.c) holds
 * zone->lock around every call. Knuth, TAOCP vol. 1, 2.5, algorithms R and S.
 */
#ifndef SOBA_BUDDY_H
#define SOBA_BUDDY_H

#include "page/frame.h"

enum soba_buddy_kind {
	SOBA_KIND_DIRTY,
	SOBA_KIND_ZERO,
	SOBA_NR_KINDS
};

struct soba_buddy_list {
	struct list_head blocks;
	unsigned long nr;
};

struct soba_buddy {
	unsigned long nr_free;				/* frames */
	unsigned long nonempty[SOBA_NR_KINDS];		/* bit = order */
	struct soba_buddy_list list[SOBA_NR_KINDS][SOBA_NR_ORDERS];
};

void soba_buddy_init(struct soba_buddy *b);

/**
 * soba_buddy_alloc() - take a block off the free lists
 * @b: the buddy
 * @order: log2 of its frames
 * @want_zero: prefer a block known to be zero over one that is not
 *
 * Best fit: the smallest order that has a block. What is split off stays free.
 *
 * Return: the head, its state still SOBA_F_FREE (with SOBA_F_ZERO if it is
 * zero), its order set, on no list; or NULL.
 */
struct soba_frame *soba_buddy_alloc(struct soba_buddy *b, unsigned int order,
				    bool want_zero);

/**
 * soba_buddy_free() - put a block on the free lists, merged as far as it goes
 * @b: the buddy
 * @f: head of the block; its ->zone and ->chunk are set
 * @order: log2 of its frames
 * @zero: every byte of it is zero
 *
 * Return: the head of the merged block.
 */
struct soba_frame *soba_buddy_free(struct soba_buddy *b, struct soba_frame *f,
				   unsigned int order, bool zero);

/**
 * soba_buddy_take() - take this very block, whole, off the free lists
 * @b: the buddy
 * @f: head of a free block
 */
void soba_buddy_take(struct soba_buddy *b, struct soba_frame *f);

/**
 * soba_buddy_validate() - check every law of the structure
 * @b: the buddy
 * @say: called with one line for each broken law
 * @arg: for @say
 *
 * Admits its limit: it sees what is on the lists; that every free frame is on a
 * list is checked by soba_validate_all().
 *
 * Return: number of broken laws.
 */
unsigned int soba_buddy_validate(struct soba_buddy *b,
				 void (*say)(void *arg, const char *line),
				 void *arg);

#endif /* SOBA_BUDDY_H */
