/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kmalloc() family from soba: the calls of linux/slab.h and linux/string.h
 * under the prefix soba_, with the same arguments, flags and return values.
 * A constant size finds its cache at compile time. Link with soba.ko (GPL).
 */
#ifndef SOBA_KMALLOC_H
#define SOBA_KMALLOC_H

#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/stdarg.h>

#include <soba/slab.h>

/*
 * Bytes of the classes, about four to a doubling. The powers of two, 96 and 192
 * are the kernel's; of DMA, DMA32 and reclaimable memory there are only these.
 * All are aligned to the largest power of two that divides them, powers of two so
 * to themselves.
 */
#define SOBA_KMALLOC_CLASSES(X)						      \
	X(8) X(16) X(24) X(32) X(40) X(48) X(64) X(80) X(96) X(112) X(128)    \
	X(160) X(192) X(224) X(256) X(320) X(384) X(448) X(512) X(640)	      \
	X(768) X(896) X(1024) X(1280) X(1536) X(1792) X(2048) X(2560) X(3072) \
	X(3584) X(4096) X(5120) X(6144) X(8192) X(16384)

#define SOBA_KMALLOC_MAX_CACHE	16384UL

enum soba_kmalloc_class {
#define SOBA_KMALLOC_ENUM(size) SOBA_KMALLOC_##size,
	SOBA_KMALLOC_CLASSES(SOBA_KMALLOC_ENUM)
#undef SOBA_KMALLOC_ENUM
	SOBA_NR_KMALLOC_CLASSES
};

/* Which memory: from __GFP_DMA, __GFP_DMA32 and __GFP_RECLAIMABLE. */
enum soba_kmalloc_type {
	SOBA_KMALLOC_NORMAL,
	SOBA_KMALLOC_RECLAIM,
	SOBA_KMALLOC_DMA32,
	SOBA_KMALLOC_DMA,
	SOBA_NR_KMALLOC_TYPES
};

/* What a client allocates from. Later each may have its own: SOBA_HEAP says. */
struct soba_heap {
	struct kmem_cache *kmalloc[SOBA_NR_KMALLOC_TYPES]
				  [SOBA_NR_KMALLOC_CLASSES];
	/* of the normal ones, for what is inlined */
	struct soba_cpu_front __percpu *front[SOBA_NR_KMALLOC_CLASSES];
};

extern struct soba_heap soba_default_heap;

#ifndef SOBA_HEAP
#define SOBA_HEAP (&soba_default_heap)
#endif

void *__soba_kmalloc(struct soba_heap *heap, size_t size, gfp_t flags) __malloc;
void *__soba_kmalloc_node(struct soba_heap *heap, size_t size, gfp_t flags,
			  int node) __malloc;
void *__soba_kmalloc_cache(struct kmem_cache *s, gfp_t flags,
			   size_t size) __malloc;
void *__soba_kmalloc_large(size_t size, gfp_t flags, int node) __malloc;
void *__soba_kmalloc_track_caller(struct soba_heap *heap, size_t size,
				  gfp_t flags, int node,
				  unsigned long caller) __malloc;

void soba_kfree(const void *objp);
void soba_kfree_const(const void *objp);
void soba_kfree_sensitive(const void *objp);
void soba_kfree_bulk(size_t size, void **p);
size_t soba_ksize(const void *objp);
size_t soba_kmalloc_size_roundup(size_t size);
void *soba_krealloc(const void *objp, size_t new_size, gfp_t flags);
void *soba_kmalloc_nolock(size_t size, gfp_t flags, int node);
void soba_kfree_nolock(const void *objp);

/* The class of a size that the compiler knows, 1 to SOBA_KMALLOC_MAX_CACHE. */
static __always_inline unsigned int soba_kmalloc_class(size_t size)
{
#define SOBA_KMALLOC_IF(bytes)		\
	if (size <= (bytes))		\
		return SOBA_KMALLOC_##bytes;
	SOBA_KMALLOC_CLASSES(SOBA_KMALLOC_IF)
#undef SOBA_KMALLOC_IF
	return SOBA_NR_KMALLOC_CLASSES;
}

