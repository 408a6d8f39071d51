// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc.c - floor 4: mapped memory handed out.
 *
 * Locking: none here. The fast path takes an area out of a slot of this CPU by
 * xchg() (varea/cache.h); preemption and interrupts stay as they are.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/vmalloc.h>

#include "api/care.h"
#include "api/gfp.h"
#include "api/vmalloc.h"
#include "page/limits.h"
#include "varea/cache.h"
#include "base/counter.h"
#include "base/report.h"

/* Flags that no mapping of single frames can have; the rest is decoded. */
#define STRIP (__GFP_COMP | __GFP_HIGHMEM)

/* The area is the caller's; from here on it is LIVE and can be freed. */
static __always_inline void *hand_out(struct soba_area *a, unsigned long size,
				      unsigned long caller)
{
	unsigned long addr = a->addr;

	a->size = size;
	a->caller = caller;
	soba_index_bring(a);
	/* Last: pairs with the cmpxchg() of whoever frees it. */
	smp_store_release(&a->state, SOBA_AREA_LIVE);
	return (void *)addr;
}

static void say_failed(const struct soba_area_want *want,
		       const struct soba_req *req, const char *why)
{
	gfp_t gfp = want->gfp;

	if (req->nowarn)
		return;
	soba_report_often(SOBA_R_ALLOC_FAILURE, want->caller,
			  "area of %lu bytes, gfp %#x (%pGg), node %d: %s",
			  want->size, (__force unsigned int)gfp, &gfp,
			  want->nid, why);
}

/* Sizes and alignments that cannot be; a report for each. Returns pages, or 0. */
static unsigned long check_size(const struct soba_area_want *want,
				const struct soba_req *req)
{
	unsigned long pages = want->size >> PAGE_SHIFT;

	if (!want->size) {
		soba_report(SOBA_R_WRONG_SIZE, want->caller,
			    "area of 0 bytes asked for");
		return 0;
	}
	pages += (want->size & ~PAGE_MASK) != 0;
	if (want->align > PAGE_SIZE)
		pages = max(pages, want->align >> PAGE_SHIFT);
	if (soba_limits.limit && pages > soba_limits.limit) {
		say_failed(want, req, "more than limit= allows");
		return 0;
	}
	if (pages <= soba_port_host_frames() && is_power_of_2(want->align))
		return pages;
	say_failed(want, req, "more than the machine has");
	return 0;
}

/* Mapping sleeps: in atomic context there is no area, whatever the flags. */
static bool may_map(const struct soba_area_want *want)
{
	gfp_t gfp = want->gfp;

	if (soba_port_can_sleep())
		return true;
	/* The decoder has reported who said that he may sleep. */
	if (!(gfp & __GFP_DIRECT_RECLAIM))
		soba_report(SOBA_R_SLEEP_IN_ATOMIC, want->caller,
			    "area of %lu bytes, gfp %#x (%pGg), asked for with preempt_count %#x and interrupts %s",
			    want->size, (__force unsigned int)gfp, &gfp,
			    preempt_count(), irqs_disabled() ? "off" : "on");
	return false;
}

/* From a cache: the same size, class and node, mapped. */
static struct soba_area *alloc_cached(const struct soba_req *req,
				      unsigned long pages, bool any_node)
{
	unsigned long key = soba_area_key(pages, req->class);
	struct soba_area *a = NULL;

	if (any_node)
		a = soba_varea_take(key);
	if (!a)
		a = soba_depot_take(key, req->nid);
	if (!a)
		return NULL;
	soba_count(SOBA_C_AREA_HIT);
	if (req->zero && !a->zero)
		soba_area_clear(a);
	return a;
}

static void *alloc_checked(const struct soba_area_want *want,
			   const struct soba_req *req, unsigned long pages)
{
	struct soba_area *a = NULL;

	if (want->flags == SOBA_AREA_OWNS && want->align <= PAGE_SIZE &&
	    !req->direct)
		a = alloc_cached(req, pages, want->nid == NUMA_NO_NODE);
	if (!a)
		a = soba_area_create(req, pages, want->flags, PAGE_KERNEL,
				     want->align);
	if (!a) {
		say_failed(want, req, "no memory");
		return NULL;
	}
	a->zero = false;
	return hand_out(a, want->size, want->caller);
}

