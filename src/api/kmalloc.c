// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc.c - floor 4: memory by size.
 *
 * A size becomes a class by a table of bytes, a class a cache of the client's
 * heap. Above the largest class a block of the buddy is the object.
 *
 * Locking: none here; see objects.h. The tables are built at load.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/kmalloc.h>

#include "api/kmalloc.h"
#include "api/kmem_cache.h"
#include "api/objects.h"

#include "slab/large.h"
#include "slab/reap.h"

/* Where a client allocates from that names no heap of its own; see SOBA_HEAP. */
struct soba_heap soba_default_heap;
EXPORT_SYMBOL_GPL(soba_default_heap);

/* The class of a size: by 8 bytes up to 1 KiB, by 256 above. */
#define SMALL_MAX 1024UL
static u8 small_class[SMALL_MAX / 8] __ro_after_init;
static u8 large_class[SOBA_KMALLOC_MAX_CACHE / 256] __ro_after_init;

static const unsigned int class_size[] = {
#define SIZE(bytes) bytes,
	SOBA_KMALLOC_CLASSES(SIZE)
#undef SIZE
};

/* Pre: 1 to SOBA_KMALLOC_MAX_CACHE. */
static __always_inline unsigned int class_of(size_t size)
{
	return size <= SMALL_MAX ? small_class[(size - 1) / 8] :
				   large_class[(size - 1) / 256];
}

static __always_inline struct soba_cache *cache_for(struct soba_heap *heap,
						    size_t size)
{
	return soba_cache_private(heap->kmalloc[SOBA_KMALLOC_NORMAL]
					       [class_of(size)]);
}

static enum soba_kmalloc_type type_of(gfp_t gfp)
{
	if (gfp & __GFP_DMA)
		return SOBA_KMALLOC_DMA;
	if (gfp & __GFP_DMA32)
		return SOBA_KMALLOC_DMA32;
	return gfp & __GFP_RECLAIMABLE ? SOBA_KMALLOC_RECLAIM :
					 SOBA_KMALLOC_NORMAL;
}

struct soba_cache *soba_kmalloc_retype(struct soba_cache *c, gfp_t gfp)
{
	return soba_cache_private(soba_default_heap.kmalloc[type_of(gfp)]
							   [c->kmalloc_class]);
}

struct soba_cache *soba_kmalloc_find(struct soba_heap *heap, size_t size)
{
	return size <= SOBA_KMALLOC_MAX_CACHE ? cache_for(heap, size) : NULL;
}

/* Whole blocks. */
static void *alloc_large(size_t size, gfp_t gfp, int nid, unsigned long caller)
{
	unsigned int order = get_order(size);
	struct soba_req req;
	void *p = NULL;

	gfp &= ~__GFP_HIGHMEM;
	soba_gfp_decode(&req, gfp, order, nid, caller);
	if (order <= SOBA_MAX_ORDER)
		p = soba_large_alloc(&req, NULL);
	if (!p)
		soba_gfp_failed(&req);
	soba_trace_kmalloc(p, size, p ? PAGE_SIZE << order : 0, gfp, nid,
			   caller);
	return p;
}

/* Nothing, or more than the classes have. */
static noinline void *alloc_odd(size_t size, gfp_t gfp, int nid,
				unsigned long caller)
{
	if (!size)
		return ZERO_SIZE_PTR;
	return alloc_large(size, gfp, nid, caller);
}

static __always_inline void *alloc_sized(struct soba_heap *heap, size_t size,
					 gfp_t gfp)
{
	/* 0 wraps around. */
	if (unlikely(size - 1 >= SOBA_KMALLOC_MAX_CACHE))
		return alloc_odd(size, gfp, NUMA_NO_NODE, _RET_IP_);
	return soba_object_get(cache_for(heap, size), gfp, size);
}

/**
 * __soba_kmalloc() - soba_kmalloc() of a size that the compiler does not know
 * @heap: where from
 * @size: bytes
 * @flags: GFP flags
 *
 * Context: any but NMI; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: memory aligned to 8 bytes, or to its size if that is a power of two;
 * ZERO_SIZE_PTR for 0 bytes; or NULL.
 */
