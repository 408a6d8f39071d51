// SPDX-License-Identifier: GPL-2.0
/*
 * object_chain.c - more objects than anybody has room to list: each holds the
 * address of the one before it, in a form that a stranger's word has not.
 *
 * Locking: session->object_lock, process context only; one chain a session.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include <soba/soba.h>

#include "object.h"

#define CHAIN_MAX (1U << 24)

static u64 link_of(const void *p)
{
	return (u64)(unsigned long)p ^ 0xa5c3961e78b4d20fULL;
}

int chain_prepare(struct task *t)
{
	struct soba_test_object *call = t->call;
	struct chain *chain = &t->session->chain;
	size_t size = t->c ? t->c->size : call->size;

	if (chain->nr || !call->count || call->count > CHAIN_MAX ||
	    size < sizeof(u64) || size > PAGE_SIZE ||
	    (t->c && (!t->c->s || t->c->dead)))
		return -EINVAL;
	if (call->count * size > (u64)session_max_frames() << PAGE_SHIFT)
		return -ENOSPC;
	*chain = (struct chain){ .size = size, .c = t->c };
	if (t->c)
		t->c->users++;
	return 0;
}

void chain_run(struct task *t)
{
	struct chain *chain = &t->session->chain;

	while (chain->nr < t->call->count && !fatal_signal_pending(current)) {
		u64 *p = chain->c ? soba_kmem_cache_alloc(chain->c->s, t->gfp) :
				    soba_kmalloc(chain->size, t->gfp);

		if (!p)
			break;
		*p = link_of(chain->last);
		chain->last = p;
		chain->nr++;
		if (!(chain->nr & 1023))
			cond_resched();
	}
	if (chain->c)
		chain->c->live += chain->nr;
	t->call->got = chain->nr;
}

int chain_finish(struct task *t)
{
	if (!t->session->chain.nr)
		chain_close(t->session);
	return 0;
}

void chain_undo(struct task *t)
{
	chain_close(t->session);
}

int chain_free_prepare(struct task *t)
{
	return t->session->chain.nr && !t->c ? 0 : -EINVAL;
}

/* Stops at what is no link; the rest of the chain is lost then. */
static u64 chain_free(struct chain *chain)
{
	u64 freed = 0;

	while (chain->last && freed < chain->nr) {
		u64 *p = chain->last;

		if (!virt_addr_valid(p) || !IS_ALIGNED((unsigned long)p, 8))
			break;
		chain->last = (void *)(unsigned long)link_of((void *)(unsigned long)*p);
		if (chain->c)
			soba_kmem_cache_free(chain->c->s, p);
		else
			soba_kfree(p);
		if (!(++freed & 1023))
			cond_resched();
	}
	return freed;
}

void chain_free_run(struct task *t)
{
	struct chain *chain = &t->session->chain;

	t->call->got = chain_free(chain);
	t->call->value = chain->last ? 0 : SOBA_TEST_GOOD;
	chain_close(t->session);
}

void chain_close(struct session *session)
{
	struct chain *chain = &session->chain;
	struct cache *c = chain->c;

	if (chain->last)
		chain_free(chain);
	if (c) {
		c->live -= chain->nr;
		cache_put(session, c);
	}
	memset(chain, 0, sizeof(*chain));
}
