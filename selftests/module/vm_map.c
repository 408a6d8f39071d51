// SPDX-License-Identifier: GPL-2.0
/*
 * vm_map.c - an area in a process: all of it at mmap(), or page by page.
 *
 * Locking: mmap() runs under mmap_lock and takes vm_sets.lock. A page of a
 * mapping carries a reference, so an area may be freed under it.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include <soba/soba.h>

#include "compat.h"
#include "vm.h"

/*
 * The set is that of mmap(), whatever has taken its handle since. Its handle
 * says where page 0 is: the mapping's own start moves when it is split.
 */
static struct page *page_of_set(const struct vm_set *set, unsigned long pgoff)
{
	unsigned long index;

	index = pgoff - (SOBA_VM_MMAP + SOBA_VM_FAULT + set->handle);
	if (!set->nr || index >= vm_pages(set))
		return NULL;
	/* NULL as well for memory that is not mapped: of kvmalloc(), fragments. */
	return soba_vmalloc_to_page(set->area[0] + (index << PAGE_SHIFT));
}

/* The file stays open, and with it vm_sets, as long as it is mapped. */
static vm_fault_t vm_fault_in(struct vm_fault *vmf)
{
	struct session *session = vmf->vma->vm_file->private_data;
	struct vm_sets *sets = session->vm;
	struct page *page;

	mutex_lock(&sets->lock);
	page = page_of_set(vmf->vma->vm_private_data, vmf->pgoff);
	if (page)
		get_page(page);
	mutex_unlock(&sets->lock);
	vmf->page = page;
	return page ? 0 : VM_FAULT_SIGBUS;
}

/* A copy for a child, for the tail of a split, or at another address. */
static void vm_map_open(struct vm_area_struct *vma)
{
	struct vm_set *set = vma->vm_private_data;

	refcount_inc(&set->refs);
}

static void vm_map_close(struct vm_area_struct *vma)
{
	vm_set_put(vma->vm_private_data);
}

static const struct vm_operations_struct vm_fault_ops = {
	.open = vm_map_open,
	.close = vm_map_close,
	.fault = vm_fault_in,
};

static void map_by_fault(struct vm_area_struct *vma, struct vm_set *set)
{
	/* Flags that mmap() does not bring also keep neighbours from merging. */
	compat_vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = set;
	vma->vm_ops = &vm_fault_ops;
	vm_map_open(vma);
}

static int map_at_once(struct vm_area_struct *vma, struct vm_set *set)
{
	unsigned long first = vma->vm_pgoff >> SOBA_VM_PART_SHIFT;

	if (!(vma->vm_pgoff & SOBA_VM_PARTIAL))
		return soba_remap_vmalloc_range(vma, set->area[0], 0);
	return soba_remap_vmalloc_range_partial(vma, vma->vm_start,
						set->area[0], first,
						vma->vm_end - vma->vm_start);
}

int vm_sets_mmap(struct vm_sets *sets, struct vm_area_struct *vma)
{
	struct vm_set *set;
	int ret = -EINVAL;

	if (!(vma->vm_flags & VM_SHARED))
		return ret;
	mutex_lock(&sets->lock);
	set = xa_load(&sets->sets, vma->vm_pgoff & (SOBA_VM_MMAP - 1));
	if (set && set->nr && (vma->vm_pgoff & SOBA_VM_FAULT)) {
		map_by_fault(vma, set);
		ret = 0;
	} else if (set && set->nr) {
		ret = map_at_once(vma, set);
	}
	mutex_unlock(&sets->lock);
	return ret;
}
