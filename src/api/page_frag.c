// SPDX-License-Identifier: GPL-2.0
/*
 * page_frag.c - floor 4: page fragments.
 *
 * Locking: a cache is the caller's alone. A descriptor that was looked up for an
 * address is read with preemption off.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/frag.h>

#include "api/gfp.h"
#include "frag/frag.h"
#include "page/map.h"
#include "base/report.h"

/*
 * As a mask: kernels to 6.9 pass one, later ones an alignment. A power of two is
 * an alignment; every mask but 1 << 31, which nobody means, is none.
 */
static __always_inline unsigned int align_mask(unsigned int align)
{
	return align & (align - 1) ? align : -align;
}

static noinline __cold void *alloc_slow(struct soba_frag_cache *c,
					unsigned int size, gfp_t gfp,
					unsigned int mask, unsigned long caller)
{
	struct soba_req req;

	if (!size || size > PAGE_SIZE << SOBA_FRAG_ORDER) {
		soba_report(SOBA_R_WRONG_SIZE, caller,
			    "page fragment of %u bytes", size);
		return NULL;
	}
	soba_gfp_decode(&req, gfp & ~__GFP_COMP, 0, NUMA_NO_NODE, caller);
	if (!soba_frag_refill(c, &req)) {
		soba_gfp_failed(&req);
		return NULL;
	}
	/* One page was all there was, and is too small: as the kernel's. */
	return soba_frag_fits(c, size) ? soba_frag_cut(c, size, mask) : NULL;
}

/* Memory that is to be zero is cleared: a block is used again as it is. */
static noinline void *alloc_zeroed(struct soba_frag_cache *c, unsigned int size,
				   gfp_t gfp, unsigned int mask,
				   unsigned long caller)
{
	void *p;

	if (likely(soba_frag_fits(c, size)))
		p = soba_frag_cut(c, size, mask);
	else
		p = alloc_slow(c, size, gfp & ~__GFP_ZERO, mask, caller);
	return p ? memset(p, 0, size) : NULL;
}

static __always_inline void *frag_alloc(struct soba_frag_cache *c,
					unsigned int size, gfp_t gfp,
					unsigned int mask, unsigned long caller)
{
	if (unlikely(gfp & __GFP_ZERO) || soba_port_init_on_alloc())
		return alloc_zeroed(c, size, gfp, mask, caller);
	if (unlikely(!soba_frag_fits(c, size)))
		return alloc_slow(c, size, gfp, mask, caller);
	return soba_frag_cut(c, size, mask);
}

/**
 * soba_page_frag_alloc_align() - part of a block of pages
 * @nc: the caller's cache, all zero at first; nobody else uses it meanwhile
 * @fragsz: bytes, up to 32 KiB where a block of that size is to be had
 * @gfp: GFP flags; large blocks are tried without reclaim
 * @align: of the address, a power of two; or a mask, as kernels to 6.9 have it
 *
 * Context: any but NMI; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: address in the direct map, or NULL.
 */
void *soba_page_frag_alloc_align(struct page_frag_cache *nc,
				 unsigned int fragsz, gfp_t gfp,
				 unsigned int align)
{
	return frag_alloc(soba_frag_cache(nc), fragsz, gfp, align_mask(align),
			  _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_page_frag_alloc_align);

static noinline __cold void free_wrong(const void *addr, unsigned long caller)
{
	unsigned long pfn = soba_port_addr_pfn((unsigned long)addr);
	unsigned int state = SOBA_F_NONE;
	struct soba_frame *f;

	if (!addr)
		return;
	rcu_read_lock();
	f = soba_map_frame(pfn);
	if (f && soba_frame_state(f) != SOBA_F_NONE)
		f = soba_frame_head(f);
	if (f)
		state = soba_frame_state(f);
	rcu_read_unlock();
	switch (state) {
	case SOBA_F_NONE:
		soba_report(SOBA_R_FOREIGN_FREE, caller,
			    "page fragment %#lx is not soba's",
			    (unsigned long)addr);
		return;
	case SOBA_F_FREE:
	case SOBA_F_PCP:
	case SOBA_F_PINNED:
		soba_report(SOBA_R_DOUBLE_FREE, caller,
			    "page fragment %#lx: its pages are free already",
			    (unsigned long)addr);
		return;
	}
	soba_report(SOBA_R_INVALID_FREE, caller,
		    "address %#lx is not that of a page fragment",
		    (unsigned long)addr);
}

/**
 * soba_page_frag_free() - free a page fragment
 * @addr: any address in it; NULL is ignored
 *
 * What is not a fragment is reported and left alone. A fragment that is freed
 * twice takes another's reference, and is noticed only when the block has gone.
 *
 * Context: any but NMI.
 */
void soba_page_frag_free(void *addr)
{
	unsigned long pfn = soba_port_addr_pfn((unsigned long)addr);
	struct soba_frame *head;
	void *owner;

	if (unlikely(!soba_map_covers(pfn)))
		return free_wrong(addr, _RET_IP_);
	preempt_disable();
	owner = READ_ONCE(soba_map_frame_covered(pfn)->owner);
	if (unlikely(soba_owner_kind(owner) != SOBA_OWN_FRAG)) {
		preempt_enable();
		return free_wrong(addr, _RET_IP_);
	}
	head = soba_owner_ptr(owner);
	if (unlikely(atomic_dec_and_test(soba_frag_refs(head)))) {
		preempt_enable();
		return soba_frag_release(head, _RET_IP_);
	}
	preempt_enable();
}
EXPORT_SYMBOL_GPL(soba_page_frag_free);

/**
 * soba_page_frag_cache_drain() - give up what a cache holds
 * @nc: the cache; all zero afterwards, and ready for use
 *
 * Fragments that are out stay good.
 *
 * Context: any but NMI.
 */
void soba_page_frag_cache_drain(struct page_frag_cache *nc)
{
	soba_frag_drain(soba_frag_cache(nc), _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_page_frag_cache_drain);

/**
 * soba_netdev_alloc_frag_align() - a fragment from a cache of this CPU
 * @fragsz: bytes; whole cache lines are taken
 * @align: as for soba_page_frag_alloc_align(); ~0: none
 *
 * As with GFP_ATOMIC. Freed with soba_page_frag_free().
 *
 * Context: any but NMI.
 * Return: address in the direct map, or NULL.
 */
void *soba_netdev_alloc_frag_align(unsigned int fragsz, unsigned int align)
{
	void *p;

	/* As the kernel's: fragments of packets share no cache line. */
	fragsz = ALIGN(fragsz, SMP_CACHE_BYTES);
	preempt_disable();
	p = frag_alloc(soba_frag_this_cpu(), fragsz, GFP_ATOMIC,
		       align_mask(align), _RET_IP_);
	preempt_enable();
	return p;
}
EXPORT_SYMBOL_GPL(soba_netdev_alloc_frag_align);
