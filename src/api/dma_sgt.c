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

/* An entry holds less than 4 GiB. */
#define RUN_MAX (UINT_MAX & PAGE_MASK)

/* Bytes from @addr on that lie in adjacent frames, at most @size. */
static size_t run_length(const void *addr, size_t size, unsigned long pfn)
{
	size_t length = min_t(size_t, size, PAGE_SIZE - offset_in_page(addr));

	while (length < size && length <= RUN_MAX - PAGE_SIZE) {
		struct page *page = soba_vmalloc_to_page(addr + length);

		if (!page || page_to_pfn(page) != ++pfn)
			break;
		length += min_t(size_t, size - length, PAGE_SIZE);
	}
	return length;
}

/* Runs of adjacent frames; into the list @sg when there is one. */
static int each_run(const void *addr, size_t size, struct scatterlist *sg)
{
	int runs = 0;

	for (; size; runs++) {
		struct page *page = soba_vmalloc_to_page(addr);
		size_t length;

		if (!page)
			return -EINVAL;
		length = run_length(addr, size, page_to_pfn(page));
		if (sg) {
			sg_set_page(sg, page, length, offset_in_page(addr));
			sg = sg_next(sg);
		}
		addr += length;
		size -= length;
	}
	return runs;
}

/**
 * soba_vmalloc_to_sgt() - a scatter table over an area
 * @sgt: made; sg_free_table() it
 * @addr: an address in memory of soba_vmalloc(), vmap() or vmalloc()
 * @size: bytes
 * @gfp: how the table may be allocated
 *
 * Physically adjacent frames are one entry. The area stays as long as the table
 * is used; on machines whose caches are not coherent, a mapping of it is flushed
 * by its user.
 *
 * Context: as @gfp says.
 * Return: 0, -EINVAL where no page is mapped, or -ENOMEM.
 */
int soba_vmalloc_to_sgt(struct sg_table *sgt, const void *addr, size_t size,
			gfp_t gfp)
{
	int runs;

	if (!size || !is_vmalloc_addr(addr) ||
	    !is_vmalloc_addr(addr + size - 1)) {
		soba_report(SOBA_R_BAD_PARAMETER, _RET_IP_,
			    "%zu bytes at %p are no area", size, addr);
		return -EINVAL;
	}
	runs = each_run(addr, size, NULL);
	if (runs < 0) {
		soba_report(SOBA_R_BAD_PARAMETER, _RET_IP_,
			    "%zu bytes at %p are not mapped throughout", size,
			    addr);
		return runs;
	}
	if (sg_alloc_table(sgt, runs, gfp))
		return -ENOMEM;
	each_run(addr, size, sgt->sgl);
	return 0;
}
EXPORT_SYMBOL_GPL(soba_vmalloc_to_sgt);
