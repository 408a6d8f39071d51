/* SPDX-License-Identifier: GPL-2.0 */
/*
 * large.h - floor 3: kmalloc() of whole blocks, above the largest class.
 */
#ifndef SOBA_LARGE_H
#define SOBA_LARGE_H

#include "slab/slab.h"

/**
 * soba_large_alloc() - a block as one object
 * @req: decoded, with the order
 * @c: the cache that an object charged to a memcg alone belongs to, or NULL
 *
 * Context: as req->sleep says, any but NMI. Return: its address, or NULL.
 */
void *soba_large_alloc(const struct soba_req *req, struct soba_cache *c);

/**
 * soba_large_free() - the block goes back
 * @f: its head, of kind SOBA_OWN_LARGE
 * @caller: for a report
 */
void soba_large_free(struct soba_frame *f, unsigned long caller);

/* The large object that an address lies in, as soba_object_find(). */
bool soba_large_find(const void *addr, struct soba_object *o);

#endif /* SOBA_LARGE_H */
