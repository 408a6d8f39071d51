// SPDX-License-Identifier: GPL-2.0
/*
 * object.c - the operations of SOBA_TEST_OBJECT: what is checked and made
 * ready, what runs in the chosen context, and what is told afterwards.
 *
 * Locking: the caller holds session->object_lock.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/string.h>

#include <soba/soba.h>

#include "object.h"

enum needs { NEEDS_NOTHING, NEEDS_CACHE, NEEDS_BATCH, NEEDS_SLOT };

struct object_operation {
	enum needs needs;
	int (*prepare)(struct task *t);		/* may be NULL */
	void (*run)(struct task *t);
	int (*finish)(struct task *t);		/* may be NULL */
	void (*undo)(struct task *t);		/* prepared, but could not run */
	bool process_only;
};

/* To a device, and back: what it would see is where the object lies. */
static void dma_run(struct task *t)
{
	struct platform_device *pdev;
	dma_addr_t address;

	t->call->value = -ENODEV;
	pdev = platform_device_register_simple("soba_test_dma",
					       PLATFORM_DEVID_AUTO, NULL, 0);
	if (IS_ERR(pdev))
		return;
	dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	address = dma_map_single(&pdev->dev, t->b->slot[t->call->index],
				 t->b->size, DMA_BIDIRECTIONAL);
	t->call->value = dma_mapping_error(&pdev->dev, address);
	if (!t->call->value) {
		t->call->phys = address;
		dma_unmap_single(&pdev->dev, address, t->b->size,
				 DMA_BIDIRECTIONAL);
	}
	platform_device_unregister(pdev);
}

static void leave_object_run(struct task *t)
{
	t->b->leave = true;
}

static void forget_run(struct task *t)
{
	t->c->forgotten = true;
}

static void roundup_run(struct task *t)
{
	t->call->usable = soba_kmalloc_size_roundup(t->call->size);
}

#define PROCESS .process_only = true

static const struct object_operation object_operations[SOBA_NR_OBJECT_OPS] = {
	[SOBA_OBJ_CREATE] = {
		NEEDS_NOTHING, create_prepare, create_run, PROCESS,
	},
	[SOBA_OBJ_DESTROY] = {
		NEEDS_CACHE, destroy_prepare, destroy_run, PROCESS,
	},
	[SOBA_OBJ_SHRINK] = { NEEDS_CACHE, destroy_prepare, shrink_run, PROCESS },
	[SOBA_OBJ_INFO] = { NEEDS_CACHE, destroy_prepare, info_run },
	[SOBA_OBJ_CTOR] = { NEEDS_NOTHING, ctor_info_prepare, ctor_info_run },
	[SOBA_OBJ_ALLOC] = {
		NEEDS_NOTHING, alloc_object_prepare, alloc_object_run,
		alloc_object_finish, alloc_object_undo,
	},
	[SOBA_OBJ_FREE] = {
		NEEDS_BATCH, free_object_prepare, free_object_run,
		free_object_finish,
	},
	[SOBA_OBJ_REALLOC] = {
		NEEDS_SLOT, realloc_prepare, realloc_run, realloc_finish,
	},
	[SOBA_OBJ_FREE_WRONG] = {
		NEEDS_NOTHING, wrong_object_prepare, wrong_object_run,
		wrong_object_finish, wrong_object_undo,
	},
	[SOBA_OBJ_QUERY] = { NEEDS_SLOT, NULL, query_object_run },
	[SOBA_OBJ_FILL] = { NEEDS_BATCH, NULL, fill_object_run },
	[SOBA_OBJ_CHECK] = { NEEDS_BATCH, NULL, check_object_run },
	[SOBA_OBJ_ZEROED] = { NEEDS_BATCH, NULL, zeroed_object_run },
	[SOBA_OBJ_TEXT] = { NEEDS_BATCH, text_prepare, text_run },
	[SOBA_OBJ_BUILT] = { NEEDS_BATCH, built_prepare, built_run },
	[SOBA_OBJ_DISJOINT] = {
		NEEDS_BATCH, disjoint_prepare, disjoint_run, PROCESS,
	},
	[SOBA_OBJ_POKE] = { NEEDS_SLOT, poke_prepare, poke_run },
	[SOBA_OBJ_TO_USER] = { NEEDS_SLOT, user_prepare, user_run, PROCESS },
	[SOBA_OBJ_FROM_USER] = { NEEDS_SLOT, user_prepare, user_run, PROCESS },
	[SOBA_OBJ_DMA] = { NEEDS_SLOT, user_prepare, dma_run, PROCESS },
	[SOBA_OBJ_LEAVE] = { NEEDS_BATCH, NULL, leave_object_run },
	[SOBA_OBJ_FORGET] = { NEEDS_CACHE, NULL, forget_run },
	[SOBA_OBJ_ROUNDUP] = { NEEDS_NOTHING, NULL, roundup_run },
	[SOBA_OBJ_NOTHING] = { NEEDS_NOTHING, NULL, nothing_run },
	[SOBA_OBJ_RCU] = { NEEDS_BATCH, rcu_prepare, rcu_run, rcu_finish, PROCESS },
	[SOBA_OBJ_CHAIN] = {
		NEEDS_NOTHING, chain_prepare, chain_run, chain_finish,
		chain_undo, PROCESS,
	},
	[SOBA_OBJ_CHAIN_FREE] = {
		NEEDS_NOTHING, chain_free_prepare, chain_free_run, PROCESS,
	},
};

