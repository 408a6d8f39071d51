/* SPDX-License-Identifier: GPL-2.0 */
/*
 * floor.h - floor 3: coherent memory as a whole, for the init ladder.
 */
#ifndef SOBA_DMA_FLOOR_H
#define SOBA_DMA_FLOOR_H

/* soba_dma_init() - process context. Return: 0 or an errno. */
int soba_dma_init(void);

/*
 * soba_dma_exit() - undo it. What is still out is reported, and kept: never given
 * back to the host.
 */
void soba_dma_exit(void);

/* mag.c, slab.c, for dma.c */
int soba_dma_slab_init(void);
void soba_dma_slab_exit(void);
int soba_dma_mag_init(void);
void soba_dma_mag_exit(void);
void soba_dma_table_abandon(void);

#endif /* SOBA_DMA_FLOOR_H */
