/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dma_clear.h - floor 4: clearing of coherent objects. No lock: the object is in
 * its caller's hands.
 */
#ifndef SOBA_API_DMA_CLEAR_H
#define SOBA_API_DMA_CLEAR_H

#include "dma/dma.h"

/* memset(), not inlined where the compiler saves on bytes and not on time. */
void *soba_dma_clear_bytes(void *vaddr, size_t size);

/* Words @from up to @to; the bounds are constants. */
static __always_inline void soba_dma_clear_words(u64 *p, unsigned int from,
						 unsigned int to)
{
	unsigned int i;

#pragma GCC unroll 16
	for (i = from; i < to; i++)
		WRITE_ONCE(p[i], 0);
}

/*
 * An object of the small class that @size falls into, all of it. Stores in a row:
 * a loop or a call costs more than these.
 */
static __always_inline void *soba_dma_clear_small(void *vaddr, size_t size)
{
	soba_dma_clear_words(vaddr, 0, 4);
	if (size > 64) {
		soba_dma_clear_words(vaddr, 4, 16);
		if (size > 128)
			soba_dma_clear_words(vaddr, 16, 32);
	} else if (size > 32) {
		soba_dma_clear_words(vaddr, 4, 8);
	}
	return vaddr;
}

#endif /* SOBA_API_DMA_CLEAR_H */
