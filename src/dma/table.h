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
 * The slab in whose first page @addr lies, and how far behind its start; or
 * &soba_dma_end, and an offset of a page or more.
 */
static __always_inline struct soba_dma_slab *
soba_dma_seek(unsigned long addr, unsigned long *offset)
{
	struct soba_dma_slab *s = READ_ONCE(*soba_dma_bucket(addr));

	*offset = addr - s->base;
	while (unlikely(*offset >= PAGE_SIZE) && s != &soba_dma_end) {
		s = READ_ONCE(s->next);
		*offset = addr - s->base;
	}
	return s;
}

/* The same; NULL when it is in no slab's first page. */
static inline struct soba_dma_slab *soba_dma_find(unsigned long addr)
{
	unsigned long offset;
	struct soba_dma_slab *s = soba_dma_seek(addr, &offset);

	return offset < PAGE_SIZE ? s : NULL;
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
