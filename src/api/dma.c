// SPDX-License-Identifier: GPL-2.0
/*
 * dma.c - floor 4: coherent memory handed out and taken back.
 *
 * Locking: none here. The fast path is preemption off and the busy flag of a
 * per-CPU list (dma/mag.h); everything else is a call that finds the list
 * free again, and leaves preemption as the caller had it.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/dma.h>

#include "api/care.h"
#include "api/dma.h"
#include "api/dma_clear.h"
#include "api/gfp.h"
#include "base/report.h"
#include "dma/heap.h"
#include "dma/mag.h"
#include "dma/slab.h"
#include "dma/table.h"

noinline void *soba_dma_clear_bytes(void *vaddr, size_t size)
{
	return memset(vaddr, 0, size);
}

bool soba_dma_refused(struct device *dev, size_t size, unsigned long caller)
{
	u64 mask;

	if (!dev) {
		soba_report(SOBA_R_BAD_PARAMETER, caller,
			    "%zu bytes of coherent memory for no device", size);
		return true;
	}
	mask = soba_port_dma_mask(dev);
	if (!mask) {
		soba_report(SOBA_R_BAD_PARAMETER, caller,
			    "%zu bytes of coherent memory for %s, which has no coherent DMA mask: dma_set_coherent_mask() comes first",
			    size, soba_port_dma_name(dev));
		return true;
	}
	if (!size) {
		soba_report(SOBA_R_BAD_PARAMETER, caller,
			    "0 bytes of coherent memory for %s",
			    soba_port_dma_name(dev));
		return true;
	}
	return false;
}

/* Could the host ever give so much there? Then it is asked. */
static bool in_reach(struct device *dev, size_t size)
{
	return size - 1 <= soba_port_dma_mask(dev) &&
	       size >> PAGE_SHIFT < soba_port_host_frames();
}

static void *block_alloc(struct soba_dma_heap *heap, size_t size,
			 dma_addr_t *handle, unsigned long attrs,
			 const struct soba_req *req)
{
	size_t want = size + (soba_dma_debug ? SOBA_DMA_BAND : 0);
	struct soba_dma_entry e;
	struct soba_dma_slab *s;

	s = soba_dma_block_get(&heap->block, PAGE_ALIGN(want), attrs, req, &e);
	if (!s)
		return NULL;
	/* Who counts may read it, of the block's last life too. */
	WRITE_ONCE(s->want, size);
	if (soba_dma_debug)
		soba_dma_debug_out(s, &e, size);
	soba_dma_mark_out(e.mark, SOBA_DMA_BLOCK, req->caller);
	*handle = e.handle;
	return e.vaddr;
}

static void *object_alloc(struct soba_dma_heap *heap, size_t size,
			  dma_addr_t *handle, const struct soba_req *req)
{
	struct soba_dma_cache *c = &heap->class[soba_dma_class(size)];
	struct soba_dma_entry e;

	if (!soba_dma_cache_get(c, req, &e))
		return NULL;
	soba_dma_clear_bytes(e.vaddr, c->size);
	soba_dma_mark_out(e.mark, size, req->caller);
	if (soba_dma_debug) {
		rcu_read_lock();
		soba_dma_debug_out(soba_dma_find((unsigned long)e.vaddr), &e,
				   size);
		rcu_read_unlock();
	}
	*handle = e.handle;
	return e.vaddr;
}

static void say_failed(struct device *dev, size_t size,
		       const struct soba_req *req)
{
	gfp_t gfp = req->gfp;

	soba_report_often(SOBA_R_ALLOC_FAILURE, req->caller,
			  "%zu bytes of coherent memory for %s, gfp %#x (%pGg), coherent mask %#llx",
			  size, soba_port_dma_name(dev),
			  (__force unsigned int)gfp, &gfp,
			  soba_port_dma_mask(dev));
}

