// SPDX-License-Identifier: GPL-2.0
/*
 * vm.c - SOBA_TEST_VM: sets of areas of one open file, and what can be done
 * with one.
 *
 * Locking: vm_sets.lock around every operation.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <soba/soba.h>

#include "vm.h"

struct vm_sets *vm_create(void)
{
	struct vm_sets *sets = kzalloc(sizeof(*sets), GFP_KERNEL);

	if (!sets)
		return NULL;
	mutex_init(&sets->lock);
	xa_init_flags(&sets->sets, XA_FLAGS_ALLOC1);
	return sets;
}

/* A set that is freed may still be mapped, page by page. */
void vm_set_put(struct vm_set *set)
{
	if (!refcount_dec_and_test(&set->refs))
		return;
	kvfree(set->area);
	if (set->form == SOBA_VM_VMAP_PUT)
		soba_kvfree(set->pages);
	else
		kvfree(set->pages);
	kfree(set);
}

void vm_destroy(struct vm_sets *sets)
{
	unsigned long handle;
	struct vm_set *set;

	xa_for_each(&sets->sets, handle, set) {
		if (!set->leak)
			vm_free(set, SOBA_VM_FIT, true);
		vm_set_put(set);
	}
	if (sets->held)
		put_page(sets->held);
	xa_destroy(&sets->sets);
	kfree(sets);
}

/* An operation on its way into a context. */
struct vm_job {
	struct soba_vm *vm;
	struct vm_set *set;
	gfp_t gfp;
	void *victim;
	void (*run)(struct vm_job *job);
	int ret;
};

static void job_run(void *arg)
{
	struct vm_job *job = arg;
	unsigned long before = current->nvcsw;

	job->run(job);
	job->vm->slept = current->nvcsw - before;
}

static int in_context(struct vm_job *job, void (*run)(struct vm_job *job))
{
	int ret;

	job->run = run;
	ret = context_run(job->vm->context, SOBA_TEST_ANY_CPU, job_run, job);
	return ret ? ret : job->ret;
}

static void alloc_run(struct vm_job *job)
{
	job->ret = vm_alloc(job->set, job->vm, job->gfp);
}

/* handle 0 when not all of them were to be had. */
static int op_alloc(struct vm_sets *sets, struct vm_job *job)
{
	struct soba_vm *vm = job->vm;
	struct vm_set *set;
	int ret = -ENOMEM;

	if (!vm->count || vm->count > SOBA_VM_MAX_COUNT ||
	    vm->form >= SOBA_NR_VM_FORMS)
		return -EINVAL;
	set = kzalloc(sizeof(*set), GFP_KERNEL);
	if (!set)
		return ret;
	refcount_set(&set->refs, 1);
	set->area = kvcalloc(vm->count, sizeof(*set->area), GFP_KERNEL);
	set->form = vm->form;
	set->size = vm->size;
	vm->handle = 0;
	job->set = set;
	if (set->area)
		ret = in_context(job, alloc_run);
	vm->value = set->nr;
	if (!ret && set->nr == vm->count) {
		ret = xa_alloc(&sets->sets, &vm->handle, set,
			       XA_LIMIT(1, SOBA_VM_MAX_SETS), GFP_KERNEL);
		set->handle = vm->handle;
		if (!ret)
			return 0;
	}
	vm_free(set, SOBA_VM_FIT, true);
	vm_set_put(set);
	return ret;
}

static void free_run(struct vm_job *job)
{
	vm_free(job->set, job->vm->form,
		job->vm->context == SOBA_CTX_PROCESS);
}

static int op_free(struct vm_sets *sets, struct vm_job *job)
{
	int ret = in_context(job, free_run);

	if (ret)
		return ret;
	vm_set_put(xa_erase(&sets->sets, job->vm->handle));
	return 0;
}

static void job_wrong_run(struct vm_job *job)
{
	vm_wrong_run(job->set, job->vm->wrong, job->victim);
}

static int op_wrong(struct vm_sets *sets, struct vm_job *job)
{
	struct soba_vm *vm = job->vm;
	int ret = vm_wrong_prepare(job->set, vm->wrong, &job->victim);

	if (ret)
		return ret;
	ret = in_context(job, job_wrong_run);
	vm_wrong_finish(vm->wrong, job->victim);
	if (!ret && vm->wrong == SOBA_VM_FREE_TWICE)
		vm_set_put(xa_erase(&sets->sets, vm->handle));
	return ret;
}

