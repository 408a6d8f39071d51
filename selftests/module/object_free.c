// SPDX-License-Identifier: GPL-2.0
/*
 * object_free.c - every freeing call, and frees that wait for RCU.
 *
 * Locking: session->object_lock; run in any context.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include <soba/soba.h>

#include "compat.h"
#include "object.h"

static bool form_is_rcu(u32 form)
{
	return form == SOBA_OBJ_KFREE_RCU || form == SOBA_OBJ_KVFREE_RCU ||
	       form == SOBA_OBJ_KFREE_RCU_MIGHTSLEEP;
}

static bool form_is_bulk(u32 form)
{
	return form == SOBA_OBJ_KFREE_BULK || form == SOBA_OBJ_CACHE_FREE_BULK;
}

/* Whether a batch may be freed so: what would be wrong is another operation. */
static bool free_form_fits(const struct batch *b, u32 form)
{
	if (form == SOBA_OBJ_FIT)
		return true;
	if (b->c && b->c->pool)
		return form == SOBA_OBJ_POOL_FREE;
	if (form == SOBA_OBJ_CACHE_FREE || form == SOBA_OBJ_CACHE_FREE_BULK)
		return b->c;
	if (form_is_rcu(form) && b->size < sizeof(struct rcu_object))
		return false;
	/* kfree() takes objects of caches too, as in recent kernels */
	return form >= SOBA_OBJ_KFREE && form <= SOBA_OBJ_KFREE_RCU_MIGHTSLEEP;
}

static u32 form_fitting(const struct batch *b)
{
	if (!b->c)
		return SOBA_OBJ_KFREE;
	return b->c->pool ? SOBA_OBJ_POOL_FREE : SOBA_OBJ_CACHE_FREE;
}

static void free_one(const struct batch *b, u32 form, void *p)
{
	struct rcu_object *rcu = p;

	switch (form) {
	case SOBA_OBJ_KFREE:
		soba_kfree(p);
		return;
	case SOBA_OBJ_KFREE_CONST:
		soba_kfree_const(p);
		return;
	case SOBA_OBJ_KFREE_SENSITIVE:
		soba_kfree_sensitive(p);
		return;
	case SOBA_OBJ_KFREE_NOLOCK:
		soba_kfree_nolock(p);
		return;
	case SOBA_OBJ_KFREE_RCU:
		soba_kfree_rcu(rcu, rcu);
		return;
	case SOBA_OBJ_KVFREE_RCU:
		soba_kvfree_rcu(rcu, rcu);
		return;
	case SOBA_OBJ_KFREE_RCU_MIGHTSLEEP:
		soba_kfree_rcu_mightsleep(p);
		return;
	case SOBA_OBJ_POOL_FREE:
		mempool_free(p, b->c->pool);
		return;
	default:
		soba_kmem_cache_free(b->c->s, p);
	}
}

static void free_bulk(const struct batch *b, u32 form, u32 nr, void **p)
{
	if (form == SOBA_OBJ_KFREE_BULK)
		soba_kfree_bulk(nr, p);
	else
		soba_kmem_cache_free_bulk(b->c->s, nr, p);
}

/* Bulk calls get what is still there, moved together. */
static void batch_free_bulk(struct batch *b, u32 form)
{
	u32 i, nr = 0;

	for (i = 0; i < b->nr; i++)
		if (slot_live(b, i))
			b->slot[nr++] = b->slot[i];
	free_bulk(b, form, nr, b->slot);
	for (i = 0; i < b->nr; i++)
		__set_bit(i, b->gone);
}

static bool slot_free_possible(const struct batch *b, u32 i)
{
	return !test_bit(i, b->gone) && b->slot[i];
}

/* All of it that is there, by @form. Any context; yields if it may. */
void batch_free(struct batch *b, u32 form, bool yield)
{
	u32 i;

	if (form == SOBA_OBJ_FIT)
		form = form_fitting(b);
	/* A tombstone takes objects back by its own free, or by kfree(). */
	if (form_is_bulk(form)) {
		batch_free_bulk(b, form);
		return;
	}
	for (i = 0; i < b->nr; i++) {
		if (!slot_free_possible(b, i))
			continue;
		free_one(b, form, b->slot[i]);
		__set_bit(i, b->gone);
		if (yield && !(i & 255))
			cond_resched();
	}
}

int free_object_prepare(struct task *t)
{
	struct soba_test_object *call = t->call;
	struct batch *b = t->b;

	if (!free_form_fits(b, call->form))
		return -EINVAL;
	if (call->form == SOBA_OBJ_KFREE_RCU_MIGHTSLEEP &&
	    call->context != SOBA_CTX_PROCESS)
		return -EINVAL;
	/* Moved together, the slots of a bulk free are not what they were. */
	if (call->flags & SOBA_OBJ_KEEP &&
	    (form_is_rcu(call->form) || form_is_bulk(call->form)))
		return -EINVAL;
	if (call->index == SOBA_OBJ_ALL)
		return b->nr <= 4096 || t->may_yield ? 0 : -EINVAL;
	return call->index < b->nr && slot_free_possible(b, call->index) ? 0 :
	       -EINVAL;
}

static u32 live_slots(const struct batch *b)
{
	return b->nr - bitmap_weight(b->gone, b->nr);
}

