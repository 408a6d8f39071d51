// SPDX-License-Identifier: GPL-2.0
/*
 * kapi.c - harness: strings, krealloc() and its kin, mempools and copies to
 * userspace, one law a test.
 */
#include "tests/test.h"

#include "api/kmem_cache.h"
#include "base/report.h"

#include <soba/kmalloc.h>
#include <soba/mempool.h>

extern const char *sim_image, *sim_constants;
extern size_t sim_image_size, sim_constants_size;

static void kapi_strings(void)
{
	static const char raw[4] = { 'a', 'b', 'c', 'd' };
	char *p;

	soba_up();
	p = soba_kmemdup(raw, 4, GFP_KERNEL);
	CHECK(p && !memcmp(p, raw, 4));
	soba_kfree(p);
	CHECK(soba_kmemdup(raw, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
	p = soba_kmemdup_nul(raw, 4, GFP_KERNEL);
	CHECK(!strcmp(p, "abcd"));
	soba_kfree(p);
	CHECK(!soba_kmemdup_nul(NULL, 4, GFP_KERNEL));
	CHECK(!soba_kmemdup_nul(raw, SIZE_MAX, GFP_KERNEL));
	p = soba_kstrdup("", GFP_KERNEL);
	CHECK(p && !*p && p != ZERO_SIZE_PTR);
	soba_kfree(p);
	CHECK(!soba_kstrdup(NULL, GFP_KERNEL));
	p = soba_kstrndup("abcdef", 3, GFP_KERNEL);
	CHECK(!strcmp(p, "abc"));
	soba_kfree(p);
	p = soba_kstrndup("ab", SIZE_MAX, GFP_KERNEL);
	CHECK(!strcmp(p, "ab"));
	soba_kfree(p);
	CHECK(!soba_kstrndup(NULL, 3, GFP_KERNEL));
	p = soba_kasprintf(GFP_KERNEL, "%s-%d:%lu", "x", -5, 77UL);
	CHECK(!strcmp(p, "x--5:77"));
	CHECK_EQ(soba_ksize(p), 8);
	soba_kfree(p);
	p = soba_kasprintf(GFP_KERNEL, "%s", "1234567");
	CHECK(!strcmp(p, "1234567") && soba_ksize(p) == 8);
	soba_kfree(p);
	soba_down();
}

/* Constants of the kernel are not copied, and not freed; all else is both. */
static void kapi_constants(void)
{
	static const char image[] = "data\0constant";
	const char *p, *constant = image + 5;

	soba_up();
	sim_image = image;
	sim_image_size = sizeof(image);
	sim_constants = constant;
	sim_constants_size = sizeof("constant");
	CHECK(soba_kstrdup_const(constant, GFP_KERNEL) == constant);
	soba_kfree_const(constant);
	p = soba_kstrdup_const(image, GFP_KERNEL);
	CHECK(p != image && !strcmp(p, "data"));
	soba_kfree_const(p);
	p = soba_kstrdup_const("elsewhere", GFP_KERNEL);
	CHECK(!strcmp(p, "elsewhere"));
	soba_kfree_const(p);
	CHECK(!soba_kstrdup_const(NULL, GFP_KERNEL));
	soba_kfree_const(NULL);
	CHECK(!sim_log_has("soba: "));
	soba_kfree_const("elsewhere");
	CHECK_EQ(soba_report_total(SOBA_R_FOREIGN_FREE), 1);
	soba_down();
}

static void kapi_no_memory(void)
{
	void *p;

	soba_up();
	p = soba_kmalloc(SOBA_KMALLOC_MAX_CACHE, GFP_KERNEL);
	sim_host.take_budget = 0;
	while (soba_alloc_pages(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN, 0))
		;
	while (soba_kmalloc(64, GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN))
		;
	CHECK(!soba_kstrdup("123456789012345678901234567890123456789012345678901234567890",
			    GFP_NOWAIT | __GFP_NOWARN));
	CHECK(!soba_kasprintf(GFP_NOWAIT | __GFP_NOWARN, "%064d", 1));
	CHECK(!soba_krealloc(p, SOBA_KMALLOC_MAX_CACHE + 1, GFP_NOWAIT | __GFP_NOWARN));
	CHECK_EQ(soba_ksize(p), SOBA_KMALLOC_MAX_CACHE);
	sim_host.take_budget = -1;
	soba_down_leaky();
}

static void kapi_krealloc(void)
{
	size_t size, i;
	u8 *p, *q;

	soba_up();
	CHECK(soba_krealloc(NULL, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
	CHECK(soba_krealloc(ZERO_SIZE_PTR, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
	p = soba_krealloc(ZERO_SIZE_PTR, 1, GFP_KERNEL);
	p[0] = 9;
	/* In place while it fits, contents kept when it moves. */
	for (size = 1; size < 300000; size += size / 3 + 1) {
		size_t room = soba_ksize(p), old = size;

		q = soba_krealloc(p, size, GFP_KERNEL);
		CHECK(q);
		CHECK((q == p) == (size <= room));
		CHECK(soba_ksize(q) >= size);
		CHECK_EQ(q[0], 9);
		for (i = 1; i < min(old, room); i++)
			CHECK(q == p || size > room);
		p = q;
	}
	CHECK(soba_krealloc(p, 1, GFP_KERNEL) == p);
	CHECK(soba_krealloc(p, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
	CHECK(!sim_log_has("soba: "));
	soba_down();
}

/* With __GFP_ZERO at each step what is beyond the old end reads as zero. */
static void kapi_krealloc_zero(void)
{
	static const u32 sizes[] = {
		3, 20, 21, 24, 7, 24, 100, 33, 128, 60, 5000, 1, 16384, 40000,
	};
	size_t size = 0;
	unsigned int i;
	u8 *p = NULL;

	soba_up();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = soba_krealloc(p, sizes[i], GFP_KERNEL | __GFP_ZERO);
		CHECK(p);
		if (sizes[i] > size)
			CHECKF(!memchr_inv(p + size, 0, sizes[i] - size), "size %u", sizes[i]);
		CHECK(!memchr_inv(p, 0xee, min_t(size_t, size, sizes[i])));
		size = sizes[i];
		memset(p, 0xee, size);
	}
	soba_kfree(p);
	CHECK(!soba_krealloc_array(NULL, SIZE_MAX / 2, 3, GFP_KERNEL));
	soba_down();
}

static void kapi_krealloc_mistakes(void)
{
	static char foreign[64];
	char *p;

	soba_up();
	p = soba_kmalloc(64, GFP_KERNEL);
	CHECK(!soba_krealloc(foreign, 100, GFP_KERNEL));
	CHECK_EQ(soba_report_total(SOBA_R_FOREIGN_FREE), 1);
	CHECK(!soba_krealloc(p + 8, 100, GFP_KERNEL));
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 1);
	CHECK_EQ(soba_ksize(p), 64);
	soba_kfree_sensitive(p + 8);
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 2);
	soba_kfree(p);
	soba_down();
}

static void kapi_sensitive(void)
{
	u8 *p;

	soba_up();
	soba_kfree_sensitive(NULL);
	soba_kfree_sensitive(ZERO_SIZE_PTR);
	p = soba_kmalloc(100, GFP_KERNEL);
	memset(p, 0x55, soba_ksize(p));
	soba_kfree_sensitive(p);
	CHECK(!memchr_inv(p, 0, 112));
	CHECK(!sim_log_has("soba: "));
	soba_down();
}

static void kapi_mempool(void)
{
	struct kmem_cache *s;
	mempool_t *pool;
	void *p[8];
	unsigned int i;

	soba_up();
	s = soba_kmem_cache_create("elements", 80, 0, 0, NULL);
	pool = soba_mempool_create_slab_pool(4, s);
	CHECK(pool);
	CHECK_EQ(soba_cache_live(soba_cache_private(s)), 4);
	sim_host.take_budget = 0;
	for (i = 0; i < 8; i++) {
		p[i] = mempool_alloc(pool, GFP_KERNEL);
		CHECK(p[i] && soba_ksize(p[i]) == 80);
	}
	sim_host.take_budget = -1;
	for (i = 0; i < 8; i++)
		mempool_free(p[i], pool);
	mempool_destroy(pool);
	CHECK_EQ(soba_cache_live(soba_cache_private(s)), 0);
	soba_kmem_cache_destroy(s);
	pool = soba_mempool_create_kmalloc_pool(2, 1000);
	p[0] = mempool_alloc(pool, GFP_KERNEL);
	CHECK(soba_ksize(p[0]) >= 1000);
	mempool_free(p[0], pool);
	mempool_destroy(pool);
	CHECK(!sim_log_has("soba: "));
	soba_down();
}

/* All of @n or nothing, and one report more when it is nothing. */
static void copy(char *object, size_t offset, unsigned long n, bool ok)
{
	static unsigned long bad;
	static char user[70000];

	memset(user, 0, sizeof(user));
	CHECK_EQ(soba_copy_to_user(user, object + offset, n), ok ? 0 : n);
	bad += !ok;
	CHECK_EQ(soba_report_total(SOBA_R_OUT_OF_BOUNDS), bad);
	CHECK(!ok || !n || !memcmp(user, object + offset, n));
	memset(user, 0x77, min(n, sizeof(user)));
	CHECK_EQ(soba_copy_from_user(object + offset, user, n), ok ? 0 : n);
	bad += !ok;
	CHECK_EQ(soba_report_total(SOBA_R_OUT_OF_BOUNDS), bad);
}

static void kapi_usercopy(void)
{
	static char mine[64];
	struct kmem_cache *s, *closed;
	char *p;

	soba_up();
	s = soba_kmem_cache_create_usercopy("window", 100, 0, SLAB_RED_ZONE, 16, 32, NULL);
	closed = soba_kmem_cache_create("closed", 100, 0, 0, NULL);
	p = soba_kmem_cache_alloc(s, GFP_KERNEL | __GFP_ZERO);
	copy(p, 16, 32, true);
	copy(p, 47, 1, true);
	copy(p, 15, 2, false);
	copy(p, 16, 33, false);
	copy(p, 48, 1, false);
	copy(p, 0, 1, false);
	copy(p, 16, ULONG_MAX, false);
	copy(p, 0, 0, true);
	copy(p, 101, 1, false);		/* the red zone */
	CHECK(!memchr_inv(p, 0, 16) && !memchr_inv(p + 48, 0, 52));
	CHECK(sim_log_has("of cache window, size 100, whose usercopy window is 32 bytes"));
	soba_kmem_cache_free(s, p);
	p = soba_kmem_cache_alloc(closed, GFP_KERNEL);
	copy(p, 0, 1, false);
	soba_kmem_cache_free(closed, p);
	p = soba_kmalloc(60, GFP_KERNEL);
	copy(p, 0, soba_ksize(p), true);
	copy(p, 8, soba_ksize(p), false);
	soba_kfree(p);
	p = soba_kmalloc(65536, GFP_KERNEL);
	copy(p, 5000, 60536, true);
	copy(p, 5000, 60537, false);
	soba_kfree(p);
	copy(mine, 0, sizeof(mine), true);
	soba_kmem_cache_destroy(s);
	soba_kmem_cache_destroy(closed);
	soba_down();
}

const struct test kapi_tests[] = {
	{ "kapi_strings", kapi_strings },
	{ "kapi_constants", kapi_constants },
	{ "kapi_no_memory", kapi_no_memory },
	{ "kapi_krealloc", kapi_krealloc },
	{ "kapi_krealloc_zero", kapi_krealloc_zero },
	{ "kapi_krealloc_mistakes", kapi_krealloc_mistakes },
	{ "kapi_sensitive", kapi_sensitive },
	{ "kapi_mempool", kapi_mempool },
	{ "kapi_usercopy", kapi_usercopy },
	{ }
};
