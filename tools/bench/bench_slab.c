// SPDX-License-Identifier: GPL-2.0
/*
 * bench_slab.c - the rows of object caches and of kmalloc(), with GFP_ATOMIC and
 * interrupts off, and with GFP_KERNEL and interrupts on. No lock: one context.
 *
 * Each row is one macro that is expanded for the host, whose calls have no prefix,
 * and for soba.
 */
#include <linux/slab.h>

#include <soba/soba.h>

#include "bench.h"

static struct kmem_cache *host_cache, *soba_cache;

/* Known at run time only. */
static size_t size_100 = 100;
static u16 sizes[64];

#define CACHE_PAIR(who, prefix, gfp) ({					\
	void *o_ = prefix##kmem_cache_alloc(who##_cache, gfp);		\
									\
	barrier();							\
	prefix##kmem_cache_free(who##_cache, o_);			\
})

#define ZALLOC_PAIR(who, prefix, gfp) ({				\
	void *o_ = prefix##kmem_cache_zalloc(who##_cache, gfp);		\
									\
	barrier();							\
	prefix##kmem_cache_free(who##_cache, o_);			\
})

#define KMALLOC_PAIR(who, prefix, gfp, size) ({				\
	void *o_ = prefix##kmalloc(size, gfp);				\
									\
	barrier();							\
	prefix##kfree(o_);						\
})

/* @n objects taken, then all given back, in the order they were taken. */
#define CACHE_BATCH(who, prefix, gfp, n) ({				\
	void **objs_ = bench_objs;					\
	unsigned int k_;						\
									\
	for (k_ = 0; k_ < (n); k_++)					\
		objs_[k_] = prefix##kmem_cache_alloc(who##_cache, gfp);	\
	for (k_ = 0; k_ < (n); k_++)					\
		prefix##kmem_cache_free(who##_cache, objs_[k_]);	\
})

#define KMALLOC_BATCH(who, prefix, gfp, size, n) ({			\
	void **objs_ = bench_objs;					\
	unsigned int k_;						\
									\
	for (k_ = 0; k_ < (n); k_++)					\
		objs_[k_] = prefix##kmalloc(size, gfp);			\
	for (k_ = 0; k_ < (n); k_++)					\
		prefix##kfree(objs_[k_]);				\
})

#define CACHE_BULK(who, prefix, gfp, n) ({				\
	prefix##kmem_cache_alloc_bulk(who##_cache, gfp, n, bench_objs);	\
	prefix##kmem_cache_free_bulk(who##_cache, n, bench_objs);	\
})

/* One row, host and soba; @kind is ATOMIC or KERNEL. */
#define ROW(name, kind, irqs_off, loops, ops, body, ...) do {		\
	BENCH(name ", GFP_" #kind, "host", irqs_off, loops, ops,	\
	      body(host, /**/, GFP_##kind, ##__VA_ARGS__));			\
	BENCH(name ", GFP_" #kind, "soba", irqs_off, loops, ops,	\
	      body(soba, soba_, GFP_##kind, ##__VA_ARGS__));		\
} while (0)

#define CACHE_ROWS(kind, irqs_off) do {					\
	ROW("kmem_cache 256 pair", kind, irqs_off, 1000, 1, CACHE_PAIR); \
	ROW("kmem_cache 256 zalloc pair", kind, irqs_off, 1000, 1,	\
	    ZALLOC_PAIR);						\
	ROW("kmem_cache 256 batch 16, each", kind, irqs_off, 40, 16,	\
	    CACHE_BATCH, 16);						\
	ROW("kmem_cache 256 batch 128, each", kind, irqs_off, 20, 128,	\
	    CACHE_BATCH, 128);						\
	ROW("kmem_cache 256 batch 1024, each", kind, irqs_off, 5, 1024,	\
	    CACHE_BATCH, 1024);						\
} while (0)

#define BULK_ROWS(kind) do {						\
	ROW("kmem_cache 256 bulk x16, each", kind, 0, 40, 16,		\
	    CACHE_BULK, 16);						\
	ROW("kmem_cache 256 bulk x128, each", kind, 0, 20, 128,		\
	    CACHE_BULK, 128);						\
	ROW("kmem_cache 256 bulk x1024, each", kind, 0, 5, 1024,	\
	    CACHE_BULK, 1024);						\
} while (0)

#define KMALLOC_ROW(size, kind, irqs_off)				\
	ROW("kmalloc " #size " + kfree", kind, irqs_off, 1000, 1,	\
	    KMALLOC_PAIR, size)

#define KMALLOC_ROWS(kind, irqs_off) do {				\
	KMALLOC_ROW(8, kind, irqs_off);					\
	KMALLOC_ROW(64, kind, irqs_off);				\
	KMALLOC_ROW(96, kind, irqs_off);				\
	KMALLOC_ROW(256, kind, irqs_off);				\
	KMALLOC_ROW(1024, kind, irqs_off);				\
	KMALLOC_ROW(4096, kind, irqs_off);				\
	KMALLOC_ROW(8192, kind, irqs_off);				\
	KMALLOC_ROW(16384, kind, irqs_off);				\
	ROW("kmalloc variable (100) + kfree", kind, irqs_off, 1000, 1,	\
	    KMALLOC_PAIR, READ_ONCE(size_100));				\
	ROW("kmalloc variable (64 sizes) + kfree", kind, irqs_off, 1024, \
	    1, KMALLOC_PAIR, READ_ONCE(sizes[i_ % 64]));		\
	ROW("kmalloc 64 batch 128, each", kind, irqs_off, 20, 128,	\
	    KMALLOC_BATCH, 64, 128);					\
	ROW("kmalloc 64 batch 1024, each", kind, irqs_off, 5, 1024,	\
	    KMALLOC_BATCH, 64, 1024);					\
} while (0)

