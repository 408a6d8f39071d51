/* SPDX-License-Identifier: GPL-2.0 */
/*
 * inline.h - an allocation in the caller's own code: one object off the loaded
 * magazine of this CPU, for flags that the compiler knows and that ask for
 * nothing but an object. Everything else is a call.
 *
 * A client sees no more of a cache than this front of it, whose layout src/slab/
 * asserts. Locking: the guard, as src/slab/magazine.h tells.
 */
#ifndef SOBA_INLINE_H
#define SOBA_INLINE_H

#include <linux/gfp.h>
#include <linux/jump_label.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

struct kmem_cache;

/* One CPU's part of a cache. */
struct soba_cpu_front {
	unsigned int guard;	/* 1: idle */
	unsigned int nid;
	void **top;		/* the last object, or a slot with NULL below all */
	void **end;
	unsigned long allocs;
};

struct soba_cache_front {
	struct soba_cpu_front __percpu *cpu;
};

/* On: objects are to be cleared (init_on_alloc=), or allocations traced. */
DECLARE_STATIC_KEY_FALSE(soba_obj_alloc_care_key);

/* Flags that change nothing while there is an object at hand. */
#define SOBA_PLAIN_FLAGS						      \
	(GFP_ATOMIC | GFP_NOWAIT | __GFP_NOWARN | __GFP_NORETRY |	      \
	 __GFP_NOMEMALLOC | __GFP_MEMALLOC)

/* Constant, and plain: GFP_ATOMIC, GFP_NOWAIT. Who may sleep is looked at first. */
#define soba_flags_plain(flags)						      \
	(__builtin_constant_p(flags) && !((flags) & ~SOBA_PLAIN_FLAGS))

/* The object on top; NULL: call. Context: any but NMI. */
static __always_inline void *soba_magazine_pop(struct kmem_cache *s)
{
	struct soba_cpu_front *l;
	void *object;

	if (static_branch_unlikely(&soba_obj_alloc_care_key))
		return NULL;
	preempt_disable();
	l = raw_cpu_ptr(((struct soba_cache_front *)s)->cpu);
	if (unlikely(--l->guard)) {
		/* As in soba_mag_grab(): on memory, after the other. */
		barrier();
		l->guard++;
		preempt_enable();
		return NULL;
	}
	barrier();
	object = *l->top;
	if (unlikely(!object)) {
		barrier();
		l->guard = 1;
		preempt_enable();
		return NULL;
	}
	barrier();
	l->top--;
	l->allocs++;
	barrier();
	l->guard = 1;
	preempt_enable();
	return object;
}

#endif /* SOBA_INLINE_H */
