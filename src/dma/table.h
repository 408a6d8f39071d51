/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table.h - floor 3: from an address to the slab of coherent memory it is in.
 *
 * A hash with chains, by page number; coherent memory may lie anywhere, in the
 * direct map or in a mapping of the IOMMU code's. Only the first page of a slab
 * is in it: slabs of more pages hold one object. Readers take no lock, they have
 * preemption off or are under rcu_read_lock().
 */
#ifndef SOBA_DMA_TABLE_H
#define SOBA_DMA_TABLE_H

#include "dma/dma.h"

#define SOBA_DMA_BUCKETS 8192UL

extern struct soba_dma_slab *soba_dma_table[SOBA_DMA_BUCKETS];
/* Ends each chain; in no page. */
extern struct soba_dma_slab soba_dma_end;

static __always_inline struct soba_dma_slab **soba_dma_bucket(unsigned long addr)
{
	return &soba_dma_table[(addr >> PAGE_SHIFT) % SOBA_DMA_BUCKETS];
}

/*
 * The slab that has a mark for just this address, and the mark; false when there
 * is none. What the power of two does not divide turns into an index far beyond
 * the marks.
 */
static __always_inline bool soba_dma_seek(unsigned long addr,
					  struct soba_dma_slab **slab,
					  struct soba_dma_mark **mark)
{
	struct soba_dma_slab *s = READ_ONCE(*soba_dma_bucket(addr));
	unsigned long index = ror64(addr - s->base, s->shift);

	while (unlikely(index >= s->marks)) {
		if (s == &soba_dma_end)
			return false;
		s = READ_ONCE(s->next);
		index = ror64(addr - s->base, s->shift);
	}
	*slab = s;
	*mark = &s->mark[index];
	soba_port_hide(*mark);
	return true;
}

/* The slab in whose first page @addr lies, or which it names; or NULL. */
static inline struct soba_dma_slab *soba_dma_find(unsigned long addr)
{
	struct soba_dma_slab *s = READ_ONCE(*soba_dma_bucket(addr));

	while (s != &soba_dma_end && addr - s->base >= s->span)
		s = READ_ONCE(s->next);
	return s != &soba_dma_end ? s : NULL;
}

/* Looks at a slab, under rcu_read_lock(). True: go on. */
typedef bool (*soba_dma_visit)(struct soba_dma_slab *s, void *arg);

void soba_dma_table_init(void);
void soba_dma_table_add(struct soba_dma_slab *s);
void soba_dma_table_del(struct soba_dma_slab *s);

/**
 * soba_dma_each() - visit all slabs
 * @visit: called for each
 * @arg: for it
 *
 * One that comes or goes meanwhile is visited or not. The CPU is offered
 * between two buckets. Context: process.
 */
void soba_dma_each(soba_dma_visit visit, void *arg);

#endif /* SOBA_DMA_TABLE_H */
