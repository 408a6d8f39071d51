// SPDX-License-Identifier: GPL-2.0
/*
 * objects.c - coherent objects: allocated, filled, transferred, freed rightly
 * and wrongly.
 *
 * Locking: edu_lock. `held` is a lock of the caller's, for calls in atomic
 * context.
 */
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "edu.h"

#define MAX_OBJECTS	12000

struct object {
	struct target *target;	/* NULL: free slot */
	void *vaddr;
	dma_addr_t handle;
	size_t size;
	unsigned long attrs;
	u32 form;
};

static struct object objects[MAX_OBJECTS];
static DEFINE_RAW_SPINLOCK(held);

static gfp_t gfp_of(u32 gfp)
{
	switch (gfp) {
	case EDU_GFP_ATOMIC:
		return GFP_ATOMIC;
	case EDU_GFP_COMP:
		return GFP_KERNEL | __GFP_COMP;
	case EDU_GFP_DMA:
		return GFP_KERNEL | __GFP_DMA;
	case EDU_GFP_DMA32:
		return GFP_KERNEL | __GFP_DMA32;
	case EDU_GFP_NOWARN:
		return GFP_KERNEL | __GFP_NOWARN;
	default:
		return GFP_KERNEL;
	}
}

static unsigned long attrs_of(u64 attrs)
{
	switch (attrs) {
	case EDU_ATTR_WC:
	case EDU_ATTR_WC_NOWARN:
		return DMA_ATTR_WRITE_COMBINE;
	case EDU_ATTR_NO_MAPPING:
		return DMA_ATTR_NO_KERNEL_MAPPING;
	default:
		return 0;
	}
}

static void *take(struct object *o, u32 form, gfp_t gfp)
{
	struct target *t = o->target;

	switch (form) {
	case EDU_FORM_ATTRS:
		if (gfp & __GFP_NOWARN && o->attrs == DMA_ATTR_WRITE_COMBINE)
			return soba_dma_alloc_wc(t->dev, o->size, &o->handle,
						 gfp);
		return soba_dma_alloc_attrs(t->dev, o->size, &o->handle, gfp,
					    o->attrs);
	case EDU_FORM_MANAGED:
		return soba_dmam_alloc_coherent(t->dev, o->size, &o->handle,
						gfp);
	case EDU_FORM_POOL:
		return soba_dma_pool_alloc(t->pool, gfp, &o->handle);
	case EDU_FORM_POOL_ZEROED:
		return soba_dma_pool_zalloc(t->pool, gfp, &o->handle);
	default:
		return soba_dma_alloc_coherent(t->dev, o->size, &o->handle,
					       gfp);
	}
}

static void give(const struct object *o)
{
	struct target *t = o->target;

	switch (o->form) {
	case EDU_FORM_ATTRS:
		soba_dma_free_attrs(t->dev, o->size, o->vaddr, o->handle,
				    o->attrs);
		break;
	case EDU_FORM_MANAGED:
		soba_dmam_free_coherent(t->dev, o->size, o->vaddr, o->handle);
		break;
	case EDU_FORM_POOL:
	case EDU_FORM_POOL_ZEROED:
		soba_dma_pool_free(t->pool, o->vaddr, o->handle);
		break;
	default:
		soba_dma_free_coherent(t->dev, o->size, o->vaddr, o->handle);
	}
}

struct job {
	struct object *o;
	gfp_t gfp;
};

static void job_take(struct job *job)
{
	job->o->vaddr = take(job->o, job->o->form, job->gfp);
}

static void job_give(struct job *job)
{
	give(job->o);
}

/* Run in the context that is asked for. */
static void in_context(u32 context, void (*run)(struct job *job),
		       struct job *job)
{
	unsigned long flags;

	switch (context) {
	case EDU_IRQS_OFF:
		local_irq_save(flags);
		run(job);
		local_irq_restore(flags);
		break;
	case EDU_SPINLOCK:
		raw_spin_lock(&held);
		run(job);
		raw_spin_unlock(&held);
		break;
	default:
		run(job);
	}
}

