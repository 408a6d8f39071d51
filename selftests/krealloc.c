// SPDX-License-Identifier: GPL-2.0
/*
 * krealloc.c - krealloc() and the frees of kmalloc'd memory: in place when it
 * fits, contents kept, the tail zeroed; bulk, sensitive, and after a grace
 * period of RCU.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "objlib.h"

#define K	SOBA_GFP_KERNEL
#define Q	SOBA_GFP_NOWARN
#define Z	SOBA_GFP_ZERO

static struct soba_test_object resize(int fd, uint32_t handle, uint64_t size,
				      uint64_t count, uint64_t gfp)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_REALLOC);
	int ret;

	call.handle = handle;
	call.size = size;
	call.count = count;
	call.gfp = gfp;
	ret = obj_run(fd, &call);
	if (ret) {
		printf("# krealloc did not run: %d\n", ret);
		call.got = ~0ULL;
	}
	return call;
}

static int64_t check_first(int fd, uint32_t handle, uint64_t seed, uint64_t len)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_CHECK);
	int ret;

	call.handle = handle;
	call.seed = seed;
	call.length = len;
	ret = obj_run(fd, &call);
	return ret ? ret - 1 : call.value;
}

TEST_F(soba, in_place_when_it_fits)
{
	static const uint64_t sizes[] = { 1, 33, 100, 700, 3000, 8000, 20000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint32_t h = obj_kmalloc(self->fd, sizes[i], K, 1);
		struct soba_test_object q = obj_query(self->fd, h, 0), r;

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, obj_fill(self->fd, h, i));
		r = resize(self->fd, h, q.usable, 0, K);
		EXPECT_EQ(r.got, 1);
		EXPECT_EQ(r.value, 0)
			TH_LOG("moved from %llu to %llu bytes",
			       (unsigned long long)sizes[i], q.usable);
		EXPECT_EQ(SOBA_TEST_GOOD, check_first(self->fd, h, i, sizes[i]));
		/* and the same size again, and none at all smaller */
		EXPECT_EQ(resize(self->fd, h, sizes[i], 0, K).value, 0);
		EXPECT_EQ(SOBA_TEST_GOOD, check_first(self->fd, h, i, sizes[i]));
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
}

TEST_F(soba, contents_move_along)
{
	uint64_t size, was = 8;
	uint32_t h = obj_kmalloc(self->fd, was, K, 1);

	ASSERT_NE(h, 0);
	ASSERT_EQ(0, obj_fill(self->fd, h, 1));
	for (size = 17; size < 3000000; was = size, size += size / 2 + 3) {
		ASSERT_EQ(resize(self->fd, h, size, 0, K).got, 1);
		EXPECT_EQ(SOBA_TEST_GOOD, check_first(self->fd, h, 1, was))
			TH_LOG("from %llu to %llu", (unsigned long long)was,
			       (unsigned long long)size);
		ASSERT_EQ(0, obj_fill(self->fd, h, 1));
	}
	for (size = was; size > 8; size /= 3) {
		ASSERT_EQ(resize(self->fd, h, size, 0, K).got, 1);
		EXPECT_EQ(SOBA_TEST_GOOD, check_first(self->fd, h, 1, size));
	}
	EXPECT_EQ(0, obj_free(self->fd, h));
}

TEST_F(soba, tail_is_zeroed)
{
	static const uint64_t steps[][3] = {
		/* allocated, shrunk to, grown to; all with __GFP_ZERO */
		{ 100, 50, 100 }, { 100, 1, 112 }, { 64, 40, 64 },
		{ 64, 64, 5000 }, { 5000, 100, 6000 }, { 4096, 8, 4096 },
		{ 20000, 9000, 32768 }, { 8192, 8192, 100000 },
		{ 16, 9, 17 }, { 200, 0x81, 0x2000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		uint32_t h = obj_form(self->fd, SOBA_OBJ_KZALLOC, steps[i][0], 0,
				      K, 0);

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, obj_fill(self->fd, h, i));
		ASSERT_EQ(resize(self->fd, h, steps[i][1], 0, K | Z).got, 1);
		ASSERT_EQ(resize(self->fd, h, steps[i][2], 0, K | Z).got, 1);
		EXPECT_EQ(SOBA_TEST_GOOD,
			  check_first(self->fd, h, i, steps[i][1]));
		EXPECT_EQ(SOBA_TEST_GOOD,
			  obj_zeroed(self->fd, h, steps[i][1],
				     steps[i][2] - steps[i][1]))
			TH_LOG("%llu to %llu to %llu",
			       (unsigned long long)steps[i][0],
			       (unsigned long long)steps[i][1],
			       (unsigned long long)steps[i][2]);
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
}

TEST_F(soba, nothing_and_zero)
{
	uint32_t h = obj_form(self->fd, SOBA_OBJ_KREALLOC, 100, 0, K, 0);

	ASSERT_NE(h, 0);
	/* size 0 frees */
	EXPECT_EQ(resize(self->fd, h, 0, 0, K).got, 1);
	EXPECT_EQ(obj_query(self->fd, h, 0).virt, 16);
	/* and from there it is an allocation again */
	EXPECT_EQ(resize(self->fd, h, 300, 0, K).got, 1);
	EXPECT_GT(obj_query(self->fd, h, 0).virt, 4096);
	ASSERT_EQ(0, obj_fill(self->fd, h, 5));
	EXPECT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* NULL means that nothing happened. */
TEST_F(soba, failure_keeps_the_old)
{
	uint32_t h = obj_kmalloc(self->fd, 200, K, 1);

	ASSERT_NE(h, 0);
	ASSERT_EQ(0, obj_fill(self->fd, h, 9));
	EXPECT_EQ(resize(self->fd, h, 1ULL << 40, 0, K | Q).got, 0);
	EXPECT_EQ(resize(self->fd, h, ~0ULL, 0, K | Q).got, 0);
	EXPECT_EQ(resize(self->fd, h, 1ULL << 32, 1ULL << 32, K | Q).got, 0);
	EXPECT_EQ(resize(self->fd, h, ~0ULL, 3, K | Q).got, 0);
	EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, h, 9));
	EXPECT_EQ(resize(self->fd, h, 100, 7, K).got, 1);
	EXPECT_EQ(SOBA_TEST_GOOD, check_first(self->fd, h, 9, 200));
	EXPECT_EQ(0, obj_free(self->fd, h));
}

