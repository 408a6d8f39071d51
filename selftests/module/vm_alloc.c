// SPDX-License-Identifier: GPL-2.0
/*
 * vm_alloc.c - every way to get and to free mapped memory, right and wrong.
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

static bool form_maps(u32 form)
{
	return form == SOBA_VM_VMAP || form == SOBA_VM_MAP_RAM;
}

/* Pages of soba's in an order that is not theirs, so that only a map helps. */
static int alloc_map(struct vm_set *set, gfp_t gfp)
{
	unsigned long i, n = vm_pages(set);
	void *at;

	set->pages = kvcalloc(n, sizeof(*set->pages), GFP_KERNEL);
	if (!set->pages)
		return -ENOMEM;
	if (soba_alloc_pages_bulk(gfp, n, set->pages) < n)
		return 0;
	for (i = 0; i < n / 2; i++)
		swap(set->pages[i], set->pages[n - 1 - i]);
	if (set->form == SOBA_VM_VMAP)
		at = soba_vmap(set->pages, n, VM_MAP, PAGE_KERNEL);
	else
		at = soba_vm_map_ram(set->pages, n, NUMA_NO_NODE);
	if (at)
		set->area[set->nr++] = at;
	return 0;
}

int vm_alloc(struct vm_set *set, const struct soba_vm *vm, gfp_t gfp)
{
	u64 i;

	if (form_maps(vm->form))
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

static void free_map(struct vm_set *set)
{
	unsigned long i, n = vm_pages(set);

	if (set->nr && set->form == SOBA_VM_VMAP)
		soba_vunmap(set->area[0]);
	else if (set->nr)
		soba_vm_unmap_ram(set->area[0], n);
	for (i = 0; set->pages && i < n; i++)
		if (set->pages[i])
			soba___free_page(set->pages[i]);
}

static void free_one(u32 form, void *area, bool atomic)
{
	switch (form) {
	case SOBA_VM_KVMALLOC:
	case SOBA_VM_KVZALLOC:
	case SOBA_VM_KVCALLOC:
		soba_kvfree(area);
		return;
	case SOBA_VM_FRAG:
	case SOBA_VM_NETDEV_FRAG:
		soba_page_frag_free(area);
		return;
	}
	if (atomic)
		soba_vfree_atomic(area);
	else
		soba_vfree(area);
}

void vm_free(struct vm_set *set, u32 form, bool sleep)
{
	u32 i;

	if (form_maps(set->form)) {
		free_map(set);
		set->nr = 0;
		return;
	}
	for (i = 0; i < set->nr; i++) {
		free_one(set->form, set->area[i], form == SOBA_VM_ATOMIC);
		if (sleep)
			cond_resched();
	}
	set->nr = 0;
	if (set->form == SOBA_VM_FRAG)
		soba_page_frag_cache_drain(&set->frags);
}

static bool wrong_needs_set(u32 wrong)
{
	return wrong == SOBA_VM_FREE_INTERIOR || wrong == SOBA_VM_FREE_TWICE ||
	       wrong == SOBA_VM_VUNMAP_AREA || wrong == SOBA_VM_PAGE_OF_AREA;
}

int vm_wrong_prepare(struct vm_set *set, u32 wrong, void **victim)
{
	static struct page *page;

	if (wrong >= SOBA_NR_VM_WRONGS ||
	    (wrong_needs_set(wrong) && (!set || form_maps(set->form))))
		return -EINVAL;
	switch (wrong) {
	case SOBA_VM_FREE_FOREIGN:
		*victim = vmalloc(3 * PAGE_SIZE);
		return *victim ? 0 : -ENOMEM;
	case SOBA_VM_FRAG_OF_PAGE:
		*victim = (void *)soba_get_zeroed_page(GFP_KERNEL);
		return *victim ? 0 : -ENOMEM;
	case SOBA_VM_FRAG_FOREIGN:
	case SOBA_VM_FREE_KMALLOC:
		*victim = kmalloc(64, GFP_KERNEL);
		return *victim ? 0 : -ENOMEM;
	case SOBA_VM_VFREE_MAP:
		page = ZERO_PAGE(0);
		*victim = soba_vmap(&page, 1, VM_MAP, PAGE_KERNEL_RO);
		return *victim ? 0 : -ENOMEM;
	}
	return 0;
}

static void alloc_wrong(u32 wrong)
{
	void *got = NULL;

	switch (wrong) {
	case SOBA_VM_SIZE_0:
		got = soba_vmalloc(0);
		break;
	case SOBA_VM_SIZE_MACHINE:
		got = soba_vmalloc((totalram_pages() + 1) << PAGE_SHIFT);
		break;
	case SOBA_VM_SIZE_OVERFLOW:
		got = soba_vmalloc(ULONG_MAX);
		break;
	case SOBA_VM_FRAG_TOO_LARGE:
		got = soba_netdev_alloc_frag(100000);
		break;
	case SOBA_VM_ARRAY_OVERFLOW:
		got = soba_vmalloc_array(SIZE_MAX / 8 + 2, 8);
		break;
	}
	WARN(got, "soba_test: an impossible area was given\n");
}

void vm_wrong_run(struct vm_set *set, u32 wrong, void *victim)
{
	switch (wrong) {
	case SOBA_VM_FREE_NULL:
		soba_vfree(NULL);
		soba_vfree_atomic(NULL);
		soba_vunmap(NULL);
		return;
	case SOBA_VM_FREE_INTERIOR:
		soba_vfree(set->area[0] + (set->size > PAGE_SIZE ? PAGE_SIZE : 8));
		return;
	case SOBA_VM_FREE_TWICE:
		vm_free(set, SOBA_VM_FIT, false);
		soba_vfree(set->area[0]);
		return;
	case SOBA_VM_FREE_FOREIGN:
	case SOBA_VM_FREE_KMALLOC:
	case SOBA_VM_VFREE_MAP:
		soba_vfree(victim);
		return;
	case SOBA_VM_FRAG_FOREIGN:
	case SOBA_VM_FRAG_OF_PAGE:
		soba_page_frag_free(victim);
		return;
	case SOBA_VM_FREE_TEXT:
		soba_vfree(vm_wrong_run);
		return;
	case SOBA_VM_VUNMAP_AREA:
		soba_vunmap(set->area[0]);
		return;
	case SOBA_VM_PAGE_OF_AREA:
		soba___free_page(vmalloc_to_page(set->area[0]));
		return;
	}
	alloc_wrong(wrong);
}

void vm_wrong_finish(u32 wrong, void *victim)
{
	switch (wrong) {
	case SOBA_VM_FREE_FOREIGN:
		vfree(victim);
		return;
	case SOBA_VM_FRAG_FOREIGN:
	case SOBA_VM_FREE_KMALLOC:
		kfree(victim);
		return;
	case SOBA_VM_FRAG_OF_PAGE:
		soba_free_page((unsigned long)victim);
		return;
	case SOBA_VM_VFREE_MAP:
		soba_vunmap(victim);
		return;
	}
}