void free_object_run(struct task *t)
{
	struct batch *b = t->b;
	u32 form = t->call->form, i = t->call->index;

	if (b->c)
		t->call->got = live_slots(b);
	if (t->call->index == SOBA_OBJ_ALL) {
		batch_free(b, form, t->may_yield);
		return;
	}
	if (form == SOBA_OBJ_FIT)
		form = form_fitting(b);
	if (form_is_bulk(form))
		free_bulk(b, form, 1, &b->slot[i]);
	else
		free_one(b, form, b->slot[i]);
	__set_bit(i, b->gone);
}

void batch_drop(struct session *session, u32 handle, struct batch *b)
{
	struct cache *c = b->c;

	if (handle)
		xa_erase(&session->batches, handle);
	kvfree(b->gone);
	kvfree(b);
	if (c)
		cache_put(session, c);
}

int free_object_finish(struct task *t)
{
	struct batch *b = t->b;

	if (b->c)
		b->c->live -= t->call->got - live_slots(b);
	t->call->got = 0;
	if (live_slots(b) || t->call->flags & SOBA_OBJ_KEEP)
		return 0;
	batch_drop(t->session, t->call->handle, b);
	t->b = NULL;
	return 0;
}

/* Nothing is freed by any of these; value: the sum of the ksize()s. */
void nothing_run(struct task *t)
{
	void *nothing[] = { NULL, ZERO_SIZE_PTR };
	struct rcu_object *none = NULL;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(nothing); i++) {
		soba_kfree(nothing[i]);
		soba_kfree_const(nothing[i]);
		soba_kfree_sensitive(nothing[i]);
		t->call->value += soba_ksize(nothing[i]);
	}
	soba_kfree_nolock(NULL);
	soba_kfree_rcu(none, rcu);
	soba_kvfree_rcu(none, rcu);
	soba_kfree_bulk(0, NULL);
	/* read-only data of the kernel: kfree_const() is for it */
	soba_kfree_const(hex_asc);
}

int rcu_prepare(struct task *t)
{
	struct soba_test_object *call = t->call;
	struct cache *c = t->b->c;

	/* what RCU readers may look at: by the free, or by the cache */
	if (call->form != SOBA_OBJ_KFREE_RCU &&
	    call->form != SOBA_OBJ_KVFREE_RCU &&
	    !(call->form == SOBA_OBJ_CACHE_FREE && c && c->ctor))
		return -EINVAL;
	if (!free_form_fits(t->b, call->form) || (c && (c->pool || c->dead)) ||
	    !bitmap_empty(t->b->gone, t->b->nr) ||
	    t->b->size > PAGE_SIZE || t->b->nr > 16384 ||
	    !call->count || call->count > 16384)
		return -EINVAL;
	t->other = kvcalloc(call->count, sizeof(*t->other), GFP_KERNEL);
	return t->other ? 0 : -ENOMEM;
}

/* Every second one a page, which a slab that was let go may have become. */
static void others_alloc(struct task *t)
{
	const gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	size_t size = t->b->size;
	u64 i;

	for (i = 0; i < t->call->count; i++) {
		if (i & 1) {
			t->other[i] = (void *)soba___get_free_page(gfp);
			size = PAGE_SIZE;
		} else if (t->b->c && !t->b->c->ctor) {
			t->other[i] = soba_kmem_cache_alloc(t->b->c->s, gfp);
			size = t->b->size;
		} else {
			t->other[i] = soba_kmalloc(t->b->size, gfp);
			size = t->b->size;
		}
		if (t->other[i])
			memset(t->other[i], 0xa5, size);
	}
}

static void others_free(struct task *t)
{
	u64 i;

	for (i = 0; i < t->call->count; i++) {
		if (!t->other[i])
			continue;
		if (i & 1)
			soba_free_page((unsigned long)t->other[i]);
		else if (t->b->c && !t->b->c->ctor)
			soba_kmem_cache_free(t->b->c->s, t->other[i]);
		else
			soba_kfree(t->other[i]);
	}
}

/* The pattern, but where the rcu_head lies, which soba may write. */
static s64 freed_check(const struct batch *b, u32 i, u64 seed)
{
	const size_t head = sizeof(struct rcu_object);
	const void *p = b->slot[i];
	s64 wrong;

	if (b->c && b->c->ctor)
		return ctor_check(b->c->ctor, b->c->size, p);
	wrong = pattern_check(p, seed + i, 0, sizeof(u64));
	if (wrong != SOBA_TEST_GOOD)
		return wrong;
	return pattern_check(p + head, seed + i, head, b->size - head);
}

void rcu_run(struct task *t)
{
	struct batch *b = t->b;
	u32 i;

	t->call->value = SOBA_TEST_GOOD;
	rcu_read_lock();
	batch_free(b, t->call->form, false);
	others_alloc(t);
	for (i = 0; i < b->nr && t->call->value == SOBA_TEST_GOOD; i++)
		t->call->value = freed_check(b, i, t->call->seed);
	rcu_read_unlock();
	others_free(t);
}

int rcu_finish(struct task *t)
{
	kvfree(t->other);
	if (t->b->c)
		t->b->c->live -= t->b->nr;
	batch_drop(t->session, t->call->handle, t->b);
	t->b = NULL;
	return 0;
}
