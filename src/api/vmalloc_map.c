// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc_map.c - floor 4: mappings of given pages, questions about mapped
 * memory, and mappings of it in userspace.
 *
 * Locking: as vmalloc_free.c. A user mapping is changed under its mmap_lock,
 * which the caller holds.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/vmalloc.h>

#include "api/gfp.h"
#include "api/pages.h"
#include "api/vmalloc.h"
#include "page/map.h"
#include "varea/cache.h"
#include "base/report.h"

/* VM_MAP_PUT_PAGES: what was mapped goes with the mapping. */
static void put_pages(struct page **pages, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++)
		soba_pages_free(pages[i], 0, (unsigned long)soba_vmap);
	soba_kvfree(pages);
}

/**
 * soba_vmap() - map pages one behind the other
 * @pages: the pages, soba's or the host's
 * @count: how many
 * @flags: VM_MAP; with VM_USERMAP or VM_DMA_COHERENT for
 *	soba_remap_vmalloc_range(); with VM_MAP_PUT_PAGES soba_vfree() also frees pages and array,
 *	which must be soba's
 * @prot: of the mapping
 *
 * Context: process, may sleep; elsewhere reported, and NULL.
 * Return: page-aligned address, or NULL.
 */
void *soba_vmap(struct page **pages, unsigned int count, unsigned long flags,
		pgprot_t prot)
{
	unsigned int kind = SOBA_AREA_MAP;
	soba_area_put_fn put = NULL;
	struct soba_area *a;
	struct soba_req req;

	if (flags & VM_MAP_PUT_PAGES)
		put = put_pages;
	if (put && is_vmalloc_addr(pages))
		kind |= SOBA_AREA_VPAGES;
	if (flags & VM_USERMAP)
		kind |= SOBA_AREA_USER;
	if (flags & VM_DMA_COHERENT)
		kind |= SOBA_AREA_DMA;
	soba_gfp_decode(&req, GFP_KERNEL, 0, NUMA_NO_NODE, _RET_IP_);
	if (!req.sleep)
		return NULL;
	if (!count || count > soba_port_host_frames()) {
		soba_report(SOBA_R_WRONG_SIZE, _RET_IP_,
			    "vmap() of %u pages", count);
		return NULL;
	}
	a = soba_area_map(&req, pages, count, kind, prot, put);
	return a ? (void *)a->addr : NULL;
}
EXPORT_SYMBOL_GPL(soba_vmap);

static struct soba_area *unmap_check(const void *addr, unsigned long caller)
{
	struct soba_area *a = soba_area_lookup(addr, "vunmap", caller);

	if (!a)
		return NULL;
	if (a->flags & SOBA_AREA_OWNS) {
		soba_report(SOBA_R_INVALID_FREE, caller,
			    "vunmap(%#lx): an area of %lu bytes with frames of its own, to be freed by vfree()",
			    a->addr, READ_ONCE(a->size));
		return NULL;
	}
	return soba_area_take_back(a, "vunmap", caller) ? a : NULL;
}

/**
 * soba_vunmap() - undo soba_vmap()
 * @addr: what it returned; NULL is ignored
 *
 * The pages stay what they are, those of a map with VM_MAP_PUT_PAGES as well.
 * Anything else is reported and left alone.
 *
 * Context: any but NMI; where the caller may not sleep a worker unmaps.
 */
void soba_vunmap(const void *addr)
{
	struct soba_area *a;

	if (!addr)
		return;
	rcu_read_lock();
	a = unmap_check(addr, _RET_IP_);
	rcu_read_unlock();
	if (!a)
		return;
	if (a->flags & SOBA_AREA_PUT)
		a->put = NULL;
	soba_varea_drop(a, soba_port_can_sleep());
}
EXPORT_SYMBOL_GPL(soba_vunmap);

/**
 * soba_vmalloc_to_page() - the page behind an address
 * @addr: any address in mapped memory, soba's or not
 *
 * Who has a page of an area may take a reference of it: the area is looked at
 * page by page when it is freed.
 *
 * Context: any; the memory is the caller's.
 * Return: the page, or NULL when nothing is mapped there.
 */
struct page *soba_vmalloc_to_page(const void *addr)
{
	struct page *page = soba_port_mapped_page(addr);
	struct soba_area *a = NULL;
	struct soba_frame *f;

	if (!page)
		return NULL;
	rcu_read_lock();
	f = soba_map_frame(page_to_pfn(page));
	if (f && soba_frame_state(f) != SOBA_F_NONE)
		a = soba_area_of_frame(READ_ONCE(f->owner));
	if (a && !READ_ONCE(a->exposed))
		WRITE_ONCE(a->exposed, true);
	rcu_read_unlock();
	return page;
}
EXPORT_SYMBOL_GPL(soba_vmalloc_to_page);

/**
 * soba_vmalloc_to_pfn() - the page frame number behind an address
 * @addr: an address in mapped memory
 *
 * Context: any; the memory is the caller's.
 * Return: the PFN; that of no page when nothing is mapped there, as the kernel's.
 */
unsigned long soba_vmalloc_to_pfn(const void *addr)
{
	return page_to_pfn(soba_vmalloc_to_page(addr));
}
EXPORT_SYMBOL_GPL(soba_vmalloc_to_pfn);

/* ->pages itself is its owner's: it goes before the area does. */
static bool keeps_pages(const struct soba_area *a)
{
	return a->flags & (SOBA_AREA_OWNS | SOBA_AREA_PUT);
}

