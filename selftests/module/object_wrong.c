// SPDX-License-Identifier: GPL-2.0
/*
 * object_wrong.c - frees of objects that are mistakes. soba must report each
 * and leave the memory alone: host memory that was offered is looked at
 * afterwards, value is the offset of its first changed byte, or GOOD.
 *
 * Locking: session->object_lock; run in any context.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include <soba/soba.h>

#include "object.h"

#define VICTIM_SEED	0x0b7ec7
#define VICTIM_SIZE	128

static bool wrong_of_batch(u32 wrong)
{
	return wrong <= SOBA_OBJ_WRONG_AGAIN;
}

static int victim_create(struct task *t)
{
	switch (t->call->wrong) {
	case SOBA_OBJ_WRONG_HOST_KMALLOC:
		t->victim = kmalloc(VICTIM_SIZE, GFP_KERNEL);
		break;
	case SOBA_OBJ_WRONG_HOST_CACHE:
		t->host = kmem_cache_create("soba_test_host", VICTIM_SIZE, 0, 0,
					    NULL);
		if (!t->host)
			return -ENOMEM;
		t->victim = kmem_cache_alloc(t->host, GFP_KERNEL);
		if (!t->victim)
			kmem_cache_destroy(t->host);
		break;
	case SOBA_OBJ_WRONG_HOST_PAGE:
		t->victim = (void *)__get_free_page(GFP_KERNEL);
		break;
	case SOBA_OBJ_WRONG_VMALLOC:
		t->victim = vmalloc(PAGE_SIZE);
		break;
	case SOBA_OBJ_WRONG_SOBA_PAGE:
	case SOBA_OBJ_WRONG_UNALIGNED:
		t->victim = (void *)soba___get_free_pages(GFP_KERNEL,
							  t->call->nr);
		break;
	default:
		return 0;
	}
	if (!t->victim)
		return -ENOMEM;
	pattern_fill(t->victim, VICTIM_SEED, 0, VICTIM_SIZE);
	return 0;
}

static void victim_free(struct task *t)
{
	switch (t->call->wrong) {
	case SOBA_OBJ_WRONG_HOST_KMALLOC:
		kfree(t->victim);
		break;
	case SOBA_OBJ_WRONG_HOST_CACHE:
		kmem_cache_free(t->host, t->victim);
		kmem_cache_destroy(t->host);
		break;
	case SOBA_OBJ_WRONG_HOST_PAGE:
		free_page((unsigned long)t->victim);
		break;
	case SOBA_OBJ_WRONG_VMALLOC:
		vfree(t->victim);
		break;
	case SOBA_OBJ_WRONG_SOBA_PAGE:
	case SOBA_OBJ_WRONG_UNALIGNED:
		soba_free_pages((unsigned long)t->victim, t->call->nr);
		break;
	}
}

static bool wrong_batch_fits(const struct task *t)
{
	const struct soba_test_object *call = t->call;
	bool again = call->wrong == SOBA_OBJ_WRONG_AGAIN;
	const struct batch *b = t->b;

	if (!b || ZERO_OR_NULL_PTR(b->slot[call->index]) ||
	    slot_live(b, call->index) == again)
		return false;
	/* of the kernel's own pool: no */
	if (b->c && b->c->pool)
		return false;
	if (call->wrong == SOBA_OBJ_WRONG_INTERIOR &&
	    (!call->offset || call->offset >= b->size))
		return false;
	if (call->wrong == SOBA_OBJ_WRONG_CACHE)
		return t->c != b->c && call->form == SOBA_OBJ_CACHE_FREE;
	return call->form == SOBA_OBJ_KFREE || t->c == b->c;
}

int wrong_object_prepare(struct task *t)
{
	struct soba_test_object *call = t->call;

	if (call->wrong >= SOBA_NR_OBJECT_WRONGS ||
	    (call->form != SOBA_OBJ_KFREE && call->form != SOBA_OBJ_CACHE_FREE))
		return -EINVAL;
	if (call->form == SOBA_OBJ_CACHE_FREE && (!t->c || !t->c->s || t->c->dead))
		return -EINVAL;
	if (wrong_of_batch(call->wrong))
		return wrong_batch_fits(t) ? 0 : -EINVAL;
	return t->b || call->nr > 9 ? -EINVAL : victim_create(t);
}

static void wrong_free(struct task *t, void *p)
{
	if (t->call->form == SOBA_OBJ_CACHE_FREE)
		site_cache_free(t->site, t->c->s, p);
	else
		site_kfree(t->site, p);
}

static void wrong_batch_run(struct task *t)
{
	struct soba_test_object *call = t->call;
	void *p = t->b->slot[call->index];

	switch (call->wrong) {
	case SOBA_OBJ_WRONG_DOUBLE:
		if (t->b->c)
			soba_kmem_cache_free(t->b->c->s, p);
		else
			soba_kfree(p);
		wrong_free(t, p);
		return;
	case SOBA_OBJ_WRONG_INTERIOR:
		wrong_free(t, p + call->offset);
		return;
	case SOBA_OBJ_WRONG_PAGES:
		site_free_address(t->site, (unsigned long)p, 0);
		return;
	default:
		wrong_free(t, p);
	}
}

void wrong_object_run(struct task *t)
{
	u64 on_stack[4] = { VICTIM_SEED };

	switch (t->call->wrong) {
	case SOBA_OBJ_WRONG_STACK:
		wrong_free(t, on_stack);
		if (on_stack[0] != VICTIM_SEED)
			t->call->value = 1;
		return;
	case SOBA_OBJ_WRONG_TEXT:
		wrong_free(t, (void *)((unsigned long)wrong_object_prepare & ~7UL));
		return;
	case SOBA_OBJ_WRONG_USER:
		wrong_free(t, (void *)PAGE_SIZE);
		return;
	case SOBA_OBJ_WRONG_WILD:
		wrong_free(t, (void *)PAGE_MASK);
		return;
	case SOBA_OBJ_WRONG_UNALIGNED:
		wrong_free(t, t->victim + 3);
		return;
	}
	if (wrong_of_batch(t->call->wrong))
		wrong_batch_run(t);
	else
		wrong_free(t, t->victim);
}

int wrong_object_finish(struct task *t)
{
	struct batch *b = t->b;

	if (!t->call->value)
		t->call->value = SOBA_TEST_GOOD;
	if (t->victim) {
		t->call->value = pattern_check(t->victim, VICTIM_SEED, 0,
					       VICTIM_SIZE);
		victim_free(t);
	}
	if (t->call->wrong != SOBA_OBJ_WRONG_DOUBLE)
		return 0;
	set_bit(t->call->index, b->gone);
	if (b->c)
		b->c->live--;
	if (bitmap_full(b->gone, b->nr))
		batch_drop(t->session, t->call->handle, b);
	return 0;
}

void wrong_object_undo(struct task *t)
{
	if (t->victim)
		victim_free(t);
}
