/* SPDX-License-Identifier: GPL-2.0 */
/*
 * inline.h - an allocation in the caller's own code: one object off the loaded
 * magazine of this CPU, for flags that the compiler knows and that ask for
 * nothing but an object. Everything else is a call.
 *
 * Locking: the guard, see front.h.
 */
#ifndef SOBA_INLINE_H
#define SOBA_INLINE_H

#include <linux/gfp.h>
#include <linux/jump_label.h>

#include <soba/front.h>

/* A client sees no more of a cache than this. */
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
static __always_inline void *
soba_magazine_pop(struct soba_cpu_front __percpu *l)
{
	void *object;

	if (static_branch_unlikely(&soba_obj_alloc_care_key))
		return NULL;
	preempt_disable();
	if (unlikely(!soba_front_grab(l)))
		goto none;
	object = *soba_front_top(l);
	if (unlikely(!object)) {
		soba_front_release(l);
		goto none;
	}
	soba_front_pop(l);
	soba_front_release(l);
	preempt_enable();
	return object;
none:
	preempt_enable();
	return NULL;
}

#endif /* SOBA_INLINE_H */
