/* SPDX-License-Identifier: GPL-2.0 */
/*
 * index.h - floor 3: from an address to its area.
 *
 * Balanced trees in order of address, one for each region of the address space:
 * small areas by MiB, larger ones by 64 MiB, what fits in neither in one tree
 * for all. Regions share SOBA_INDEX_SHARDS locks. In front of them is a table
 * of the areas that were handed out last, which the fast path of a free reads
 * without a lock.
 *
 * Locking: a raw spinlock, irqs off, for each shard; a leaf. Held for one
 * descent, or for SOBA_INDEX_BATCH areas that are copied. The table in front
 * is read and written as single words, under rcu_read_lock() or with
 * preemption off: an area leaves it before its grace period begins.
 */
#ifndef SOBA_INDEX_H
#define SOBA_INDEX_H

#include "varea/area.h"

#define SOBA_INDEX_LEVELS	3
#define SOBA_INDEX_SHARDS	32	/* of each level */
#define SOBA_INDEX_BATCH	32

#define SOBA_FRONT_BITS		10

extern struct soba_area *soba_index_front[1 << SOBA_FRONT_BITS];

/* Neighbours in address lie a guard page and some pages apart. */
static __always_inline struct soba_area **soba_index_slot(unsigned long addr)
{
	u32 hash = (u32)(addr >> PAGE_SHIFT) * 0x61c88647U;

	return &soba_index_front[hash >> (32 - SOBA_FRONT_BITS)];
}

/* The area that begins at an address, if it is in front. */
static __always_inline struct soba_area *soba_index_fast(unsigned long addr)
{
	/* Pairs with soba_index_bring(): what is found there is whole. */
	struct soba_area *a = smp_load_acquire(soba_index_slot(addr));

	return likely(a && a->addr == addr) ? a : NULL;
}

/* Pre: the area is the caller's. */
static __always_inline void soba_index_bring(struct soba_area *a)
{
	struct soba_area **slot = soba_index_slot(a->addr);

	if (READ_ONCE(*slot) != a)
		smp_store_release(slot, a);	/* pairs with soba_index_fast() */
}

void soba_index_add(struct soba_area *a);
void soba_index_del(struct soba_area *a);

/**
 * soba_index_find() - the area that an address lies in
 * @addr: any
 *
 * Context: any but NMI, under rcu_read_lock() or with preemption off.
 * Return: the area, which may be FREED at once; or NULL. Its guard page is not
 * part of it.
 */
struct soba_area *soba_index_find(unsigned long addr);

/** soba_index_was() - did an area begin here, the last one that did? Any context */
bool soba_index_was(unsigned long addr);

/* Pages on nodes beyond these are not told of in what people read. */
#define SOBA_INFO_NODES		64

/* What people are told of an area; copied under its shard's lock. */
struct soba_area_info {
	unsigned long addr;
	unsigned long nr_pages;
	unsigned long size;		/* bytes asked for */
	unsigned long caller;
	unsigned int flags;		/* SOBA_AREA_* */
	bool live;
	bool array;			/* ->pages is itself mapped memory */
	bool keeps_pages;
	int nid;
	u32 on_node[SOBA_INFO_NODES];	/* pages */
};

struct soba_index_pos {
	unsigned int shard;		/* of all levels */
	unsigned long addr;		/* not below this one */
};

/**
 * soba_index_read() - copy the next areas
 * @pos: begins as all zero; moved on
 * @info: room for @max
 * @max: at most SOBA_INDEX_BATCH
 *
 * An area that is there all the time is met exactly once. In order of address
 * within a shard only.
 *
 * Context: any but NMI; no lock held.
 * Return: how many; 0 at the end.
 */
unsigned int soba_index_read(struct soba_index_pos *pos,
			     struct soba_area_info *info, unsigned int max);

struct soba_index_stat {
	unsigned long areas;		/* cached ones too */
	unsigned long pages;		/* mapped, guard pages not counted */
	unsigned long level[SOBA_INDEX_LEVELS];	/* areas */
	unsigned long fullest;		/* most areas in one shard */
	unsigned int shards;		/* with an area */
	unsigned long longest;		/* ns a reader held a lock, since the last */
};

void soba_index_stat(struct soba_index_stat *stat);

/** soba_index_first() - any area, for the end of all; nobody else runs */
struct soba_area *soba_index_first(void);

void soba_index_init(void);

#endif /* SOBA_INDEX_H */
