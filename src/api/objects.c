// SPDX-License-Identifier: GPL-2.0
/*
 * objects.c - floor 4: what the fast paths of objects leave over: other flags
 * and nodes, clearing, tracing, and every way to free the wrong thing.
 *
 * Locking: none held here. A descriptor that was looked up for an address that
 * the caller may not hold is read under rcu_read_lock().
 */
#include "soba_env.h"

#include "api/kmalloc.h"
#include "api/kmem_cache.h"
#include "api/objects.h"
#include "slab/large.h"
#include "base/report.h"

#define ZONE_BITS (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM)

static void trace_alloc(struct soba_cache *c, void *object, gfp_t gfp,
			size_t bytes, int nid, unsigned long caller)
{
	if (c->own_flags & SOBA_CACHE_KMALLOC)
		soba_trace_kmalloc(object, bytes, c->size, gfp, nid, caller);
	else
		soba_trace_cache_alloc(object, c->name, c->object_size, gfp,
				       nid, caller);
}

/* A cache's memory has one place: flags that ask for another are a mistake. */
static gfp_t check_zone(const struct soba_cache *c, gfp_t gfp,
			unsigned long caller)
{
	gfp_t wrong = gfp & (__GFP_DMA32 | __GFP_HIGHMEM);

	if (c->class == SOBA_CLASS_DMA32)
		wrong &= ~__GFP_DMA32;
	if (unlikely(wrong))
		soba_report(SOBA_R_BAD_FLAGS, caller,
			    "cache %s, gfp %#x (%pGg): objects lie where the cache was made to lie",
			    c->name, (__force unsigned int)gfp, &gfp);
	return gfp & ~(ZONE_BITS | __GFP_COMP | __GFP_RECLAIMABLE);
}

/* Everything that needs the request decoded. */
static void *alloc_decoded(struct soba_cache *c, gfp_t gfp, int nid,
			   unsigned long caller)
{
	struct soba_req req;
	void *object;

	soba_gfp_decode(&req, gfp, 0, nid, caller);
	req.zero = soba_cache_zero_blocks(c);
	req.order = c->order;
	req.class = c->class;
	/*
	 * A block of its own would be freed with no grace period: such an object
	 * comes from a slab, and a slab that is made for it is charged.
	 */
	if ((gfp & __GFP_ACCOUNT) && !(c->flags & SLAB_TYPESAFE_BY_RCU)) {
		req.order = get_order(max(c->object_size, c->align));
		object = soba_large_alloc(&req, c);
		if (object && c->ctor)
			c->ctor(object);
	} else {
		object = soba_object_alloc(c, &req);
	}
	if (unlikely(!object))
		soba_gfp_failed(&req);
	return object;
}

/* All that remains to be done for an object, or to be told of none. */
static void *finish(struct soba_cache *c, gfp_t gfp, size_t bytes, int nid,
		    unsigned long caller, void *object)
{
	if (object && (gfp & __GFP_ZERO))
		memset(object, 0, c->object_size);
	else if (object && soba_port_init_on_alloc())
		memset(object, 0, c->init_size);
	trace_alloc(c, object, gfp, bytes, nid, caller);
	return object;
}

/* From this CPU's magazines, if they are free to use and not empty. */
static void *pop_object(struct soba_cache *c)
{
	struct soba_cpu_cache *l;
	void *object;

	if (!soba_mag_open(c, &l)) {
		soba_mag_count_nested(c);
		return NULL;
	}
	object = *l->top;
	if (unlikely(!object))
		return soba_mag_refill(c, l);
	WRITE_ONCE(l->top, l->top - 1);
	l->allocs++;
	soba_mag_close(l);
	return object;
}

void *soba_object_node(struct soba_cache *c, gfp_t gfp, size_t bytes,
		       unsigned long caller, int nid)
{
	void *object = NULL;

	if (c->own_flags & SOBA_CACHE_KMALLOC)
		c = soba_kmalloc_retype(c, gfp);
	gfp = check_zone(c, gfp, caller);
	if (nid == NUMA_NO_NODE && !(gfp & SOBA_OBJ_SLOW & ~__GFP_ZERO) &&
	    !soba_sleeps_in_atomic(gfp))
		object = pop_object(c);
	if (!object)
		object = alloc_decoded(c, gfp, nid, caller);
	return finish(c, gfp, bytes, nid, caller, object);
}

noinline __cold void *soba_object_nested(struct soba_cache *c, gfp_t gfp,
					 size_t bytes, unsigned long caller)
{
	soba_mag_count_nested(c);
	return finish(c, gfp, bytes, NUMA_NO_NODE, caller,
		      alloc_decoded(c, gfp, NUMA_NO_NODE, caller));
}

