// SPDX-License-Identifier: GPL-2.0
/*
 * cache.c - object caches: made in every form and with every flag, their
 * alignment, constructors, usercopy window, bulk calls, nodes, pools; very many
 * of them, and very many objects. How they end is in cache_end.c.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "fixture.h"
#include "objlib.h"

#define K	SOBA_GFP_KERNEL
#define Q	SOBA_GFP_NOWARN
#define ATOMIC	SOBA_GFP_ATOMIC
#define MIB	(1ULL << 20)
#define GIB	(1ULL << 30)

/* Objects of it come, are apart, hold what is written, and go; it ends clean. */
static void use_cache(struct __test_metadata *_metadata,
		      FIXTURE_DATA(soba) *self, uint32_t cache, uint32_t nr,
		      uint64_t align)
{
	uint32_t h = obj_cache_alloc(self->fd, cache, K, nr), i;

	ASSERT_NE(h, 0);
	ASSERT_EQ(obj_query(self->fd, h, 0).got, nr);
	for (i = 0; i < nr && align; i++)
		ASSERT_EQ(obj_query(self->fd, h, i).virt & (align - 1), 0);
	ASSERT_EQ(0, obj_fill(self->fd, h, nr));
	EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, h, nr));
	if (nr > 1)
		EXPECT_EQ(SOBA_TEST_GOOD,
			  obj_value(self->fd, SOBA_OBJ_DISJOINT, h));
	EXPECT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, cache));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, sizes_and_alignments)
{
	static const uint32_t sizes[] = {
		1, 3, 8, 13, 40, 64, 100, 256, 700, 1100, 2048, 4096, 5000,
		8192, 20000, 65536, 200000,
	};
	uint32_t i, align, step = debug_kernel() ? 64 : 8;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (align = 0; align <= 32768;
		     align = align ? align * step : 1) {
			uint32_t c = cache_create(self->fd, "sized", sizes[i],
						  align, 0, 0);

			ASSERT_NE(c, 0)
				TH_LOG("size %u align %u", sizes[i], align);
			EXPECT_EQ(cache_info(self->fd, c).usable, sizes[i]);
			EXPECT_STREQ(cache_info(self->fd, c).name, "sized");
			use_cache(_metadata, self, c, sizes[i] > 4096 ? 5 : 70,
				  align ? align : 1);
		}
	}
}

TEST_F(soba, flags)
{
	/* Without the zone a flag asks for nothing. */
	bool dma = self->info.config & SOBA_TEST_ZONE_DMA;
	bool dma32 = self->info.config & SOBA_TEST_ZONE_DMA32;
	uint32_t bit;

	for (bit = 1; bit < 1U << SOBA_SLAB_NR; bit <<= 1) {
		uint32_t c = cache_create(self->fd, "flagged", 104, 0, bit, 0);
		uint32_t h, i;

		ASSERT_NE(c, 0)
			TH_LOG("flag %#x", bit);
		h = obj_cache_alloc(self->fd, c, K, 90);
		ASSERT_NE(h, 0);
		for (i = 0; i < 90; i++) {
			struct soba_test_object q = obj_query(self->fd, h, i);

			/* 104 bytes: lines of their own, two of 64 */
			if (bit == SOBA_SLAB_HWCACHE_ALIGN)
				EXPECT_EQ(q.virt & 63, 0);
			if (bit == SOBA_SLAB_DMA && dma)
				EXPECT_LE(q.phys + 104, 16 * MIB);
			if (bit == SOBA_SLAB_DMA32 && dma32)
				EXPECT_LE(q.phys + 104, 4 * GIB);
		}
		ASSERT_EQ(0, obj_free(self->fd, h));
		use_cache(_metadata, self, c, 200, 8);
	}
}

TEST_F(soba, forms)
{
	struct soba_test_object call;
	uint32_t form;

	for (form = SOBA_OBJ_PLAIN; form <= SOBA_OBJ_STRUCT_USERCOPY; form++) {
		call = obj_init(SOBA_OBJ_CREATE);
		call.form = form;
		call.size = 80;
		call.align = 16;
		call.usersize = 8;
		strcpy(call.name, "formed");
		ASSERT_EQ(0, obj_run(self->fd, &call));
		ASSERT_NE(call.cache, 0)
			TH_LOG("form %u", form);
		EXPECT_EQ(cache_info(self->fd, call.cache).usable,
			  form >= SOBA_OBJ_STRUCT ? 48 : 80);
		EXPECT_STREQ(cache_info(self->fd, call.cache).name,
			     form >= SOBA_OBJ_STRUCT ? "soba_test_sample" :
			     "formed");
		use_cache(_metadata, self, call.cache, 100,
			  form >= SOBA_OBJ_STRUCT ? 8 : 16);
	}
}

