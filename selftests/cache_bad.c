// SPDX-License-Identifier: GPL-2.0
/*
 * cache_bad.c - every way to free an object wrongly, on a stock kernel, without
 * debug flags: reported once per call site with the class and the client,
 * counted, the memory left alone, and everything works afterwards.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "objlib.h"

#define K		SOBA_GFP_KERNEL
#define CACHE_FREE	SOBA_OBJ_CACHE_FREE

static struct soba_test_object wrong_call(uint32_t wrong, uint32_t form,
					  uint32_t handle, uint32_t cache)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_FREE_WRONG);

	call.wrong = wrong;
	call.form = form;
	call.handle = handle;
	call.cache = cache;
	call.flags = SOBA_TEST_NEW_SITE;
	return call;
}

/* Runs @call: exactly one report of @class from this site, and one count. */
static void expect_report(struct __test_metadata *_metadata,
			  FIXTURE_DATA(soba) *self,
			  struct soba_test_object *call, const char *class)
{
	long long before = soba_errors(class);
	char text[64], line[512];

	kmsg_count(self->kmsg, "soba:", NULL, 0);
	ASSERT_EQ(0, obj_run(self->fd, call));
	snprintf(text, sizeof(text), "soba: %s:", class);
	EXPECT_EQ(1, kmsg_count(self->kmsg, text, line, sizeof(line)))
		TH_LOG("expected one '%s' (wrong %u form %u offset %llu in %s)",
		       text, call->wrong, call->form, call->offset,
		       object_context_name(call->context));
	EXPECT_EQ(strncmp(line, text, strlen(text)), 0)
		TH_LOG("not the first words: %s", line);
	EXPECT_NE(strstr(line, "soba_test"), NULL)
		TH_LOG("the client is not named: %s", line);
	EXPECT_EQ(soba_errors(class), before + 1)
		TH_LOG("%s: %lld before", class, before);
}

/* As they were, freed in silence, and others still come and go. */
static void expect_unharmed(struct __test_metadata *_metadata,
			    FIXTURE_DATA(soba) *self, uint32_t handle,
			    uint32_t cache)
{
	uint32_t other;

	EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, handle, 77));
	kmsg_count(self->kmsg, "soba:", NULL, 0);
	EXPECT_EQ(0, obj_free(self->fd, handle));
	other = cache ? obj_cache_alloc(self->fd, cache, K, 300) :
			obj_kmalloc(self->fd, 120, K, 300);
	EXPECT_EQ(SOBA_TEST_GOOD, obj_value(self->fd, SOBA_OBJ_DISJOINT, other));
	EXPECT_EQ(0, obj_free(self->fd, other));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0))
		TH_LOG("the right free after the wrong one was reported");
	CHECK_VALID();
}

static uint32_t filled(FIXTURE_DATA(soba) *self, uint32_t cache, uint64_t size,
		       uint32_t nr)
{
	uint32_t h = cache ? obj_cache_alloc(self->fd, cache, K, nr) :
			     obj_kmalloc(self->fd, size, K, nr);

	return h && !obj_fill(self->fd, h, 77) ? h : 0;
}

