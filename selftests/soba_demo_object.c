// SPDX-License-Identifier: GPL-2.0
/*
 * soba_demo_object.c - shows what a client of soba's caches and kmalloc() gets:
 * one line for an allocation, with where it really is. The script guest/demo
 * puts it between explanations.
 *
 * usage: soba_demo_object calls | mistakes
 *        soba_demo_object crowd COMMAND
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "objlib.h"

#define K SOBA_GFP_KERNEL

static int device;

/* Says of a batch of one what came back, writes it full, frees it. */
static void show(const char *what, uint32_t handle)
{
	struct soba_test_object q;
	bool good;

	if (!handle) {
		printf("  %-38s NULL\n", what);
		return;
	}
	q = obj_query(device, handle, 0);
	good = !obj_fill(device, handle, 1) &&
	       obj_check(device, handle, 1) == SOBA_TEST_GOOD;
	printf("  %-38s %7llu  %#18llx %#14llx  %s\n", what,
	       (unsigned long long)q.usable, (unsigned long long)q.virt,
	       (unsigned long long)q.phys, good ? "yes" : "NO");
	obj_free(device, handle);
}

static void kmalloc(const char *what, uint32_t form, uint64_t size,
		    uint64_t count, uint64_t gfp, uint32_t context)
{
	show(what, obj_form(device, form, size, count, gfp, context));
}

static void from_cache(const char *what, uint32_t flags, uint32_t align)
{
	uint32_t c = cache_create(device, "demo", 100, align, flags, 1);

	show(what, obj_cache_alloc(device, c, K, 1));
	cache_destroy(device, c);
}

static void calls(void)
{
	printf("  %-38s %7s  %18s %14s  %s\n", "call", "usable", "address",
	       "physical", "bytes hold?");
	kmalloc("kmalloc(1)", SOBA_OBJ_KMALLOC, 1, 0, K, 0);
	kmalloc("kmalloc(100)", SOBA_OBJ_KMALLOC, 100, 0, K, 0);
	kmalloc("kzalloc(4096)", SOBA_OBJ_KZALLOC, 4096, 0, K, 0);
	kmalloc("kcalloc(10, 30)", SOBA_OBJ_KCALLOC, 30, 10, K, 0);
	kmalloc("kmalloc(200), GFP_DMA", SOBA_OBJ_KMALLOC, 200, 0,
		K | SOBA_GFP_DMA, 0);
	kmalloc("kmalloc(64), GFP_ATOMIC, in a timer", SOBA_OBJ_KMALLOC, 64, 0,
		SOBA_GFP_ATOMIC, SOBA_CTX_SOFTIRQ);
	kmalloc("kmalloc(64), GFP_ATOMIC, in hardirq", SOBA_OBJ_KMALLOC, 64, 0,
		SOBA_GFP_ATOMIC, SOBA_CTX_HARDIRQ);
	kmalloc("kmalloc(100000)", SOBA_OBJ_KMALLOC, 100000, 0, K, 0);
	kmalloc("kmalloc(4 MiB)", SOBA_OBJ_KMALLOC, 4 << 20, 0, K, 0);
	from_cache("a cache of 100 bytes, constructor", 0, 0);
	from_cache("the same, SLAB_HWCACHE_ALIGN", SOBA_SLAB_HWCACHE_ALIGN, 0);
}

static void mistake(const char *what, uint32_t kind, uint32_t form,
		    const char *class)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_FREE_WRONG);
	char line[512], text[64];
	int kmsg = kmsg_open();

	call.wrong = kind;
	call.form = form;
	call.flags = SOBA_TEST_NEW_SITE;
	call.offset = 8;
	if (kind <= SOBA_OBJ_WRONG_INTERIOR)
		call.handle = obj_kmalloc(device, 64, K, 1);
	obj_run(device, &call);
	snprintf(text, sizeof(text), "soba: %s:", class);
	line[0] = '\0';
	kmsg_count(kmsg, text, line, sizeof(line));
	line[strcspn(line, "\n")] = '\0';
	if (strstr(line, ", by "))
		*strstr(line, ", by ") = '\0';
	printf("  %-20s %.90s\n", what, line[0] ? line : "(not reported)");
	close(kmsg);
}

static void mistakes(void)
{
	mistake("freed twice", SOBA_OBJ_WRONG_DOUBLE, KFREE, "double-free");
	mistake("freed in the middle", SOBA_OBJ_WRONG_INTERIOR, KFREE,
		"invalid-free");
	mistake("the host's object", SOBA_OBJ_WRONG_HOST_KMALLOC, KFREE,
		"foreign-free");
}

/* Holds objects of a cache while the command on the rest of the line runs. */
static int crowd(const char *command)
{
	uint32_t c = cache_create(device, "demo_inode", 600, 0,
				  SOBA_SLAB_HWCACHE_ALIGN, 0);
	uint32_t keep = obj_cache_alloc(device, c, K, 3000);
	unsigned int i, cpus = online_cpus();

	for (i = 0; i < 2000; i++) {
		struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);

		call.form = SOBA_OBJ_CACHE;
		call.cache = c;
		call.gfp = K;
		call.nr = 1 + i % 40;
		if (i % 100 == 0)
			call.cpu = i / 100 % cpus;
		if (!obj_run(device, &call))
			obj_free(device, call.handle);
	}
	fflush(stdout);
	i = system(command);
	obj_free(device, keep);
	cache_destroy(device, c);
	return i;
}

int main(int argc, char **argv)
{
	device = device_open();
	if (device < 0) {
		fprintf(stderr, "soba_demo_object: cannot open " DEVICE "\n");
		return 1;
	}
	if (argc == 2 && !strcmp(argv[1], "calls")) {
		calls();
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "mistakes")) {
		mistakes();
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "crowd"))
		return crowd(argv[2]) != 0;
	fprintf(stderr, "usage: soba_demo_object calls|mistakes\n"
			"       soba_demo_object crowd COMMAND\n");
	return 1;
}