/* Everything but the list of this CPU. */
noinline __cold void *soba_dma_alloc_for(struct device *dev, size_t size,
					 dma_addr_t *handle, gfp_t gfp,
					 unsigned long attrs,
					 unsigned long caller)
{
	const bool silent = attrs & DMA_ATTR_NO_WARN;
	struct soba_dma_heap *heap;
	void *vaddr = NULL;
	struct soba_req req;

	/* It is no property of the memory. */
	attrs &= ~DMA_ATTR_NO_WARN;

	if (soba_dma_refused(dev, size, caller) ||
	    !soba_gfp_decode_dma(&req, gfp, size, caller))
		return NULL;
	heap = soba_dma_heap_get(dev, &req);
	if (heap) {
		if (size <= SOBA_DMA_LARGEST && !attrs && !req.direct)
			vaddr = object_alloc(heap, size, handle, &req);
		else if (in_reach(dev, size))
			vaddr = block_alloc(heap, size, handle, attrs, &req);
		if (!vaddr)
			atomic_long_inc(&heap->fails);
		soba_dma_heap_remember(heap);
		soba_dma_heap_put(heap);
	}
	if (!vaddr && !req.nowarn && !silent)
		say_failed(dev, size, &req);
	soba_trace_dma_alloc(dev, size, vaddr, vaddr ? *handle : 0, gfp, caller);
	return vaddr;
}

/* Not a small one, or the list is busy, or empty. Preemption is off. */
static noinline void *alloc_round(struct device *dev, size_t size,
				  dma_addr_t *handle, gfp_t gfp,
				  unsigned long caller)
{
	struct soba_dma_heap *heap = __this_cpu_read(soba_dma_last);
	struct soba_dma_mark *mark;
	struct soba_dma_cache *c;
	void *vaddr;

	if (size > SOBA_DMA_SMALL && size <= SOBA_DMA_LARGEST &&
	    heap->dev == dev) {
		c = &heap->class[soba_dma_class(size)];
		if (soba_dma_mag_pop(this_cpu_ptr(READ_ONCE(c->mag)), dev, true,
				     &vaddr, handle, &mark)) {
			soba_dma_mark_out(mark, size, caller);
			preempt_enable();
			return soba_dma_clear_bytes(vaddr, c->size);
		}
	}
	preempt_enable();
	return soba_dma_alloc_for(dev, size, handle, gfp, 0, caller);
}

/* A small object of a device that this CPU had before. */
static __always_inline void *alloc_fast(struct device *dev, size_t size,
					dma_addr_t *handle, gfp_t gfp)
{
	const gfp_t odd = SOBA_GFP_DMA_SLOW | __GFP_DIRECT_RECLAIM;
	struct soba_dma_heap *heap;
	struct soba_dma_mark *mark;
	struct soba_dma_mag *m;
	void *vaddr;

	if ((unlikely(gfp & odd) &&
	     ((gfp & SOBA_GFP_DMA_SLOW) || !soba_port_can_sleep())) ||
	    soba_trace_dma_alloc_enabled())
		return soba_dma_alloc_for(dev, size, handle, gfp, 0, _RET_IP_);
	preempt_disable();
	heap = __this_cpu_read(soba_dma_last);
	if (unlikely(heap->dev != dev))
		return alloc_round(dev, size, handle, gfp, _RET_IP_);
	m = this_cpu_ptr(READ_ONCE(heap->level[soba_dma_level(size)]));
	if (unlikely(!soba_dma_mag_pop(m, dev, true, &vaddr, handle, &mark)))
		return alloc_round(dev, size, handle, gfp, _RET_IP_);
	soba_dma_mark_out(mark, size, _RET_IP_);
	preempt_enable();
	return soba_dma_clear_small(vaddr, size);
}

/**
 * soba_dma_alloc_coherent() - memory that CPU and device see alike
 * @dev: the device; its coherent mask is set
 * @size: bytes
 * @handle: set to the device's address of it
 * @gfp: GFP flags; the zone is chosen by the device's coherent mask
 *
 * Cleared. Up to PAGE_SIZE it is aligned to @size rounded up to a power of two,
 * at least 32, for CPU and device, and crosses no 4 KiB boundary; above, it is
 * whole pages, aligned as the host's dma_alloc_coherent() does. Wholly within
 * the device's coherent mask.
 *
 * Context: any but NMI; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: its address, or NULL.
 */
void *soba_dma_alloc_coherent(struct device *dev, size_t size,
			      dma_addr_t *handle, gfp_t gfp)
{
	return alloc_fast(dev, size, handle, gfp);
}
EXPORT_SYMBOL_GPL(soba_dma_alloc_coherent);

/**
 * soba_dma_alloc_attrs() - the same with attributes
 * @dev: the device
 * @size: bytes
 * @handle: set to the device's address of it
 * @gfp: GFP flags
 * @attrs: DMA_ATTR_*; with any but DMA_ATTR_NO_WARN it is whole pages, fresh from
 *	the host. With DMA_ATTR_NO_KERNEL_MAPPING what is returned only names it
 *
 * Context: as soba_dma_alloc_coherent().
 * Return: its address, or NULL.
 */
