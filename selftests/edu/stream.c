// SPDX-License-Identifier: GPL-2.0
/*
 * stream.c - streaming mappings of soba's memory: the bytes go to the device
 * from one buffer and come back into another.
 *
 * Locking: edu_lock.
 */
#include <linux/scatterlist.h>

#include "edu.h"

#define AREA_PAGES 4

/*
 * What a device with so narrow a mask can reach without a bounce buffer, which
 * the host may not have, or not where the device reaches it.
 */
static gfp_t reachable(void)
{
	if (edu_bits() >= 64)
		return GFP_KERNEL;
	return edu_bits() >= 32 ? GFP_KERNEL | GFP_DMA32 : GFP_KERNEL | GFP_DMA;
}

/* A buffer with a scatter table over it, or just one piece. */
struct buffer {
	struct page *pages[AREA_PAGES];
	unsigned int nr;	/* of them; 0: memory of vmalloc() */
	void *area;		/* all in a row, or NULL */
	struct sg_table sgt;
};

/* To the device and, from the same place in it, to where it came from. */
static int there_and_back(dma_addr_t out, dma_addr_t in, size_t size)
{
	int err = edu_transfer(out, 0, size, true);

	return err ? err : edu_transfer(in, 0, size, false);
}

static void *piece_new(u32 form, size_t size)
{
	if (form == EDU_STREAM_KMALLOC)
		return soba_kmalloc(size, reachable());
	return (void *)soba___get_free_pages(reachable(), 2);
}

static void piece_free(void *piece, u32 form)
{
	if (form == EDU_STREAM_KMALLOC)
		soba_kfree(piece);
	else
		soba_free_pages((unsigned long)piece, 2);
}

static dma_addr_t piece_map(struct device *dev, void *piece, u32 form,
			    size_t offset, size_t size,
			    enum dma_data_direction dir)
{
	if (form == EDU_STREAM_PAGE)
		return soba_dma_map_page(dev, virt_to_page(piece), offset, size,
					 dir);
	return soba_dma_map_single(dev, piece + offset, size, dir);
}

/* Both ways of one piece; an object, or a part of a block. */
static int single(struct soba_edu_call *c, struct device *dev)
{
	size_t offset = c->form == EDU_STREAM_PAGE ? PAGE_SIZE + 128 : 0;
	void *from = piece_new(c->form, c->size);
	void *to = piece_new(c->form, c->size);
	size_t size = c->size;
	dma_addr_t out, in;
	int err = -ENOMEM;

	if (!from || !to)
		goto free;
	edu_fill(from + offset, c->seed, 0, size);
	memset(to + offset, 0, size);
	out = piece_map(dev, from, c->form, offset, size, DMA_TO_DEVICE);
	in = piece_map(dev, to, c->form, offset, size, DMA_FROM_DEVICE);
	err = -EIO;
	if (!soba_dma_mapping_error(dev, out) && !soba_dma_mapping_error(dev, in))
		err = there_and_back(out, in, size);
	if (!soba_dma_mapping_error(dev, out))
		soba_dma_unmap_single(dev, out, size, DMA_TO_DEVICE);
	if (!soba_dma_mapping_error(dev, in))
		soba_dma_unmap_single(dev, in, size, DMA_FROM_DEVICE);
	c->value = edu_check(to + offset, c->seed, 0, size);
	c->entries = 1;
free:
	piece_free(from, c->form);
	piece_free(to, c->form);
	return err;
}

static void buffer_free(struct buffer *b)
{
	unsigned int i;

	sg_free_table(&b->sgt);
	if (!b->nr)
		soba_vfree(b->area);
	else
		soba_vunmap(b->area);
	for (i = 0; i < b->nr; i++)
		soba___free_page(b->pages[i]);
}

/* The first two frames are neighbours, the others lie anywhere. */
static int buffer_pages(struct buffer *b)
{
	struct page *pair = soba_alloc_pages(reachable(), 1);

	if (!pair)
		return -ENOMEM;
	soba_split_page(pair, 1);
	b->pages[b->nr++] = pair;
	b->pages[b->nr++] = pair + 1;
	while (b->nr < AREA_PAGES) {
		/* a larger block's first page keeps its distance */
		struct page *page = soba_alloc_pages(reachable(), 2);
		unsigned int i;

		if (!page)
			return -ENOMEM;
		soba_split_page(page, 2);
		for (i = 1; i < 4; i++)
			soba___free_page(page + i);
		b->pages[b->nr++] = page;
	}
	return 0;
}

