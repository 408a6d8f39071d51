// SPDX-License-Identifier: GPL-2.0
/*
 * dma_map.c - floor 4: coherent memory shown to userspace and to other devices,
 * and streaming mappings of soba's memory. Not in the userspace harness: what
 * they do is done by the host.
 *
 * Locking: none here; dma/stream.h has its own.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/dma.h>

#include "api/dma.h"
#include "base/report.h"
#include "dma/stream.h"
#include "dma/table.h"

/* Only whole pages can be shown: a smaller object has neighbours. */
static bool whole_pages(struct device *dev, void *vaddr, unsigned long caller)
{
	struct soba_dma_slab *s;
	bool whole;

	rcu_read_lock();
	s = soba_dma_find((unsigned long)vaddr);
	whole = s && s->dev == dev && s->nr == 1;
	rcu_read_unlock();
	if (!whole)
		soba_report(SOBA_R_WRONG_SIZE, caller,
			    "%p of %s is no block of whole pages of soba's: only those can be mapped",
			    vaddr, dev ? soba_port_dma_name(dev) : "no device");
	return whole;
}

/**
 * soba_dma_mmap_attrs() - map coherent memory to userspace
 * @dev: the device
 * @vma: where
 * @vaddr: its address, of PAGE_SIZE bytes or more
 * @handle: the device's address of it
 * @size: bytes
 * @attrs: DMA_ATTR_*, as it was allocated
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for a part of a page, or the host's error.
 */
int soba_dma_mmap_attrs(struct device *dev, struct vm_area_struct *vma,
			void *vaddr, dma_addr_t handle, size_t size,
			unsigned long attrs)
{
	if (!whole_pages(dev, vaddr, _RET_IP_))
		return -EINVAL;
	return dma_mmap_attrs(dev, vma, vaddr, handle, size, attrs);
}
EXPORT_SYMBOL_GPL(soba_dma_mmap_attrs);

/**
 * soba_dma_get_sgtable_attrs() - a scatter table over coherent memory
 * @dev: the device
 * @sgt: made; sg_free_table() it
 * @vaddr: its address, of PAGE_SIZE bytes or more
 * @handle: the device's address of it
 * @size: bytes
 * @attrs: DMA_ATTR_*, as it was allocated
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for a part of a page, or the host's error.
 */
int soba_dma_get_sgtable_attrs(struct device *dev, struct sg_table *sgt,
			       void *vaddr, dma_addr_t handle, size_t size,
			       unsigned long attrs)
{
	if (!whole_pages(dev, vaddr, _RET_IP_))
		return -EINVAL;
	return dma_get_sgtable_attrs(dev, sgt, vaddr, handle, size, attrs);
}
EXPORT_SYMBOL_GPL(soba_dma_get_sgtable_attrs);

/* The host warns with a stack of its own; soba says it as it says all. */
static bool map_refused(struct device *dev, size_t size, unsigned long caller)
{
	if (dev && dev->dma_mask && *dev->dma_mask && size)
		return false;
	soba_report(SOBA_R_BAD_PARAMETER, caller,
		    "%zu bytes to be mapped for %s%s", size,
		    dev ? soba_port_dma_name(dev) : "no device",
		    dev && size ? ", which has no DMA mask: dma_set_mask() comes first" : "");
	return true;
}

static unsigned long pages_of(size_t offset, size_t size)
{
	return PFN_UP(offset_in_page(offset) + size);
}

static dma_addr_t map_page(struct device *dev, struct page *page, size_t offset,
			   size_t size, enum dma_data_direction dir,
			   unsigned long attrs, unsigned long caller)
{
	struct soba_dma_mapping *m;
	dma_addr_t handle;

	if (map_refused(dev, size, caller))
		return DMA_MAPPING_ERROR;
	handle = dma_map_page_attrs(dev, page, offset, size, dir, attrs);
	if (dma_mapping_error(dev, handle))
		return DMA_MAPPING_ERROR;
	m = soba_dma_stream_new(1);
	if (!m)
		return handle;
	m->dev = dev;
	m->key = handle;
	m->size = size;
	m->caller = caller;
	m->dir = dir;
	m->nr_runs = 1;
	m->runs[0].page = page + (offset >> PAGE_SHIFT);
	m->runs[0].nr = pages_of(offset, size);
	soba_dma_stream_add(m);
	return handle;
}

/**
 * soba_dma_map_page_attrs() - let a device read or write a part of a block
 * @dev: the device; its DMA mask is set
 * @page: the first page
 * @offset: bytes from its start
 * @size: bytes
 * @dir: who writes
 * @attrs: DMA_ATTR_*
 *
 * While mapped, pages of soba's carry one reference more: a block that is freed
 * meanwhile is reported and waits.
 *
 * Context: any but NMI.
 * Return: the device's address, or DMA_MAPPING_ERROR.
 */