static unsigned long host_flags(unsigned int flags)
{
	unsigned long vm = flags & SOBA_AREA_OWNS ? VM_ALLOC : VM_MAP;

	if (flags & SOBA_AREA_USER)
		vm |= VM_USERMAP;
	if (flags & SOBA_AREA_PUT)
		vm |= VM_MAP_PUT_PAGES;
	if (flags & SOBA_AREA_DMA)
		vm |= VM_DMA_COHERENT;
	return vm;
}

/**
 * soba_find_vm_area() - what there is to know about mapped memory of soba's
 * @addr: any address
 * @area: filled in, unless NULL
 *
 * Context: any but NMI.
 * Return: true when @addr is in an area of soba's that is allocated.
 */
bool soba_find_vm_area(const void *addr, struct soba_vm_area *area)
{
	struct soba_area *a;
	bool live;

	rcu_read_lock();
	a = soba_index_find((unsigned long)addr);
	live = a && READ_ONCE(a->state) == SOBA_AREA_LIVE;
	if (live && area) {
		area->addr = (void *)a->addr;
		area->size = (a->nr_pages + 1) << PAGE_SHIFT;
		area->requested_size = READ_ONCE(a->size);
		area->nr_pages = keeps_pages(a) ? a->nr_pages : 0;
		area->flags = host_flags(a->flags);
		area->caller = (void *)READ_ONCE(a->caller);
	}
	rcu_read_unlock();
	return live;
}
EXPORT_SYMBOL_GPL(soba_find_vm_area);

/* The area whose @size bytes from page @pgoff on may be shown; or NULL. */
static struct soba_area *remap_check(const void *kaddr, unsigned long pgoff,
				     unsigned long size, unsigned long caller)
{
	unsigned long at = (unsigned long)kaddr, first, pages;
	struct soba_area *a = soba_index_find(at);

	if (!a || READ_ONCE(a->state) != SOBA_AREA_LIVE) {
		soba_report(SOBA_R_INVALID_FREE, caller,
			    "remap of 0x%p: not an area of soba's", kaddr);
		return NULL;
	}
	first = ((at - a->addr) >> PAGE_SHIFT) + pgoff;
	pages = size >> PAGE_SHIFT;
	if ((a->flags & (SOBA_AREA_USER | SOBA_AREA_DMA)) &&
	    first >= pgoff && first <= a->nr_pages &&
	    pages <= a->nr_pages - first) {
		WRITE_ONCE(a->exposed, true);
		return a;
	}
	/* A user's mmap() may have come here: its address stays hashed. */
	soba_report(SOBA_R_OUT_OF_BOUNDS, caller,
		    "remap of %lu bytes from page %lu of area 0x%p, %lu pages, %s for userspace",
		    size, pgoff, (void *)a->addr, a->nr_pages,
		    a->flags & SOBA_AREA_USER ? "made" : "not made");
	return NULL;
}

/* Pages that are not noted, of a vmap(): as they are mapped. */
static int insert_mapped(struct vm_area_struct *vma, unsigned long uaddr,
			 unsigned long kaddr, unsigned long nr)
{
	unsigned long i;
	int err = 0;

	for (i = 0; i < nr << PAGE_SHIFT && !err; i += PAGE_SIZE) {
		struct page *page = soba_port_mapped_page((void *)(kaddr + i));

		err = page ? soba_port_vma_insert(vma, uaddr + i, &page, 1) :
			     -EINVAL;
	}
	return err;
}

static int remap(struct vm_area_struct *vma, unsigned long uaddr, void *kaddr,
		 unsigned long pgoff, unsigned long size, unsigned long caller)
{
	unsigned long first;
	struct soba_area *a;

	size = PAGE_ALIGN(size);
	if ((uaddr | (unsigned long)kaddr) & ~PAGE_MASK)
		return -EINVAL;
	rcu_read_lock();
	a = remap_check(kaddr, pgoff, size, caller);
	rcu_read_unlock();
	if (!a)
		return -EINVAL;
	first = (((unsigned long)kaddr - a->addr) >> PAGE_SHIFT) + pgoff;
	if (!keeps_pages(a))
		return insert_mapped(vma, uaddr, a->addr + (first << PAGE_SHIFT),
				     size >> PAGE_SHIFT);
	return soba_port_vma_insert(vma, uaddr, a->pages + first,
				    size >> PAGE_SHIFT);
}

/**
 * soba_remap_vmalloc_range_partial() - show part of an area in a user mapping
 * @vma: the mapping
 * @uaddr: where in it, page-aligned
 * @kaddr: address in memory from soba_vmalloc_user()
 * @pgoff: pages from @kaddr on to begin with
 * @size: bytes
 *
 * The pages carry a reference while they are mapped, and outlive the area.
 *
 * Context: process, mmap_lock held for writing; the area is the caller's.
 * Return: 0; -EINVAL (reported) when the range is not in such an area; or
 * another errno.
 */
int soba_remap_vmalloc_range_partial(struct vm_area_struct *vma,
				     unsigned long uaddr, void *kaddr,
				     unsigned long pgoff, unsigned long size)
{
	return remap(vma, uaddr, kaddr, pgoff, size, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_remap_vmalloc_range_partial);

/**
 * soba_remap_vmalloc_range() - fill a user mapping with an area
 * @vma: the mapping, as large as what is to be seen
 * @addr: address in memory from soba_vmalloc_user()
 * @pgoff: pages from @addr on to begin with
 *
 * Context: as soba_remap_vmalloc_range_partial().
 * Return: 0 or an errno.
 */
int soba_remap_vmalloc_range(struct vm_area_struct *vma, void *addr,
			     unsigned long pgoff)
{
	unsigned long start, size = soba_port_vma(vma, &start);

	return remap(vma, start, addr, pgoff, size, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_remap_vmalloc_range);
