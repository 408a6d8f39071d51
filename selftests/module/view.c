// SPDX-License-Identifier: GPL-2.0
/*
 * view.c - soba's pages through the host's eyes: vmap, kmap_local_page,
 * scatter lists, and user mappings. Each view must show what the linear map
 * shows, both ways.
 *
 * Locking: as calls.c; view_mmap() runs under mmap_lock and session->lock. A
 * mapping holds a reference on every frame that it shows, so freeing the
 * object under it is a pinned free, and a mapping keeps the file open.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "test.h"

#define MAX_VIEW_FRAMES 4096

/* Whole pages, all there, and not too many of them. */
static bool view_possible(struct object *object)
{
	unsigned long i;

	if (object->freed || object->frames > MAX_VIEW_FRAMES)
		return false;
	for (i = 0; i < object->frames; i++)
		if (!object_page(object, i))
			return false;
	return true;
}

int view_prepare(struct job *job)
{
	return view_possible(job->object) ? 0 : -EINVAL;
}

/* Reads @seed through the view at @at, writes @seed + 1 through it. */
static s64 view_exchange(struct object *object, void *at, u64 seed)
{
	s64 wrong = pattern_check(at, seed, 0, object->size);

	if (wrong != SOBA_TEST_GOOD)
		return wrong;
	pattern_fill(at, seed + 1, 0, object->size);
	return SOBA_TEST_GOOD;
}

static int view_vmap(struct object *object, u64 seed, s64 *wrong)
{
	struct page **pages;
	unsigned long i;
	int ret = -ENOMEM;
	void *at;

	pages = kvcalloc(object->frames, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return ret;
	for (i = 0; i < object->frames; i++)
		pages[i] = object_page(object, i);
	at = vmap(pages, object->frames, VM_MAP, PAGE_KERNEL);
	if (!at)
		goto out;
	ret = 0;
	*wrong = view_exchange(object, at, seed);
	vunmap(at);
	if (*wrong == SOBA_TEST_GOOD)
		*wrong = pattern_check_object(object, seed + 1);
out:
	kvfree(pages);
	return ret;
}

/* Any context. */
static s64 view_kmap(struct object *object, u64 seed)
{
	s64 wrong = SOBA_TEST_GOOD;
	unsigned long i;

	for (i = 0; i < object->frames && wrong == SOBA_TEST_GOOD; i++) {
		struct page *page = object_page(object, i);
		u64 offset = (u64)i << PAGE_SHIFT;
		size_t size = min_t(size_t, PAGE_SIZE, object->size - offset);
		void *at;

		if (!page)
			continue;
		at = kmap_local_page(page);
		wrong = pattern_check(at, seed, offset, size);
		pattern_fill(at, seed + 1, offset, size);
		kunmap_local(at);
	}
	if (wrong == SOBA_TEST_GOOD)
		wrong = pattern_check_object(object, seed + 1);
	return wrong;
}

static void view_fill_sg(struct object *object, struct sg_table *table)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_sg(table, sg, i) {
		size_t offset = (size_t)i << PAGE_SHIFT;

		sg_set_page(sg, object_page(object, i),
			    min_t(size_t, PAGE_SIZE, object->size - offset), 0);
	}
}

static int view_sg(struct object *object, u64 seed, s64 *wrong)
{
	struct sg_table table;
	void *copy;
	int ret;

	copy = kvmalloc(object->size, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	ret = sg_alloc_table(&table, object->frames, GFP_KERNEL);
	if (ret)
		goto out;
	view_fill_sg(object, &table);
	sg_copy_to_buffer(table.sgl, table.orig_nents, copy, object->size);
	*wrong = view_exchange(object, copy, seed);
	if (*wrong == SOBA_TEST_GOOD) {
		sg_copy_from_buffer(table.sgl, table.orig_nents, copy,
				    object->size);
		*wrong = pattern_check_object(object, seed + 1);
	}
	sg_free_table(&table);
out:
	kvfree(copy);
	return ret;
}

/* Everything is mapped at mmap(): a fault is outside of the object. */
static vm_fault_t view_fault(struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct view_vm_ops = {
	.fault = view_fault,
};

int view_mmap(struct object *object, struct vm_area_struct *vma)
{
	unsigned long i;
	int ret = 0;

	/* as object_get(): a mapping is a reference */
	if (!(vma->vm_flags & VM_SHARED) || !view_possible(object) ||
	    vma_pages(vma) > object->frames || object->stray)
		return -EINVAL;
	compat_vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &view_vm_ops;
	for (i = 0; i < vma_pages(vma) && !ret; i++)
		ret = vm_insert_page(vma, vma->vm_start + (i << PAGE_SHIFT),
				     object_page(object, i));
	return ret;
}

/* The operations: what the host's view showed is in the call's value. */
void view_vmap_run(struct job *job)
{
	struct soba_test_call *call = job->call;
	int ret = view_vmap(job->object, call->seed, &call->value);

	if (ret)
		call->value = ret - 1;	/* below SOBA_TEST_GOOD */
}

void view_kmap_run(struct job *job)
{
	job->call->value = view_kmap(job->object, job->call->seed);
}

void view_sg_run(struct job *job)
{
	struct soba_test_call *call = job->call;
	int ret = view_sg(job->object, call->seed, &call->value);

	if (ret)
		call->value = ret - 1;
}

int view_finish(struct job *job)
{
	s64 value = job->call->value;

	return value < SOBA_TEST_GOOD ? value + 1 : 0;
}