noinline __cold void *soba_object_traced(struct soba_cache *c, gfp_t gfp,
					 size_t bytes, unsigned long caller,
					 void *object)
{
	return finish(c, gfp, bytes, NUMA_NO_NODE, caller, object);
}

noinline __cold void *soba_object_empty(struct soba_cache *c, gfp_t gfp,
					size_t bytes, unsigned long caller,
					struct soba_cpu_cache *l)
{
	void *object = soba_mag_refill(c, l);

	if (!object)
		object = alloc_decoded(c, gfp, NUMA_NO_NODE, caller);
	return finish(c, gfp, bytes, NUMA_NO_NODE, caller, object);
}

noinline void *soba_object_special(struct soba_cache *c, gfp_t gfp,
				   size_t bytes, unsigned long caller)
{
	struct soba_cpu_cache *l;
	void *object;

	/* Zeroes and nothing else, as many ask for: again a short way. */
	if ((gfp & SOBA_OBJ_SLOW) != __GFP_ZERO || soba_obj_alloc_traced() ||
	    soba_sleeps_in_atomic(gfp) || !soba_mag_open(c, &l))
		return soba_object_node(c, gfp, bytes, caller, NUMA_NO_NODE);
	object = *l->top;
	if (unlikely(!object))
		return soba_object_empty(c, gfp, bytes, caller, l);
	l->top--;
	l->allocs++;
	soba_mag_close(l);
	return memset(object, 0, c->object_size);
}

/* Of the block that a frame lies in; what is not soba's has none. */
static enum soba_frame_state block_state(struct soba_frame *f)
{
	struct soba_frame *head;

	if (!f)
		return SOBA_F_NONE;
	/* None while the block is being split or merged. */
	head = soba_frame_head(f);
	return soba_frame_state(head ?: f);
}

static void report_free(struct soba_cache *c, struct soba_frame *f,
			void *object, unsigned long caller)
{
	enum soba_frame_state state = block_state(f);
	void *owner = f ? READ_ONCE(f->owner) : NULL;

	switch (state) {
	case SOBA_F_NONE:
		soba_report(SOBA_R_FOREIGN_FREE, caller,
			    "address 0x%p is not soba's", object);
		return;
	case SOBA_F_FREE:
	case SOBA_F_PCP:
	case SOBA_F_PINNED:
	case SOBA_F_LOST:
		soba_report(SOBA_R_DOUBLE_FREE, caller,
			    "address 0x%p lies in a free page", object);
		return;
	default:
		break;
	}
	if (soba_owner_kind(owner) == SOBA_OWN_SLAB) {
		struct soba_cache *is = soba_owner_ptr(owner);

		if (c && c != is)
			soba_report(SOBA_R_WRONG_CACHE, caller,
				    "object 0x%p of cache %s, size %u, is freed to cache %s",
				    object, is->name, is->object_size, c->name);
		else
			soba_report(SOBA_R_INVALID_FREE, caller,
				    "address 0x%p is not the start of an object of cache %s, size %u",
				    object, is->name, is->object_size);
		return;
	}
	soba_report(SOBA_R_INVALID_FREE, caller,
		    "address 0x%p is not the start of an object, it lies in a block of pages",
		    object);
}

/* What is it that the caller wants to free? Reported when it cannot be freed. */
static enum soba_verdict judge(struct soba_cache **c, void *object,
			       unsigned long caller, struct soba_frame **frame)
{
	enum soba_verdict verdict = SOBA_BAD_OBJECT;
	struct soba_frame *f;
	void *owner, *p;

	rcu_read_lock();
	f = soba_addr_frame(object);
	owner = f ? READ_ONCE(f->owner) : NULL;
	p = soba_owner_ptr(owner);
	if (soba_owner_kind(owner) == SOBA_OWN_SLAB && (!*c || *c == p) &&
	    soba_slab_starts_at(p, f, object))
		verdict = SOBA_SLAB_OBJECT;
	else if (soba_owner_kind(owner) == SOBA_OWN_LARGE &&
		 soba_frame_state(f) == SOBA_F_OWNED && (!*c || *c == p) &&
		 !offset_in_page(object))
		verdict = SOBA_LARGE_OBJECT;
	else
		report_free(*c, f, object, caller);
	rcu_read_unlock();
	if (verdict != SOBA_BAD_OBJECT)
		*c = p;
	*frame = f;
	return verdict;
}

