// SPDX-License-Identifier: GPL-2.0
/*
 * dma_managed.c - floor 4: coherent memory that goes when the driver leaves.
 *
 * Locking: none here; the driver core has its own for managed resources.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/dma.h>

#include "api/dma.h"
#include "base/report.h"

struct managed {
	void *vaddr;
	dma_addr_t handle;
	size_t size;
	unsigned long attrs;
	unsigned long caller;
};

static void managed_release(struct device *dev, void *res)
{
	const struct managed *m = res;
	struct soba_dma_free f = {
		.dev = dev,
		.vaddr = m->vaddr,
		.handle = m->handle,
		.size = m->size,
		.attrs = m->attrs,
		.caller = m->caller,
	};

	soba_dma_free_for(&f);
	soba_port_text_put();
}

static int managed_match(struct device *dev, void *res, void *data)
{
	const struct managed *m = res;

	return m->vaddr == data;
}

static void *managed_alloc(struct device *dev, size_t size, dma_addr_t *handle,
			   gfp_t gfp, unsigned long attrs, unsigned long caller)
{
	struct managed *m;

	if (soba_dma_refused(dev, size, caller))
		return NULL;
	m = soba_port_devres_new(managed_release, sizeof(*m),
				 gfp & (GFP_KERNEL | __GFP_HIGH));
	if (!m)
		return NULL;
	m->vaddr = soba_dma_alloc_for(dev, size, handle, gfp, attrs, caller);
	if (!m->vaddr) {
		soba_port_devres_free(m);
		return NULL;
	}
	m->handle = *handle;
	m->size = size;
	m->attrs = attrs & ~DMA_ATTR_NO_WARN;
	m->caller = caller;
	/* The device may outlive the client, and calls managed_release(). */
	soba_port_text_get();
	soba_port_devres_add(dev, m);
	return m->vaddr;
}

/**
 * soba_dmam_alloc_attrs() - soba_dma_alloc_attrs(), freed when the driver leaves
 * @dev: the device
 * @size: bytes
 * @handle: set to the device's address of it
 * @gfp: GFP flags
 * @attrs: DMA_ATTR_*
 *
 * Context: as soba_dma_alloc_attrs().
 * Return: its address, or NULL.
 */
void *soba_dmam_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle,
			    gfp_t gfp, unsigned long attrs)
{
	return managed_alloc(dev, size, handle, gfp, attrs, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_dmam_alloc_attrs);

/**
 * soba_dmam_alloc_coherent() - the same without attributes
 * @dev: the device
 * @size: bytes
 * @handle: set to the device's address of it
 * @gfp: GFP flags
 *
 * Context: as soba_dma_alloc_coherent().
 * Return: its address, or NULL.
 */
void *soba_dmam_alloc_coherent(struct device *dev, size_t size,
			       dma_addr_t *handle, gfp_t gfp)
{
	return managed_alloc(dev, size, handle, gfp, 0, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_dmam_alloc_coherent);

/**
 * soba_dmam_free_coherent() - give such memory back before the driver leaves
 * @dev: the device
 * @size: bytes
 * @vaddr: its address
 * @handle: the device's address of it
 *
 * Memory that is not managed is given back too, and it is reported.
 *
 * Context: any but NMI.
 */
void soba_dmam_free_coherent(struct device *dev, size_t size, void *vaddr,
			     dma_addr_t handle)
{
	struct managed *m = NULL;
	struct soba_dma_free f = {
		.dev = dev,
		.vaddr = vaddr,
		.handle = handle,
		.size = size,
		.caller = _RET_IP_,
	};

	if (dev && vaddr)
		m = soba_port_devres_find(dev, managed_release, managed_match,
					  vaddr);
	if (m)
		f.attrs = m->attrs;
	if (!soba_dma_free_for(&f))
		return;
	if (m && !soba_port_devres_drop(dev, managed_release, managed_match,
					vaddr))
		soba_port_text_put();
	else
		soba_report(SOBA_R_BAD_PARAMETER, _RET_IP_,
			    "%p of %s was not managed", vaddr,
			    soba_port_dma_name(dev));
}
EXPORT_SYMBOL_GPL(soba_dmam_free_coherent);
