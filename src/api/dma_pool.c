// SPDX-License-Identifier: GPL-2.0
/*
 * dma_pool.c - floor 4: dma pools: made, ended, and their objects.
 *
 * Locking: as in dma.c.
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
#include "dma/pool.h"
#include "dma/table.h"

/* The kernel's rules: powers of two, and a boundary that an object fits in. */
static bool shape_legal(size_t size, size_t align, size_t boundary)
{
	if (!size || size > INT_MAX || (align && !is_power_of_2(align)) ||
	    align > PAGE_SIZE)
		return false;
	return !boundary || (is_power_of_2(boundary) && boundary >= size);
}

static struct soba_dma_pool *pool_create(const char *name, struct device *dev,
					 size_t size, size_t align,
					 size_t boundary, unsigned long caller)
{
	struct soba_dma_shape shape = {
		.size = size,
		.align = align ? align : 1,
		.boundary = boundary < PAGE_SIZE ? boundary : 0,
		.pool = true,
	};
	struct soba_req req;

	if (!shape_legal(size, align, boundary)) {
		soba_report(SOBA_R_BAD_PARAMETER, caller,
			    "dma pool %s: size %zu, align %zu, boundary %zu",
			    name, size, align, boundary);
		return NULL;
	}
	if (soba_dma_refused(dev, size, caller) ||
	    !soba_gfp_decode_dma(&req, GFP_KERNEL, size, caller))
		return NULL;
	return soba_dma_pool_new(name, dev, &shape, &req);
}

/**
 * soba_dma_pool_create() - a pool of coherent objects of one size
 * @name: for people
 * @dev: the device; its coherent mask is set
 * @size: bytes of an object; an object takes 32 at least
 * @align: of an object, a power of two up to PAGE_SIZE; 0: any
 * @boundary: power of two, at least @size, that no object crosses; 0: none.
 *	None crosses a 4 KiB boundary in any case, unless it is larger
 *
 * Context: process, may sleep.
 * Return: the pool, or NULL.
 */
