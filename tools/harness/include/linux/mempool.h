/* SPDX-License-Identifier: GPL-2.0 */
/* mempool.h - harness: the kernel's mempool, for one thread: sim/slab.c */
#ifndef SIM_MEMPOOL_H
#define SIM_MEMPOOL_H

#include "sim/slab.h"

typedef void *(mempool_alloc_t)(gfp_t gfp, void *pool_data);
typedef void (mempool_free_t)(void *element, void *pool_data);

typedef struct mempool_s {
	int min_nr;
	int curr_nr;
	mempool_alloc_t *alloc;
	mempool_free_t *free;
	void *pool_data;
	void *elements[];
} mempool_t;

mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free, void *data);
void mempool_destroy(mempool_t *pool);
void *mempool_alloc(mempool_t *pool, gfp_t gfp);
void mempool_free(void *element, mempool_t *pool);

#endif /* SIM_MEMPOOL_H */
