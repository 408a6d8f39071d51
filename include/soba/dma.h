/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Coherent memory, pools and streaming mappings from soba: the calls of
 * linux/dma-mapping.h and linux/dmapool.h under the prefix soba_, with the same
 * arguments, flags and return values. Link with soba.ko (GPL).
 *
 * Differences, all on purpose:
 * - Without attributes, coherent memory of at most a page is a part of one: a
 *   buffer is aligned to its size rounded up to a power of two, at least 32, and
 *   crosses no 4 KiB boundary. Who needs a whole page's alignment asks for
 *   PAGE_SIZE, or names an attribute.
 * - A pool's objects are aligned to at most PAGE_SIZE.
 * - Frees are checked: see Documentation/dma.rst.
 */
#ifndef SOBA_DMA_H
#define SOBA_DMA_H

#include <linux/dma-mapping.h>
#include <linux/gfp.h>

struct device;
struct page;
struct scatterlist;
struct sg_table;
struct soba_dma_pool;
struct vm_area_struct;

void *soba_dma_alloc_coherent(struct device *dev, size_t size,
			      dma_addr_t *handle, gfp_t gfp);
void soba_dma_free_coherent(struct device *dev, size_t size, void *vaddr,
			    dma_addr_t handle);
void *soba_dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle,
			   gfp_t gfp, unsigned long attrs);
void soba_dma_free_attrs(struct device *dev, size_t size, void *vaddr,
			 dma_addr_t handle, unsigned long attrs);

/* Coherent memory is cleared, whatever the flags: this is another name. */
#define soba_dma_zalloc_coherent(dev, size, handle, gfp) \
	soba_dma_alloc_coherent(dev, size, handle, gfp)
#define soba_dma_alloc_wc(dev, size, handle, gfp) \
	soba_dma_alloc_attrs(dev, size, handle, gfp, DMA_ATTR_WRITE_COMBINE | \
			     ((gfp) & __GFP_NOWARN ? DMA_ATTR_NO_WARN : 0))
#define soba_dma_free_wc(dev, size, vaddr, handle) \
	soba_dma_free_attrs(dev, size, vaddr, handle, DMA_ATTR_WRITE_COMBINE)

void *soba_dmam_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle,
			    gfp_t gfp, unsigned long attrs);
void *soba_dmam_alloc_coherent(struct device *dev, size_t size,
			       dma_addr_t *handle, gfp_t gfp);
void soba_dmam_free_coherent(struct device *dev, size_t size, void *vaddr,
			     dma_addr_t handle);

int soba_dma_mmap_attrs(struct device *dev, struct vm_area_struct *vma,
			void *vaddr, dma_addr_t handle, size_t size,
			unsigned long attrs);
int soba_dma_get_sgtable_attrs(struct device *dev, struct sg_table *sgt,
			       void *vaddr, dma_addr_t handle, size_t size,
			       unsigned long attrs);
#define soba_dma_mmap_coherent(dev, vma, vaddr, handle, size) \
	soba_dma_mmap_attrs(dev, vma, vaddr, handle, size, 0)
#define soba_dma_mmap_wc(dev, vma, vaddr, handle, size) \
	soba_dma_mmap_attrs(dev, vma, vaddr, handle, size, \
			    DMA_ATTR_WRITE_COMBINE)
#define soba_dma_get_sgtable(dev, sgt, vaddr, handle, size) \
	soba_dma_get_sgtable_attrs(dev, sgt, vaddr, handle, size, 0)

struct soba_dma_pool *soba_dma_pool_create(const char *name, struct device *dev,
					   size_t size, size_t align,
					   size_t boundary);
void soba_dma_pool_destroy(struct soba_dma_pool *pool);
void *soba_dma_pool_alloc(struct soba_dma_pool *pool, gfp_t gfp,
			  dma_addr_t *handle);
void soba_dma_pool_free(struct soba_dma_pool *pool, void *vaddr,
			dma_addr_t handle);
struct soba_dma_pool *soba_dmam_pool_create(const char *name,
					    struct device *dev, size_t size,
					    size_t align, size_t boundary);
void soba_dmam_pool_destroy(struct soba_dma_pool *pool);

#define soba_dma_pool_zalloc(pool, gfp, handle) \
	soba_dma_pool_alloc(pool, (gfp) | __GFP_ZERO, handle)

dma_addr_t soba_dma_map_page_attrs(struct device *dev, struct page *page,
				   size_t offset, size_t size,
				   enum dma_data_direction dir,
				   unsigned long attrs);
void soba_dma_unmap_page_attrs(struct device *dev, dma_addr_t handle,
			       size_t size, enum dma_data_direction dir,
			       unsigned long attrs);
dma_addr_t soba_dma_map_single_attrs(struct device *dev, void *ptr, size_t size,
				     enum dma_data_direction dir,
				     unsigned long attrs);
unsigned int soba_dma_map_sg_attrs(struct device *dev, struct scatterlist *sg,
				   int nents, enum dma_data_direction dir,
				   unsigned long attrs);
void soba_dma_unmap_sg_attrs(struct device *dev, struct scatterlist *sg,
			     int nents, enum dma_data_direction dir,
			     unsigned long attrs);
int soba_dma_map_sgtable(struct device *dev, struct sg_table *sgt,
			 enum dma_data_direction dir, unsigned long attrs);
void soba_dma_unmap_sgtable(struct device *dev, struct sg_table *sgt,
			    enum dma_data_direction dir, unsigned long attrs);
int soba_vmalloc_to_sgt(struct sg_table *sgt, const void *addr, size_t size,
			gfp_t gfp);
int soba_vmalloc_to_sgt_segment(struct sg_table *sgt, const void *addr,
				size_t size, unsigned int max_segment,
				gfp_t gfp);

#define soba_dma_map_page(dev, page, offset, size, dir) \
	soba_dma_map_page_attrs(dev, page, offset, size, dir, 0)
#define soba_dma_unmap_page(dev, handle, size, dir) \
	soba_dma_unmap_page_attrs(dev, handle, size, dir, 0)
#define soba_dma_map_single(dev, ptr, size, dir) \
	soba_dma_map_single_attrs(dev, ptr, size, dir, 0)
#define soba_dma_unmap_single_attrs(dev, handle, size, dir, attrs) \
	soba_dma_unmap_page_attrs(dev, handle, size, dir, attrs)
#define soba_dma_unmap_single(dev, handle, size, dir) \
	soba_dma_unmap_page_attrs(dev, handle, size, dir, 0)
#define soba_dma_map_sg(dev, sg, nents, dir) \
	soba_dma_map_sg_attrs(dev, sg, nents, dir, 0)
#define soba_dma_unmap_sg(dev, sg, nents, dir) \
	soba_dma_unmap_sg_attrs(dev, sg, nents, dir, 0)

/* Nothing of these is soba's: a mapping of soba's is one of the host's. */
#define soba_dma_mapping_error(dev, handle) dma_mapping_error(dev, handle)
#define soba_dma_sync_single_for_cpu(dev, handle, size, dir) \
	dma_sync_single_for_cpu(dev, handle, size, dir)
#define soba_dma_sync_single_for_device(dev, handle, size, dir) \
	dma_sync_single_for_device(dev, handle, size, dir)
#define soba_dma_sync_sg_for_cpu(dev, sg, nents, dir) \
	dma_sync_sg_for_cpu(dev, sg, nents, dir)
#define soba_dma_sync_sg_for_device(dev, sg, nents, dir) \
	dma_sync_sg_for_device(dev, sg, nents, dir)

#endif /* SOBA_DMA_H */
