/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gfp.h - floor 4: the only decoder of GFP flags.
 */
#ifndef SOBA_GFP_H
#define SOBA_GFP_H

#include "page/req.h"

/*
 * Flags that change where a block comes from, how deep a request may reach or
 * what it must look like: with one of them set the fast path steps aside.
 * Everything else only matters once the per-CPU list is empty.
 */
#define SOBA_GFP_SLOW (__GFP_DMA | __GFP_DMA32 | __GFP_ZERO | __GFP_COMP |   \
		       __GFP_ACCOUNT | __GFP_THISNODE | __GFP_NOFAIL |	     \
		       ~__GFP_BITS_MASK)

/**
 * soba_gfp_decode() - turn flags into a request
 * @req: filled in
 * @gfp: the caller's flags
 * @order: log2 of the frames
 * @nid: node to begin with, or NUMA_NO_NODE
 * @caller: return address into the caller
 *
 * Illegal mixtures are reported once per caller and read as the nearest legal
 * meaning. A sleeping request in atomic context is reported and no longer
 * sleeps.
 *
 * Context: any.
 */
void soba_gfp_decode(struct soba_req *req, gfp_t gfp, unsigned int order,
		     int nid, unsigned long caller);

/**
 * soba_gfp_decode_dma() - the same for coherent memory
 * @req: filled in
 * @gfp: the caller's flags; as in the kernel, the device's coherent mask chooses
 *	the zone, whatever zone they name
 * @size: bytes
 * @caller: return address into the caller
 *
 * Return: false when the DMA API refuses them: __GFP_COMP, reported.
 */
bool soba_gfp_decode_dma(struct soba_req *req, gfp_t gfp, size_t size,
			 unsigned long caller);

/* Flags with which the fast path of coherent memory steps aside. */
#define SOBA_GFP_DMA_SLOW (__GFP_COMP | __GFP_ACCOUNT | __GFP_NOFAIL | \
			   ~__GFP_BITS_MASK)

/**
 * soba_gfp_failed() - the one report of a request that got nothing
 * @req: the request; silent with __GFP_NOWARN
 */
void soba_gfp_failed(const struct soba_req *req);

#endif /* SOBA_GFP_H */