static __always_inline __alloc_size(1) void *soba_kmalloc(size_t size,
							  gfp_t flags)
{
	unsigned int class;

	if (!__builtin_constant_p(size) || !size)
		return __soba_kmalloc(SOBA_HEAP, size, flags);
	if (size > SOBA_KMALLOC_MAX_CACHE)
		return __soba_kmalloc_large(size, flags, NUMA_NO_NODE);
	class = soba_kmalloc_class(size);
	if (soba_flags_plain(flags)) {
		void *object = soba_magazine_pop(SOBA_HEAP->front[class]);

		if (likely(object))
			return object;
	}
	return __soba_kmalloc_cache(SOBA_HEAP->kmalloc[SOBA_KMALLOC_NORMAL][class],
				    flags, size);
}

static __always_inline __alloc_size(1) void *soba_kzalloc(size_t size,
							  gfp_t flags)
{
	return soba_kmalloc(size, flags | __GFP_ZERO);
}

static __always_inline __alloc_size(1) void *
soba_kmalloc_node(size_t size, gfp_t flags, int node)
{
	return __soba_kmalloc_node(SOBA_HEAP, size, flags, node);
}

static __always_inline __alloc_size(1) void *
soba_kzalloc_node(size_t size, gfp_t flags, int node)
{
	return soba_kmalloc_node(size, flags | __GFP_ZERO, node);
}

static __always_inline __alloc_size(1, 2) void *
soba_kmalloc_array(size_t n, size_t size, gfp_t flags)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return soba_kmalloc(bytes, flags);
}

static __always_inline __alloc_size(1, 2) void *
soba_kcalloc(size_t n, size_t size, gfp_t flags)
{
	return soba_kmalloc_array(n, size, flags | __GFP_ZERO);
}

static inline __alloc_size(1, 2) void *
soba_kmalloc_array_node(size_t n, size_t size, gfp_t flags, int node)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return soba_kmalloc_node(bytes, flags, node);
}

static inline __alloc_size(1, 2) void *
soba_kcalloc_node(size_t n, size_t size, gfp_t flags, int node)
{
	return soba_kmalloc_array_node(n, size, flags | __GFP_ZERO, node);
}

static inline void *soba_krealloc_array(void *p, size_t new_n, size_t new_size,
					gfp_t flags)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(new_n, new_size, &bytes)))
		return NULL;
	return soba_krealloc(p, bytes, flags);
}

#define soba_kmalloc_track_caller(size, flags)				\
	__soba_kmalloc_track_caller(SOBA_HEAP, size, flags,		\
				    NUMA_NO_NODE, _RET_IP_)
#define soba_kmalloc_node_track_caller(size, flags, node)		\
	__soba_kmalloc_track_caller(SOBA_HEAP, size, flags, node, _RET_IP_)

/* string.h: duplicates, freed with soba_kfree() or soba_kfree_const() */
void *soba_kmemdup(const void *src, size_t len, gfp_t gfp);
char *soba_kmemdup_nul(const char *s, size_t len, gfp_t gfp);
char *soba_kstrdup(const char *s, gfp_t gfp);
const char *soba_kstrdup_const(const char *s, gfp_t gfp);
char *soba_kstrndup(const char *s, size_t len, gfp_t gfp);
__printf(2, 3) char *soba_kasprintf(gfp_t gfp, const char *fmt, ...);
__printf(2, 0) char *soba_kvasprintf(gfp_t gfp, const char *fmt, va_list ap);

/* kfree after an RCU grace period; the head is inside the object */
void soba_kvfree_call_rcu(struct rcu_head *head, void *ptr);

#define soba_kfree_rcu(ptr, rhf)					\
do {									\
	typeof(ptr) ___p = (ptr);					\
									\
	if (___p)							\
		soba_kvfree_call_rcu(&___p->rhf, (void *)___p);		\
} while (0)
#define soba_kfree_rcu_mightsleep(ptr)	soba_kvfree_call_rcu(NULL, (void *)(ptr))
#define soba_kvfree_rcu(ptr, rhf)	soba_kfree_rcu(ptr, rhf)
#define soba_kvfree_rcu_mightsleep(ptr)	soba_kfree_rcu_mightsleep(ptr)

#endif /* SOBA_KMALLOC_H */
