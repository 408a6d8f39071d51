// SPDX-License-Identifier: GPL-2.0
/*
 * dma_sgt.c - floor 4: a scatter table over an area. Not in the harness. An area
 * of soba's is marked as one whose pages somebody knows: freed while a device has
 * it mapped, it is not handed out again.
 *
 * Locking: none; the caller holds the area.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/dma.h>
#include <soba/vmalloc.h>

#include "base/report.h"

/* Bytes from @addr on that lie in adjacent frames, at most @size. */
static size_t run_length(const void *addr, size_t size, unsigned long pfn,
			 unsigned int max)
{
	size_t length = min_t(size_t, size, PAGE_SIZE - offset_in_page(addr));

	while (length < size && length <= max - PAGE_SIZE) {
		struct page *page = soba_vmalloc_to_page(addr + length);

		if (!page || page_to_pfn(page) != ++pfn)
			break;
		length += min_t(size_t, size - length, PAGE_SIZE);
	}
	return length;
}

/* Runs of adjacent frames; into the list @sg when there is one. */
static int each_run(const void *addr, size_t size, unsigned int max,
		    struct scatterlist *sg)
{
	int runs = 0;

	for (; size; runs++) {
		struct page *page = soba_vmalloc_to_page(addr);
		size_t length;

		/* A mapping of a device's registers has no frames. */
		if (!page || !pfn_valid(page_to_pfn(page)))
			return -EINVAL;
		length = run_length(addr, size, page_to_pfn(page), max);
		if (sg) {
			sg_set_page(sg, page, length, offset_in_page(addr));
			sg = sg_next(sg);
		}
		addr += length;
		size -= length;
	}
	return runs;
}

static int make_sgt(struct sg_table *sgt, const void *addr, size_t size,
		    unsigned int max, gfp_t gfp, unsigned long caller)
{
	int runs;

	if (!size || !is_vmalloc_addr(addr) ||
	    !is_vmalloc_addr(addr + size - 1)) {
		soba_report(SOBA_R_BAD_PARAMETER, caller,
			    "%zu bytes at %p are no area", size, addr);
		return -EINVAL;
	}
	if (max < PAGE_SIZE) {
		soba_report(SOBA_R_BAD_PARAMETER, caller,
			    "entries of %u bytes: less than a page", max);
		return -EINVAL;
	}
	max &= PAGE_MASK;
	runs = each_run(addr, size, max, NULL);
	if (runs < 0) {
		soba_report(SOBA_R_BAD_PARAMETER, caller,
			    "%zu bytes at %p are not mapped throughout", size,
			    addr);
		return runs;
	}
	if (sg_alloc_table(sgt, runs, gfp))
		return -ENOMEM;
	each_run(addr, size, max, sgt->sgl);
	return 0;
}

/**
 * soba_vmalloc_to_sgt() - a scatter table over an area
 * @sgt: made; sg_free_table() it
 * @addr: an address in memory of soba_vmalloc(), vmap() or vmalloc()
 * @size: bytes
 * @gfp: how the table may be allocated
 *
 * Physically adjacent frames are one entry, of less than 4 GiB. The area stays as
 * long as the table is used; on machines whose caches are not coherent, a mapping
 * of it is flushed by its user.
 *
 * Context: as @gfp says.
 * Return: 0, -EINVAL where no page is mapped, or -ENOMEM.
 */
int soba_vmalloc_to_sgt(struct sg_table *sgt, const void *addr, size_t size,
			gfp_t gfp)
{
	return make_sgt(sgt, addr, size, UINT_MAX, gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vmalloc_to_sgt);

/**
 * soba_vmalloc_to_sgt_segment() - the same with a largest entry
 * @sgt: made; sg_free_table() it
 * @addr: an address in memory of soba_vmalloc(), vmap() or vmalloc()
 * @size: bytes
 * @max_segment: bytes of an entry at most, PAGE_SIZE at least; what
 *	dma_get_max_seg_size() says of the device
 * @gfp: how the table may be allocated
 *
 * Context: as @gfp says.
 * Return: 0, -EINVAL where no page is mapped, or -ENOMEM.
 */
int soba_vmalloc_to_sgt_segment(struct sg_table *sgt, const void *addr,
				size_t size, unsigned int max_segment,
				gfp_t gfp)
{
	return make_sgt(sgt, addr, size, max_segment, gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vmalloc_to_sgt_segment);