static bench_hot void cache_rows_atomic(void)
{
	CACHE_ROWS(ATOMIC, 1);
}

static bench_hot void cache_rows_kernel(void)
{
	CACHE_ROWS(KERNEL, 0);
}

/* The host's wants interrupts on. */
static bench_hot void bulk_rows(void)
{
	BULK_ROWS(ATOMIC);
	BULK_ROWS(KERNEL);
}

static bench_hot void kmalloc_rows_atomic(void)
{
	KMALLOC_ROWS(ATOMIC, 1);
}

static bench_hot void kmalloc_rows_kernel(void)
{
	KMALLOC_ROWS(KERNEL, 0);
}

/* 8 to 2048 bytes, as many of each doubling. */
static void fill_sizes(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		sizes[i] = (8 << (i % 8)) + (i / 8) * (1 << (i % 8));
}

static void run(void)
{
	fill_sizes();
	host_cache = kmem_cache_create("bench_host", 256, 0, SLAB_NO_MERGE,
				       NULL);
	soba_cache = soba_kmem_cache_create("bench_soba", 256, 0, SLAB_NO_MERGE,
					    NULL);
	if (host_cache && soba_cache) {
		cache_rows_atomic();
		cache_rows_kernel();
		bulk_rows();
		kmalloc_rows_atomic();
		kmalloc_rows_kernel();
	}
}

static void end(void)
{
	soba_kmem_cache_destroy(soba_cache);
	kmem_cache_destroy(host_cache);
}

/* Promised is what was measured so: with GFP_ATOMIC and interrupts off. */
#define BOUND(name, most, hope, ...)					\
	{ name ", GFP_ATOMIC", most, hope, ##__VA_ARGS__ }

static const struct bench_bound bounds[] = {
	BOUND("kmem_cache 256 pair", 65, 45, .inits = 256),
	BOUND("kmem_cache 256 batch 16, each", 100, 60, .inits = 256),
	BOUND("kmem_cache 256 batch 128, each", 100, 60, .inits = 256),
	BOUND("kmem_cache 256 batch 1024, each", 100, 60, .inits = 256),
	BOUND("kmem_cache 256 bulk x16, each", 25, 8, .inits = 256),
	BOUND("kmem_cache 256 bulk x128, each", 15, 4, .inits = 256),
	BOUND("kmem_cache 256 bulk x1024, each", 60, 20, .inits = 256),
	BOUND("kmalloc 8 + kfree", 75, 50, .inits = 8),
	BOUND("kmalloc 64 + kfree", 75, 50, .inits = 64),
	BOUND("kmalloc 96 + kfree", 75, 50, .inits = 96),
	BOUND("kmalloc 256 + kfree", 75, 50, .inits = 256),
	BOUND("kmalloc 1024 + kfree", 75, 50, .inits = 1024),
	BOUND("kmalloc 4096 + kfree", 75, 50, .inits = 4096),
	BOUND("kmalloc 8192 + kfree", 75, 50, .inits = 8192),
	BOUND("kmalloc 16384 + kfree", 220, 80, .inits = 16384),
	BOUND("kmalloc variable (100) + kfree", 85, 60, .inits = 112),
	BOUND("kmalloc variable (64 sizes) + kfree", 85, 60, .inits = 384),
	BOUND("kmalloc 64 batch 128, each", 100, 70, .inits = 64),
	BOUND("kmalloc 64 batch 1024, each", 100, 70, .inits = 64),
};

static const char *const fast[] = {
	"soba_kmem_cache_alloc", "soba_kmem_cache_free",
	"__soba_kmalloc_cache", "__soba_kmalloc", "soba_kfree",
	NULL
};

const struct bench_group bench_slab = {
	.run = run,
	.end = end,
	.bounds = bounds,
	.nr_bounds = ARRAY_SIZE(bounds),
	.counted = true,
	.fast = fast,
};
