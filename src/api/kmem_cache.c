// SPDX-License-Identifier: GPL-2.0
/*
 * kmem_cache.c - floor 4: caches of objects: made, used, ended.
 *
 * A struct kmem_cache of soba's calls is a struct soba_cache; clients never look
 * inside. Locking: none here.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/slab.h>

#include "api/kmem_cache.h"
#include "api/objects.h"
#include "slab/debug.h"
#include "slab/node.h"
#include "slab/rcu.h"
#include "slab/reap.h"
#include "base/report.h"

#undef soba_kmem_cache_create

/* The kernel's bound: log2 of the bytes of the largest object. */
#define MAX_OBJECT (PAGE_SIZE << SOBA_MAX_ORDER)

static const char *bad_spec(const struct soba_cache_spec *spec)
{
	if (!spec->name || !spec->name[0])
		return "a cache needs a name";
	if (spec->size > MAX_OBJECT || !spec->size)
		return "the size must be from 1 to the largest block's";
	if (spec->align && !is_power_of_2(spec->align))
		return "the alignment must be a power of two";
	if (spec->align > MAX_OBJECT)
		return "the alignment must not be above the largest block";
	if (spec->usersize > spec->size ||
	    spec->useroffset > spec->size - spec->usersize)
		return "the usercopy window must lie inside the object";
	if ((spec->flags & SLAB_CACHE_DMA) && (spec->flags & SLAB_CACHE_DMA32))
		return "SLAB_CACHE_DMA and SLAB_CACHE_DMA32 exclude each other";
	return NULL;
}

static u8 class_of(slab_flags_t flags)
{
	u8 class = SOBA_CLASS_NORMAL;

	if (flags & SLAB_CACHE_DMA)
		class = SOBA_CLASS_DMA;
	else if (flags & SLAB_CACHE_DMA32)
		class = SOBA_CLASS_DMA32;
	return max_t(u8, class, soba_port_lowest_class());
}

static struct kmem_cache *create(struct soba_cache_spec *spec,
				 unsigned long caller)
{
	const char *rule = bad_spec(spec);
	struct soba_cache *c = NULL;

	if (rule) {
		soba_report(SOBA_R_BAD_PARAMETER, caller,
			    "cache %s, size %u, align %u: %s",
			    spec->name ?: "(null)", spec->size, spec->align,
			    rule);
	} else {
		spec->class = class_of(spec->flags);
		c = soba_cache_new(spec);
	}
	if (!IS_ERR_OR_NULL(c))
		return soba_cache_public(c);
	/* The kernel panics here; a module has no right to. */
	if (spec->flags & SLAB_PANIC)
		pr_emerg("soba: cache %s, created with SLAB_PANIC, cannot be had\n",
			 spec->name ?: "(null)");
	return NULL;
}

/**
 * soba_kmem_cache_create() - make a cache of equal objects
 * @name: for the statistics; may repeat
 * @size: bytes of an object, 1 to the host's largest block
 * @align: bytes, a power of two up to a page; 0 for that of a pointer
 * @flags: SLAB_ flags with the kernel's meaning; caches are never merged
 * @ctor: run once for each object when its slab is made, or NULL
 *
 * Context: process, may sleep.
 * Return: the cache; NULL after a report for bad arguments, or without memory.
 */