struct object_trip {
	const struct object_operation *operation;
	struct task *task;
};

static void object_trip_run(void *arg)
{
	struct object_trip *trip = arg;
	unsigned long before = current->nvcsw;

	trip->operation->run(trip->task);
	/* In an interrupt, or in a thread that gave way on purpose: no meaning. */
	trip->task->call->slept = current->nvcsw - before;
}

/* In an NMI only the calls that are for it. */
static bool nmi_may(const struct soba_test_object *call)
{
	switch (call->op) {
	case SOBA_OBJ_ALLOC:
		return call->form == SOBA_OBJ_NOLOCK && call->nr <= 64;
	case SOBA_OBJ_FREE:
		return call->form == SOBA_OBJ_KFREE_NOLOCK;
	}
	return false;
}

static int object_check(const struct soba_test_object *call)
{
	if (call->op >= SOBA_NR_OBJECT_OPS ||
	    call->context >= SOBA_NR_OBJECT_CONTEXTS || call->zero ||
	    call->flags & ~SOBA_OBJ_FLAGS ||
	    strnlen(call->name, SOBA_OBJ_NAME) == SOBA_OBJ_NAME)
		return -EINVAL;
	if (object_operations[call->op].process_only &&
	    call->context != SOBA_CTX_PROCESS)
		return -EINVAL;
	if (call->context == SOBA_CTX_NMI && !nmi_may(call))
		return -EINVAL;
	return 0;
}

/* Are the things there that the handles name, and that the operation needs? */
static int object_find(struct task *t, enum needs needs)
{
	struct soba_test_object *call = t->call;

	if (call->cache)
		t->c = xa_load(&t->session->caches, call->cache);
	if (call->handle)
		t->b = xa_load(&t->session->batches, call->handle);
	if ((call->cache && !t->c) || (call->handle && !t->b) ||
	    (needs == NEEDS_CACHE && !t->c) || (needs >= NEEDS_BATCH && !t->b))
		return -EINVAL;
	if (t->b && (needs == NEEDS_SLOT || call->op == SOBA_OBJ_FREE_WRONG) &&
	    call->index >= t->b->nr)
		return -EINVAL;
	return 0;
}

static int object_run_in(struct object_trip *trip)
{
	struct task *t = trip->task;
	int ret;

	if (trip->operation->prepare) {
		ret = trip->operation->prepare(t);
		if (ret)
			return ret;
	}
	ret = context_run(t->call->context, t->call->cpu, object_trip_run, trip);
	if (ret) {
		if (trip->operation->undo)
			trip->operation->undo(t);
		return ret;
	}
	return trip->operation->finish ? trip->operation->finish(t) : 0;
}

/* -errno when the operation did not run. */
int object_do(struct session *session, struct soba_test_object *call)
{
	struct task t = { .call = call, .session = session };
	struct object_trip trip = { .task = &t };
	int ret = object_check(call);

	if (!ret)
		ret = gfp_decode(call->gfp, &t.gfp);
	if (ret)
		return ret;
	trip.operation = &object_operations[call->op];
	ret = object_find(&t, trip.operation->needs);
	if (ret)
		return ret;
	memset_startat(call, 0, value);
	call->nid = NUMA_NO_NODE;
	t.site = site_choose(call->flags);
	t.may_yield = call->context == SOBA_CTX_PROCESS;
	return object_run_in(&trip);
}

/* Pools before the caches below them. */
static void caches_close(struct session *session)
{
	struct cache *c;
	unsigned long handle;

	xa_for_each(&session->caches, handle, c)
		if (c->pool)
			cache_close(c);
	xa_for_each(&session->caches, handle, c) {
		cache_close(c);
		kfree(c);
	}
}

void objects_close(struct session *session)
{
	unsigned long handle;
	struct batch *b;

	chain_close(session);
	xa_for_each(&session->batches, handle, b) {
		if (!b->leave)
			batch_free(b, SOBA_OBJ_FIT, true);
		kvfree(b->gone);
		kvfree(b);
	}
	caches_close(session);
	xa_destroy(&session->batches);
	xa_destroy(&session->caches);
}
