/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vm.h - what the files about mapped memory know of each other.
 *
 * Locking: vm_sets.lock guards the sets of an open file, and is held while an
 * operation runs.
 */
#ifndef SOBA_TEST_VM_MODULE_H
#define SOBA_TEST_VM_MODULE_H

#include <linux/refcount.h>

#include "test.h"
#include "../soba_vm.h"

struct vm_set {
	refcount_t refs;	/* the set itself, and mappings by fault */
	u32 handle;
	u32 form;
	u32 nr;			/* areas; 0 once it is freed */
	unsigned long size;	/* bytes of each */
	bool leak;
	struct page_frag_cache frags;
	struct page **pages;	/* VMAP ..., MAP_RAM: what is mapped */
	void **area;
};

struct vm_sets {
	struct mutex lock;	/* over the sets, and what is in them */
	struct xarray sets;	/* handle -> struct vm_set */
	struct page *held;	/* of the last GET, with its reference */
};

static inline unsigned long vm_pages(const struct vm_set *set)
{
	return DIV_ROUND_UP(set->size, PAGE_SIZE);
}

/* vm.c */
struct vm_sets *vm_create(void);
void vm_destroy(struct vm_sets *sets);
void vm_set_put(struct vm_set *set);
long vm_ioctl(struct vm_sets *sets, unsigned int cmd, void __user *arg);

/* vm_alloc.c */
int vm_alloc(struct vm_set *set, const struct soba_vm *vm, gfp_t gfp);
bool vm_form_maps(u32 form);
bool vm_form_kv(u32 form);
void vm_free(struct vm_set *set, u32 form, bool sleep);

/* vm_wrong.c */
int vm_wrong_prepare(struct vm_set *set, u32 wrong, void **victim);
void vm_wrong_run(struct vm_set *set, u32 wrong, void *victim);
void vm_wrong_finish(u32 wrong, void *victim);

/* vm_map.c */
int vm_sets_mmap(struct vm_sets *sets, struct vm_area_struct *vma);

/* vm_stress.c */
s64 vm_stress(const struct soba_vm *vm);

#endif /* SOBA_TEST_VM_MODULE_H */
