// SPDX-License-Identifier: GPL-2.0
/*
 * cache_debug.c - caches with SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER and
 * SLAB_CONSISTENCY_CHECKS: what runs over the end, what writes after the free,
 * and who it was.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "objlib.h"

#define K	SOBA_GFP_KERNEL
#define ZONES	SOBA_SLAB_RED_ZONE
#define POISON	SOBA_SLAB_POISON
#define OWNER	SOBA_SLAB_STORE_USER
#define CHECKS	SOBA_SLAB_CONSISTENCY
#define ALL	(ZONES | POISON | OWNER | CHECKS)

static uint32_t alloc_noted(int fd, uint32_t cache, uint32_t nr)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);

	call.form = SOBA_OBJ_CACHE;
	call.cache = cache;
	call.gfp = K;
	call.nr = nr;
	call.flags = SOBA_TEST_NEW_SITE;
	return obj_run(fd, &call) ? 0 : call.handle;
}

/* The errors of a class rose by one, and the log has it once; no other class. */
static void expect_one(struct __test_metadata *_metadata,
		       FIXTURE_DATA(soba) *self, const char *class,
		       long long before, const char *what)
{
	char text[64], line[512];

	snprintf(text, sizeof(text), "soba: %s:", class);
	EXPECT_EQ(soba_errors(class), before + 1)
		TH_LOG("%s: %s", class, what);
	EXPECT_LE(kmsg_count(self->kmsg, text, line, sizeof(line)), 1)
		TH_LOG("%s", what);
}

/* One byte past the end, for sizes with and without slack before the next. */
TEST_F(soba, overflow_is_caught)
{
	static const uint32_t sizes[] = { 8, 13, 60, 64, 100, 500, 4096, 5000 };
	unsigned int i, flags;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (flags = 0; flags < 2; flags++) {
			uint32_t c = cache_create(self->fd, "zoned", sizes[i], 0,
						  flags ? ALL : ZONES, 0);
			uint32_t h = alloc_noted(self->fd, c, 6);
			long long before = soba_errors("out-of-bounds");
			char what[64];

			snprintf(what, sizeof(what), "size %u flags %s",
				 sizes[i], flags ? "all" : "red zone");
			ASSERT_NE(h, 0);
			ASSERT_EQ(0, obj_fill(self->fd, h, 1));
			ASSERT_EQ(0, obj_poke(self->fd, h, 3, sizes[i], 1, 0x41));
			EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, h, 1));
			ASSERT_EQ(0, obj_free(self->fd, h));
			cache_shrink(self->fd, c);
			expect_one(_metadata, self, "out-of-bounds", before, what);
			/* the damaged one is kept, the others live on */
			h = alloc_noted(self->fd, c, 100);
			ASSERT_NE(h, 0);
			ASSERT_EQ(0, obj_fill(self->fd, h, 2));
			EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, h, 2));
			EXPECT_EQ(SOBA_TEST_GOOD,
				  obj_value(self->fd, SOBA_OBJ_DISJOINT, h));
			ASSERT_EQ(0, obj_free(self->fd, h));
			cache_destroy(self->fd, c);
			CHECK_VALID();
		}
	}
}

/* Writing all of the object, to its last byte, is nobody's mistake. */
TEST_F(soba, full_use_is_silent)
{
	uint32_t size;

	for (size = 1; size < 5000; size += size / 4 + 1) {
		uint32_t c = cache_create(self->fd, "full", size, 0, ALL, 0), h;
		unsigned int round;

		for (round = 0; round < 3; round++) {
			h = alloc_noted(self->fd, c, 100);
			ASSERT_NE(h, 0);
			EXPECT_EQ(obj_query(self->fd, h, 5).usable, size);
			ASSERT_EQ(0, obj_fill(self->fd, h, size));
			EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, h, size));
			ASSERT_EQ(0, obj_free(self->fd, h));
		}
		EXPECT_EQ(0, cache_destroy(self->fd, c));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, write_after_free_is_caught)
{
	static const uint32_t sizes[] = { 8, 40, 64, 300, 4096 };
	unsigned int i, where;

	for (i = 0; i < 3 * ARRAY_SIZE(sizes); i++) {
		uint32_t size = sizes[i / 3];
		uint32_t c = cache_create(self->fd, "stale", size, 0,
					  i & 1 ? ALL : POISON, 0);
		uint32_t h = alloc_noted(self->fd, c, 20), again;
		struct soba_test_object call = obj_init(SOBA_OBJ_FREE);
		long long before = soba_errors("use-after-free");

		ASSERT_NE(h, 0);
		where = i % 3 == 0 ? 0 : i % 3 == 1 ? size - 1 : size / 2;
		call.handle = h;
		call.index = 7;
		call.flags = SOBA_OBJ_KEEP;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		ASSERT_EQ(0, obj_poke(self->fd, h, 7, where, 1, 0x42));
		/* seen when it is handed out, or goes with its slab */
		again = alloc_noted(self->fd, c, 200);
		ASSERT_NE(again, 0);
		ASSERT_EQ(0, obj_free(self->fd, again));
		ASSERT_EQ(0, obj_free(self->fd, h));
		cache_shrink(self->fd, c);
		EXPECT_EQ(soba_errors("use-after-free"), before + 1)
			TH_LOG("byte %u of %u", where, size);
		kmsg_count(self->kmsg, "soba:", NULL, 0);
		cache_destroy(self->fd, c);
		CHECK_VALID();
	}
}

