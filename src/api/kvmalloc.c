// SPDX-License-Identifier: GPL-2.0
/*
 * kvmalloc.c - floor 4: an object if there is one, mapped memory if not.
 *
 * Locking: none. Who calls is handed on, so that the place that is reported is
 * the client's.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/kmalloc.h>
#include <soba/vmalloc.h>

#include "api/objects.h"
#include "api/vmalloc.h"
#include "base/report.h"

/* More than a page is worth a try, not an effort. */
static gfp_t object_flags(gfp_t flags, size_t size)
{
	if (size <= PAGE_SIZE)
		return flags;
	flags |= __GFP_NOWARN;
	if (!(flags & __GFP_RETRY_MAYFAIL))
		flags |= __GFP_NORETRY;
	return flags & ~__GFP_NOFAIL;
}

static void *kv_alloc(size_t size, gfp_t flags, int node, unsigned long caller)
{
	void *p;

	p = __soba_kmalloc_track_caller(SOBA_HEAP, size,
					object_flags(flags, size), node, caller);
	if (p || size <= PAGE_SIZE || !gfpflags_allow_blocking(flags))
		return p;
	if (size > INT_MAX) {
		if (!(flags & __GFP_NOWARN))
			soba_report(SOBA_R_WRONG_SIZE, caller,
				    "kvmalloc of %zu bytes", size);
		return NULL;
	}
	return soba___vmalloc_node(size, 1, flags, node, (void *)caller);
}

/**
 * soba_kvmalloc_node() - allocate memory, physically contiguous if that is easy
 * @size: bytes, up to INT_MAX
 * @flags: GFP flags; without __GFP_DIRECT_RECLAIM there is no second try
 * @node: node to begin with, or NUMA_NO_NODE
 *
 * Above a page one easy try of soba_kmalloc(), then soba_vmalloc(). Freed with
 * soba_kvfree().
 *
 * Context: as soba_kmalloc(); what may sleep must be in process context.
 * Return: address, or NULL.
 */
void *soba_kvmalloc_node(size_t size, gfp_t flags, int node)
{
	return kv_alloc(size, flags, node, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_kvmalloc_node);

/**
 * soba_kvfree() - free what any of soba's allocating calls returned
 * @addr: from the kmalloc, kvmalloc or vmalloc families; NULL is ignored
 *
 * Context: any but NMI.
 */
void soba_kvfree(const void *addr)
{
	if (is_vmalloc_addr(addr))
		soba_vfree_from(addr, _RET_IP_);
	else
		soba_object_give(true, NULL, (void *)addr);
}
EXPORT_SYMBOL_GPL(soba_kvfree);

/**
 * soba_kvfree_sensitive() - clear memory and free it
 * @addr: as for soba_kvfree()
 * @len: bytes to clear
 *
 * Context: any but NMI.
 */
void soba_kvfree_sensitive(const void *addr, size_t len)
{
	if (unlikely(ZERO_OR_NULL_PTR(addr)))
		return;
	memzero_explicit((void *)addr, len);
	if (is_vmalloc_addr(addr))
		soba_vfree_from(addr, _RET_IP_);
	else
		soba_object_give(true, NULL, (void *)addr);
}
EXPORT_SYMBOL_GPL(soba_kvfree_sensitive);

/**
 * soba_kvrealloc() - change the size of memory from soba_kvmalloc()
 * @p: the memory; NULL: allocate
 * @size: bytes; 0: free
 * @flags: GFP flags
 *
 * Context: as soba_kvmalloc_node().
 * Return: address, with the old contents up to the smaller size; NULL or
 * ZERO_SIZE_PTR when @size is 0. NULL, and @p as it was, without memory, or after
 * a report when @p is not soba's.
 */
void *soba_kvrealloc(const void *p, size_t size, gfp_t flags)
{
	void *n;

	if (is_vmalloc_addr(p))
		return soba_vrealloc_from(p, size, flags, _RET_IP_);
	n = soba_krealloc_from(p, size, object_flags(flags, size), _RET_IP_);
	if (n || !size || size <= PAGE_SIZE)
		return n;
	if (!ZERO_OR_NULL_PTR(p) && !soba_ksize(p))
		return NULL;
	n = kv_alloc(size, flags, NUMA_NO_NODE, _RET_IP_);
	if (n && !ZERO_OR_NULL_PTR(p)) {
		memcpy(n, p, min(soba_ksize(p), size));
		soba_object_free_slow(NULL, (void *)p, _RET_IP_);
	}
	return n;
}
EXPORT_SYMBOL_GPL(soba_kvrealloc);
