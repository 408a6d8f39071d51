// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc_nolock.c - floor 4: kmalloc() for NMI and for any lock held.
 *
 * Locking: none that is waited for; see slab/nolock.c.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/kmalloc.h>

#include "api/kmalloc.h"
#include "api/kmem_cache.h"
#include "api/objects.h"
#include "slab/large.h"
#include "slab/nolock.h"
#include "base/report.h"

/**
 * soba_kmalloc_nolock() - allocate memory in any context at all
 * @size: bytes, up to SOBA_KMALLOC_MAX_CACHE
 * @flags: __GFP_ZERO counts; nothing else can be honoured here
 * @node: ignored but with __GFP_THISNODE, when it must be this CPU's
 *
 * Takes what is there, in the magazines or slabs of this node; waits for
 * nothing and asks nobody for more.
 *
 * Context: any, NMI too.
 * Return: memory, to be freed with soba_kfree_nolock() or soba_kfree();
 * ZERO_SIZE_PTR for 0 bytes; or NULL, often.
 */
void *soba_kmalloc_nolock(size_t size, gfp_t flags, int node)
{
	struct soba_cache *c;
	void *object;

	if (!size)
		return ZERO_SIZE_PTR;
	c = soba_kmalloc_find(&soba_default_heap, size);
	if (!c || (flags & (__GFP_ACCOUNT | __GFP_DMA | __GFP_DMA32)))
		return NULL;
	if ((flags & __GFP_THISNODE) && node != numa_mem_id())
		return NULL;
	object = soba_nolock_get(c);
	if (object && ((flags & __GFP_ZERO) || soba_port_init_on_alloc()))
		memset(object, 0, c->object_size);
	soba_trace_kmalloc(object, size, c->size, flags, node, _RET_IP_);
	return object;
}
EXPORT_SYMBOL_GPL(soba_kmalloc_nolock);

/* Only who may be freed in any context: no constructor, no grace period. */
static enum soba_verdict judge(void *object, unsigned long caller,
			       struct soba_cache **c)
{
	enum soba_verdict verdict = soba_object_judge(object, caller, c);

	if (verdict == SOBA_BAD_OBJECT || !*c ||
	    ((*c)->own_flags & SOBA_CACHE_KMALLOC))
		return verdict;
	soba_report(SOBA_R_INVALID_FREE, caller,
		    "object 0x%p of cache %s, size %u, is freed by kfree_nolock(), which is for kmalloc() alone",
		    object, (*c)->name, (*c)->object_size);
	return SOBA_BAD_OBJECT;
}

/**
 * soba_kfree_nolock() - free memory in any context at all
 * @objp: memory of the kmalloc() family, NULL or ZERO_SIZE_PTR
 *
 * What no lock is free for is freed by an interrupt soon after. 64 objects may
 * wait for one on a CPU, more are reported (leak) and kept. Objects of other
 * caches than kmalloc()'s are reported (invalid-free) and left alone.
 *
 * Context: any, NMI too.
 */
void soba_kfree_nolock(const void *objp)
{
	void *object = (void *)objp;
	struct soba_cache *c;

	if (ZERO_OR_NULL_PTR(objp))
		return;
	switch (judge(object, _RET_IP_, &c)) {
	case SOBA_SLAB_OBJECT:
		soba_trace_kfree(objp, _RET_IP_);
		/* soba_debug_free() looks at the object first. */
		if (soba_port_init_on_free() &&
		    !(c->own_flags & SOBA_CACHE_DEBUG))
			memset(object, 0, c->init_size);
		soba_nolock_put(c, object, _RET_IP_);
		break;
	case SOBA_LARGE_OBJECT:
		soba_trace_kfree(objp, _RET_IP_);
		soba_nolock_defer(object, _RET_IP_);
		break;
	case SOBA_BAD_OBJECT:
		break;
	}
}
EXPORT_SYMBOL_GPL(soba_kfree_nolock);

/* It may have been freed a second time while it waited. */
static void release(void *object)
{
	unsigned long caller = (unsigned long)soba_kfree_nolock;
	struct soba_cache *c;

	switch (judge(object, caller, &c)) {
	case SOBA_SLAB_OBJECT:
		soba_object_put(c, object, caller);
		break;
	case SOBA_LARGE_OBJECT:
		soba_large_free(soba_addr_frame(object), caller);
		break;
	case SOBA_BAD_OBJECT:
		break;
	}
}

int soba_kmalloc_nolock_init(void)
{
	soba_nolock_init(release);
	return 0;
}