static void trace_free(struct soba_cache *c, void *object, unsigned long caller)
{
	if (!c || (c->own_flags & SOBA_CACHE_KMALLOC))
		soba_trace_kfree(object, caller);
	else
		soba_trace_cache_free(object, c->name, caller);
}

/* Into the magazines after all, when that is where it belongs. */
static void push_object(struct soba_cache *c, struct soba_frame *f,
			void *object, unsigned long caller)
{
	struct soba_cpu_cache *l;
	bool remote;

	if (!soba_mag_open(c, &l)) {
		soba_mag_count_nested(c);
		soba_object_put(c, object, caller);
		return;
	}
	remote = soba_is_remote(f, soba_front(c));
	if (!remote && l->top != l->end && *l->top != object) {
		*(l->top + 1) = object;
		WRITE_ONCE(l->top, l->top + 1);
		soba_mag_close(l);
		return;
	}
	if (remote) {
		l->remote++;
		soba_mag_close(l);
		soba_object_put(c, object, caller);
		return;
	}
	soba_object_free_closing(c, object, caller, l);
}

bool soba_object_free_judged(struct soba_cache *c, void *object,
			     unsigned long caller)
{
	struct soba_frame *f;

	if (ZERO_OR_NULL_PTR(object))
		return true;
	switch (judge(&c, object, caller, &f)) {
	case SOBA_SLAB_OBJECT:
		trace_free(c, object, caller);
		/* soba_debug_free() looks at the object first. */
		if (soba_port_init_on_free() &&
		    !(c->own_flags & SOBA_CACHE_DEBUG))
			memset(object, 0, c->init_size);
		push_object(c, f, object, caller);
		break;
	case SOBA_LARGE_OBJECT:
		trace_free(c, object, caller);
		soba_large_free(f, caller);
		break;
	case SOBA_BAD_OBJECT:
		return false;
	}
	return true;
}

noinline void soba_object_free_slow(struct soba_cache *c, void *object,
				    unsigned long caller)
{
	soba_object_free_judged(c, object, caller);
}

/* As soba_object_give(), with a look at whose memory it is. False: not done. */
static bool give_near(struct soba_cache *c, void *object)
{
	struct soba_cpu_front __percpu *l;
	struct soba_frame *f;
	void **top, *owner;
	bool done = false;

	preempt_disable();
	f = soba_addr_frame(object);
	owner = f ? READ_ONCE(f->owner) : NULL;
	if (soba_owner_kind(owner) != SOBA_OWN_SLAB ||
	    (c && c != soba_owner_ptr(owner)))
		goto out;
	c = soba_owner_ptr(owner);
	l = soba_front(c);
	if (!soba_slab_starts_at(c, f, object) ||
	    soba_is_remote(f, l) || !soba_front_grab(l))
		goto out;
	top = soba_front_top(l);
	if (!soba_front_full(l, top) && *top != object) {
		soba_front_push(l, top, object);
		done = true;
	}
	soba_front_release(l);
out:
	preempt_enable();
	return done;
}

noinline void soba_object_free_far(struct soba_cache *c, void *object,
				   unsigned long caller)
{
	if (soba_obj_free_care() || !give_near(c, object))
		soba_object_free_slow(c, object, caller);
}

noinline __cold void soba_object_free_unlock(struct soba_cache *c,
					     void *object,
					     unsigned long caller)
{
	preempt_enable();
	soba_object_free_slow(c, object, caller);
}

noinline __cold void soba_any_free_far(void *object, unsigned long caller)
{
	soba_object_free_far(NULL, object, caller);
}

noinline __cold void soba_any_free_unlock(void *object, unsigned long caller)
{
	soba_object_free_unlock(NULL, object, caller);
}

noinline __cold void soba_object_free_closing(struct soba_cache *c,
					      void *object,
					      unsigned long caller,
					      struct soba_cpu_cache *l)
{
	if (*l->top != object) {
		soba_mag_unload(c, l, object, caller);
		return;
	}
	soba_mag_close(l);
	soba_report(SOBA_R_DOUBLE_FREE, caller,
		    "object 0x%p of cache %s, size %u, is free already", object,
		    c->name, c->object_size);
}

noinline __cold void soba_any_free_closing(void *object, unsigned long caller,
					   struct soba_cpu_cache *l,
					   struct soba_cache *c)
{
	soba_object_free_closing(c, object, caller, l);
}

enum soba_verdict soba_object_judge(void *object, unsigned long caller,
				    struct soba_cache **c)
{
	struct soba_frame *f;

	*c = NULL;
	return judge(c, object, caller, &f);
}