static struct object *slot(void)
{
	unsigned int i;

	for (i = 0; i < MAX_OBJECTS; i++)
		if (!objects[i].target)
			return &objects[i];
	return NULL;
}

static int op_alloc(struct soba_edu_call *c)
{
	struct object *o = slot();
	struct job job = { .o = o, .gfp = gfp_of(c->gfp) };

	c->object = 0;
	if (!o)
		return -ENFILE;
	o->target = &targets[c->target];
	o->size = c->size;
	o->form = c->form;
	o->attrs = attrs_of(c->attrs);
	if (c->attrs == EDU_ATTR_WC_NOWARN)
		job.gfp |= __GFP_NOWARN;
	if ((c->form == EDU_FORM_POOL || c->form == EDU_FORM_POOL_ZEROED)) {
		if (!o->target->pool) {
			o->target = NULL;
			return -EINVAL;
		}
		o->size = o->target->pool_size;
	}
	in_context(c->context, job_take, &job);
	if (!o->vaddr) {
		o->target = NULL;
		return 0;
	}
	c->object = o - objects + 1;
	c->handle = o->handle;
	c->virt = offset_in_page(o->vaddr);
	return 0;
}

static void free_foreign(struct object *o)
{
	void *host = kzalloc(4096, GFP_KERNEL);

	if (!host)
		return;
	soba_dma_free_coherent(o->target->dev, o->size, host, o->handle);
	kfree(host);
}

/* The object stays as it was; afterwards it can be freed rightly. */
static void free_wrong(struct object *o, u32 wrong)
{
	struct target *t = o->target, *other = &targets[EDU_PLATFORM2];

	switch (wrong) {
	case EDU_WRONG_DEVICE:
		soba_dma_free_coherent(other->dev, o->size, o->vaddr,
				       o->handle);
		break;
	case EDU_WRONG_SIZE:
		soba_dma_free_coherent(t->dev, o->size + 1, o->vaddr,
				       o->handle);
		break;
	case EDU_WRONG_HANDLE:
		soba_dma_free_coherent(t->dev, o->size, o->vaddr,
				       o->handle + 64);
		break;
	case EDU_WRONG_INSIDE:
		soba_dma_free_coherent(t->dev, o->size, o->vaddr + 16,
				       o->handle + 16);
		break;
	case EDU_WRONG_FOREIGN:
		free_foreign(o);
		break;
	case EDU_WRONG_POOL:
		if (o->form == EDU_FORM_COHERENT)
			soba_dma_pool_free(t->pool, o->vaddr, o->handle);
		else
			soba_dma_free_coherent(t->dev, o->size, o->vaddr,
					       o->handle);
		break;
	case EDU_WRONG_ATTRS:
		soba_dma_free_attrs(t->dev, o->size, o->vaddr, o->handle,
				    DMA_ATTR_WRITE_COMBINE);
		break;
	}
}

static int op_free(struct soba_edu_call *c, struct object *o)
{
	struct job job = { .o = o };

	if (c->wrong && c->wrong != EDU_WRONG_TWICE) {
		free_wrong(o, c->wrong);
		return 0;
	}
	in_context(c->context, job_give, &job);
	if (c->wrong == EDU_WRONG_TWICE)
		soba_dma_free_coherent(o->target->dev, o->size, o->vaddr,
				       o->handle);
	o->target = NULL;
	return 0;
}

/* Freed, and the device, which was not told, goes on writing. */
static int op_late(struct soba_edu_call *c, struct object *o)
{
	dma_addr_t handle = o->handle;

	give(o);
	o->target = NULL;
	return edu_transfer(handle, 0, c->size, false);
}

