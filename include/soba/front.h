/* SPDX-License-Identifier: GPL-2.0 */
/*
 * front.h - the front of one CPU's part of a cache: the guard, the loaded
 * magazine's top, and the steps of a fast path on them. soba and the code that
 * it inlines into its clients use the same.
 *
 * ->top points at the last object of the loaded magazine, or at a slot with NULL
 * below all. The layout is that of struct soba_cpu_cache, which asserts it.
 *
 * Locking: the guard, and preemption off from before soba_front_grab() until
 * after the guard is let go. Steps are single instructions on per-CPU memory
 * where the machine has them, which saves adding up its address.
 */
#ifndef SOBA_FRONT_H
#define SOBA_FRONT_H

#include <linux/percpu.h>
#include <linux/preempt.h>

struct soba_cpu_front {
	unsigned int guard;	/* 1: idle */
	unsigned int nid;	/* node of the CPU */
	void **top;
	void **end;		/* the last slot */
	unsigned long allocs;	/* objects handed out */
};

/*
 * Take the guard: whoever decrements it to 0 was first; who was not, undoes it.
 * On one CPU the later one is always done first, so it need not be atomic. The
 * kernel's dec_return would be an xadd and a compare.
 */
#if defined(CONFIG_X86_64) && defined(CONFIG_SMP)
static __always_inline bool soba_front_grab(struct soba_cpu_front __percpu *l)
{
	bool nested;

	asm volatile("decl %%gs:%[guard]"
		     : "=@ccne" (nested),
		       [guard] "+m" (*(unsigned int *)(__force unsigned long)
				     &l->guard)
		     : : "memory");
	if (unlikely(nested))
		raw_cpu_inc(l->guard);
	return !nested;
}

/* Is @top the last slot? The compiler would not compare with %gs: memory. */
static __always_inline bool soba_front_full(struct soba_cpu_front __percpu *l,
					    void **top)
{
	bool full;

	asm("cmpq %%gs:%[end], %[top]"
	    : "=@cce" (full)
	    : [end] "m" (*(void ***)(__force unsigned long)&l->end),
	      [top] "r" (top));
	return full;
}
#else
static __always_inline bool soba_front_grab(struct soba_cpu_front __percpu *l)
{
	bool nested = this_cpu_dec_return(l->guard);

	if (unlikely(nested))
		raw_cpu_inc(l->guard);
	barrier();
	return !nested;
}

static __always_inline bool soba_front_full(struct soba_cpu_front __percpu *l,
					    void **top)
{
	return top == raw_cpu_read(l->end);
}
#endif

/* Let the guard go. */
static __always_inline void soba_front_release(struct soba_cpu_front __percpu *l)
{
	barrier();
	raw_cpu_write(l->guard, 1);
}

/* Held from here on. */
static __always_inline void **soba_front_top(struct soba_cpu_front __percpu *l)
{
	return raw_cpu_read(l->top);
}

/* The object on top is the caller's. */
static __always_inline void soba_front_pop(struct soba_cpu_front __percpu *l)
{
	raw_cpu_add(*(unsigned long __percpu __force *)&l->top,
		    -sizeof(void *));
	raw_cpu_inc(l->allocs);
}

/* @object comes on top, which was @top; there is room. */
static __always_inline void soba_front_push(struct soba_cpu_front __percpu *l,
					    void **top, void *object)
{
	top[1] = object;
	barrier();
	raw_cpu_add(*(unsigned long __percpu __force *)&l->top, sizeof(void *));
}

#endif /* SOBA_FRONT_H */