void *__soba_kmalloc(struct soba_heap *heap, size_t size, gfp_t flags)
{
	return alloc_sized(heap, size, flags);
}
EXPORT_SYMBOL_GPL(__soba_kmalloc);

/**
 * __soba_kmalloc_cache() - soba_kmalloc() of a size that the compiler knows
 * @s: the cache of its class
 * @flags: GFP flags
 * @size: bytes that the caller asked for
 *
 * Context: as __soba_kmalloc().
 * Return: memory, or NULL.
 */
void *__soba_kmalloc_cache(struct kmem_cache *s, gfp_t flags, size_t size)
{
	return soba_object_get(soba_cache_private(s), flags, size);
}
EXPORT_SYMBOL_GPL(__soba_kmalloc_cache);

/**
 * __soba_kmalloc_large() - soba_kmalloc() above the largest class
 * @size: bytes, up to the host's largest block
 * @flags: GFP flags
 * @node: node, or NUMA_NO_NODE
 *
 * Context: as __soba_kmalloc().
 * Return: memory aligned to its rounded size.
 */
void *__soba_kmalloc_large(size_t size, gfp_t flags, int node)
{
	return alloc_large(size, flags, node, _RET_IP_);
}
EXPORT_SYMBOL_GPL(__soba_kmalloc_large);

static void *alloc_node(struct soba_heap *heap, size_t size, gfp_t gfp,
			int nid, unsigned long caller)
{
	if (size - 1 >= SOBA_KMALLOC_MAX_CACHE)
		return alloc_odd(size, gfp, nid, caller);
	/* The node that the magazines are of anyway. */
	if (nid == numa_mem_id() && !(gfp & __GFP_THISNODE))
		nid = NUMA_NO_NODE;
	return soba_object_node(cache_for(heap, size), gfp, size, caller, nid);
}

/**
 * __soba_kmalloc_node() - soba_kmalloc() near a node
 * @heap: where from
 * @size: bytes
 * @flags: GFP flags
 * @node: node, or NUMA_NO_NODE; with __GFP_THISNODE no other
 *
 * Context: as __soba_kmalloc().
 * Return: as __soba_kmalloc().
 */
void *__soba_kmalloc_node(struct soba_heap *heap, size_t size, gfp_t flags,
			  int node)
{
	return alloc_node(heap, size, flags, node, _RET_IP_);
}
EXPORT_SYMBOL_GPL(__soba_kmalloc_node);

/**
 * __soba_kmalloc_track_caller() - soba_kmalloc() on behalf of somebody
 * @heap: where from
 * @size: bytes
 * @flags: GFP flags
 * @node: node, or NUMA_NO_NODE
 * @caller: who is to be named in statistics and reports
 *
 * Context: as __soba_kmalloc().
 * Return: as __soba_kmalloc().
 */
void *__soba_kmalloc_track_caller(struct soba_heap *heap, size_t size,
				  gfp_t flags, int node, unsigned long caller)
{
	return alloc_node(heap, size, flags, node, caller);
}
EXPORT_SYMBOL_GPL(__soba_kmalloc_track_caller);

/**
 * soba_kmalloc_size_roundup() - what a size is rounded up to
 * @size: bytes
 *
 * Context: any.
 * Return: usable bytes that soba_kmalloc() of @size would give; 0 for 0, and
 * @size itself when it is more than can be had.
 */
size_t soba_kmalloc_size_roundup(size_t size)
{
	if (!size)
		return 0;
	if (size <= SOBA_KMALLOC_MAX_CACHE)
		return class_size[class_of(size)];
	if (size > PAGE_SIZE << SOBA_MAX_ORDER)
		return size;
	return PAGE_SIZE << get_order(size);
}
EXPORT_SYMBOL_GPL(soba_kmalloc_size_roundup);

