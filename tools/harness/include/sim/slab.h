/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slab.h - harness: the words of linux/slab.h, linux/string.h and linux/uaccess.h
 * that object caches use. The flags' numbers are the harness's own.
 */
#ifndef SIM_SLAB_H
#define SIM_SLAB_H

#include "sim/mm.h"

typedef unsigned int slab_flags_t;
struct kmem_cache;

#define SLAB_CONSISTENCY_CHECKS	((slab_flags_t)0x0001u)
#define SLAB_RED_ZONE		((slab_flags_t)0x0002u)
#define SLAB_POISON		((slab_flags_t)0x0004u)
#define SLAB_STORE_USER		((slab_flags_t)0x0008u)
#define SLAB_HWCACHE_ALIGN	((slab_flags_t)0x0010u)
#define SLAB_CACHE_DMA		((slab_flags_t)0x0020u)
#define SLAB_CACHE_DMA32	((slab_flags_t)0x0040u)
#define SLAB_PANIC		((slab_flags_t)0x0080u)
#define SLAB_TYPESAFE_BY_RCU	((slab_flags_t)0x0100u)
#define SLAB_RECLAIM_ACCOUNT	((slab_flags_t)0x0200u)
#define SLAB_ACCOUNT		((slab_flags_t)0x0400u)
#define SLAB_NO_MERGE		((slab_flags_t)0x0800u)

#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(p)	((unsigned long)(p) <= (unsigned long)ZERO_SIZE_PTR)
#define cache_line_size()	64

/* The first byte from @p on that is not @c, or NULL. */
void *memchr_inv(const void *p, int c, size_t n);
#define memzero_explicit(p, n)	memset(p, 0, n)

#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)
#define struct_size_t(t, m, n)	(sizeof(t) + sizeof(((t *)0)->m[0]) * (n))

u32 get_random_u32(void);

/* Userspace is memory like any other; a NULL one faults. */
unsigned long sim_copy_user(void *to, const void *from, unsigned long n);
#define copy_to_user(to, from, n)	sim_copy_user(to, from, n)
#define copy_from_user(to, from, n)	sim_copy_user(to, from, n)

#endif /* SIM_SLAB_H */
