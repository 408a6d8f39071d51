// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc_array.c - floor 4: mapped memory that changes its size.
 *
 * Locking: none; the area is the caller's.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/vmalloc.h>

#include "api/gfp.h"
#include "api/vmalloc.h"
#include "base/report.h"

/* Zeroes from byte @from to the end of the last page. */
static void clear_tail(struct soba_area *a, unsigned long from)
{
	unsigned long i = from >> PAGE_SHIFT, offset = from & ~PAGE_MASK;

	if (offset) {
		memset(page_address(a->pages[i]) + offset, 0,
		       PAGE_SIZE - offset);
		i++;
	}
	for (; i < a->nr_pages; i++)
		soba_port_clear(a->pages[i], 0);
}

/* The area may be another's only by the caller's mistake: looked at once. */
static struct soba_area *resizable(const void *p, unsigned long caller)
{
	struct soba_area *a;

	rcu_read_lock();
	a = soba_area_lookup(p, "vrealloc", caller);
	rcu_read_unlock();
	if (!a || (a->flags & SOBA_AREA_OWNS))
		return a;
	soba_report(SOBA_R_INVALID_FREE, caller,
		    "vrealloc(%#lx): a vmap() of %lu pages, which keeps its size",
		    a->addr, a->nr_pages);
	return NULL;
}

static void *move(struct soba_area *old, size_t size, gfp_t flags,
		  unsigned long caller)
{
	const struct soba_area_want want = {
		.size = size,
		.align = 1,
		.gfp = flags,
		.nid = NUMA_NO_NODE,
		.flags = SOBA_AREA_OWNS,
		.caller = caller,
	};
	void *addr = soba_area_alloc(&want);
	struct soba_area *new;

	if (!addr)
		return NULL;
	rcu_read_lock();
	new = soba_area_lookup(addr, "vrealloc", caller);
	rcu_read_unlock();
	if (WARN_ON_ONCE(!new))
		return NULL;
	soba_area_copy(new, old, min(old->size, size));
	soba_area_free((void *)old->addr, true, caller);
	return addr;
}

void *soba_vrealloc_from(const void *p, size_t size, gfp_t flags,
			 unsigned long caller)
{
	struct soba_area *a;

	if (!size) {
		soba_area_free(p, soba_port_can_sleep(), caller);
		return NULL;
	}
	if (!p)
		return soba___vmalloc_node(size, 1, flags, NUMA_NO_NODE,
					   (void *)caller);
	a = resizable(p, caller);
	if (!a)
		return NULL;
	if (size > a->nr_pages << PAGE_SHIFT)
		return move(a, size, flags, caller);
	/* Beyond the size asked for, memory is kept clear for who grows later. */
	if ((flags & __GFP_ZERO) || soba_port_init_on_alloc() ||
	    soba_port_init_on_free())
		clear_tail(a, min(size, a->size));
	a->size = size;
	return (void *)a->addr;
}

/**
 * soba_vrealloc() - change the size of mapped memory
 * @p: from one of soba's vmalloc calls; NULL: allocate
 * @size: bytes; 0: free
 * @flags: GFP flags; with __GFP_ZERO all that is new is zero, if it was so for
 *	every earlier call
 *
 * What fits in the pages that there are stays where it is.
 *
 * Context: process, may sleep.
 * Return: the address, with the old contents up to the smaller size; NULL when
 * there is no memory (then @p is as it was) or @size is 0.
 */
void *soba_vrealloc(const void *p, size_t size, gfp_t flags)
{
	return soba_vrealloc_from(p, size, flags, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vrealloc);