static int buffer_area(struct buffer *b, u32 form)
{
	int err;

	if (form == EDU_STREAM_VMALLOC) {
		b->area = soba___vmalloc(AREA_PAGES * PAGE_SIZE, reachable());
	} else {
		err = buffer_pages(b);
		if (err)
			return err;
		b->area = soba_vmap(b->pages, b->nr, VM_MAP, PAGE_KERNEL);
	}
	return b->area ? 0 : -ENOMEM;
}

static int buffer_make(struct buffer *b, struct device *dev, u32 form,
		       size_t size)
{
	struct scatterlist *sg;
	unsigned int i;
	int err = buffer_area(b, form);

	if (err)
		return err;
	if (form != EDU_STREAM_SG)
		return soba_vmalloc_to_sgt_segment(&b->sgt, b->area, size,
						   dma_get_max_seg_size(dev),
						   GFP_KERNEL);
	err = sg_alloc_table(&b->sgt, b->nr, GFP_KERNEL);
	if (err)
		return err;
	for_each_sg(b->sgt.sgl, sg, b->nr, i)
		sg_set_page(sg, b->pages[i], PAGE_SIZE, 0);
	return 0;
}

/* As much at a time as the device's memory holds. */
static int pieces(struct buffer *out, struct buffer *in, size_t size)
{
	struct scatterlist *a = out->sgt.sgl, *b = in->sgt.sgl;
	size_t done_a = 0, done_b = 0, n;
	int err = 0;

	while (size && !err) {
		n = min3(size, (size_t)SOBA_EDU_BUFFER,
			 (size_t)sg_dma_len(a) - done_a);
		n = min(n, (size_t)sg_dma_len(b) - done_b);
		err = there_and_back(sg_dma_address(a) + done_a,
				     sg_dma_address(b) + done_b, n);
		size -= n;
		done_a += n;
		done_b += n;
		if (done_a == sg_dma_len(a) && size) {
			a = sg_next(a);
			done_a = 0;
		}
		if (done_b == sg_dma_len(b) && size) {
			b = sg_next(b);
			done_b = 0;
		}
	}
	return err;
}

static int scattered(struct soba_edu_call *c, struct device *dev)
{
	size_t size = c->form == EDU_STREAM_SG ? AREA_PAGES * PAGE_SIZE : c->size;
	struct buffer out = { }, in = { };
	int err;

	err = buffer_make(&out, dev, c->form, size);
	if (!err)
		err = buffer_make(&in, dev, c->form, size);
	if (err)
		goto free;
	edu_fill(out.area, c->seed, 0, size);
	memset(in.area, 0, AREA_PAGES * PAGE_SIZE);
	c->entries = out.sgt.orig_nents;
	err = soba_dma_map_sgtable(dev, &out.sgt, DMA_TO_DEVICE, 0);
	if (err)
		goto free;
	err = soba_dma_map_sgtable(dev, &in.sgt, DMA_FROM_DEVICE, 0);
	if (!err) {
		err = pieces(&out, &in, size);
		soba_dma_unmap_sgtable(dev, &in.sgt, DMA_FROM_DEVICE, 0);
	}
	soba_dma_unmap_sgtable(dev, &out.sgt, DMA_TO_DEVICE, 0);
	c->value = edu_check(in.area, c->seed, 0, size);
free:
	buffer_free(&out);
	buffer_free(&in);
	return err;
}

/* Freed too early, or never unmapped. */
static int mistaken(struct soba_edu_call *c, struct device *dev)
{
	struct page *page = soba_alloc_page(reachable());
	dma_addr_t handle;

	if (!page)
		return -ENOMEM;
	handle = soba_dma_map_page(dev, page, 0, PAGE_SIZE, DMA_TO_DEVICE);
	if (soba_dma_mapping_error(dev, handle)) {
		soba___free_page(page);
		return -EIO;
	}
	if (c->form == EDU_STREAM_LEFT)
		return 0;
	soba___free_page(page);
	soba_dma_unmap_page(dev, handle, PAGE_SIZE, DMA_TO_DEVICE);
	return 0;
}

int stream_op(struct soba_edu_call *c)
{
	struct device *dev = targets[c->target].dev;

	if (!dev || c->size > AREA_PAGES * PAGE_SIZE)
		return -EINVAL;
	switch (c->form) {
	case EDU_STREAM_SINGLE:
	case EDU_STREAM_PAGE:
	case EDU_STREAM_KMALLOC:
		return single(c, dev);
	case EDU_STREAM_SG:
	case EDU_STREAM_AREA:
	case EDU_STREAM_VMALLOC:
		return scattered(c, dev);
	case EDU_STREAM_FREED:
	case EDU_STREAM_LEFT:
		return mistaken(c, dev);
	}
	return -EINVAL;
}
