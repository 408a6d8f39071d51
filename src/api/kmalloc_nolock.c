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
#include "slab/nolock.h"

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

/**
 * soba_kfree_nolock() - free memory in any context at all
 * @objp: memory of the kmalloc() family, NULL or ZERO_SIZE_PTR
 *
 * Context: any, NMI too.
 */
void soba_kfree_nolock(const void *objp)
{
	struct soba_cache *c;

	if (ZERO_OR_NULL_PTR(objp))
		return;
	switch (soba_object_judge((void *)objp, _RET_IP_, &c)) {
	case SOBA_SLAB_OBJECT:
		soba_trace_kfree(objp, _RET_IP_);
		if (soba_port_init_on_free())
			memset((void *)objp, 0, c->object_size);
		soba_nolock_put(c, (void *)objp);
		break;
	case SOBA_LARGE_OBJECT:
		soba_nolock_defer((void *)objp);
		break;
	case SOBA_BAD_OBJECT:
		break;
	}
}
EXPORT_SYMBOL_GPL(soba_kfree_nolock);