dma_addr_t soba_dma_map_page_attrs(struct device *dev, struct page *page,
				   size_t offset, size_t size,
				   enum dma_data_direction dir,
				   unsigned long attrs)
{
	return map_page(dev, page, offset, size, dir, attrs, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_dma_map_page_attrs);

/**
 * soba_dma_map_single_attrs() - the same by address
 * @dev: the device
 * @ptr: address in the direct map: an object or a block, not a mapped area
 * @size: bytes
 * @dir: who writes
 * @attrs: DMA_ATTR_*
 *
 * Context: any but NMI.
 * Return: the device's address, or DMA_MAPPING_ERROR.
 */
dma_addr_t soba_dma_map_single_attrs(struct device *dev, void *ptr, size_t size,
				     enum dma_data_direction dir,
				     unsigned long attrs)
{
	if (!virt_addr_valid(ptr)) {
		soba_report(SOBA_R_BAD_PARAMETER, _RET_IP_,
			    "%p is not in the direct map: soba_vmalloc_to_sgt() is for areas",
			    ptr);
		return DMA_MAPPING_ERROR;
	}
	return map_page(dev, virt_to_page(ptr), offset_in_page(ptr), size, dir,
			attrs, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_dma_map_single_attrs);

/**
 * soba_dma_unmap_page_attrs() - the device has done
 * @dev: the device
 * @handle: what the mapping returned
 * @size: bytes, as they were mapped
 * @dir: as it was mapped
 * @attrs: DMA_ATTR_*
 *
 * Context: any but NMI.
 */
void soba_dma_unmap_page_attrs(struct device *dev, dma_addr_t handle,
			       size_t size, enum dma_data_direction dir,
			       unsigned long attrs)
{
	if (map_refused(dev, size, _RET_IP_))
		return;
	dma_unmap_page_attrs(dev, handle, size, dir, attrs);
	soba_dma_stream_drop(dev, handle, size, dir, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_dma_unmap_page_attrs);

static void follow_sg(struct device *dev, struct scatterlist *sgl, int nents,
		      enum dma_data_direction dir, unsigned long caller)
{
	struct soba_dma_mapping *m = soba_dma_stream_new(nents);
	struct scatterlist *sg;
	int i;

	if (!m)
		return;
	m->dev = dev;
	m->key = (unsigned long)sgl;
	m->size = nents;
	m->caller = caller;
	m->dir = dir;
	m->nr_runs = nents;
	for_each_sg(sgl, sg, nents, i) {
		m->runs[i].page = sg_page(sg) + (sg->offset >> PAGE_SHIFT);
		m->runs[i].nr = pages_of(sg->offset, sg->length);
	}
	soba_dma_stream_add(m);
}

/**
 * soba_dma_map_sg_attrs() - the same for a scatter list
 * @dev: the device
 * @sg: the list
 * @nents: its entries
 * @dir: who writes
 * @attrs: DMA_ATTR_*
 *
 * Context: any but NMI.
 * Return: how many entries the device is to be given, or 0.
 */
unsigned int soba_dma_map_sg_attrs(struct device *dev, struct scatterlist *sg,
				   int nents, enum dma_data_direction dir,
				   unsigned long attrs)
{
	unsigned int mapped;

	if (map_refused(dev, max(nents, 0), _RET_IP_))
		return 0;
	mapped = dma_map_sg_attrs(dev, sg, nents, dir, attrs);
	if (mapped)
		follow_sg(dev, sg, nents, dir, _RET_IP_);
	return mapped;
}
EXPORT_SYMBOL_GPL(soba_dma_map_sg_attrs);

/**
 * soba_dma_unmap_sg_attrs() - the device has done
 * @dev: the device
 * @sg: the list, as it was mapped
 * @nents: entries given to the mapping, not those that it returned
 * @dir: as it was mapped
 * @attrs: DMA_ATTR_*
 *
 * Context: any but NMI.
 */
void soba_dma_unmap_sg_attrs(struct device *dev, struct scatterlist *sg,
			     int nents, enum dma_data_direction dir,
			     unsigned long attrs)
{
	if (map_refused(dev, max(nents, 0), _RET_IP_))
		return;
	dma_unmap_sg_attrs(dev, sg, nents, dir, attrs);
	soba_dma_stream_drop(dev, (unsigned long)sg, nents, dir, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_dma_unmap_sg_attrs);

/**
 * soba_dma_map_sgtable() - the same for a scatter table
 * @dev: the device
 * @sgt: the table; its nents is set
 * @dir: who writes
 * @attrs: DMA_ATTR_*
 *
 * Context: any but NMI.
 * Return: 0, -EINVAL, or the host's error.
 */
int soba_dma_map_sgtable(struct device *dev, struct sg_table *sgt,
			 enum dma_data_direction dir, unsigned long attrs)
{
	int err;

	if (map_refused(dev, sgt->orig_nents, _RET_IP_))
		return -EINVAL;
	err = dma_map_sgtable(dev, sgt, dir, attrs);
	if (!err)
		follow_sg(dev, sgt->sgl, sgt->orig_nents, dir, _RET_IP_);
	return err;
}
EXPORT_SYMBOL_GPL(soba_dma_map_sgtable);

/**
 * soba_dma_unmap_sgtable() - the device has done
 * @dev: the device
 * @sgt: the table
 * @dir: as it was mapped
 * @attrs: DMA_ATTR_*
 *
 * Context: any but NMI.
 */
void soba_dma_unmap_sgtable(struct device *dev, struct sg_table *sgt,
			    enum dma_data_direction dir, unsigned long attrs)
{
	if (map_refused(dev, sgt->orig_nents, _RET_IP_))
		return;
	dma_unmap_sgtable(dev, sgt, dir, attrs);
	soba_dma_stream_drop(dev, (unsigned long)sgt->sgl, sgt->orig_nents, dir,
			     _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_dma_unmap_sgtable);
