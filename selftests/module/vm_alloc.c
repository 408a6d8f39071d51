// SPDX-License-Identifier: GPL-2.0
/*
 * vm_alloc.c - every way to get and to free mapped memory.
 * Runs in any context.
 *
 * Locking: the caller holds vm_sets.lock, and the set.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <soba/soba.h>

#include "vm.h"

static void *alloc_other(struct vm_set *set, const struct soba_vm *vm,
			 gfp_t gfp)
{
	switch (vm->form) {
	case SOBA_VM_KVMALLOC:
		return soba_kvmalloc(vm->size, gfp);
	case SOBA_VM_KVZALLOC:
		return soba_kvzalloc(vm->size, gfp);
	case SOBA_VM_KVCALLOC:
		return soba_kvcalloc(DIV_ROUND_UP(vm->size, 8), 8, gfp);
	case SOBA_VM_KVMALLOC_NODE:
		return soba_kvmalloc_node(vm->size, gfp, vm->node);
	case SOBA_VM_KVZALLOC_NODE:
		return soba_kvzalloc_node(vm->size, gfp, vm->node);
	case SOBA_VM_FRAG:
		return soba_page_frag_alloc_align(&set->frags, vm->size, gfp,
						  vm->align);
	case SOBA_VM_NETDEV_FRAG:
		return soba_netdev_alloc_frag_align(vm->size, vm->align);
	}
	return NULL;
}

/* One call site for all of a form: its name is in vmallocinfo. */
static noinline void *alloc_one(struct vm_set *set, const struct soba_vm *vm,
				gfp_t gfp)
{
	switch (vm->form) {
	case SOBA_VM_VMALLOC:
		return soba_vmalloc(vm->size);
	case SOBA_VM_VZALLOC:
		return soba_vzalloc(vm->size);
	case SOBA_VM_VMALLOC_NODE:
		return soba_vmalloc_node(vm->size, vm->node);
	case SOBA_VM_VZALLOC_NODE:
		return soba_vzalloc_node(vm->size, vm->node);
	case SOBA_VM_USER:
		return soba_vmalloc_user(vm->size);
	case SOBA_VM_32:
		return soba_vmalloc_32(vm->size);
	case SOBA_VM_32_USER:
		return soba_vmalloc_32_user(vm->size);
	case SOBA_VM_HUGE:
		return soba_vmalloc_huge(vm->size, gfp);
	case SOBA_VM_GFP:
		return soba___vmalloc(vm->size, gfp);
	case SOBA_VM_ALIGN:
		return soba___vmalloc_node(vm->size, vm->align, gfp, vm->node,
					   NULL);
	case SOBA_VM_ARRAY:
		return soba_vmalloc_array(DIV_ROUND_UP(vm->size, 8), 8);
	case SOBA_VM_VCALLOC:
		return soba_vcalloc(DIV_ROUND_UP(vm->size, 8), 8);
	}
	return alloc_other(set, vm, gfp);
}

bool vm_form_maps(u32 form)
{
	return form == SOBA_VM_VMAP || form == SOBA_VM_VMAP_USER ||
	       form == SOBA_VM_VMAP_PUT || form == SOBA_VM_MAP_RAM;
}

bool vm_form_kv(u32 form)
{
	return form == SOBA_VM_KVMALLOC || form == SOBA_VM_KVZALLOC ||
	       form == SOBA_VM_KVCALLOC || form == SOBA_VM_KVMALLOC_NODE ||
	       form == SOBA_VM_KVZALLOC_NODE;
}

static unsigned long vmap_flags(u32 form)
{
	switch (form) {
	case SOBA_VM_VMAP_USER:
		return VM_MAP | VM_USERMAP;
	case SOBA_VM_VMAP_PUT:
		return VM_MAP | VM_MAP_PUT_PAGES;
	}
	return VM_MAP;
}

/* Pages of soba's in an order that is not theirs, so that only a map helps. */
static int alloc_map(struct vm_set *set, gfp_t gfp)
{
	unsigned long i, n = vm_pages(set);
	void *at;

	/* An array that goes with the mapping is freed by soba. */
	if (set->form == SOBA_VM_VMAP_PUT)
		set->pages = soba_kvcalloc(n, sizeof(*set->pages), GFP_KERNEL);
	else
		set->pages = kvcalloc(n, sizeof(*set->pages), GFP_KERNEL);
	if (!set->pages)
		return -ENOMEM;
	if (soba_alloc_pages_bulk(gfp, n, set->pages) < n)
		return 0;
	for (i = 0; i < n / 2; i++)
		swap(set->pages[i], set->pages[n - 1 - i]);
	if (set->form == SOBA_VM_MAP_RAM)
		at = soba_vm_map_ram(set->pages, n, NUMA_NO_NODE);
	else
		at = soba_vmap(set->pages, n, vmap_flags(set->form),
			       PAGE_KERNEL);
	if (at)
		set->area[set->nr++] = at;
	return 0;
}

int vm_alloc(struct vm_set *set, const struct soba_vm *vm, gfp_t gfp)
{
	u64 i;

	if (vm_form_maps(vm->form))
		return vm->count == 1 ? alloc_map(set, gfp) : -EINVAL;
	for (i = 0; i < vm->count; i++) {
		void *area = alloc_one(set, vm, gfp);

		if (!area)
			break;
		set->area[set->nr++] = area;
		if (vm->context == SOBA_CTX_PROCESS)
			cond_resched();
	}
	return 0;
}

/* With nr 0 it was unmapped before, and the pages are what there is to free. */
static void free_map(struct vm_set *set)
{
	unsigned long i, n = vm_pages(set);

	if (set->nr && set->form == SOBA_VM_VMAP_PUT) {
		soba_vfree(set->area[0]);
		set->pages = NULL;
	} else if (set->nr && set->form == SOBA_VM_MAP_RAM) {
		soba_vm_unmap_ram(set->area[0], n);
	} else if (set->nr) {
		soba_vunmap(set->area[0]);
	}
	for (i = 0; set->pages && i < n; i++)
		if (set->pages[i])
			soba___free_page(set->pages[i]);
}

static void free_one(const struct vm_set *set, void *area, u32 form)
{
	if (form == SOBA_VM_SENSITIVE)
		soba_kvfree_sensitive(area, set->size);
	else if (vm_form_kv(set->form))
		soba_kvfree(area);
	else if (set->form == SOBA_VM_FRAG || set->form == SOBA_VM_NETDEV_FRAG)
		soba_page_frag_free(area);
	else if (form == SOBA_VM_ATOMIC)
		soba_vfree_atomic(area);
	else
		soba_vfree(area);
}

void vm_free(struct vm_set *set, u32 form, bool sleep)
{
	u32 i;

	if (vm_form_maps(set->form)) {
		free_map(set);
		set->nr = 0;
		return;
	}
	for (i = 0; i < set->nr; i++) {
		free_one(set, set->area[i], form);
		if (sleep)
			cond_resched();
	}
	set->nr = 0;
	if (set->form == SOBA_VM_FRAG)
		soba_page_frag_cache_drain(&set->frags);
}
