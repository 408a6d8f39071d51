// SPDX-License-Identifier: GPL-2.0
/*
 * nolock.c - floor 3: objects in NMI, and below anybody's raw lock.
 *
 * The guard of the magazines holds in NMI too: so the fast path does. Beyond it
 * the locks are tried, never waited for: who holds one may be whom we
 * interrupted. What cannot be freed here waits in a list for an interrupt.
 *
 * Locking: ->waiting is lockless, any context.
 */
#include "slab/nolock.h"
#include "slab/debug.h"
#include "slab/magazine.h"
#include "slab/node.h"

static LLIST_HEAD(waiting);

static bool has_mags(const struct soba_cache *c)
{
	return !(c->own_flags & (SOBA_CACHE_NO_MAG | SOBA_CACHE_DEBUG));
}

/* From the loaded or the spare magazine. */
static void *from_mags(struct soba_cache *c)
{
	struct soba_cpu_cache *l;
	void *object;

	if (!soba_mag_open(c, &l))
		return NULL;
	if (!*l->top && l->spare->nr)
		soba_mag_swap(l);
	object = *l->top;
	if (object) {
		WRITE_ONCE(l->top, l->top - 1);
		l->allocs++;
	}
	soba_mag_close(l);
	return object;
}

void *soba_nolock_get(struct soba_cache *c)
{
	void *object = has_mags(c) ? from_mags(c) : NULL;

	if (object)
		return object;
	/* The debug checks' reports are not for NMI. */
	if (c->own_flags & SOBA_CACHE_DEBUG)
		return NULL;
	object = soba_node_try_take(soba_cache_node_of(c, numa_mem_id()));
	if (object)
		this_cpu_inc(c->cpu->slow_allocs);
	return object;
}

static bool to_mags(struct soba_cache *c, void *object)
{
	struct soba_cpu_cache *l;
	bool done;

	if (!soba_mag_open(c, &l))
		return false;
	if (l->top == l->end && l->spare->cap && !l->spare->nr)
		soba_mag_swap(l);
	done = l->top != l->end && *l->top != object;
	if (done) {
		*(l->top + 1) = object;
		WRITE_ONCE(l->top, l->top + 1);
	}
	soba_mag_close(l);
	return done;
}

void soba_nolock_defer(void *object)
{
	/* Only who finds the list empty has to ask. */
	if (llist_add(object, &waiting))
		soba_port_soon();
}

void soba_nolock_put(struct soba_cache *c, void *object)
{
	if (!has_mags(c) || !to_mags(c, object))
		soba_nolock_defer(object);
}

void soba_nolock_drain(void)
{
	struct llist_node *node = llist_del_all(&waiting);

	while (node) {
		void *object = node;

		node = node->next;
		soba_object_free(object, 0);
	}
}