struct soba_dma_pool *soba_dma_pool_create(const char *name, struct device *dev,
					   size_t size, size_t align,
					   size_t boundary)
{
	return pool_create(name, dev, size, align, boundary, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_dma_pool_create);

/**
 * soba_dma_pool_destroy() - end a pool
 * @pool: the pool, or NULL; nobody allocates from it any more
 *
 * With objects still out, they and the pool stay, and it is reported.
 *
 * Context: process, may sleep.
 */
void soba_dma_pool_destroy(struct soba_dma_pool *pool)
{
	if (pool)
		soba_dma_pool_end(pool, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_dma_pool_destroy);

/* Past the list of this CPU. */
noinline __cold void *soba_dma_pool_alloc_for(struct soba_dma_cache *c,
					      gfp_t gfp, dma_addr_t *handle,
					      unsigned long caller)
{
	struct soba_dma_entry e;
	struct soba_req req;

	if (!soba_gfp_decode_dma(&req, gfp, c->size, caller))
		return NULL;
	if (!soba_dma_cache_get(c, &req, &e)) {
		atomic_long_inc(&c->heap->fails);
		if (!req.nowarn)
			soba_report_often(SOBA_R_ALLOC_FAILURE, caller,
					  "an object of pool %s of %s, gfp %#x (%pGg)",
					  c->name, c->heap->name,
					  (__force unsigned int)gfp, &gfp);
		return NULL;
	}
	if (req.zero)
		memset(e.vaddr, 0, c->size);
	soba_dma_mark_pool(e.mark, caller);
	if (soba_dma_debug) {
		rcu_read_lock();
		soba_dma_debug_out(soba_dma_find((unsigned long)e.vaddr), &e,
				   c->size);
		rcu_read_unlock();
	}
	*handle = e.handle;
	soba_trace_dma_alloc(c->heap->dev, c->size, e.vaddr, e.handle, gfp,
			     caller);
	return e.vaddr;
}

static noinline __cold void *alloc_closed(struct soba_dma_cache *c, gfp_t gfp,
					  dma_addr_t *handle,
					  unsigned long caller)
{
	preempt_enable();
	return soba_dma_pool_alloc_for(c, gfp, handle, caller);
}

/* From the list of this CPU. */
static __always_inline void *pool_alloc(struct soba_dma_cache *c, gfp_t gfp,
					dma_addr_t *handle,
					unsigned long caller)
{
	struct soba_dma_mark *mark;
	struct soba_dma_mag *m;
	void *vaddr;

	preempt_disable();
	m = this_cpu_ptr(READ_ONCE(c->mag));
	if (unlikely(!soba_dma_mag_pop(m, NULL, false, &vaddr, handle, &mark)))
		return alloc_closed(c, gfp, handle, caller);
	soba_dma_mark_pool(mark, caller);
	preempt_enable();
	return vaddr;
}

/* The same, cleared. Past the list that is done there. */
static __always_inline void *pool_zalloc(struct soba_dma_cache *c, gfp_t gfp,
					 dma_addr_t *handle,
					 unsigned long caller)
{
	struct soba_dma_mark *mark;
	struct soba_dma_mag *m;
	void *vaddr;

	preempt_disable();
	m = this_cpu_ptr(READ_ONCE(c->mag));
	if (unlikely(!soba_dma_mag_pop(m, NULL, false, &vaddr, handle, &mark)))
		return alloc_closed(c, gfp, handle, caller);
	soba_dma_mark_pool(mark, caller);
	preempt_enable();
	return c->small ? soba_dma_clear_small(vaddr, c->size) :
			  soba_dma_clear_bytes(vaddr, c->size);
}

static noinline void *alloc_special(struct soba_dma_cache *c, gfp_t gfp,
				    dma_addr_t *handle, unsigned long caller)
{
	const gfp_t odd = SOBA_GFP_DMA_SLOW | __GFP_DIRECT_RECLAIM;

	if ((unlikely(gfp & odd) &&
	     ((gfp & SOBA_GFP_DMA_SLOW) || !soba_port_can_sleep())) ||
	    soba_trace_dma_alloc_enabled())
		return soba_dma_pool_alloc_for(c, gfp, handle, caller);
	if (soba_port_init_on_alloc() || (gfp & __GFP_ZERO))
		return pool_zalloc(c, gfp, handle, caller);
	return pool_alloc(c, gfp, handle, caller);
}

/**
 * soba_dma_pool_alloc() - an object of a pool
 * @pool: the pool
 * @gfp: GFP flags; cleared only with __GFP_ZERO, or where the kernel is booted
 *	with init_on_alloc
 * @handle: set to the device's address of it
 *
 * Context: any but NMI; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: its address, or NULL.
 */
void *soba_dma_pool_alloc(struct soba_dma_pool *pool, gfp_t gfp,
			  dma_addr_t *handle)
{
	const gfp_t odd = SOBA_GFP_DMA_SLOW | __GFP_DIRECT_RECLAIM | __GFP_ZERO;

	if (unlikely(gfp & odd) || soba_obj_alloc_care())
		return alloc_special(&pool->cache, gfp, handle, _RET_IP_);
	return pool_alloc(&pool->cache, gfp, handle, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_dma_pool_alloc);

static noinline __cold void free_slow(struct soba_dma_cache *c, void *vaddr,
				      dma_addr_t handle, unsigned long caller)
{
	struct soba_dma_free f = {
		.dev = c->heap->dev,
		.pool = c,
		.vaddr = vaddr,
		.handle = handle,
		.size = c->size,
		.caller = caller,
	};

	preempt_enable();
	soba_dma_free_for(&f);
}

/**
 * soba_dma_pool_free() - give an object back to its pool
 * @pool: the pool that it came from
 * @vaddr: its address
 * @handle: the device's address of it
 *
 * What does not fit together, or is not out, is reported and left alone.
 *
 * Context: any but NMI.
 */
void soba_dma_pool_free(struct soba_dma_pool *pool, void *vaddr,
			dma_addr_t handle)
{
	struct soba_dma_cache *c = &pool->cache;
	unsigned long key = (unsigned long)c + handle;
	struct soba_dma_mark *mark;
	struct soba_dma_slab *s;

	preempt_disable();
	soba_port_hide(key);
	if (unlikely(!soba_dma_seek((unsigned long)vaddr, &s, &mark)) ||
	    unlikely(key - (unsigned long)vaddr != s->key) ||
	    soba_obj_free_care() ||
	    /* the compiler may compare it in place */
	    unlikely(data_race(mark->state) != SOBA_DMA_POOL) ||
	    unlikely(!soba_dma_mag_push(this_cpu_ptr(READ_ONCE(c->mag)), vaddr,
					handle, mark)))
		return free_slow(c, vaddr, handle, _RET_IP_);
	preempt_enable();
}
EXPORT_SYMBOL_GPL(soba_dma_pool_free);

static void pool_release(struct device *dev, void *res)
{
	soba_dma_pool_end(*(struct soba_dma_pool **)res, 0);
	soba_port_text_put();
}

static int pool_match(struct device *dev, void *res, void *data)
{
	return *(struct soba_dma_pool **)res == data;
}

/**
 * soba_dmam_pool_create() - a pool that ends when the driver leaves
 * @name: for people
 * @dev: the device
 * @size: bytes of an object
 * @align: of an object
 * @boundary: that no object crosses
 *
 * Context: process, may sleep.
 * Return: the pool, or NULL.
 */
struct soba_dma_pool *soba_dmam_pool_create(const char *name,
					    struct device *dev, size_t size,
					    size_t align, size_t boundary)
{
	struct soba_dma_pool **res;

	res = soba_port_devres_new(pool_release, sizeof(*res), GFP_KERNEL);
	if (!res)
		return NULL;
	*res = pool_create(name, dev, size, align, boundary, _RET_IP_);
	if (!*res) {
		soba_port_devres_free(res);
		return NULL;
	}
	soba_port_text_get();
	soba_port_devres_add(dev, res);
	return *res;
}
EXPORT_SYMBOL_GPL(soba_dmam_pool_create);

/**
 * soba_dmam_pool_destroy() - end such a pool before the driver leaves
 * @pool: the pool
 *
 * Context: process, may sleep.
 */
void soba_dmam_pool_destroy(struct soba_dma_pool *pool)
{
	if (!soba_port_devres_drop(pool->cache.heap->dev, pool_release,
				   pool_match, pool))
		soba_port_text_put();
	soba_dma_pool_end(pool, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_dmam_pool_destroy);
