// SPDX-License-Identifier: GPL-2.0
/*
 * table.c - floor 3: the address table of coherent memory, see table.h.
 *
 * Locking: table_lock, a leaf, around each change; readers none. A slab that
 * has been taken out keeps its ->next until a grace period has passed, so who
 * stands on it finds his way.
 */
#include "dma/table.h"

struct soba_dma_slab *soba_dma_table[SOBA_DMA_BUCKETS];
/* It has no mark, so nothing is found in it. */
struct soba_dma_slab soba_dma_end = {
	.base = 1UL << (BITS_PER_LONG - 2),
	.dev = SOBA_DMA_GONE,
	.next = &soba_dma_end,
};

static DEFINE_RAW_SPINLOCK(table_lock);

void soba_dma_table_init(void)
{
	unsigned long i;

	for (i = 0; i < SOBA_DMA_BUCKETS; i++)
		soba_dma_table[i] = &soba_dma_end;
}

void soba_dma_table_add(struct soba_dma_slab *s)
{
	struct soba_dma_slab **bucket = soba_dma_bucket(s->base);
	unsigned long flags;

	raw_spin_lock_irqsave(&table_lock, flags);
	s->next = *bucket;
	/* Pairs with the dependent loads of soba_dma_find(). */
	smp_store_release(bucket, s);
	raw_spin_unlock_irqrestore(&table_lock, flags);
}

void soba_dma_table_del(struct soba_dma_slab *s)
{
	struct soba_dma_slab **at = soba_dma_bucket(s->base);
	unsigned long flags;

	raw_spin_lock_irqsave(&table_lock, flags);
	while (*at != &soba_dma_end && *at != s)
		at = &(*at)->next;
	if (*at == s)
		WRITE_ONCE(*at, s->next);
	raw_spin_unlock_irqrestore(&table_lock, flags);
}

void soba_dma_each(soba_dma_visit visit, void *arg)
{
	bool more = true;
	unsigned long i;

	for (i = 0; more && i < SOBA_DMA_BUCKETS; i++) {
		struct soba_dma_slab *s;

		rcu_read_lock();
		s = READ_ONCE(soba_dma_table[i]);
		for (; s != &soba_dma_end && more; s = READ_ONCE(s->next))
			more = visit(s, arg);
		rcu_read_unlock();
		cond_resched();
	}
}
