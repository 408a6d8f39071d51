// SPDX-License-Identifier: GPL-2.0
/*
 * bench_mem.c - how much memory many objects take: 500,000 of 8 to 2048 bytes,
 * the same sizes for the host and for soba.
 *
 * Driven through the parameter "mem", by tools/bench/guest_mem, which reads the
 * host's and soba's own figures between the steps:
 *
 *	log		sizes log-uniform
 *	even		as many of each doubling, evenly spread within it
 *	WHO fill	allocate all, WHO is host or soba
 *	WHO half	free about half, chosen at random but always the same
 *	WHO rest	free the others
 *
 * Reading it gives the bytes that are live. Locking: the module parameters' own.
 */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <soba/soba.h>

#include "bench.h"

#define NR_OBJECTS	500000
#define SEED		20240607U

static void **objects;
static unsigned long live;
static bool even;

/* Numbers that look random, by index. */
static u32 mix(u32 x)
{
	x = (x ^ SEED) * 0x9e3779b1U;
	x = (x ^ (x >> 15)) * 0x85ebca77U;
	x = (x ^ (x >> 13)) * 0xc2b2ae3dU;
	return x ^ (x >> 16);
}

/* 2^(-bit) of a doubling, in 1/2^31: 2^(1/2), 2^(1/4), ... 2^(1/256) */
static const u32 root[] = {
	3037000500U, 2553802834U, 2341847524U, 2242560872U,
	2194507417U, 2170868212U, 2159144272U, 2153306067U,
};

/* The size of an object: 8 * 2^(8 * u), u evenly spread over 0 to 1. */
static size_t size_of(u32 index)
{
	u32 u = mix(2 * index);
	u64 size = 8ULL << (u >> 29);
	unsigned int bit;

	if (even)
		return size + (u >> 8) % size;
	size <<= 16;
	for (bit = 0; bit < ARRAY_SIZE(root); bit++)
		if (u & (1U << (28 - bit)))
			size = size * root[bit] >> 31;
	return size >> 16;
}

static bool in_half(u32 index)
{
	return mix(2 * index + 1) & 1;
}

static void release(bool soba, bool all)
{
	u32 i;

	for (i = 0; i < NR_OBJECTS; i++) {
		if (!objects[i] || !(all || in_half(i)))
			continue;
		if (soba)
			soba_kfree(objects[i]);
		else
			kfree(objects[i]);
		objects[i] = NULL;
		live -= size_of(i);
		if (i % 1024 == 0)
			cond_resched();
	}
}

static int fill(bool soba)
{
	u32 i;

	for (i = 0; i < NR_OBJECTS; i++) {
		size_t size = size_of(i);

		objects[i] = soba ? soba_kmalloc(size, GFP_KERNEL) :
				    kmalloc(size, GFP_KERNEL);
		if (!objects[i]) {
			release(soba, true);
			return -ENOMEM;
		}
		live += size;
		if (i % 1024 == 0)
			cond_resched();
	}
	return 0;
}

static int prepare(bool spread)
{
	if (live)
		return -EBUSY;
	even = spread;
	if (!objects)
		objects = vzalloc(array_size(NR_OBJECTS, sizeof(*objects)));
	return objects ? 0 : -ENOMEM;
}

static int mem_set(const char *val, const struct kernel_param *kp)
{
	bool soba = !strncmp(val, "soba ", 5);

	if (sysfs_streq(val, "log") || sysfs_streq(val, "even"))
		return prepare(*val == 'e');
	if (!objects || (!soba && strncmp(val, "host ", 5)))
		return -EINVAL;
	if (sysfs_streq(val + 5, "fill"))
		return live ? -EBUSY : fill(soba);
	if (sysfs_streq(val + 5, "half"))
		release(soba, false);
	else if (sysfs_streq(val + 5, "rest"))
		release(soba, true);
	else
		return -EINVAL;
	return 0;
}

static int mem_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%lu\n", live);
}

static const struct kernel_param_ops mem_ops = {
	.set = mem_set,
	.get = mem_get,
};
module_param_cb(mem, &mem_ops, NULL, 0600);
MODULE_PARM_DESC(mem, "step of the memory benchmark");

void bench_mem_exit(void)
{
	vfree(objects);
}
