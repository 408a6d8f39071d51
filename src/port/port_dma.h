/* SPDX-License-Identifier: GPL-2.0 */
/*
 * port_dma.h - floor 0: what soba needs of its host's DMA API and driver core.
 *
 * Coherent memory comes from the host's dma_alloc_attrs() for the caller's own
 * device, so masks, IOMMU, bounce buffers and machines without coherent caches
 * are the host's business. A bus address is never computed from a physical one.
 *
 * Locking: no soba lock may be held, except for those marked "any context".
 */
#ifndef SOBA_PORT_DMA_H
#define SOBA_PORT_DMA_H

#include <linux/dma-mapping.h>

#include "port_inline.h"

/** soba_port_dma_mask() - where a device's coherent memory may lie; any context */
static __always_inline u64 soba_port_dma_mask(const struct device *dev)
{
	return READ_ONCE(dev->coherent_dma_mask);
}

/*
 * Keeps the compiler from computing @p a second time from what it was made of:
 * on fast paths that costs more than the register.
 */
#define soba_port_hide(p) __asm__ volatile("" : "+r"(p))

/** soba_port_dma_name() - what the driver core calls a device; any context */
const char *soba_port_dma_name(const struct device *dev);

/**
 * soba_port_dma_take() - coherent memory from the host, whole pages
 * @dev: the device; its coherent mask is not 0
 * @size: bytes, a multiple of PAGE_SIZE, at most what the host manages
 * @handle: set to where the device sees it
 * @gfp: the caller's flags without __GFP_COMP
 * @attrs: DMA_ATTR_*
 *
 * Post: aligned to PAGE_SIZE for the CPU and for the device, wholly within the
 * device's coherent mask. Silent on failure.
 *
 * Context: as the host's dma_alloc_attrs() with @gfp.
 * Return: its address, or NULL.
 */
void *soba_port_dma_take(struct device *dev, size_t size, dma_addr_t *handle,
			 gfp_t gfp, unsigned long attrs);

/**
 * soba_port_dma_give() - coherent memory back to the host
 * @dev: the device it was taken for, which still exists
 * @size: as it was taken; so are the others
 * @vaddr: its address
 * @handle: the device's address of it
 * @attrs: DMA_ATTR_*
 *
 * Context: process, may sleep (the host may unmap it).
 */
void soba_port_dma_give(struct device *dev, size_t size, void *vaddr,
			dma_addr_t handle, unsigned long attrs);

/** soba_port_dma_hold() - keep a device's structure; any context */
void soba_port_dma_hold(struct device *dev);

/** soba_port_dma_let_go() - undo soba_port_dma_hold(); may sleep */
void soba_port_dma_let_go(struct device *dev);

/** soba_port_percpu_alloc() - zeroed per-CPU memory; sleeps only if @gfp says so */
void __percpu *soba_port_percpu_alloc(size_t size, gfp_t gfp);

/**
 * struct soba_port_dma_ops - what the driver core tells, in process context
 * @unbound: a driver has left @dev, its managed resources are released
 * @removed: @dev is leaving its bus and may go away
 */
struct soba_port_dma_ops {
	void (*unbound)(struct device *dev);
	void (*removed)(struct device *dev);
};

/** soba_port_dma_register() - before the first watch; from the init ladder */
void soba_port_dma_register(const struct soba_port_dma_ops *ops);

/** soba_port_dma_unregister() - after return no callback runs; process context */
void soba_port_dma_unregister(void);

/**
 * soba_port_dma_watch() - from now on, tell when a device is unbound or removed
 * @dev: the device
 *
 * Context: process, may sleep.
 * Return: true when its bus will tell; false when it is on none, or without
 * memory.
 */
bool soba_port_dma_watch(struct device *dev);

/** soba_port_dma_watched() - does it already? Any context */
bool soba_port_dma_watched(struct device *dev);

/**
 * soba_port_devres_new() - a managed resource of @size bytes, zeroed
 * @release: called with it when the driver leaves
 * @size: bytes
 * @gfp: flags
 *
 * Return: the resource, for soba_port_devres_add() or _free(); or NULL.
 */
void *soba_port_devres_new(void (*release)(struct device *dev, void *res),
			   size_t size, gfp_t gfp);

/** soba_port_devres_free() - one that was not added */
void soba_port_devres_free(void *res);

/** soba_port_devres_add() - hand it to the device; any context */
void soba_port_devres_add(struct device *dev, void *res);

/**
 * soba_port_devres_drop() - forget one, without calling its release
 * @dev: the device
 * @release: as it was made with
 * @match: which one
 * @data: for @match
 *
 * Return: 0, or -ENOENT.
 */
int soba_port_devres_drop(struct device *dev,
			  void (*release)(struct device *dev, void *res),
			  int (*match)(struct device *dev, void *res, void *data),
			  void *data);

#endif /* SOBA_PORT_DMA_H */