struct kmem_cache *
soba_kmem_cache_create(const char *name, unsigned int size, unsigned int align,
		       slab_flags_t flags, void (*ctor)(void *object))
{
	struct soba_cache_spec spec = {
		.name = name,
		.size = size,
		.align = align,
		.flags = flags,
		.ctor = ctor,
	};

	return create(&spec, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_create);

/**
 * soba_kmem_cache_create_usercopy() - make a cache with a window for userspace
 * @name: for the statistics
 * @size: bytes of an object
 * @align: bytes, a power of two; 0 for that of a pointer
 * @flags: SLAB_ flags
 * @useroffset: first byte of an object that soba_copy_to_user() may touch
 * @usersize: bytes of the window
 * @ctor: constructor, or NULL
 *
 * Context: process, may sleep.
 * Return: the cache, or NULL.
 */
struct kmem_cache *
soba_kmem_cache_create_usercopy(const char *name, unsigned int size,
				unsigned int align, slab_flags_t flags,
				unsigned int useroffset, unsigned int usersize,
				void (*ctor)(void *object))
{
	struct soba_cache_spec spec = {
		.name = name,
		.size = size,
		.align = align,
		.flags = flags,
		.useroffset = useroffset,
		.usersize = usersize,
		.ctor = ctor,
	};

	return create(&spec, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_create_usercopy);

/**
 * soba_kmem_cache_create_args() - make a cache, the way of recent kernels
 * @name: for the statistics
 * @size: bytes of an object
 * @args: everything else, or NULL for none of it; not needed after the call
 * @flags: SLAB_ flags
 *
 * Also reached by soba_kmem_cache_create() with args as its third argument.
 *
 * Context: process, may sleep.
 * Return: the cache, or NULL.
 */
struct kmem_cache *
soba_kmem_cache_create_args(const char *name, unsigned int size,
			    struct soba_kmem_cache_args *args,
			    slab_flags_t flags)
{
	struct soba_cache_spec spec = {
		.name = name,
		.size = size,
		.flags = flags,
	};

	if (args) {
		spec.align = args->align;
		spec.useroffset = args->useroffset;
		spec.usersize = args->usersize;
		spec.ctor = args->ctor;
	}
	return create(&spec, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_create_args);

/* Who allocated them, as far as SLAB_STORE_USER has kept it. */
#define NAMED_OBJECTS 8

static void name_some(struct soba_cache *c)
{
	void *objects[NAMED_OBJECTS];
	unsigned int i, nr;

	if (!c->track_offset)
		return;
	nr = soba_cache_live_some(c, NAMED_OBJECTS, objects);
	for (i = 0; i < nr; i++)
		soba_debug_history(c, objects[i]);
}

/**
 * soba_kmem_cache_destroy() - end a cache
 * @s: the cache, or NULL
 *
 * With live objects there is a report; the cache then stays for those who still
 * free into it, in the statistics too, and its memory is kept.
 *
 * Context: process, may sleep.
 */
void soba_kmem_cache_destroy(struct kmem_cache *s)
{
	struct soba_cache *c = soba_cache_private(s);
	char name[SOBA_CACHE_NAME_LEN];
	unsigned long live, age;

	if (!s)
		return;
	if (unlikely(c->buried)) {
		soba_report(SOBA_R_DOUBLE_FREE, _RET_IP_,
			    "cache %s is destroyed already", c->name);
		return;
	}
	strscpy(name, c->name, sizeof(name));
	age = (jiffies - c->born) / HZ;
	soba_rcu_free_barrier();
	live = soba_cache_end(c);
	if (!live)
		return;
	if (soba_report_often(SOBA_R_LIVE_OBJECTS, _RET_IP_,
			      "cache %s, size %u, is destroyed with %lu live objects, age %lu s; their memory is kept",
			      name, c->object_size, live, age))
		name_some(c);
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_destroy);

/**
 * soba_kmem_cache_shrink() - give back what a cache keeps for speed
 * @s: the cache
 *
 * Context: process, may sleep.
 * Return: 0 when no slab is left, else 1.
 */
int soba_kmem_cache_shrink(struct kmem_cache *s)
{
	struct soba_cache *c = soba_cache_private(s);
	struct soba_cache_stat stat;

	soba_cache_shrink(c);
	soba_cache_stat(c, NUMA_NO_NODE, &stat);
	return stat.nr_slabs != 0;
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_shrink);

/**
 * soba_kmem_cache_size() - bytes of an object
 * @s: the cache
 *
 * Context: any.
 * Return: the size it was created with, in bytes.
 */
unsigned int soba_kmem_cache_size(struct kmem_cache *s)
{
	return soba_cache_private(s)->object_size;
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_size);

/**
 * soba_kmem_cache_name() - what a cache is called
 * @s: the cache
 *
 * Context: any.
 * Return: its name, at most 63 characters of it.
 */
const char *soba_kmem_cache_name(struct kmem_cache *s)
{
	return soba_cache_private(s)->name;
}
EXPORT_SYMBOL_GPL(soba_kmem_cache_name);