/* What a constructor made, and what RCU readers see, is not poisoned. */
TEST_F(soba, poison_spares_what_must_stay)
{
	static const uint32_t flags[] = { 0, SOBA_SLAB_TYPESAFE_BY_RCU };
	unsigned int i, round;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		uint32_t c = cache_create(self->fd, "spared", 200, 0,
					  ALL | flags[i], 1);

		for (round = 0; round < 4; round++) {
			uint32_t h = alloc_noted(self->fd, c, 300);

			ASSERT_NE(h, 0);
			EXPECT_EQ(SOBA_TEST_GOOD,
				  obj_value(self->fd, SOBA_OBJ_BUILT, h));
			ASSERT_EQ(0, obj_free(self->fd, h));
		}
		EXPECT_EQ(0, cache_destroy(self->fd, c));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Not at the latest but at once, and without harm. */
TEST_F(soba, double_free_is_caught_at_once)
{
	static const uint32_t flags[] = { ALL, CHECKS, ZONES, OWNER };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		uint32_t c = cache_create(self->fd, "twice", 72, 0, flags[i], 0);
		uint32_t h = alloc_noted(self->fd, c, 50);
		struct soba_test_object call = obj_init(SOBA_OBJ_FREE_WRONG);
		long long before = soba_errors("double-free");

		ASSERT_NE(h, 0);
		call.handle = h;
		call.cache = c;
		call.index = 20;
		call.wrong = SOBA_OBJ_WRONG_DOUBLE;
		call.form = SOBA_OBJ_CACHE_FREE;
		call.flags = SOBA_TEST_NEW_SITE;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		EXPECT_EQ(soba_errors("double-free"), before + 1)
			TH_LOG("flags %#x", flags[i]);
		ASSERT_EQ(0, obj_free(self->fd, h));
		EXPECT_EQ(0, cache_destroy(self->fd, c));
		EXPECT_EQ(soba_errors("double-free"), before + 1);
		CHECK_VALID();
	}
}

/* Who allocated it and who freed it: site, task, CPU and age. */
TEST_F(soba, owners_are_told)
{
	uint32_t c = cache_create(self->fd, "owned", 100, 0, ALL, 0);
	uint32_t h = alloc_noted(self->fd, c, 4);
	struct soba_test_object call = obj_init(SOBA_OBJ_FREE_WRONG);
	int allocated = kmsg_open(), freed = kmsg_open();
	char line[512];

	ASSERT_NE(h, 0);
	call.handle = h;
	call.cache = c;
	call.wrong = SOBA_OBJ_WRONG_DOUBLE;
	call.form = SOBA_OBJ_CACHE_FREE;
	call.flags = SOBA_TEST_NEW_SITE;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_GE(kmsg_count(allocated, "allocated", line, sizeof(line)), 1);
	EXPECT_NE(strstr(line, "site_cache_alloc"), NULL)
		TH_LOG("the allocating site is not in: %s", line);
	EXPECT_NE(strstr(line, "CPU"), NULL);
	EXPECT_GE(kmsg_count(freed, "freed", line, sizeof(line)), 1);
	EXPECT_NE(strstr(line, "soba_test"), NULL)
		TH_LOG("the freeing site is not in: %s", line);
	close(allocated);
	close(freed);
	ASSERT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* And before its start, where the neighbour's end is as good a guard. */
TEST_F(soba, neighbours_overflow_is_not_blamed_twice)
{
	uint32_t c = cache_create(self->fd, "neighbours", 64, 0, ALL, 0);
	uint32_t h = alloc_noted(self->fd, c, 40);
	long long before = soba_errors("out-of-bounds");
	unsigned int i;

	ASSERT_NE(h, 0);
	for (i = 10; i < 20; i++)
		ASSERT_EQ(0, obj_poke(self->fd, h, i, 64, 4, 0x43));
	ASSERT_EQ(0, obj_free(self->fd, h));
	cache_shrink(self->fd, c);
	EXPECT_EQ(soba_errors("out-of-bounds"), before + 10);
	cache_destroy(self->fd, c);
	CHECK_VALID();
}

TEST_HARNESS_MAIN