/* What makes no sense is refused with NULL, and soba goes on. */
TEST_F(soba, refused)
{
	static const struct { uint32_t size, align, flags; } rows[] = {
		{ 0, 0, 0 }, { 64, 3, 0 }, { 64, 24, 0 },
		{ 0xffffffff, 0, 0 }, { 0x80000000, 0, 0 }, { 1 << 30, 0, 0 },
		{ 64, 1U << 31, 0 },
	};
	struct soba_test_object call;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t c = cache_create(self->fd, "refused", rows[i].size,
					  rows[i].align, rows[i].flags, 0);

		EXPECT_EQ(c, 0)
			TH_LOG("size %#x align %#x flags %#x", rows[i].size,
			       rows[i].align, rows[i].flags);
		if (c)
			cache_destroy(self->fd, c);
	}
	/* a usercopy window beyond the object */
	for (i = 0; i < 3; i++) {
		static const uint32_t windows[][2] = {
			{ 60, 8 }, { 100, 4 }, { 0xfffffff8, 16 },
		};

		call = obj_init(SOBA_OBJ_CREATE);
		call.form = i & 1 ? SOBA_OBJ_ARGS : SOBA_OBJ_USERCOPY;
		call.size = 64;
		call.useroffset = windows[i][0];
		call.usersize = windows[i][1];
		strcpy(call.name, "window");
		ASSERT_EQ(0, obj_run(self->fd, &call));
		/* the kernel warns and makes it without a window */
		if (call.cache)
			EXPECT_EQ(0, cache_destroy(self->fd, call.cache));
	}
	call = obj_init(SOBA_OBJ_CREATE);
	call.form = SOBA_OBJ_PLAIN;
	call.size = 64;
	call.flags = SOBA_OBJ_NO_NAME;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_EQ(call.cache, 0);
}

TEST_F(soba, same_name_twice)
{
	uint32_t a = cache_create(self->fd, "twin", 64, 0, 0, 0);
	uint32_t b = cache_create(self->fd, "twin", 64, 0, 0, 0);
	uint32_t x, y;

	ASSERT_NE(a, 0);
	ASSERT_NE(b, 0);
	x = obj_cache_alloc(self->fd, a, K, 60);
	y = obj_cache_alloc(self->fd, b, K, 60);
	/* not merged: no page holds objects of both */
	EXPECT_NE(obj_query(self->fd, x, 0).phys >> 12,
		  obj_query(self->fd, y, 0).phys >> 12);
	ASSERT_EQ(0, obj_free(self->fd, x));
	EXPECT_EQ(0, cache_destroy(self->fd, a));
	ASSERT_EQ(0, obj_free(self->fd, y));
	use_cache(_metadata, self, b, 100, 8);
}

/* The name is a copy: the caller's buffer may go. Long ones are cut, not run over. */
TEST_F(soba, long_name)
{
	char name[SOBA_OBJ_NAME];
	uint32_t c;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	c = cache_create(self->fd, name, 64, 0, 0, 0);
	ASSERT_NE(c, 0);
	EXPECT_EQ(0, strncmp(cache_info(self->fd, c).name, name, 16));
	use_cache(_metadata, self, c, 10, 8);
}

