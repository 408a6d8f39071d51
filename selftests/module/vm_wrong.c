// SPDX-License-Identifier: GPL-2.0
/*
 * vm_wrong.c - mistakes with mapped memory. Runs in any context.
 *
 * Locking: the caller holds vm_sets.lock, and the set.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <soba/soba.h>

#include "vm.h"

#define FOREIGN_SEED	0xf0
#define FOREIGN_AREA	(3 * PAGE_SIZE)
#define FOREIGN_OBJECT	64

static bool wrong_needs_set(u32 wrong)
{
	return wrong == SOBA_VM_FREE_INTERIOR || wrong == SOBA_VM_FREE_TWICE ||
	       wrong == SOBA_VM_VUNMAP_AREA || wrong == SOBA_VM_PAGE_OF_AREA ||
	       wrong == SOBA_VM_KVREALLOC_INTERIOR;
}

/* Whoever takes it for soba's must leave its contents alone. */
static int foreign(void **victim, void *p, size_t size)
{
	*victim = p;
	if (!p)
		return -ENOMEM;
	pattern_fill(p, FOREIGN_SEED, 0, size);
	return 0;
}

static void foreign_check(const void *victim, size_t size)
{
	WARN(pattern_check(victim, FOREIGN_SEED, 0, size) != SOBA_TEST_GOOD,
	     "soba_test: the host's memory was written\n");
}

int vm_wrong_prepare(struct vm_set *set, u32 wrong, void **victim)
{
	static struct page *page;

	if (wrong >= SOBA_NR_VM_WRONGS ||
	    (wrong_needs_set(wrong) && (!set || vm_form_maps(set->form))))
		return -EINVAL;
	switch (wrong) {
	case SOBA_VM_FREE_FOREIGN:
	case SOBA_VM_KVREALLOC_FOREIGN:
		return foreign(victim, vmalloc(FOREIGN_AREA), FOREIGN_AREA);
	case SOBA_VM_FRAG_OF_PAGE:
		*victim = (void *)soba_get_zeroed_page(GFP_KERNEL);
		return *victim ? 0 : -ENOMEM;
	case SOBA_VM_FRAG_FOREIGN:
	case SOBA_VM_FREE_KMALLOC:
	case SOBA_VM_KVREALLOC_KMALLOC:
		return foreign(victim, kmalloc(FOREIGN_OBJECT, GFP_KERNEL),
			       FOREIGN_OBJECT);
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

/* A size at which kvrealloc() would go on to mapped memory. */
static void realloc_wrong(void *p)
{
	void *got = soba_kvrealloc(p, 9 * PAGE_SIZE, GFP_KERNEL);

	WARN(got, "soba_test: what is not soba's was made larger\n");
}

static void *interior(const struct vm_set *set)
{
	return set->area[0] + (set->size > PAGE_SIZE ? PAGE_SIZE : 8);
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
		soba_vfree(interior(set));
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
	case SOBA_VM_KVREALLOC_FOREIGN:
	case SOBA_VM_KVREALLOC_KMALLOC:
		realloc_wrong(victim);
		return;
	case SOBA_VM_KVREALLOC_INTERIOR:
		realloc_wrong(interior(set));
		return;
	}
	alloc_wrong(wrong);
}

void vm_wrong_finish(u32 wrong, void *victim)
{
	switch (wrong) {
	case SOBA_VM_FREE_FOREIGN:
	case SOBA_VM_KVREALLOC_FOREIGN:
		foreign_check(victim, FOREIGN_AREA);
		vfree(victim);
		return;
	case SOBA_VM_FRAG_FOREIGN:
	case SOBA_VM_FREE_KMALLOC:
	case SOBA_VM_KVREALLOC_KMALLOC:
		foreign_check(victim, FOREIGN_OBJECT);
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