noinline void *soba_area_alloc(const struct soba_area_want *want)
{
	struct soba_req req;
	unsigned long pages;
	void *addr = NULL;

	soba_gfp_decode(&req, want->gfp & ~STRIP, 0, want->nid, want->caller);
	/* A node that cannot be is no wish. */
	if (unlikely((unsigned int)req.nid >= nr_node_ids))
		req.nid = numa_mem_id();
	pages = check_size(want, &req);
	if (pages && may_map(want))
		addr = alloc_checked(want, &req, pages);
	soba_trace_vmalloc(addr, want->size, want->gfp, want->nid,
			   want->caller);
	return addr;
}

static noinline void *alloc_plain(unsigned long size, gfp_t gfp,
				  unsigned long caller)
{
	const struct soba_area_want want = {
		.size = size,
		.align = 1,
		.gfp = gfp,
		.nid = NUMA_NO_NODE,
		.flags = SOBA_AREA_OWNS,
		.caller = caller,
	};

	return soba_area_alloc(&want);
}

static noinline void *alloc_zeroed(struct soba_area *a, unsigned long size,
				   unsigned long caller)
{
	soba_area_clear(a);
	return hand_out(a, size, caller);
}

/* Flags that leave an area from a slot what it is. */
#define FAST (GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | __GFP_NORETRY |	\
	      __GFP_RETRY_MAYFAIL | __GFP_HARDWALL | __GFP_HIGHMEM)

/* From the slots too, where it is traced or init_on_alloc= is on. */
static noinline void *alloc_careful(unsigned long key, unsigned long size,
				    gfp_t gfp, unsigned long caller)
{
	struct soba_area *a = soba_varea_take(key);
	void *addr;

	if (!a)
		return alloc_plain(size, gfp, caller);
	soba_count(SOBA_C_AREA_HIT);
	if (((gfp & __GFP_ZERO) || soba_port_init_on_alloc()) && !a->zero)
		soba_area_clear(a);
	a->zero = false;
	addr = hand_out(a, size, caller);
	soba_trace_vmalloc(addr, size, gfp, NUMA_NO_NODE, caller);
	return addr;
}

/* A repeated size: an area of this CPU's slots. */
static __always_inline void *alloc_fast(unsigned long size, gfp_t gfp,
					unsigned long caller)
{
	unsigned long pages = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	unsigned long key = soba_area_key(pages, SOBA_CLASS_NORMAL);
	struct soba_area *a;

	if (unlikely(gfp & ~FAST) || unlikely(!soba_port_can_sleep()))
		return alloc_plain(size, gfp, caller);
	if (soba_alloc_care())
		return alloc_careful(key, size, gfp, caller);
	a = soba_varea_take(key);
	if (unlikely(!a))
		return alloc_plain(size, gfp, caller);
	soba_count(SOBA_C_AREA_HIT);
	if (gfp & __GFP_ZERO)
		return alloc_zeroed(a, size, caller);
	return hand_out(a, size, caller);
}

/**
 * soba_vmalloc() - allocate virtually contiguous memory
 * @size: bytes; whole pages are taken
 *
 * Frames from soba, wherever they lie, mapped one behind the other, with an
 * unmapped guard page behind. Not cleared (but see init_on_alloc=).
 *
 * Context: process, may sleep; elsewhere reported, and NULL.
 * Return: page-aligned address, or NULL: nothing was to be had, @size is 0 or
 * more than the machine.
 */