/* Once an object's life in the slab, not once an allocation. */
TEST_F(soba, constructor)
{
	uint32_t c = cache_create(self->fd, "built", 120, 0, 0, 1), h, i;
	int64_t runs;

	ctor_runs(self->fd, 1);
	ASSERT_NE(c, 0);
	h = obj_cache_alloc(self->fd, c, K, 500);
	ASSERT_NE(h, 0);
	EXPECT_EQ(SOBA_TEST_GOOD, obj_value(self->fd, SOBA_OBJ_BUILT, h));
	runs = ctor_runs(self->fd, 1);
	EXPECT_GE(runs, 500);
	EXPECT_LE(runs, 500 + 512);
	ASSERT_EQ(0, obj_free(self->fd, h));
	/* as its user left it, so it comes again */
	h = obj_cache_alloc(self->fd, c, K, 100);
	for (i = 0; i < 2000; i++) {
		uint32_t one = obj_cache_alloc(self->fd, c, K, 1);

		ASSERT_NE(one, 0);
		ASSERT_EQ(SOBA_TEST_GOOD,
			  obj_value(self->fd, SOBA_OBJ_BUILT, one));
		ASSERT_EQ(0, obj_free(self->fd, one));
	}
	EXPECT_LE(ctor_runs(self->fd, 1), 512)
		TH_LOG("constructed with every allocation");
	ASSERT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

TEST_F(soba, constructor_in_every_context)
{
	uint32_t context;

	for (context = 0; context < SOBA_NR_OBJECT_CONTEXTS; context++) {
		struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);
		uint32_t c;

		if (!object_context_usable(&self->info, context))
			continue;
		c = cache_create(self->fd, "anywhere", 200, 0, 0, 2);
		call.form = SOBA_OBJ_CACHE;
		call.cache = c;
		call.gfp = ATOMIC;
		call.context = context;
		call.nr = 200;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		EXPECT_EQ(call.got, 200)
			TH_LOG("in %s", object_context_name(context));
		EXPECT_EQ(SOBA_TEST_GOOD,
			  obj_value(self->fd, SOBA_OBJ_BUILT, call.handle));
		EXPECT_EQ(0, obj_free_form(self->fd, call.handle, 0,
					   SOBA_OBJ_ALL, context, -1));
		EXPECT_EQ(0, cache_destroy(self->fd, c));
	}
}

