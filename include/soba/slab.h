/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Object caches from soba: the kmem_cache calls of linux/slab.h under the prefix
 * soba_, with the same arguments, flags and return values. Link with soba.ko (GPL).
 */
#ifndef SOBA_SLAB_H
#define SOBA_SLAB_H

#include <linux/slab.h>

#include <soba/inline.h>

/* Kernels before 6.5 have no such flag; soba never merges caches. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE ((slab_flags_t)0)
#endif

/**
 * struct soba_kmem_cache_args - what most caches leave at zero
 * @align: bytes, a power of two; 0 for the natural one
 * @useroffset: first byte of the part that may be copied to and from userspace
 * @usersize: bytes of it
 * @freeptr_offset: accepted and not needed: soba links nothing inside objects
 * @use_freeptr_offset: likewise
 * @ctor: run once for each object when its slab is made, not at allocation
 */
struct soba_kmem_cache_args {
	unsigned int align;
	unsigned int useroffset;
	unsigned int usersize;
	unsigned int freeptr_offset;
	bool use_freeptr_offset;
	void (*ctor)(void *object);
};

struct kmem_cache *
soba_kmem_cache_create(const char *name, unsigned int size, unsigned int align,
		       slab_flags_t flags, void (*ctor)(void *object));
struct kmem_cache *
soba_kmem_cache_create_usercopy(const char *name, unsigned int size,
				unsigned int align, slab_flags_t flags,
				unsigned int useroffset, unsigned int usersize,
				void (*ctor)(void *object));
struct kmem_cache *
soba_kmem_cache_create_args(const char *name, unsigned int size,
			    struct soba_kmem_cache_args *args,
			    slab_flags_t flags);
void soba_kmem_cache_destroy(struct kmem_cache *s);
int soba_kmem_cache_shrink(struct kmem_cache *s);
unsigned int soba_kmem_cache_size(struct kmem_cache *s);
const char *soba_kmem_cache_name(struct kmem_cache *s);

void *soba_kmem_cache_alloc(struct kmem_cache *s, gfp_t flags) __malloc;
void *soba_kmem_cache_alloc_node(struct kmem_cache *s, gfp_t flags,
				 int node) __malloc;
void soba_kmem_cache_free(struct kmem_cache *s, void *objp);
int soba_kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t flags, size_t size,
			       void **p);
void soba_kmem_cache_free_bulk(struct kmem_cache *s, size_t size, void **p);

static __always_inline void *soba_kmem_cache_alloc_inline(struct kmem_cache *s,
							  gfp_t flags)
{
	if (soba_flags_plain(flags)) {
		void *object = soba_magazine_pop(((struct soba_cache_front *)s)->cpu);

		if (likely(object))
			return object;
	}
	return soba_kmem_cache_alloc(s, flags);
}

/* The function is there too, for who takes its address. */
#define soba_kmem_cache_alloc(s, flags) soba_kmem_cache_alloc_inline(s, flags)

static inline void *soba_kmem_cache_zalloc(struct kmem_cache *s, gfp_t flags)
{
	return soba_kmem_cache_alloc(s, flags | __GFP_ZERO);
}

/* As in recent kernels: the third argument is an alignment or the args. */
#define soba_third_is_args(third)					      \
	(__same_type((third), struct soba_kmem_cache_args *) ||		      \
	 __same_type((third), void *))

#define soba_kmem_cache_create(name, size, third, ...)			      \
	__builtin_choose_expr(soba_third_is_args(third),		      \
			      soba_kmem_cache_create_args,		      \
			      soba_kmem_cache_create)(name, size, third,      \
						      __VA_ARGS__)

#define soba_KMEM_CACHE(__struct, __flags)				      \
	soba_kmem_cache_create(#__struct, sizeof(struct __struct),	      \
			       __alignof__(struct __struct), (__flags), NULL)

#define soba_KMEM_CACHE_USERCOPY(__struct, __flags, __field)		      \
	soba_kmem_cache_create_usercopy(#__struct, sizeof(struct __struct),   \
			__alignof__(struct __struct), (__flags),	      \
			offsetof(struct __struct, __field),		      \
			sizeof_field(struct __struct, __field), NULL)

/**
 * soba_copy_to_user() - copy_to_user() that knows soba's objects
 * @to: userspace
 * @from: kernel memory
 * @n: bytes
 *
 * When @from lies in an object of a soba cache the bytes must lie inside the
 * usercopy window of that cache.
 *
 * Return: bytes that were not copied; @n after a report when the range is not
 * allowed.
 */
unsigned long soba_copy_to_user(void __user *to, const void *from,
				unsigned long n);
unsigned long soba_copy_from_user(void *to, const void __user *from,
				  unsigned long n);

#endif /* SOBA_SLAB_H */