void *soba_vmalloc(unsigned long size)
{
	return alloc_fast(size, GFP_KERNEL, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vmalloc);

/**
 * soba_vzalloc() - allocate virtually contiguous memory, all zero
 * @size: bytes
 *
 * Context: as soba_vmalloc().
 * Return: address, or NULL.
 */
void *soba_vzalloc(unsigned long size)
{
	return alloc_fast(size, GFP_KERNEL | __GFP_ZERO, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vzalloc);

/**
 * soba___vmalloc() - soba_vmalloc() with GFP flags
 * @size: bytes
 * @gfp: GFP flags, see Documentation/gfp.rst; the mapping sleeps even where
 *	they say no, but page tables heed __GFP_IO and __GFP_FS
 *
 * Context: as soba_vmalloc().
 * Return: address, or NULL.
 */
void *soba___vmalloc(unsigned long size, gfp_t gfp)
{
	return alloc_fast(size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba___vmalloc);

/**
 * soba_vmalloc_huge() - soba_vmalloc() for large areas
 * @size: bytes
 * @gfp: GFP flags
 *
 * Every area is of the largest blocks there are; the host's vmap() maps them
 * page by page all the same.
 *
 * Context: as soba_vmalloc().
 * Return: address, or NULL.
 */
void *soba_vmalloc_huge(unsigned long size, gfp_t gfp)
{
	return alloc_fast(size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vmalloc_huge);

/**
 * soba___vmalloc_node() - all that can be said about an area
 * @size: bytes
 * @align: of the address, a power of two; above PAGE_SIZE the area is at least
 *	as large as that
 * @gfp: GFP flags; with __GFP_THISNODE only @node will do
 * @node: node to begin with, or NUMA_NO_NODE
 * @caller: place in code for /proc/soba/vmallocinfo; NULL: who calls
 *
 * Context: as soba_vmalloc().
 * Return: address, or NULL.
 */
void *soba___vmalloc_node(unsigned long size, unsigned long align, gfp_t gfp,
			  int node, const void *caller)
{
	const struct soba_area_want want = {
		.size = size,
		.align = align ? align : 1,
		.gfp = gfp,
		.nid = node,
		.flags = SOBA_AREA_OWNS,
		.caller = caller ? (unsigned long)caller : _RET_IP_,
	};

	return soba_area_alloc(&want);
}
EXPORT_SYMBOL_GPL(soba___vmalloc_node);

static void *alloc_kind(unsigned long size, gfp_t gfp, int node,
			unsigned int flags, unsigned long caller)
{
	const struct soba_area_want want = {
		.size = size,
		.align = 1,
		.gfp = gfp,
		.nid = node,
		.flags = SOBA_AREA_OWNS | flags,
		.caller = caller,
	};

	return soba_area_alloc(&want);
}

/**
 * soba_vmalloc_node() - allocate virtually contiguous memory near a node
 * @size: bytes
 * @node: node, or NUMA_NO_NODE
 *
 * Context: as soba_vmalloc().
 * Return: address, or NULL.
 */
void *soba_vmalloc_node(unsigned long size, int node)
{
	return alloc_kind(size, GFP_KERNEL, node, 0, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vmalloc_node);

/**
 * soba_vzalloc_node() - the same, all zero
 * @size: bytes
 * @node: node, or NUMA_NO_NODE
 *
 * Context: as soba_vmalloc().
 * Return: address, or NULL.
 */
void *soba_vzalloc_node(unsigned long size, int node)
{
	return alloc_kind(size, GFP_KERNEL | __GFP_ZERO, node, 0, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vzalloc_node);

/**
 * soba_vmalloc_user() - memory for soba_remap_vmalloc_range(), all zero
 * @size: bytes
 *
 * Context: as soba_vmalloc().
 * Return: address, or NULL.
 */
void *soba_vmalloc_user(unsigned long size)
{
	return alloc_kind(size, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE,
			  SOBA_AREA_USER, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vmalloc_user);

/**
 * soba_vmalloc_32() - memory whose frames are below 4 GiB
 * @size: bytes
 *
 * Context: as soba_vmalloc().
 * Return: address, or NULL.
 */
void *soba_vmalloc_32(unsigned long size)
{
	return alloc_kind(size, GFP_KERNEL | __GFP_DMA32, NUMA_NO_NODE, 0,
			  _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vmalloc_32);

/**
 * soba_vmalloc_32_user() - soba_vmalloc_user() with frames below 4 GiB
 * @size: bytes
 *
 * Context: as soba_vmalloc().
 * Return: address, or NULL.
 */
void *soba_vmalloc_32_user(unsigned long size)
{
	return alloc_kind(size, GFP_KERNEL | __GFP_DMA32 | __GFP_ZERO,
			  NUMA_NO_NODE, SOBA_AREA_USER, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vmalloc_32_user);
