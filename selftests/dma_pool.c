// SPDX-License-Identifier: GPL-2.0
/*
 * dma_pool.c - dma pools on a platform device without hardware: sizes, alignment,
 * boundaries, objects that do not overlap.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "dmalib.h"

#define P		EDU_PLATFORM
#define NAME		"soba_dma_test.0"
#define POOL		EDU_FORM_POOL

TEST_F(soba, pools)
{
	static const struct {
		__u64 size, align, boundary;
		bool good;
	} shapes[] = {
		{ 4, 0, 0, true }, { 16, 16, 0, true }, { 64, 64, 0, true },
		{ 96, 32, 0, true }, { 256, 256, 1024, true },
		{ 300, 4, 1024, true }, { 700, 128, 2048, true },
		{ 1500, 4, 4096, true }, { 3000, 8, 0, true },
		{ 4096, 4096, 0, true }, { 5000, 8, 8192, true },
		{ 16384, 64, 0, true },
		{ 0, 0, 0, false }, { 64, 24, 0, false },
		{ 64, 8, 100, false }, { 512, 8, 256, false },
		{ 1ULL << 32, 8, 0, false },
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct soba_edu_call pool = edu_init(P, EDU_OP_POOL);
		__u64 b = shapes[i].boundary, size = shapes[i].size;
		struct soba_edu_call c[100];

		pool.size = size;
		pool.align = shapes[i].align;
		pool.boundary = b;
		ASSERT_EQ(0, edu_call(&pool));
		ASSERT_EQ(shapes[i].good, pool.value)
			TH_LOG("shape %u", i);
		if (!shapes[i].good)
			continue;
		for (k = 0; k < 100; k++) {
			__u32 form = k & 1 ? EDU_FORM_POOL_ZEROED : POOL;

			c[k] = edu_alloc(P, 0, form, 0);
			ASSERT_NE(c[k].object, 0);
			if (k & 1)
				EXPECT_EQ(-1, edu_value(P, EDU_OP_ZEROED,
							c[k].object, 0));
			if (shapes[i].align)
				EXPECT_EQ(0, c[k].handle % shapes[i].align);
			if (b)
				EXPECT_EQ(c[k].handle / b,
					  (c[k].handle + size - 1) / b)
					TH_LOG("shape %u: %#llx", i, c[k].handle);
			ASSERT_EQ(0, edu_on(P, EDU_OP_FILL, c[k].object, k,
					    NULL));
		}
		for (k = 0; k < 100; k++) {
			EXPECT_EQ(-1, edu_value(P, EDU_OP_CHECK, c[k].object, k))
				TH_LOG("shape %u, object %u", i, k);
			ASSERT_EQ(0, edu_free(P, c[k].object, EDU_RIGHT));
		}
		pool.op = EDU_OP_POOL_END;
		ASSERT_EQ(0, edu_call(&pool));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba: live-objects", NULL, 0));
	EXPECT_EQ(0, dma_stat(NAME, "bytes"));
}

TEST_HARNESS_MAIN