static int op_pool(struct soba_edu_call *c)
{
	struct target *t = &targets[c->target];

	if (c->op == EDU_OP_POOL_END) {
		if (t->pool_managed)
			soba_dmam_pool_destroy(t->pool);
		else
			soba_dma_pool_destroy(t->pool);
		t->pool = NULL;
		return 0;
	}
	t->pool_managed = c->form == EDU_FORM_MANAGED;
	if (t->pool_managed)
		t->pool = soba_dmam_pool_create("edu-pool", t->dev, c->size,
						c->align, c->boundary);
	else
		t->pool = soba_dma_pool_create("edu-pool", t->dev, c->size,
					       c->align, c->boundary);
	t->pool_size = c->size;
	c->value = !!t->pool;
	return 0;
}

/* The driver leaves: what it still has, it gives back. */
void objects_drop(struct target *t)
{
	unsigned int i;

	for (i = 0; i < MAX_OBJECTS; i++) {
		struct object *o = &objects[i];

		if (o->target != t)
			continue;
		if (o->form != EDU_FORM_MANAGED)
			give(o);
		o->target = NULL;
	}
	if (!t->pool_managed)
		soba_dma_pool_destroy(t->pool);
	t->pool = NULL;
}

static int op_ground(struct soba_edu_call *c)
{
	unsigned int i;

	for (i = 0; i < MAX_OBJECTS; i++)
		if (objects[i].target == &targets[c->target])
			objects[i].target = NULL;
	return 0;
}

static s64 zeroed(const struct object *o)
{
	u8 *p = o->vaddr;
	size_t i;

	for (i = 0; i < o->size; i++)
		if (p[i])
			return i;
	return -1;
}

static int op_table(struct soba_edu_call *c, struct object *o)
{
	struct scatterlist *sg;
	struct sg_table sgt;
	int i, err;

	err = soba_dma_get_sgtable(o->target->dev, &sgt, o->vaddr, o->handle,
				   o->size);
	if (err)
		return err;
	c->value = 0;
	c->entries = sgt.orig_nents;
	for_each_sgtable_sg(&sgt, sg, i)
		c->value += sg->length;
	sg_free_table(&sgt);
	return 0;
}

int object_mmap(unsigned long number, struct vm_area_struct *vma)
{
	struct object *o;

	if (!number || number > MAX_OBJECTS)
		return -ENOENT;
	o = &objects[number - 1];
	if (!o->target)
		return -ENOENT;
	return soba_dma_mmap_coherent(o->target->dev, vma, o->vaddr, o->handle,
				      o->size);
}

static int op_on(struct soba_edu_call *c, struct object *o)
{
	switch (c->op) {
	case EDU_OP_FREE:
		return op_free(c, o);
	case EDU_OP_QUERY:
		c->handle = o->handle;
		c->virt = offset_in_page(o->vaddr);
		c->size = o->size;
		return 0;
	case EDU_OP_FILL:
		edu_fill(o->vaddr, c->seed, 0, o->size);
		return 0;
	case EDU_OP_CHECK:
		c->value = edu_check(o->vaddr, c->seed, 0, o->size);
		return 0;
	case EDU_OP_ZEROED:
		c->value = zeroed(o);
		return 0;
	case EDU_OP_POKE:
		((u8 *)o->vaddr)[c->offset] = c->seed;
		return 0;
	case EDU_OP_TRANSFER:
		return edu_transfer(o->handle + c->offset, 0, c->size,
				    c->count);
	case EDU_OP_LATE:
		return op_late(c, o);
	case EDU_OP_TABLE:
		return op_table(c, o);
	}
	return -EINVAL;
}

int object_op(struct soba_edu_call *c)
{
	if (c->op == EDU_OP_ALLOC)
		return op_alloc(c);
	if (c->op == EDU_OP_POOL || c->op == EDU_OP_POOL_END)
		return op_pool(c);
	if (c->op == EDU_OP_GROUND)
		return op_ground(c);
	if (!c->object || c->object > MAX_OBJECTS ||
	    !objects[c->object - 1].target)
		return -ENOENT;
	return op_on(c, &objects[c->object - 1]);
}