TEST_F(soba, interior)
{
	static const struct { uint64_t size, offset; } rows[] = {
		{ 64, 8 }, { 64, 1 }, { 64, 32 }, { 64, 63 }, { 100, 16 },
		{ 24, 8 }, { 4096, 2048 }, { 8192, 4096 }, { 40000, 8 },
		{ 40000, 4096 }, { 200000, 65536 },
	};
	uint32_t c = cache_create(self->fd, "interior", 200, 0, 0, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t h = filled(self, 0, rows[i].size, 3);
		struct soba_test_object call =
			wrong_call(SOBA_OBJ_WRONG_INTERIOR, KFREE, h, 0);

		ASSERT_NE(h, 0);
		call.offset = rows[i].offset;
		call.index = 1;
		expect_report(_metadata, self, &call, "invalid-free");
		expect_unharmed(_metadata, self, h, 0);
	}
	for (i = 8; i < 200; i += 24) {
		uint32_t h = filled(self, c, 0, 5);
		struct soba_test_object call =
			wrong_call(SOBA_OBJ_WRONG_INTERIOR, CACHE_FREE, h, c);

		call.offset = i;
		call.index = 2;
		expect_report(_metadata, self, &call, "invalid-free");
		expect_unharmed(_metadata, self, h, c);
	}
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

TEST_F(soba, wrong_cache)
{
	uint32_t a = cache_create(self->fd, "right", 128, 0, 0, 0);
	uint32_t b = cache_create(self->fd, "wrong", 128, 0, 0, 0);
	struct soba_test_object call;
	uint32_t h = filled(self, a, 0, 40);

	call = wrong_call(SOBA_OBJ_WRONG_CACHE, CACHE_FREE, h, b);
	call.index = 7;
	expect_report(_metadata, self, &call, "wrong-cache");
	expect_unharmed(_metadata, self, h, a);
	/* kmalloc'd memory is of no cache that one may name */
	h = filled(self, 0, 128, 40);
	call = wrong_call(SOBA_OBJ_WRONG_CACHE, CACHE_FREE, h, b);
	expect_report(_metadata, self, &call, "wrong-cache");
	expect_unharmed(_metadata, self, h, 0);
	EXPECT_EQ(0, cache_destroy(self->fd, a));
	EXPECT_EQ(0, cache_destroy(self->fd, b));
}

/* As in recent kernels: kfree() takes what a cache gave. */
TEST_F(soba, kfree_of_a_cache_object_is_right)
{
	uint32_t c = cache_create(self->fd, "kfreed", 72, 0, 0, 0), h;
	uint32_t form;

	for (form = KFREE; form <= SOBA_OBJ_KFREE_RCU_MIGHTSLEEP; form++) {
		if (form == SOBA_OBJ_KFREE_NOLOCK)
			continue;	/* for kmalloc()'s objects alone */
		h = filled(self, c, 0, form == SOBA_OBJ_KFREE_RCU_MIGHTSLEEP ?
			   2 : 100);
		ASSERT_NE(h, 0);
		EXPECT_EQ(obj_query(self->fd, h, 0).usable, 72);
		EXPECT_EQ(0, obj_free_form(self->fd, h, form, SOBA_OBJ_ALL, 0, -1))
			TH_LOG("form %u", form);
	}
	EXPECT_EQ(0, cache_destroy(self->fd, c));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* The host's memory is not soba's to free: its owner finds it unchanged. */
TEST_F(soba, foreign)
{
	uint32_t c = cache_create(self->fd, "foreign", 128, 0, 0, 0), wrong;

	for (wrong = SOBA_OBJ_WRONG_HOST_KMALLOC;
	     wrong <= SOBA_OBJ_WRONG_WILD; wrong++) {
		struct soba_test_object call = wrong_call(wrong, KFREE, 0, 0);

		expect_report(_metadata, self, &call, "foreign-free");
		EXPECT_EQ(call.value, SOBA_TEST_GOOD)
			TH_LOG("wrong %u: the memory changed", wrong);
		call = wrong_call(wrong, CACHE_FREE, 0, c);
		expect_report(_metadata, self, &call, "foreign-free");
		EXPECT_EQ(call.value, SOBA_TEST_GOOD);
	}
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* Pages of soba's, but no object: neither kfree() nor a cache takes them. */
TEST_F(soba, pages_are_no_objects)
{
	uint32_t c = cache_create(self->fd, "pages", 128, 0, 0, 0), i;

	for (i = 0; i < 8; i++) {
		struct soba_test_object call =
			wrong_call(i & 1 ? SOBA_OBJ_WRONG_SOBA_PAGE :
				   SOBA_OBJ_WRONG_UNALIGNED,
				   i & 2 ? CACHE_FREE : KFREE, 0, i & 2 ? c : 0);

		call.nr = i & 4 ? 3 : 0;
		expect_report(_metadata, self, &call, "invalid-free");
		EXPECT_EQ(call.value, SOBA_TEST_GOOD);
	}
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* And the reverse: objects are no pages, large ones included. */
TEST_F(soba, objects_are_no_pages)
{
	static const uint64_t sizes[] = { 64, 4096, 8192, 65536 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint32_t h = filled(self, 0, sizes[i], 3);
		struct soba_test_object call =
			wrong_call(SOBA_OBJ_WRONG_PAGES, KFREE, h, 0);

		ASSERT_NE(h, 0);
		expect_report(_metadata, self, &call, "invalid-free");
		expect_unharmed(_metadata, self, h, 0);
	}
}

/*
 * Seen at the latest when the object reaches its slab, which shrinking brings
 * about. Whoever is named then, it is one report, and nothing comes twice.
 */
static void check_double(struct __test_metadata *_metadata,
			 FIXTURE_DATA(soba) *self, uint64_t size, uint32_t cache,
			 uint32_t context)
{
	uint32_t h = filled(self, cache, size, 64), other;
	struct soba_test_object call =
		wrong_call(SOBA_OBJ_WRONG_DOUBLE, cache ? CACHE_FREE : KFREE, h,
			   cache);
	long long before = soba_errors("double-free");

	ASSERT_NE(h, 0);
	call.index = 33;
	call.context = context;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_EQ(0, obj_free(self->fd, h));
	soba_shrink();
	if (cache)
		cache_shrink(self->fd, cache);
	EXPECT_EQ(soba_errors("double-free"), before + 1)
		TH_LOG("%llu bytes, %s, in %s", (unsigned long long)size,
		       cache ? "cache" : "kmalloc",
		       object_context_name(context));
	EXPECT_GE(kmsg_count(self->kmsg, "soba: double-free:", NULL, 0), 1);
	other = filled(self, cache, size, size > 4096 ? 20 : 600);
	EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, other, 77));
	EXPECT_EQ(SOBA_TEST_GOOD, obj_value(self->fd, SOBA_OBJ_DISJOINT, other));
	EXPECT_EQ(0, obj_free(self->fd, other));
	soba_shrink();
	EXPECT_EQ(soba_errors("double-free"), before + 1);
	CHECK_VALID();
}

TEST_F(soba, double_free)
{
	static const uint64_t sizes[] = { 8, 64, 100, 1024, 8192, 20000, 100000 };
	uint32_t c = cache_create(self->fd, "double", 72, 0, 0, 0);
	unsigned int i;

	for (i = 0; i < SOBA_NR_CONTEXTS; i++)
		if (context_usable(&self->info, i))
			check_double(_metadata, self, 0, c, i);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		check_double(_metadata, self, sizes[i], 0, 0);
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* The second free of a whole block, and of an object whose slab is gone. */
TEST_F(soba, double_free_much_later)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_FREE);
	uint32_t h = filled(self, 0, 3000, 200), i;

	ASSERT_NE(h, 0);
	call.handle = h;
	call.index = SOBA_OBJ_ALL;
	call.flags = SOBA_OBJ_KEEP;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	soba_shrink();
	/* nothing to be seen of it but free pages: told all the same */
	for (i = 0; i < 3; i++) {
		struct soba_test_object wrong =
			wrong_call(SOBA_OBJ_WRONG_AGAIN, KFREE, h, 0);
		long long before = soba_errors("double-free") +
				   soba_errors("foreign-free") +
				   soba_errors("invalid-free");

		wrong.index = 50 * i;
		ASSERT_EQ(0, obj_run(self->fd, &wrong));
		soba_shrink();
		EXPECT_EQ(before + 1, soba_errors("double-free") +
				      soba_errors("foreign-free") +
				      soba_errors("invalid-free"));
	}
	EXPECT_EQ(0, obj_free(self->fd, h));
}

/* From every context, because a driver's mistakes come from there. */
TEST_F(soba, reported_in_every_context)
{
	uint32_t c = cache_create(self->fd, "context", 64, 0, 0, 0);
	uint32_t other = cache_create(self->fd, "other", 64, 0, 0, 0), context;

	for (context = 0; context < SOBA_NR_OBJECT_CONTEXTS; context++) {
		struct soba_test_object call;
		uint32_t h;

		if (!object_context_usable(&self->info, context))
			continue;
		call = wrong_call(SOBA_OBJ_WRONG_HOST_KMALLOC, KFREE, 0, 0);
		call.context = context;
		expect_report(_metadata, self, &call, "foreign-free");
		h = filled(self, c, 0, 10);
		call = wrong_call(SOBA_OBJ_WRONG_CACHE, CACHE_FREE, h, other);
		call.context = context;
		expect_report(_metadata, self, &call, "wrong-cache");
		call = wrong_call(SOBA_OBJ_WRONG_INTERIOR, CACHE_FREE, h, c);
		call.offset = 16;
		call.context = context;
		expect_report(_metadata, self, &call, "invalid-free");
		expect_unharmed(_metadata, self, h, c);
	}
	EXPECT_EQ(0, cache_destroy(self->fd, c));
	EXPECT_EQ(0, cache_destroy(self->fd, other));
}

/* Once per call site, counted each time. */
TEST_F(soba, once_per_call_site)
{
	long long before = soba_errors("foreign-free");
	unsigned int i;

	for (i = 0; i < 10; i++) {
		struct soba_test_object call =
			wrong_call(SOBA_OBJ_WRONG_HOST_KMALLOC, KFREE, 0, 0);

		if (i)
			call.flags = SOBA_TEST_SAME_SITE;
		ASSERT_EQ(0, obj_run(self->fd, &call));
	}
	EXPECT_EQ(1, kmsg_count(self->kmsg, "soba: foreign-free:", NULL, 0));
	EXPECT_EQ(soba_errors("foreign-free"), before + 10);
}

/*
 * An object that is run over harms its neighbours and nothing else: no list and
 * no count of soba's lies between objects, live or free.
 */
TEST_F(soba, overflow_reaches_no_metadata)
{
	static const uint64_t sizes[] = { 8, 24, 64, 200, 1024, 4096 };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct soba_test_object call = obj_init(SOBA_OBJ_FREE);
		uint32_t h = filled(self, 0, sizes[i], 256), other;

		ASSERT_NE(h, 0);
		call.handle = h;
		call.flags = SOBA_OBJ_KEEP;
		for (k = 0; k < 256; k += 2) {
			call.index = k;
			ASSERT_EQ(0, obj_run(self->fd, &call));
		}
		/* live ones keep the slabs there; the freed ones are written */
		for (k = 0; k < 256; k++)
			ASSERT_EQ(0, obj_poke(self->fd, h, k, 0, sizes[i], 0xff));
		other = obj_kmalloc(self->fd, sizes[i], K, 400);
		ASSERT_NE(other, 0);
		EXPECT_EQ(SOBA_TEST_GOOD,
			  obj_value(self->fd, SOBA_OBJ_DISJOINT, other));
		EXPECT_EQ(0, obj_free(self->fd, other));
		EXPECT_EQ(0, obj_free(self->fd, h));
		CHECK_VALID();
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_HARNESS_MAIN