void *soba_dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle,
			   gfp_t gfp, unsigned long attrs)
{
	if (attrs)
		return soba_dma_alloc_for(dev, size, handle, gfp, attrs,
					  _RET_IP_);
	return alloc_fast(dev, size, handle, gfp);
}
EXPORT_SYMBOL_GPL(soba_dma_alloc_attrs);

/* Checks everything, and says what is wrong. */
noinline __cold bool soba_dma_free_for(const struct soba_dma_free *f)
{
	struct soba_dma_entry e;
	struct soba_dma_slab *s;

	if (!f->vaddr)
		return false;
	soba_trace_dma_free(f->size, f->vaddr, f->handle, f->caller);
	rcu_read_lock();
	s = soba_dma_check(f, &e);
	rcu_read_unlock();
	if (!s)
		return false;
	/* The object is ours now, so its slab stays. */
	if (soba_port_init_on_free() && !f->attrs)
		memset(e.vaddr, 0, f->pool ? f->pool->size : f->size);
	if (soba_dma_debug) {
		if (!soba_dma_debug_in(s, &e, f->caller))
			return true;
	} else {
		soba_dma_mark_free(e.mark);
	}
	soba_dma_cache_flush(s->cache, &e);
	return true;
}

static noinline __cold void free_slow(struct device *dev, size_t size,
				      void *vaddr, dma_addr_t handle,
				      unsigned long caller)
{
	struct soba_dma_free f = {
		.dev = dev,
		.vaddr = vaddr,
		.handle = handle,
		.size = size,
		.caller = caller,
	};

	preempt_enable();
	soba_dma_free_for(&f);
}

/* What is right goes to this CPU's list; all else is looked at once more. */
static __always_inline void free_fast(struct device *dev, size_t size,
				      void *vaddr, dma_addr_t handle)
{
	unsigned long key = (unsigned long)dev + handle;
	struct soba_dma_mark *mark;
	struct soba_dma_slab *s;

	preempt_disable();
	soba_port_hide(key);
	if (unlikely(!soba_dma_seek((unsigned long)vaddr, &s, &mark)) ||
	    unlikely(key - (unsigned long)vaddr != s->key) ||
	    soba_obj_free_care() ||
	    unlikely(READ_ONCE(mark->state) != size) ||
	    unlikely(!soba_dma_mag_push(this_cpu_ptr(READ_ONCE(s->cache->mag)),
					vaddr, handle, mark)))
		return free_slow(dev, size, vaddr, handle, _RET_IP_);
	preempt_enable();
}

/**
 * soba_dma_free_coherent() - give coherent memory back
 * @dev: the device that it was allocated for
 * @size: bytes, as it was allocated
 * @vaddr: what soba_dma_alloc_coherent() returned; NULL: nothing happens
 * @handle: and the device's address of it
 *
 * What does not fit together, or is not out, is reported and left alone.
 *
 * Context: any but NMI; unlike the kernel's own, with interrupts off too.
 */
void soba_dma_free_coherent(struct device *dev, size_t size, void *vaddr,
			    dma_addr_t handle)
{
	free_fast(dev, size, vaddr, handle);
}
EXPORT_SYMBOL_GPL(soba_dma_free_coherent);

/**
 * soba_dma_free_attrs() - the same for memory with attributes
 * @dev: the device that it was allocated for
 * @size: bytes, as it was allocated
 * @vaddr: its address, or NULL
 * @handle: the device's address of it
 * @attrs: DMA_ATTR_*, as it was allocated
 *
 * Context: any but NMI.
 */
void soba_dma_free_attrs(struct device *dev, size_t size, void *vaddr,
			 dma_addr_t handle, unsigned long attrs)
{
	struct soba_dma_free f = {
		.dev = dev,
		.vaddr = vaddr,
		.handle = handle,
		.size = size,
		.attrs = attrs & ~DMA_ATTR_NO_WARN,
		.caller = _RET_IP_,
	};

	if (f.attrs)
		soba_dma_free_for(&f);
	else
		free_fast(dev, size, vaddr, handle);
}
EXPORT_SYMBOL_GPL(soba_dma_free_attrs);
