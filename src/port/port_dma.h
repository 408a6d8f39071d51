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

/* The same, and the compiler may compare with it in place. */
static __always_inline u64 soba_port_dma_mask_once(const struct device *dev)
{
	/* one word; a driver that changes it while it allocates gets either */
	return data_race(dev->coherent_dma_mask);
}

/** soba_port_dma_name() - what the driver core calls a device; any context */
const char *soba_port_dma_name(const struct device *dev);

/*
 * A code address in 32 bits and back, for the code of the kernel and its modules:
 * on x86-64 all of it lies in the last 2 GiB, elsewhere within 2 GiB of ours.
 */
#ifdef CONFIG_X86_64
#define SOBA_SITE_BASE 0UL
#else
#define SOBA_SITE_BASE ((unsigned long)soba_port_dma_name)
#endif

static __always_inline u32 soba_port_site_pack(unsigned long site)
{
	return site - SOBA_SITE_BASE;
}

/*
 * @at[0]: the packed site, then @at[1]: SOBA_SITE_AFTER. On x86-64 that is the
 * site itself, in one store.
 */
#define SOBA_SITE_AFTER	0xffffffffU

#ifdef CONFIG_X86_64
static __always_inline void soba_port_site_put(u32 *at, unsigned long site)
{
	WRITE_ONCE(*(unsigned long *)at, site);
}
#else
static __always_inline void soba_port_site_put(u32 *at, unsigned long site)
{
	WRITE_ONCE(at[0], soba_port_site_pack(site));
	WRITE_ONCE(at[1], SOBA_SITE_AFTER);
}
#endif

static inline unsigned long soba_port_site_unpack(u32 packed)
{
	return SOBA_SITE_BASE + (long)(s32)packed;
}

/*
 * Keeps the compiler from computing @p a second time from what it was made of:
 * on fast paths that costs more than the register.
 */
#define soba_port_hide(p) __asm__ volatile("" : "+r"(p))

/**
 * soba_port_dma_take() - coherent memory from the host, whole pages
 * @dev: the device; its coherent mask is not 0
 * @size: bytes, a multiple of PAGE_SIZE, at most what the host manages
 * @handle: set to where the device sees it
 * @gfp: the caller's flags without __GFP_COMP
 * @attrs: DMA_ATTR_*
 *
 * Post: aligned to PAGE_SIZE for the CPU and for the device, wholly within the
 * device's coherent mask. With DMA_ATTR_NO_KERNEL_MAPPING the address only names
 * it. Silent on failure.
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
 * @binding: a driver is about to be bound to @dev
 * @unbound: a driver has left @dev, its managed resources are released
 * @removed: @dev is leaving its bus and may go away
 */
struct soba_port_dma_ops {
	void (*binding)(struct device *dev);
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

/**
 * soba_port_dma_own_memory() - has the device coherent memory of its own?
 * @dev: the device
 *
 * That is given back in any context, and has to be before the device loses it.
 */
bool soba_port_dma_own_memory(struct device *dev);

/** soba_port_dma_watched() - does it already? Any context */
bool soba_port_dma_watched(struct device *dev);

/** soba_port_dma_bound() - has the device a driver, or is one probing? Any context */
bool soba_port_dma_bound(struct device *dev);

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

/** soba_port_devres_find() - one that @match says yes to, or NULL */
void *soba_port_devres_find(struct device *dev,
			    void (*release)(struct device *dev, void *res),
			    int (*match)(struct device *dev, void *res,
					 void *data),
			    void *data);

/*
 * Keep soba loaded while the driver core may call it back, and no longer. To be
 * let go of as the last thing before returning to the driver core.
 */
void soba_port_text_get(void);
void soba_port_text_put(void);

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
