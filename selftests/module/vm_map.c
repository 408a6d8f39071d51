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

/* The file stays open, and with it the area, as long as it is mapped. */
static vm_fault_t vm_fault_in(struct vm_fault *vmf)
{
	struct session *session = vmf->vma->vm_file->private_data;
	struct vm_sets *sets = session->vm;
	unsigned long index = vmf->pgoff - vmf->vma->vm_pgoff;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	struct vm_set *set;

	mutex_lock(&sets->lock);
	set = xa_load(&sets->sets,
		      (vmf->vma->vm_pgoff & ~SOBA_VM_FAULT) - SOBA_VM_MMAP);
	if (set && index < vm_pages(set)) {
		vmf->page = soba_vmalloc_to_page(set->area[0] +
						 (index << PAGE_SHIFT));
		get_page(vmf->page);
		ret = 0;
	}
	mutex_unlock(&sets->lock);
	return ret;
}

static const struct vm_operations_struct vm_fault_ops = {
	.fault = vm_fault_in,
};

int vm_sets_mmap(struct vm_sets *sets, struct vm_area_struct *vma)
{
	unsigned long pgoff = vma->vm_pgoff - SOBA_VM_MMAP;
	struct vm_set *set;
	int ret = -EINVAL;

	if (!(vma->vm_flags & VM_SHARED))
		return ret;
	mutex_lock(&sets->lock);
	set = xa_load(&sets->sets, pgoff & ~SOBA_VM_FAULT);
	if (set && (pgoff & SOBA_VM_FAULT)) {
		compat_vm_flags_set(vma, VM_DONTDUMP);
		vma->vm_ops = &vm_fault_ops;
		ret = 0;
	} else if (set) {
		ret = soba_remap_vmalloc_range(vma, set->area[0], 0);
	}
	mutex_unlock(&sets->lock);
	return ret;
}
