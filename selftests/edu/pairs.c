// SPDX-License-Identifier: GPL-2.0
/*
 * pairs.c - pairs of alloc and free on all CPUs, while the device transfers.
 *
 * Locking: edu_lock is held by who started the threads; each has its own objects.
 */
#include <linux/cpu.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "edu.h"

#define HELD 24

struct worker {
	struct task_struct *task;
	struct target *target;
	u64 pairs;
	u64 errors;
	u64 random;
	struct completion done;
};

struct piece {
	void *vaddr;
	dma_addr_t handle;
	size_t size;
	bool pool;
	u8 tag;
};

static u32 next(struct worker *w)
{
	w->random = w->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return w->random >> 33;
}

static void drop(struct worker *w, struct piece *p)
{
	u8 *bytes = p->vaddr;

	if (!p->vaddr)
		return;
	/* nobody else may have written it: first and last byte are ours */
	if (bytes[0] != p->tag || bytes[p->size - 1] != p->tag)
		w->errors++;
	if (p->pool)
		soba_dma_pool_free(w->target->pool, p->vaddr, p->handle);
	else
		soba_dma_free_coherent(w->target->dev, p->size, p->vaddr,
				       p->handle);
	p->vaddr = NULL;
}

static void fetch(struct worker *w, struct piece *p)
{
	struct device *dev = w->target->dev;
	gfp_t gfp = next(w) & 1 ? GFP_ATOMIC : GFP_KERNEL;
	u8 *bytes;

	gfp |= __GFP_NOWARN;
	p->pool = w->target->pool && next(w) % 3 == 0;
	p->tag = next(w);
	if (p->pool) {
		p->size = w->target->pool_size;
		p->vaddr = soba_dma_pool_alloc(w->target->pool, gfp,
					       &p->handle);
	} else {
		p->size = 1 + next(w) % (next(w) % 16 ? 2048 : 8192);
		p->vaddr = soba_dma_alloc_coherent(dev, p->size, &p->handle,
						   gfp);
	}
	bytes = p->vaddr;
	if (!bytes)
		return;
	if (p->handle + p->size - 1 > dev->coherent_dma_mask)
		w->errors++;
	if (!p->pool && (bytes[0] || bytes[p->size - 1]))
		w->errors++;
	bytes[0] = p->tag;
	bytes[p->size - 1] = p->tag;
}

static int work(void *data)
{
	struct worker *w = data;
	struct piece held[HELD] = { };
	u64 i;

	for (i = 0; i < w->pairs; i++) {
		struct piece *p = &held[next(w) % HELD];

		drop(w, p);
		fetch(w, p);
		if (i % 512 == 0)
			cond_resched();
	}
	for (i = 0; i < HELD; i++)
		drop(w, &held[i]);
	/* This module's code may be gone as soon as the other side knows. */
	kthread_complete_and_exit(&w->done, 0);
}

static void transfers(struct worker *w, unsigned int nr)
{
	dma_addr_t handle;
	void *buffer;
	unsigned int i;

	buffer = soba_dma_alloc_coherent(w->target->dev, SOBA_EDU_BUFFER,
					 &handle, GFP_KERNEL);
	for (i = 0; i < nr; i++) {
		while (!wait_for_completion_timeout(&w[i].done, 1)) {
			if (buffer && w->target == &targets[EDU_PCI])
				edu_transfer(handle, 0, SOBA_EDU_BUFFER, false);
		}
	}
	if (buffer)
		soba_dma_free_coherent(w->target->dev, SOBA_EDU_BUFFER, buffer,
				       handle);
}

int pairs_op(struct soba_edu_call *c)
{
	unsigned int cpu, i, nr = num_online_cpus(), started = 0;
	struct target *t = &targets[c->target];
	struct worker *workers;

	if (!t->bound)
		return -ENODEV;
	workers = kcalloc(nr, sizeof(*workers), GFP_KERNEL);
	if (!workers)
		return -ENOMEM;
	for_each_online_cpu(cpu) {
		struct worker *w = &workers[started];

		if (started == nr)
			break;
		init_completion(&w->done);
		w->target = t;
		w->pairs = c->count / nr + 1;
		w->random = c->seed + cpu;
		w->task = kthread_create_on_cpu(work, w, cpu, "soba_edu/%u");
		if (IS_ERR(w->task))
			break;
		wake_up_process(w->task);
		started++;
	}
	transfers(workers, started);
	c->value = started == nr ? 0 : -1;
	for (i = 0; i < started; i++)
		c->value += workers[i].errors;
	kfree(workers);
	return 0;
}
