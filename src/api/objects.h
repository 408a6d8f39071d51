/* SPDX-License-Identifier: GPL-2.0 */
/*
 * objects.h - floor 4: the fast paths that the cache and the kmalloc calls
 * share. Inlined into each entry point; everything that is not the common case
 * is a cold call at the end, with the arguments where they already are.
 *
 * Locking: none; the guard of slab/magazine.h.
 */
#ifndef SOBA_API_OBJECTS_H
#define SOBA_API_OBJECTS_H

#include "api/care.h"
#include "api/gfp.h"
#include "page/zone.h"
#include "slab/magazine.h"

/* With one of these an allocation is not just any object of the cache. */
#define SOBA_OBJ_SLOW (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM | __GFP_ZERO | \
		       __GFP_ACCOUNT | __GFP_THISNODE | __GFP_RECLAIMABLE |   \
		       __GFP_COMP | ~__GFP_BITS_MASK)

/* Other flags, zeroes, nodes, tracing; never the common case. */
void *soba_object_special(struct soba_cache *c, gfp_t gfp, size_t bytes,
			  unsigned long caller);
void *soba_object_node(struct soba_cache *c, gfp_t gfp, size_t bytes,
		       unsigned long caller, int nid);
void *soba_object_nested(struct soba_cache *c, gfp_t gfp, size_t bytes,
			 unsigned long caller);
/* @object has come out of the magazines, and tracing is on. */
void *soba_object_traced(struct soba_cache *c, gfp_t gfp, size_t bytes,
			 unsigned long caller, void *object);
/* Enters with the magazines open, leaves them closed. */
void *soba_object_empty(struct soba_cache *c, gfp_t gfp, size_t bytes,
			unsigned long caller, struct soba_cpu_cache *l);

enum soba_verdict {
	SOBA_BAD_OBJECT,	/* reported, not to be touched */
	SOBA_SLAB_OBJECT,
	SOBA_LARGE_OBJECT
};

/*
 * What is it that the caller wants to free? @c is its cache, NULL for kmalloc()
 * of whole blocks.
 */
enum soba_verdict soba_object_judge(void *object, unsigned long caller,
				    struct soba_cache **c);

/* Whatever is wrong or unusual with a pointer; @c is NULL for kfree(). */
void soba_object_free_slow(struct soba_cache *c, void *object,
			   unsigned long caller);
/* The same; false when nothing was freed, as it was no object. */
bool soba_object_free_judged(struct soba_cache *c, void *object,
			     unsigned long caller);
/* soba_krealloc(), for who knows on whose behalf. */
void *soba_krealloc_from(const void *objp, size_t new_size, gfp_t flags,
			 unsigned long caller);
/* Frees it when it may be nothing but a second node. */
void soba_object_free_far(struct soba_cache *c, void *object,
			  unsigned long caller);
/* The same with preemption off, which it enables. */
void soba_object_free_unlock(struct soba_cache *c, void *object,
			     unsigned long caller);
/*
 * The same for kfree(): its argument stays in its register. And for both, with
 * the magazines open, which it leaves closed.
 */
void soba_any_free_far(void *object, unsigned long caller);
void soba_any_free_unlock(void *object, unsigned long caller);
void soba_any_free_closing(void *object, unsigned long caller,
			   struct soba_cpu_cache *l, struct soba_cache *c);
void soba_object_free_closing(struct soba_cache *c, void *object,
			      unsigned long caller, struct soba_cpu_cache *l);

static __always_inline bool soba_sleeps_in_atomic(gfp_t gfp)
{
	return (gfp & __GFP_DIRECT_RECLAIM) && !soba_port_can_sleep();
}

/*
 * _RET_IP_ is asked for where it is needed: an argument would be computed on the
 * way there, too.
 */
static __always_inline void *soba_object_get(struct soba_cache *c, gfp_t gfp,
					     size_t bytes)
{
	struct soba_cpu_front __percpu *l = soba_front(c);
	void *object;

	/* One test for those who may not sleep and want nothing special. */
	if ((gfp & (SOBA_OBJ_SLOW | __GFP_DIRECT_RECLAIM)) &&
	    (unlikely(gfp & SOBA_OBJ_SLOW) || unlikely(!soba_port_can_sleep())))
		return soba_object_special(c, gfp, bytes, _RET_IP_);
	preempt_disable();
	if (unlikely(!soba_front_grab(l))) {
		preempt_enable();
		return soba_object_nested(c, gfp, bytes, _RET_IP_);
	}
	object = *soba_front_top(l);
	if (unlikely(!object))
		return soba_object_empty(c, gfp, bytes, _RET_IP_,
					 raw_cpu_ptr(c->cpu));
	soba_front_pop(l);
	soba_front_release(l);
	preempt_enable();
	if (soba_obj_alloc_care()) {
		if (soba_obj_alloc_traced())
			return soba_object_traced(c, gfp, bytes, _RET_IP_,
						  object);
		return memset(object, 0, c->init_size);
	}
	return object;
}

static __always_inline bool
soba_is_remote(const struct soba_frame *f, struct soba_cpu_front __percpu *l)
{
	return static_branch_unlikely(&soba_numa_key) &&
	       f->chunk->zone->nid != raw_cpu_read(l->nid);
}

/*
 * @any: objects of any cache will do, else of @c. The descriptor is looked at
 * with preemption off, so it stays where it is even if the pointer is nobody's;
 * what a cache is made of is a word that is read once. The cold ends enable preemption.
 */
static __always_inline void soba_object_give(bool any, struct soba_cache *c,
					     void *object)
{
	unsigned long pfn = soba_port_addr_pfn((unsigned long)object);
	struct soba_cpu_front __percpu *l;
	struct soba_frame *f;
	void **top;

	/* A switch that comes late is as if it had come later. */
	if (unlikely(pfn >> SOBA_REGION_ORDER >= data_race(soba_obj_free_regions)))
		return any ? soba_any_free_far(object, _RET_IP_) :
			     soba_object_free_far(c, object, _RET_IP_);
	preempt_disable();
	f = soba_map_frame_covered(pfn);
	if (any) {
		c = READ_ONCE(f->owner) - SOBA_OWN_SLAB;
		if (unlikely(soba_owner_kind(c)))
			return soba_any_free_unlock(object, _RET_IP_);
	} else if (unlikely(data_race(f->owner) != /* compared, no more */
			    soba_cache_key(c))) {
		return soba_object_free_unlock(c, object, _RET_IP_);
	}
	l = soba_front(c);
	if (unlikely(!soba_slab_starts_at(c, f, object)) ||
	    unlikely(!soba_front_grab(l)))
		return any ? soba_any_free_unlock(object, _RET_IP_) :
			     soba_object_free_unlock(c, object, _RET_IP_);
	top = soba_front_top(l);
	if (unlikely(soba_front_full(l, top)) || unlikely(*top == object))
		return any ? soba_any_free_closing(object, _RET_IP_,
						   raw_cpu_ptr(c->cpu), c) :
			     soba_object_free_closing(c, object, _RET_IP_,
						      raw_cpu_ptr(c->cpu));
	soba_front_push(l, top, object);
	soba_front_release(l);
	preempt_enable();
}

#endif /* SOBA_API_OBJECTS_H */
