/* SPDX-License-Identifier: GPL-2.0 */
/* dma-mapping.h - harness: a device, and the words of the DMA API. */
#ifndef SIM_DMA_MAPPING_H
#define SIM_DMA_MAPPING_H

#include "sim/base.h"

typedef u64 dma_addr_t;

struct device {
	const char *name;
	u64 coherent_dma_mask;
	bool no_bus;
	bool no_driver;
	long holds;
	struct sim_devres *res;
};

enum dma_data_direction { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_NONE };
#define DMA_ATTR_WRITE_COMBINE		(1UL << 2)
#define DMA_ATTR_NO_KERNEL_MAPPING	(1UL << 4)
#define DMA_ATTR_NO_WARN		(1UL << 8)
#define DMA_BIT_MASK(n)			((n) == 64 ? ~0ULL : (1ULL << (n)) - 1)

#endif /* SIM_DMA_MAPPING_H */