static unsigned long count_runs(const void *area, unsigned long pages)
{
	unsigned long i, pfn, last = 0, runs = 0;

	for (i = 0; i < pages; i++) {
		pfn = vmalloc_to_pfn(area + (i << PAGE_SHIFT));
		runs += pfn != last + 1;
		last = pfn;
	}
	return runs;
}

static void op_query(struct vm_set *set, struct soba_vm *vm)
{
	const void *area = set->area[vm->index];
	bool mapped = is_vmalloc_addr(area);
	struct soba_vm_area known = { };
	struct page *page;

	/* The host's way, which leaves no trace in soba. */
	page = mapped ? vmalloc_to_page(area + (vm->page << PAGE_SHIFT)) :
			virt_to_page(area);
	soba_find_vm_area(area, &known);
	vm->addr = (unsigned long)area;
	vm->bytes = known.requested_size;
	vm->pages = known.size ? (known.size >> PAGE_SHIFT) - 1 : 0;
	vm->size = set->size;
	vm->count = set->nr;
	vm->runs = mapped ? count_runs(area, vm_pages(set)) : 1;
	if (!page)
		return;
	vm->pfn = page_to_pfn(page);
	vm->nid = page_to_nid(page);
	vm->refs = page_count(page);
}

static void op_fill(struct vm_set *set, u64 seed)
{
	u32 i;

	for (i = 0; i < set->nr; i++) {
		pattern_fill(set->area[i], seed + i, 0, set->size);
		cond_resched();
	}
}

static s64 op_check(struct vm_set *set, u64 seed)
{
	s64 wrong = SOBA_TEST_GOOD;
	u32 i;

	for (i = 0; i < set->nr && wrong == SOBA_TEST_GOOD; i++) {
		wrong = pattern_check(set->area[i], seed + i, 0, set->size);
		cond_resched();
	}
	return wrong;
}

/* Whole pages: what is behind the size is the caller's to see as well. */
static s64 op_zeroed(struct vm_set *set, u64 from)
{
	unsigned long end;
	const u8 *wrong;
	u32 i;

	for (i = 0; i < set->nr; i++) {
		end = is_vmalloc_addr(set->area[i]) ? PAGE_ALIGN(set->size) :
						      set->size;
		if (from >= end)
			break;
		wrong = memchr_inv(set->area[i] + from, 0, end - from);
		if (wrong)
			return wrong - (const u8 *)set->area[i];
		cond_resched();
	}
	return SOBA_TEST_GOOD;
}

static int op_realloc(struct vm_set *set, struct vm_job *job)
{
	void *p;

	if (set->nr != 1)
		return -EINVAL;
	if (vm_form_kv(set->form))
		p = soba_kvrealloc(set->area[0], job->vm->size, job->gfp);
	else
		p = soba_vrealloc(set->area[0], job->vm->size, job->gfp);
	job->vm->value = p == set->area[0];
	job->vm->addr = (unsigned long)p;
	if (!p && job->vm->size)
		return -ENOMEM;
	set->area[0] = p;
	set->size = job->vm->size;
	return 0;
}

static s64 probe(const void *at)
{
	u8 byte;

	return copy_from_kernel_nofault(&byte, at, 1);
}

static int op_probe_freed(struct vm_set *set, struct soba_vm *vm)
{
	void *area = set->area[set->nr - 1];

	vm_unmap_aliases();
	vm->value = probe(area);
	if (vm->value)
		return -EINVAL;
	soba_vfree(area);
	set->nr--;
	vm->value = probe(area);
	return 0;
}

static int op_reference(struct vm_sets *sets, struct vm_set *set,
			struct soba_vm *vm)
{
	struct page *page = soba_vmalloc_to_page(set->area[vm->index] +
						 (vm->page << PAGE_SHIFT));

	if (!page)
		return -EINVAL;
	if (vm->op == SOBA_VM_GET) {
		get_page(page);
		sets->held = page;
	} else {
		put_page(page);
		if (sets->held == page)
			sets->held = NULL;
	}
	vm->pfn = page_to_pfn(page);
	vm->refs = page_count(page);
	return 0;
}