/* No lock is held around it: it may come back, and interrupts are on. */
TEST_F(soba, constructor_that_allocates)
{
	uint32_t c = cache_create(self->fd, "nested", 100, 0, 0,
				  SOBA_OBJ_CTOR_ALLOCATES), h;
	struct soba_test_object call = obj_init(SOBA_OBJ_CTOR);

	call.ctor = SOBA_OBJ_CTOR_ALLOCATES;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	ASSERT_NE(c, 0);
	h = obj_cache_alloc(self->fd, c, K, 3000);
	ASSERT_NE(h, 0);
	EXPECT_EQ(SOBA_TEST_GOOD, obj_value(self->fd, SOBA_OBJ_BUILT, h));
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_GE(call.value, 3000);
	EXPECT_EQ(call.got, 0)
		TH_LOG("%llu runs with interrupts off", call.got);
	ASSERT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Copies between userspace and an object stay in its window. */
TEST_F(soba, usercopy_window)
{
	static const struct { uint32_t offset, length; bool good; } rows[] = {
		{ 16, 32, true }, { 16, 1, true }, { 47, 1, true },
		{ 20, 8, true }, { 15, 2, false }, { 47, 2, false },
		{ 0, 8, false }, { 48, 16, false }, { 0, 96, false },
	};
	struct soba_test_object call = obj_init(SOBA_OBJ_CREATE);
	unsigned char user[96];
	unsigned int i, k;
	uint32_t h, c;

	call.form = SOBA_OBJ_USERCOPY;
	call.size = 96;
	call.useroffset = 16;
	call.usersize = 32;
	strcpy(call.name, "window");
	ASSERT_EQ(0, obj_run(self->fd, &call));
	c = call.cache;
	ASSERT_NE(c, 0);
	h = obj_cache_alloc(self->fd, c, K, 3);
	ASSERT_NE(h, 0);
	for (i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		bool out = i & 1;

		call = obj_init(out ? SOBA_OBJ_TO_USER : SOBA_OBJ_FROM_USER);
		call.handle = h;
		call.index = i % 3;
		call.offset = rows[i / 2].offset;
		call.length = rows[i / 2].length;
		call.user = (uintptr_t)user;
		ASSERT_EQ(0, obj_poke(self->fd, h, i % 3, 0, 96, 0x11));
		memset(user, 0x22, sizeof(user));
		ASSERT_EQ(0, obj_run(self->fd, &call));
		EXPECT_EQ(call.value, rows[i / 2].good ? 0 : rows[i / 2].length)
			TH_LOG("%u bytes at %u", rows[i / 2].length,
			       rows[i / 2].offset);
		for (k = 0; k < call.length; k++)
			EXPECT_EQ(user[k], out && rows[i / 2].good ? 0x11 : 0x22);
	}
	EXPECT_GE(kmsg_count(self->kmsg, "soba: out-of-bounds:", NULL, 0), 1);
	ASSERT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* kmalloc'd memory has its whole length as window; a bad address is no report. */
TEST_F(soba, usercopy_of_kmalloc)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_TO_USER);
	uint32_t h = obj_kmalloc(self->fd, 5000, K, 1);
	void *nowhere = mmap(NULL, 8192, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static unsigned char user[5000];

	ASSERT_NE(h, 0);
	ASSERT_EQ(0, obj_poke(self->fd, h, 0, 0, 5000, 0x33));
	call.handle = h;
	call.length = 5000;
	call.user = (uintptr_t)user;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_EQ(call.value, 0);
	EXPECT_EQ(user[0], 0x33);
	EXPECT_EQ(user[4999], 0x33);
	call.user = (uintptr_t)nowhere;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_EQ(call.value, 5000);
	EXPECT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, bulk)
{
	static const uint32_t numbers[] = { 1, 2, 15, 16, 64, 500, 3000 };
	unsigned int i, context;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (context = 0; context < SOBA_NR_OBJECT_CONTEXTS; context++) {
			struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);
			uint32_t c;

			if (!object_context_usable(&self->info, context))
				continue;
			c = cache_create(self->fd, "bulk", 72, 0, 0, 0);
			call.form = SOBA_OBJ_CACHE_BULK;
			call.cache = c;
			call.nr = numbers[i];
			call.gfp = ATOMIC | (i & 1 ? SOBA_GFP_ZERO : 0);
			call.context = context;
			ASSERT_EQ(0, obj_run(self->fd, &call));
			EXPECT_EQ(call.got, numbers[i]);
			ASSERT_NE(call.handle, 0);
			if (i & 1)
				EXPECT_EQ(SOBA_TEST_GOOD,
					  obj_zeroed(self->fd, call.handle, 0, 0));
			ASSERT_EQ(0, obj_fill(self->fd, call.handle, i));
			EXPECT_EQ(SOBA_TEST_GOOD,
				  obj_check(self->fd, call.handle, i));
			EXPECT_EQ(0, obj_free_form(self->fd, call.handle,
						   SOBA_OBJ_CACHE_FREE_BULK,
						   SOBA_OBJ_ALL, context, -1));
			EXPECT_EQ(0, cache_destroy(self->fd, c));
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, zalloc)
{
	uint32_t size;

	for (size = 5; size < 9000; size += size / 2) {
		uint32_t c = cache_create(self->fd, "zeroed", size, 0, 0, 0);
		struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);
		uint32_t dirty = obj_cache_alloc(self->fd, c, K, 50);

		ASSERT_NE(dirty, 0);
		ASSERT_EQ(0, obj_fill(self->fd, dirty, 1));
		ASSERT_EQ(0, obj_free(self->fd, dirty));
		call.form = SOBA_OBJ_CACHE_ZALLOC;
		call.cache = c;
		call.gfp = K;
		call.nr = 50;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		EXPECT_EQ(SOBA_TEST_GOOD, obj_zeroed(self->fd, call.handle, 0, 0))
			TH_LOG("%u bytes", size);
		ASSERT_EQ(0, obj_free(self->fd, call.handle));
		EXPECT_EQ(0, cache_destroy(self->fd, c));
	}
}

/*
 * init_on_alloc= leaves objects alone that RCU readers may look at, but not what
 * somebody else has left in the pages of their slab.
 */
TEST_F(soba, others_bytes_do_not_show)
{
	static uint32_t pages[2000];
	uint32_t c, h;
	size_t nr, i;

	if (!(self->info.config & SOBA_TEST_INIT_ON_ALLOC))
		SKIP(return, "booted without init_on_alloc");
	nr = page_alloc_all(self->fd, K, 0, pages, ARRAY_SIZE(pages));
	ASSERT_GT(nr, 1000);
	for (i = 0; i < nr; i++)
		ASSERT_EQ(0, page_fill(self->fd, pages[i], i + 1));
	page_free_all(self->fd, pages, nr);
	c = cache_create(self->fd, "typesafe_init", 500, 0,
			 SOBA_SLAB_TYPESAFE_BY_RCU, 0);
	ASSERT_NE(c, 0);
	h = obj_cache_alloc(self->fd, c, K, 4000);
	ASSERT_NE(h, 0);
	EXPECT_EQ(SOBA_TEST_GOOD, obj_zeroed(self->fd, h, 0, 0));
	ASSERT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

TEST_HARNESS_MAIN
