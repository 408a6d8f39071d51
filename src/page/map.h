/* SPDX-License-Identifier: GPL-2.0 */
/*
 * map.h - floor 2: from a page frame number to its descriptor.
 *
 * A flat table has one pointer for each region of SOBA_REGION_FRAMES frames of
 * physical memory: to the region's array of descriptors, or to a shared array
 * of SOBA_F_NONE. So a lookup is two dependent loads (array, descriptor) with
 * no test for NULL between them, and every PFN has an answer. The pointers are
 * biased by the region's first PFN, which saves the lookup a mask.
 *
 * Locking: readers take none, but must not be preempted between the lookup and
 * the last use of the descriptor unless they hold the block that it describes
 * (rcu_read_lock() or preemption off). Writers hold map_lock, in map.c. An
 * array whose last chunk has left is freed after a grace period.
 */
#ifndef SOBA_MAP_H
#define SOBA_MAP_H

#include "page/frame.h"

struct soba_map {
	unsigned long *biased;		/* array of a region, less its first PFN */
	unsigned long nr_regions;
};

extern struct soba_map soba_map;

static __always_inline bool soba_map_covers(unsigned long pfn)
{
	return pfn >> SOBA_REGION_ORDER < soba_map.nr_regions;
}

/*
 * The descriptor of a PFN for which soba_map_covers(). The table's entry is a
 * word that only ever changes whole, and is read once: data_race() says so at
 * an instruction less than READ_ONCE() costs here.
 */
static __always_inline struct soba_frame *
soba_map_frame_covered(unsigned long pfn)
{
	return (struct soba_frame *)
		/* see above */
		(data_race(soba_map.biased[pfn >> SOBA_REGION_ORDER]) +
		 pfn * sizeof(struct soba_frame));
}

/*
 * The same from soba_port_page_offset(): where the sizes divide, without going
 * by the PFN.
 */
static __always_inline struct soba_frame *soba_map_frame_at(unsigned long offset)
{
	unsigned long ratio = sizeof(struct page) / sizeof(struct soba_frame);
	unsigned long pfn = offset / sizeof(struct page);

	if (sizeof(struct page) % sizeof(struct soba_frame))
		return soba_map_frame_covered(pfn);
	return (struct soba_frame *)
		/* one aligned word, see soba_map_frame_covered() */
		(data_race(soba_map.biased[pfn >> SOBA_REGION_ORDER]) +
		 offset / ratio);
}

static __always_inline struct soba_frame *
soba_map_frame_of_page(const struct page *page)
{
	return soba_map_frame_at(soba_port_page_offset(page));
}

/**
 * soba_map_frame() - the descriptor of a PFN
 * @pfn: any number
 *
 * Return: the descriptor, or NULL for a PFN beyond the machine. Of a frame that
 * is not soba's the state is SOBA_F_NONE.
 */
static __always_inline struct soba_frame *soba_map_frame(unsigned long pfn)
{
	return likely(soba_map_covers(pfn)) ? soba_map_frame_covered(pfn) :
					      NULL;
}

int soba_map_init(void);
void soba_map_exit(void);
int soba_map_add(unsigned long pfn, gfp_t gfp, int nid);
void soba_map_remove(unsigned long pfn);
struct soba_chunk *soba_map_next_chunk(unsigned long *pfn);
unsigned long soba_map_bytes(void);

#endif /* SOBA_MAP_H */
