// SPDX-License-Identifier: GPL-2.0
/*
 * vm_stress.c - the cases of the kernel's own vmalloc test, on all CPUs at once.
 *
 * Locking: a kthread for each CPU; what they share are their sums.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <soba/soba.h>

#include "vm.h"

struct actor {
	struct task_struct *task;
	struct completion done;
	u32 form;
	u64 count;
	u64 rand;
	u64 errors;
};

static u64 actor_rand(struct actor *a)
{
	a->rand = a->rand * 6364136223846793005ULL + 1442695040888963407ULL;
	return a->rand >> 33;
}

/* Both ends hold what was written; whoever else has them would spoil it. */
static void touch(struct actor *a, void *area, unsigned long size)
{
	u64 *first = area, *last = area + ALIGN_DOWN(size - 8, 8);

	if (!area) {
		a->errors++;
		return;
	}
	WRITE_ONCE(*first, a->rand);
	WRITE_ONCE(*last, a->rand);
	cond_resched();
	if (READ_ONCE(*first) != a->rand || READ_ONCE(*last) != a->rand)
		a->errors++;
	soba_vfree(area);
}

static void one_align(struct actor *a, unsigned long size, unsigned long align)
{
	void *area = soba___vmalloc_node(size, align, GFP_KERNEL | __GFP_ZERO,
					 NUMA_NO_NODE, NULL);

	if (area && !IS_ALIGNED((unsigned long)area, align))
		a->errors++;
	touch(a, area, size);
}

/* Many areas of one size stay, while others come and go between them. */
static void busy_list(struct actor *a, unsigned int keep)
{
	void **kept = kvcalloc(keep, sizeof(*kept), GFP_KERNEL);
	unsigned int i;

	for (i = 0; kept && i < keep; i++) {
		kept[i] = soba_vmalloc(PAGE_SIZE);
		a->errors += !kept[i];
	}
	for (i = 0; i < a->count; i++) {
		touch(a, soba_vmalloc(100 * PAGE_SIZE), 100 * PAGE_SIZE);
		touch(a, soba_vmalloc(PAGE_SIZE), PAGE_SIZE);
	}
	for (i = 0; kept && i < keep; i++)
		soba_vfree(kept[i]);
	kvfree(kept);
}

/* Holes of one page between areas of one page, filled again and again. */
static void full_fit(struct actor *a, unsigned int nr)
{
	void **kept = kvcalloc(2 * nr, sizeof(*kept), GFP_KERNEL);
	unsigned int i;

	if (!kept)
		return;
	for (i = 0; i < 2 * nr; i++) {
		kept[i] = soba_vmalloc(PAGE_SIZE);
		a->errors += !kept[i];
	}
	for (i = 1; i < 2 * nr; i += 2)
		soba_vfree(kept[i]);
	for (i = 0; i < a->count; i++)
		touch(a, soba_vmalloc(PAGE_SIZE), PAGE_SIZE);
	for (i = 0; i < 2 * nr; i += 2)
		soba_vfree(kept[i]);
	kvfree(kept);
}

static void map_ram(struct actor *a)
{
	unsigned int n = 1 + actor_rand(a) % 10;
	struct page *pages[10] = { };
	u64 *at;

	if (soba_alloc_pages_bulk(GFP_KERNEL, n, pages) == n) {
		at = soba_vm_map_ram(pages, n, NUMA_NO_NODE);
		a->errors += !at;
		if (at) {
			*at = a->rand;
			a->errors += *(u64 *)page_address(pages[0]) != a->rand;
			soba_vm_unmap_ram(at, n);
		}
	}
	while (n--)
		if (pages[n])
			soba___free_page(pages[n]);
}

struct rcu_area {
	struct rcu_head rcu;
	u64 word;
};

/* Both forms; the second waits for a grace period at each call. */
static void kvfree_rcu_area(struct actor *a, u64 i)
{
	struct rcu_area *area = soba_vmalloc(PAGE_SIZE);

	if (!area) {
		a->errors++;
		return;
	}
	WRITE_ONCE(area->word, a->rand);
	if (i % 100)
		soba_kvfree_rcu(area, rcu);
	else
		soba_kvfree_rcu_mightsleep(area);
}

static void act(struct actor *a, u64 i)
{
	unsigned long n = 1 + actor_rand(a) % 100;

	switch (a->form) {
	case SOBA_VM_FIX_SIZE:
		touch(a, soba_vmalloc(3 * PAGE_SIZE), 3 * PAGE_SIZE);
		return;
	case SOBA_VM_RANDOM_SIZE:
		touch(a, soba_vmalloc(n * PAGE_SIZE), n * PAGE_SIZE);
		return;
	case SOBA_VM_FIX_ALIGN:
		one_align(a, 5 * PAGE_SIZE, 2 * PAGE_SIZE);
		return;
	case SOBA_VM_RANDOM_SIZE_ALIGN:
		one_align(a, n * PAGE_SIZE, PAGE_SIZE << n % 5);
		return;
	case SOBA_VM_ALIGN_SHIFT:
		one_align(a, PAGE_SIZE, 1UL << i % 20);
		return;
	case SOBA_VM_MAP_RAM_STRESS:
		map_ram(a);
		return;
	case SOBA_VM_KVFREE_RCU:
		kvfree_rcu_area(a, i);
		return;
	}
}

static int actor_fn(void *arg)
{
	struct actor *a = arg;
	u64 i;

	if (a->form == SOBA_VM_LONG_BUSY_LIST)
		busy_list(a, 1500);
	else if (a->form == SOBA_VM_FULL_FIT)
		full_fit(a, 800);
	else
		for (i = 0; i < a->count; i++) {
			act(a, i);
			cond_resched();
		}
	complete(&a->done);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void actor_start(struct actor *a, unsigned int cpu)
{
	a->task = kthread_create(actor_fn, a, "soba_vm/%u", cpu);
	if (IS_ERR(a->task)) {
		a->task = NULL;
		a->errors++;
		return;
	}
	kthread_bind(a->task, cpu);
	wake_up_process(a->task);
}

/* Errors of all actors; each of them does @count turns. */
s64 vm_stress(const struct soba_vm *vm)
{
	struct actor *actors;
	unsigned int cpu;
	s64 errors = 0;

	actors = kcalloc(nr_cpu_ids, sizeof(*actors), GFP_KERNEL);
	if (!actors || vm->form >= SOBA_NR_VM_STRESSES) {
		kfree(actors);
		return -EINVAL;
	}
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct actor *a = &actors[cpu];

		a->form = vm->form;
		a->count = vm->count;
		a->rand = vm->seed + cpu;
		init_completion(&a->done);
		actor_start(a, cpu);
	}
	cpus_read_unlock();
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (actors[cpu].task) {
			wait_for_completion(&actors[cpu].done);
			kthread_stop(actors[cpu].task);
		}
		errors += actors[cpu].errors;
	}
	kfree(actors);
	return errors;
}