/* Secrets do not stay: seen while a neighbour keeps the slab. */
TEST_F(soba, sensitive_is_cleared)
{
	static const uint64_t sizes[] = { 24, 100, 128, 1000, 4096 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint32_t h = obj_kmalloc(self->fd, sizes[i], K, 64);
		struct soba_test_object call = obj_init(SOBA_OBJ_FREE);
		unsigned int k;

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, obj_fill(self->fd, h, 3));
		for (k = 0; k < 64; k += 2) {
			call.handle = h;
			call.form = SOBA_OBJ_KFREE_SENSITIVE;
			call.index = k;
			call.flags = SOBA_OBJ_KEEP;
			ASSERT_EQ(0, obj_run(self->fd, &call));
		}
		EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, h, 3));
		for (k = 1; k < 64; k += 2)
			ASSERT_EQ(0, obj_poke(self->fd, h, k, 0, sizes[i], 0));
		call = obj_init(SOBA_OBJ_ZEROED);
		call.handle = h;
		call.flags = SOBA_OBJ_KEEP;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		EXPECT_EQ(call.value, SOBA_TEST_GOOD)
			TH_LOG("%llu bytes: object %llu keeps byte %lld",
			       (unsigned long long)sizes[i], call.index,
			       call.value);
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
}

TEST_F(soba, bulk)
{
	static const uint32_t numbers[] = { 1, 2, 16, 17, 100, 1000, 5000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint32_t h = obj_kmalloc(self->fd, 56 * (i + 1), K, numbers[i]);

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, obj_fill(self->fd, h, i));
		EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, h, i));
		EXPECT_EQ(0, obj_free_form(self->fd, h, SOBA_OBJ_KFREE_BULK,
					   SOBA_OBJ_ALL, 0, -1));
		h = obj_kmalloc(self->fd, 56 * (i + 1), K, numbers[i]);
		EXPECT_EQ(SOBA_TEST_GOOD,
			  obj_value(self->fd, SOBA_OBJ_DISJOINT, h));
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Readers keep what they have, whatever takes the memory meanwhile. */
TEST_F(soba, rcu_waits_for_readers)
{
	static const uint64_t sizes[] = { 24, 32, 100, 192, 1024, 4096 };
	static const uint32_t forms[] = { SOBA_OBJ_KFREE_RCU, SOBA_OBJ_KVFREE_RCU };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (k = 0; k < ARRAY_SIZE(forms); k++) {
			struct soba_test_object call = obj_init(SOBA_OBJ_RCU);

			call.handle = obj_kmalloc(self->fd, sizes[i], K, 300);
			ASSERT_NE(call.handle, 0);
			ASSERT_EQ(0, obj_fill(self->fd, call.handle, 8));
			call.form = forms[k];
			call.seed = 8;
			call.count = 1000;
			ASSERT_EQ(0, obj_run(self->fd, &call));
			EXPECT_EQ(call.value, SOBA_TEST_GOOD)
				TH_LOG("%llu bytes, form %u: byte %lld is another's",
				       (unsigned long long)sizes[i], forms[k],
				       call.value);
		}
	}
}

/* What waits for RCU comes back: far more goes through than there is room for. */
TEST_F(soba, rcu_gives_back)
{
	static const uint32_t forms[] = {
		SOBA_OBJ_KFREE_RCU, SOBA_OBJ_KFREE_RCU_MIGHTSLEEP,
	};
	long long before;
	unsigned int i;

	soba_shrink();
	before = soba_meminfo("Used");
	for (i = 0; i < 40; i++) {
		uint32_t h = obj_kmalloc(self->fd, 1000, K, 4000);

		ASSERT_NE(h, 0)
			TH_LOG("round %u: nothing came back", i);
		/* without a head each may cost a grace period: only a few */
		if (i & 1)
			obj_free_form(self->fd, h, forms[1], i, 0, -1);
		ASSERT_EQ(0, obj_free_form(self->fd, h, i & 1 ? KFREE : forms[0],
					   SOBA_OBJ_ALL, 0, -1));
	}
	for (i = 0; i < 100; i++) {
		soba_shrink();
		if (soba_meminfo("Used") <= before + 1024)
			break;
		usleep(100000);
	}
	EXPECT_LE(soba_meminfo("Used"), before + 1024);
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_HARNESS_MAIN
