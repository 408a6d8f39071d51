// SPDX-License-Identifier: GPL-2.0
/*
 * dma_driver.c - coherent memory and drivers that come and go: what they leave is
 * reported, what is managed is not, and a new driver starts afresh.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "dmalib.h"

#define P		EDU_PLATFORM
#define NAME		"soba_dma_test.0"
#define COHERENT	EDU_FORM_COHERENT

/* What the driver core frees for the driver is no leak. */
TEST_F(soba, managed_memory_goes_with_the_driver)
{
	long long leaks = soba_errors("leak");
	unsigned int i;

	for (i = 0; i < 50; i++)
		ASSERT_NE(0, edu_alloc(P, 1 + i * 111, EDU_FORM_MANAGED,
				       0).object);
	ASSERT_EQ(0, edu_bind(P, false));
	EXPECT_EQ(leaks, soba_errors("leak"));
	EXPECT_NE(0, access(DMA_DIR "/" NAME, F_OK));
	ASSERT_EQ(0, edu_bind(P, true));
}

TEST_F(soba, managed_pool_goes_with_the_driver)
{
	struct soba_edu_call pool = edu_init(P, EDU_OP_POOL);
	unsigned int i;

	pool.form = EDU_FORM_MANAGED;
	pool.size = 200;
	for (i = 0; i < 3; i++) {
		struct soba_edu_call c;

		ASSERT_EQ(0, edu_call(&pool));
		ASSERT_EQ(1, pool.value);
		c = edu_alloc(P, 0, EDU_FORM_POOL, 0);
		ASSERT_NE(c.object, 0);
		ASSERT_EQ(0, edu_free(P, c.object, EDU_RIGHT));
		ASSERT_EQ(0, edu_bind(P, false));
		ASSERT_EQ(0, edu_bind(P, true));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, leak_at_unbind)
{
	struct soba_edu_call ground = edu_init(P, EDU_OP_GROUND);
	long long leaks = soba_errors("leak");
	char line[512];
	unsigned int i;

	for (i = 0; i < 3; i++)
		ASSERT_NE(0, edu_alloc(P, 100, COHERENT, 0).object);
	ASSERT_EQ(0, edu_call(&ground));
	ASSERT_EQ(0, edu_bind(P, false));
	EXPECT_EQ(leaks + 1, soba_errors("leak"));
	EXPECT_EQ(1, kmsg_count(self->kmsg, "soba: leak:", line, sizeof(line)));
	EXPECT_NE(strstr(line, NAME), NULL)
		TH_LOG("%s", line);
	EXPECT_NE(strstr(line, "3 coherent objects (300 bytes)"), NULL)
		TH_LOG("%s", line);
	EXPECT_NE(strstr(line, "[soba_edu]"), NULL)
		TH_LOG("%s", line);
	/* a new life, a new ledger */
	ASSERT_EQ(0, edu_bind(P, true));
	ASSERT_EQ(0, edu_free(P, edu_alloc(P, 64, COHERENT, 0).object, 0));
	EXPECT_EQ(0, dma_stat(NAME, "bytes"));
	ASSERT_EQ(0, edu_bind(P, false));
	EXPECT_EQ(leaks + 1, soba_errors("leak"));
	ASSERT_EQ(0, edu_bind(P, true));
}

TEST_F(soba, device_goes)
{
	struct soba_edu_call remove = edu_init(P, EDU_OP_REMOVE);
	unsigned int i;

	for (i = 0; i < 10; i++) {
		struct soba_edu_call c = edu_alloc(EDU_PLATFORM2, 64 << i % 7,
						   COHERENT, 0);

		ASSERT_NE(0, c.object);
		remove.value = 0;
		ASSERT_EQ(0, edu_call(&remove));
		remove.value = 1;
		ASSERT_EQ(0, edu_call(&remove));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba: leak", NULL, 0));
}

TEST_F(soba, rebind_a_hundred_times)
{
	unsigned int i, k;

	for (i = 0; i < 100; i++) {
		for (k = 0; k < 20; k++)
			ASSERT_NE(0, edu_alloc(P, 1 + k * 300, k & 1 ? COHERENT :
					       EDU_FORM_MANAGED, 0).object);
		ASSERT_EQ(0, edu_bind(P, false));
		ASSERT_EQ(0, edu_bind(P, true));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, pairs_on_all_cpus)
{
	struct soba_edu_call pool = edu_init(P, EDU_OP_POOL);
	struct soba_edu_call c = edu_init(P, EDU_OP_PAIRS);

	pool.size = 192;
	ASSERT_EQ(0, edu_call(&pool));
	c.count = 200000;
	c.seed = 11;
	ASSERT_EQ(0, edu_call(&c));
	EXPECT_EQ(0, c.value);
	EXPECT_EQ(0, dma_stat(NAME, "bytes"));
	EXPECT_EQ(0, dma_stat(NAME, "blocks"));
	pool.op = EDU_OP_POOL_END;
	ASSERT_EQ(0, edu_call(&pool));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_HARNESS_MAIN