/* What GET took, when there is no area any more through which to see it. */
static int op_held(struct vm_sets *sets, struct soba_vm *vm)
{
	struct page *page = sets->held;

	if (!page)
		return -EINVAL;
	vm->pfn = page_to_pfn(page);
	vm->refs = page_count(page);
	if (vm->op == SOBA_VM_HELD) {
		vm->value = pattern_check(page_address(page), vm->seed,
					  vm->page << PAGE_SHIFT, PAGE_SIZE);
		return 0;
	}
	sets->held = NULL;
	put_page(page);
	return 0;
}

/* The pages, which stay, are looked at without the mapping. */
static int op_unmap(struct vm_set *set, struct soba_vm *vm)
{
	unsigned long i;

	if (!vm_form_maps(set->form) || set->form == SOBA_VM_MAP_RAM)
		return -EINVAL;
	soba_vunmap(set->area[0]);
	set->nr = 0;
	vm->value = SOBA_TEST_GOOD;
	for (i = 0; i < vm_pages(set) && vm->value == SOBA_TEST_GOOD; i++)
		vm->value = pattern_check(page_address(set->pages[i]), vm->seed,
					  i << PAGE_SHIFT,
					  min(PAGE_SIZE, set->size -
					      (i << PAGE_SHIFT)));
	return 0;
}

static int op_on_set(struct vm_sets *sets, struct vm_job *job)
{
	struct soba_vm *vm = job->vm;
	struct vm_set *set = job->set;

	if (vm->op == SOBA_VM_FREE)
		return op_free(sets, job);
	if (vm->index >= set->nr || vm->page >= vm_pages(set))
		return -EINVAL;
	switch (vm->op) {
	case SOBA_VM_QUERY:
		op_query(set, vm);
		return 0;
	case SOBA_VM_FILL:
		op_fill(set, vm->seed);
		return 0;
	case SOBA_VM_CHECK:
		vm->value = op_check(set, vm->seed);
		return 0;
	case SOBA_VM_ZEROED:
		vm->value = op_zeroed(set, vm->seed);
		return 0;
	case SOBA_VM_REALLOC:
		return op_realloc(set, job);
	case SOBA_VM_PROBE:
		vm->value = probe(set->area[vm->index] + vm->seed);
		return 0;
	case SOBA_VM_PROBE_FREED:
		return op_probe_freed(set, vm);
	case SOBA_VM_LEAK:
		set->leak = true;
		return 0;
	case SOBA_VM_GET:
	case SOBA_VM_PUT:
		return op_reference(sets, set, vm);
	case SOBA_VM_UNMAP:
		return op_unmap(set, vm);
	}
	return -EINVAL;
}

static int vm_do(struct vm_sets *sets, struct soba_vm *vm)
{
	struct vm_job job = { .vm = vm };
	int ret = gfp_decode(vm->gfp, &job.gfp);

	if (ret || vm->op >= SOBA_NR_VM_OPS || vm->context >= SOBA_NR_CONTEXTS)
		return -EINVAL;
	job.set = xa_load(&sets->sets, vm->handle);
	if (vm->op == SOBA_VM_ALLOC)
		return op_alloc(sets, &job);
	if (vm->op == SOBA_VM_WRONG)
		return op_wrong(sets, &job);
	if (vm->op == SOBA_VM_HELD || (vm->op == SOBA_VM_PUT && !vm->handle))
		return op_held(sets, vm);
	return job.set ? op_on_set(sets, &job) : -EINVAL;
}

long vm_ioctl(struct vm_sets *sets, unsigned int cmd, void __user *arg)
{
	struct soba_vm vm;
	int ret = 0;

	if (cmd != SOBA_TEST_VM)
		return -ENOTTY;
	if (copy_from_user(&vm, arg, sizeof(vm)))
		return -EFAULT;
	if (vm.op == SOBA_VM_STRESS) {
		vm.value = vm_stress(&vm);
	} else {
		mutex_lock(&sets->lock);
		ret = vm_do(sets, &vm);
		mutex_unlock(&sets->lock);
	}
	if (ret)
		return ret;
	return copy_to_user(arg, &vm, sizeof(vm)) ? -EFAULT : 0;
}