static const struct {
	const char *prefix;
	slab_flags_t flags;
	u8 class;
} kmalloc_types[] = {
	[SOBA_KMALLOC_NORMAL]	= { "kmalloc", 0, SOBA_CLASS_NORMAL },
	[SOBA_KMALLOC_RECLAIM]	= { "kmalloc-rcl", SLAB_RECLAIM_ACCOUNT,
				    SOBA_CLASS_NORMAL },
	[SOBA_KMALLOC_DMA32]	= { "dma32-kmalloc", SLAB_CACHE_DMA32,
				    SOBA_CLASS_DMA32 },
	[SOBA_KMALLOC_DMA]	= { "dma-kmalloc", SLAB_CACHE_DMA,
				    SOBA_CLASS_DMA },
};

/* The kernel's own classes are enough for the types that are rarely asked for. */
static bool has_cache(unsigned int type, unsigned int class)
{
	unsigned int size = class_size[class];

	return type == SOBA_KMALLOC_NORMAL || is_power_of_2(size) ||
	       size == 96 || size == 192;
}

static struct soba_cache *make_class(unsigned int type, unsigned int class)
{
	unsigned int size = class_size[class];
	char name[SOBA_CACHE_NAME_LEN];
	struct soba_cache_spec spec = {
		.name = name,
		.size = size,
		/* As the kernel since 6.12: the largest power of two in it. */
		.align = size & -size,
		.flags = kmalloc_types[type].flags,
		.own_flags = SOBA_CACHE_KMALLOC,
		.class = max_t(u8, kmalloc_types[type].class,
			       soba_port_lowest_class()),
		.kmalloc_class = class,
		.usersize = size,
	};

	if (size % 1024 == 0)
		snprintf(name, sizeof(name), "%s-%uk",
			 kmalloc_types[type].prefix, size / 1024);
	else
		snprintf(name, sizeof(name), "%s-%u",
			 kmalloc_types[type].prefix, size);
	return soba_cache_new(&spec);
}

static void build_tables(void)
{
	unsigned int class, i = 0, k = 0;

	for (class = 0; class < SOBA_NR_KMALLOC_CLASSES; class++) {
		while (i < SMALL_MAX / 8 && (i + 1) * 8 <= class_size[class])
			small_class[i++] = class;
		while (k < ARRAY_SIZE(large_class) &&
		       (k + 1) * 256 <= class_size[class])
			large_class[k++] = class;
	}
}

/* From the largest down: a class without a cache uses the next larger one's. */
static int make_type(unsigned int type)
{
	struct kmem_cache **row = soba_default_heap.kmalloc[type];
	unsigned int class;

	for (class = SOBA_NR_KMALLOC_CLASSES; class--;) {
		struct soba_cache *c;

		if (!has_cache(type, class)) {
			row[class] = row[class + 1];
			continue;
		}
		c = make_class(type, class);
		if (IS_ERR(c))
			return PTR_ERR(c);
		row[class] = soba_cache_public(c);
		if (type == SOBA_KMALLOC_NORMAL)
			soba_default_heap.front[class] = soba_front(c);
	}
	return 0;
}

int soba_kmalloc_init(void)
{
	unsigned int type;
	int err;

	build_tables();
	soba_obj_free_init();
	for (type = 0; type < SOBA_NR_KMALLOC_TYPES; type++) {
		err = make_type(type);
		if (err) {
			soba_kmalloc_exit();
			return err;
		}
	}
	return 0;
}

/* Live objects of the classes are told of by the leak report. */
void soba_kmalloc_exit(void)
{
	unsigned int type, class;

	for (type = 0; type < SOBA_NR_KMALLOC_TYPES; type++) {
		for (class = 0; class < SOBA_NR_KMALLOC_CLASSES; class++) {
			struct kmem_cache **s =
				&soba_default_heap.kmalloc[type][class];

			if (*s && has_cache(type, class))
				soba_cache_end(soba_cache_private(*s));
			*s = NULL;
		}
	}
}
