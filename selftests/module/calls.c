// SPDX-License-Identifier: GPL-2.0
/*
 * calls.c - the operations of SOBA_TEST_CALL: what is checked and made ready,
 * what runs in the chosen context, and what is told afterwards.
 *
 * Locking: prepare and finish run in process context under session->lock, run
 * in any context on behalf of a task that holds it.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <soba/soba.h>

#include "compat.h"
#include "test.h"

struct operation {
	int (*prepare)(struct job *job);	/* may be NULL */
	void (*run)(struct job *job);
	int (*finish)(struct job *job);		/* may be NULL */
	void (*undo)(struct job *job);		/* prepared, but could not run */
	bool no_object;		/* works without one */
	bool process_only;	/* the host's part of it may sleep */
};

static bool form_is_single(u32 form)
{
	return form == SOBA_FORM_PAGE || form == SOBA_FORM_FREE_PAGE ||
	       form == SOBA_FORM_ZEROED_PAGE;
}

/* Frames that the call asks for; 0 when the arguments make no sense. */
static u64 alloc_frames(const struct soba_test_call *call)
{
	switch (call->form) {
	case SOBA_FORM_BULK:
		return call->size <= SOBA_TEST_MAX_BULK ? call->size : 0;
	case SOBA_FORM_EXACT:
		if (!call->size || call->size > SOBA_TEST_MAX_SIZE)
			return 0;
		return (call->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	case SOBA_FORM_FIT:
		return 0;
	}
	if (call->form >= SOBA_NR_FORMS || call->order > SOBA_TEST_MAX_ORDER)
		return 0;
	if (form_is_single(call->form))
		return call->order ? 0 : 1;
	return 1ULL << call->order;
}

static int alloc_prepare(struct job *job)
{
	struct soba_test_call *call = job->call;
	u64 frames = alloc_frames(call);

	if (!frames || call->handle)
		return -EINVAL;
	if (call->node != SOBA_TEST_ANY_NODE &&
	    (call->form != SOBA_FORM_PAGES_NODE || call->node < 0 ||
	     call->node >= MAX_NUMNODES || !node_online(call->node)))
		return -EINVAL;
	/* Orders that soba refuses are let through: to be refused. */
	if (frames <= 1UL << COMPAT_MAX_PAGE_ORDER &&
	    job->session->frames + frames > session_max_frames())
		return -ENOSPC;
	job->object = object_create(call->form == SOBA_FORM_BULK ? frames : 0);
	if (!job->object)
		return -ENOMEM;
	job->object->form = call->form;
	job->object->frames = frames;
	job->object->order = call->order;
	job->object->size = frames << PAGE_SHIFT;
	if (call->form == SOBA_FORM_EXACT)
		job->object->size = call->size;
	return 0;
}

static void alloc_undo(struct job *job)
{
	object_destroy(job->object);
}

static void *alloc_address(struct job *job)
{
	struct soba_test_call *call = job->call;

	switch (call->form) {
	case SOBA_FORM_FREE_PAGES:
		return (void *)soba___get_free_pages(job->gfp, call->order);
	case SOBA_FORM_FREE_PAGE:
		return (void *)soba___get_free_page(job->gfp);
	case SOBA_FORM_ZEROED_PAGE:
		return (void *)soba_get_zeroed_page(job->gfp);
	case SOBA_FORM_DMA_PAGES:
		return (void *)soba___get_dma_pages(job->gfp, call->order);
	case SOBA_FORM_EXACT:
		return soba_alloc_pages_exact(call->size, job->gfp);
	}
	return NULL;
}

static void alloc_run(struct job *job)
{
	struct soba_test_call *call = job->call;
	struct object *object = job->object;
	void *address;

	switch (call->form) {
	case SOBA_FORM_PAGES:
		object->page = call->flags & SOBA_TEST_SITES ?
			site_alloc_pages(job->site, job->gfp, call->order) :
			soba_alloc_pages(job->gfp, call->order);
		return;
	case SOBA_FORM_PAGES_NODE:
		object->page = soba_alloc_pages_node(call->node, job->gfp,
						     call->order);
		return;
	case SOBA_FORM_PAGE:
		object->page = soba_alloc_page(job->gfp);
		return;
	case SOBA_FORM_BULK:
		call->value = soba_alloc_pages_bulk(job->gfp, object->frames,
						    object->pages);
		return;
	}
	address = alloc_address(job);
	if (!address)
		return;
	object->page = virt_to_page(address);
	if (call->form == SOBA_FORM_EXACT)
		object->exact = address;
}

static int alloc_finish(struct job *job)
{
	struct object *object = job->object;
	int ret;

	job->call->handle = 0;
	if (!object->page && (!object->pages || !job->call->value)) {
		object_destroy(object);
		job->object = NULL;
		return 0;
	}
	if (object->page)
		object->compound = PageCompound(object->page);
	ret = session_add(job->session, object, &job->call->handle);
	if (ret) {
		object_free(object, SOBA_FORM_FIT);
		object_destroy(object);
		job->object = NULL;
		return ret;
	}
	job->session->frames += object->frames;
	return 0;
}

/* Which object may be freed by which form: page and address forms may mix. */
static int free_prepare(struct job *job)
{
	u32 form = job->call->form;

	if (job->object->freed || form >= SOBA_NR_FORMS)
		return -EINVAL;
	if (form == SOBA_FORM_FIT)
		return 0;
	if (job->object->exact || job->object->pages)
		return form == job->object->form ? 0 : -EINVAL;
	if (form == SOBA_FORM_EXACT || form == SOBA_FORM_BULK)
		return -EINVAL;
	return form_is_single(form) && job->object->order ? -EINVAL : 0;
}

static void free_run(struct job *job)
{
	object_free(job->object, job->call->form);
}

static int free_finish(struct job *job)
{
	struct object *object = job->object;

	object->freed = true;
	job->session->frames -= object->frames;
	if (object->gets)
		return 0;
	session_forget(job->session, job->call->handle);
	job->object = NULL;
	return 0;
}

/* What has slots: a bulk allocation or a block that was split. */
static int slot_prepare(struct job *job)
{
	struct object *object = job->object;
	u64 index = job->call->index;

	if (object->freed || !object->pages || index >= object->frames ||
	    !object->pages[index] || (object->got && object->got[index]))
		return -EINVAL;
	return 0;
}

static void slot_run(struct job *job)
{
	soba___free_page(job->object->pages[job->call->index]);
	job->object->pages[job->call->index] = NULL;
}

static int refill_prepare(struct job *job)
{
	return !job->object->freed && job->object->pages ? 0 : -EINVAL;
}

static void refill_run(struct job *job)
{
	job->call->value = soba_alloc_pages_bulk(job->gfp, job->object->frames,
						 job->object->pages);
}

/* Whoever holds the object, or a reference after its free, may look at it. */
static int look_prepare(struct job *job)
{
	return !job->object->freed || job->object->gets ? 0 : -EINVAL;
}

static int live_prepare(struct job *job)
{
	return job->object->freed ? -EINVAL : 0;
}

static void query_run(struct job *job)
{
	struct soba_test_call *call = job->call;
	struct page *page = object_page(job->object, call->index);

	call->frames = job->object->frames;
	call->run = object_run(job->object);
	if (job->object->freed)
		call->out_flags |= SOBA_TEST_FREED;
	if (!page)
		return;
	call->pfn = page_to_pfn(page);
	call->phys = PFN_PHYS(page_to_pfn(page));
	call->virt = (unsigned long)page_address(page);
	call->nid = page_to_nid(page);
	call->refs = page_count(page);
	call->out_order = folio_order(page_folio(page));
	if (PageCompound(page))
		call->out_flags |= SOBA_TEST_COMPOUND;
	if (PageHead(page))
		call->out_flags |= SOBA_TEST_HEAD;
	if (PageSlab(page))
		call->out_flags |= SOBA_TEST_SLAB;
}

static void fill_run(struct job *job)
{
	pattern_fill_object(job->object, job->call->seed);
}

static void check_run(struct job *job)
{
	job->call->value = pattern_check_object(job->object, job->call->seed);
}

static void zeroed_run(struct job *job)
{
	job->call->value = pattern_zeroed_object(job->object);
}

static void get_run(struct job *job)
{
	job->call->value = object_get(job->object, job->call->index);
}

static void put_run(struct job *job)
{
	job->call->value = object_put(job->object, job->call->index);
}

static void stray_put_run(struct job *job)
{
	job->call->value = object_stray_put(job->object, job->call->index);
}

/* These have an error of their own, found on the way. */
static int reference_finish(struct job *job)
{
	return job->call->value;
}

static int put_finish(struct job *job)
{
	int ret = job->call->value;

	if (!ret && job->object->freed && !job->object->gets) {
		session_forget(job->session, job->call->handle);
		job->object = NULL;
	}
	return ret;
}

static int split_prepare(struct job *job)
{
	struct object *object = job->object;
	unsigned long i;

	if (object->freed || object->pages || object->exact ||
	    object->compound || object->order != job->call->order)
		return -EINVAL;
	object->pages = kvcalloc(object->frames, sizeof(*object->pages),
				 GFP_KERNEL);
	if (!object->pages)
		return -ENOMEM;
	for (i = 0; i < object->frames; i++)
		object->pages[i] = pfn_to_page(page_to_pfn(object->page) + i);
	object->form = SOBA_FORM_BULK;
	return 0;
}

static void split_undo(struct job *job)
{
	struct object *object = job->object;

	kvfree(object->pages);
	object->pages = NULL;
	object->form = SOBA_FORM_PAGES;
}

static void split_run(struct job *job)
{
	soba_split_page(job->object->page, job->call->order);
}

static void leak_run(struct job *job)
{
	job->object->leak = true;
}

static const struct operation operations[SOBA_NR_OPS] = {
	[SOBA_OP_ALLOC] = {
		alloc_prepare, alloc_run, alloc_finish, alloc_undo,
		.no_object = true,
	},
	[SOBA_OP_FREE] = { free_prepare, free_run, free_finish },
	[SOBA_OP_FREE_WRONG] = {
		wrong_prepare, wrong_run, wrong_finish, wrong_undo,
		.no_object = true,
	},
	[SOBA_OP_FREE_ONE] = { slot_prepare, slot_run },
	[SOBA_OP_REFILL] = { refill_prepare, refill_run },
	[SOBA_OP_QUERY] = { look_prepare, query_run },
	[SOBA_OP_FILL] = { live_prepare, fill_run },
	[SOBA_OP_CHECK] = { look_prepare, check_run },
	[SOBA_OP_ZEROED] = { look_prepare, zeroed_run },
	[SOBA_OP_GET] = {
		live_prepare, get_run, reference_finish, .process_only = true,
	},
	[SOBA_OP_PUT] = { look_prepare, put_run, put_finish },
	[SOBA_OP_STRAY_PUT] = {
		live_prepare, stray_put_run, reference_finish,
		.process_only = true,
	},
	[SOBA_OP_SPLIT] = {
		split_prepare, split_run, .undo = split_undo,
	},
	[SOBA_OP_VMAP] = {
		view_prepare, view_vmap_run, view_finish, .process_only = true,
	},
	[SOBA_OP_KMAP] = { live_prepare, view_kmap_run },
	[SOBA_OP_SG] = {
		view_prepare, view_sg_run, view_finish, .process_only = true,
	},
	[SOBA_OP_LEAK] = { live_prepare, leak_run },
};

struct trip {
	const struct operation *operation;
	struct job *job;
};

static void trip_run(void *arg)
{
	struct trip *trip = arg;
	unsigned long before = current->nvcsw;

	trip->operation->run(trip->job);
	trip->job->call->slept = current->nvcsw - before;
}

/* Outputs start from a known state, whatever userspace left in them. */
static void call_clear(struct soba_test_call *call)
{
	memset_startat(call, 0, value);
	call->nid = NUMA_NO_NODE;
}

static int call_check(struct soba_test_call *call)
{
	if (call->op >= SOBA_NR_OPS || call->context >= SOBA_NR_CONTEXTS ||
	    call->zero || call->flags & ~SOBA_TEST_SITES)
		return -EINVAL;
	if (operations[call->op].process_only &&
	    call->context != SOBA_CTX_PROCESS)
		return -EINVAL;
	return 0;
}

/* The caller holds session->lock; -errno when the operation did not run. */
int call_do(struct session *session, struct soba_test_call *call)
{
	struct job job = { .call = call, .session = session };
	struct trip trip = { .job = &job };
	int ret = call_check(call);

	if (!ret)
		ret = gfp_decode(call->gfp, &job.gfp);
	if (ret)
		return ret;
	call_clear(call);
	trip.operation = &operations[call->op];
	job.object = session_find(session, call->handle);
	if (!job.object && (call->handle || !trip.operation->no_object))
		return -EINVAL;
	if (job.object && job.object->frames && call->index >= job.object->frames)
		return -EINVAL;
	job.site = site_choose(call->flags);
	if (trip.operation->prepare)
		ret = trip.operation->prepare(&job);
	if (ret)
		return ret;
	ret = context_run(call->context, call->cpu, trip_run, &trip);
	if (ret) {
		if (trip.operation->undo)
			trip.operation->undo(&job);
		return ret;
	}
	return trip.operation->finish ? trip.operation->finish(&job) : 0;
}
