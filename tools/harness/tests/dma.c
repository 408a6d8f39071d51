// SPDX-License-Identifier: GPL-2.0
/*
 * dma.c - harness: coherent memory and pools over the fake DMA API.
 */
#include "tests/dma.h"

#include "base/report.h"
#include "dma/cache.h"
#include "dma/heap.h"

/* The offset for the device is the offset for the CPU. */
static void dma_offsets(void)
{
	static struct object o[400];
	unsigned int i, k;

	begin();
	for (i = 0; i < 400; i++) {
		take(&o[i], 1 + i * 29 % 6000, GFP_KERNEL);
		CHECK_EQ(offset_in_page(o[i].vaddr), offset_in_page(o[i].handle));
		CHECK(o[i].handle + o[i].size - 1 <= dev.coherent_dma_mask);
		if (o[i].size <= PAGE_SIZE) {
			CHECK_EQ(o[i].handle / PAGE_SIZE,
				 (o[i].handle + o[i].size - 1) / PAGE_SIZE);
			CHECK(IS_ALIGNED(o[i].handle, max(32UL, roundup_pow_of_two(o[i].size))));
		}
		for (k = 0; k < i; k++)
			CHECK(o[i].handle >= o[k].handle + o[k].size ||
			      o[k].handle >= o[i].handle + o[i].size);
	}
	must_be_valid();
	for (i = 0; i < 400; i++)
		give(&o[i]);
	end();
}

static void dma_random(void)
{
	static struct object o[120];
	u64 rand = sim_seed;
	double start = test_cpu_seconds();
	unsigned long step;

	begin();
	memset(o, 0, sizeof(o));
	for (step = 0; test_go_on(step, start, 0.05); step++) {
		struct object *p = &o[sim_below(&rand, 120)];
		enum sim_context c = sim_below(&rand, SIM_NR_CONTEXTS);

		sim_step = step;
		if (sim_below(&rand, 50) == 0)
			sim_set_cpu(sim_below(&rand, num_online_cpus()));
		if (sim_below(&rand, 200) == 0)
			sim_run_work(true);
		if (sim_below(&rand, 500) == 0)
			sim_host_pressure(1 + sim_below(&rand, 100), GFP_KERNEL);
		sim_enter(c);
		if (p->vaddr)
			give(p);
		else
			take(p, 1 + sim_below(&rand, sim_below(&rand, 8) ? 1024 : 20000),
			     c == SIM_PROCESS ? GFP_KERNEL : GFP_ATOMIC);
		sim_leave(c);
		if (step % 256 == 0)
			must_be_valid();
	}
	for (step = 0; step < 120; step++)
		if (o[step].vaddr)
			give(&o[step]);
	end();
}

/* What was given under one mask does not come back under a narrower one. */
static void dma_mask_follows(void)
{
	static struct object o[40];
	unsigned int i, round;

	begin();
	for (round = 0; round < 6; round++) {
		u64 top = round & 1 ? DMA_BIT_MASK(28) : DMA_BIT_MASK(32);

		dev.coherent_dma_mask = top;
		for (i = 0; i < 40; i++) {
			/* half of them are from the round before */
			if (o[i].vaddr)
				give(&o[i]);
			take(&o[i], 40 + i * 200, GFP_KERNEL);
			CHECKF(o[i].handle + o[i].size - 1 <= top, "%#llx is above %#llx",
			       o[i].handle, top);
		}
		for (i = 0; i < 20; i++)
			give(&o[i]);
	}
	for (i = 20; i < 40; i++)
		give(&o[i]);
	end();
}

/* A host that does not obey is found out. */
static void dma_mask_checked(void)
{
	dma_addr_t handle;

	begin();
	dev.coherent_dma_mask = DMA_BIT_MASK(24);
	sim_dma_disobeys = true;
	CHECK(!soba_dma_alloc_coherent(&dev, 64, &handle, GFP_KERNEL));
	CHECK(!soba_dma_alloc_coherent(&dev, 9000, &handle, GFP_KERNEL));
	CHECK(sim_log_has("outside of its coherent mask"));
	sim_dma_disobeys = false;
	sim_run_work(true);
	CHECK(soba_dma_alloc_coherent(&dev, 64, &handle, GFP_KERNEL | __GFP_NOWARN));
	sim_dma_remove(&dev);
	soba_down_leaky();
}

static void wrong(enum soba_report_class class, struct device *d, size_t size, void *vaddr,
		  dma_addr_t handle)
{
	unsigned long total = soba_report_total(class);

	soba_dma_free_coherent(d, size, vaddr, handle);
	CHECKF(soba_report_total(class) == total + 1, "%s is not counted", soba_report_name(class));
	must_be_valid();
}

static void dma_mistakes(void)
{
	static const size_t sizes[] = { 64, 4096, 20000 };
	struct soba_dma_pool *pool;
	dma_addr_t handle;
	unsigned int i;
	void *p;

	begin();
	pool = soba_dma_pool_create("p", &dev, 96, 32, 0);
	for (i = 0; i < 3; i++) {
		struct object o;

		take(&o, sizes[i], GFP_KERNEL);
		wrong(SOBA_R_WRONG_DEVICE, &other, o.size, o.vaddr, o.handle);
		wrong(SOBA_R_WRONG_SIZE, &dev, o.size - 1, o.vaddr, o.handle);
		wrong(SOBA_R_INVALID_FREE, &dev, o.size, o.vaddr, o.handle + 32);
		wrong(SOBA_R_INVALID_FREE, &dev, o.size, o.vaddr + 8, o.handle + 8);
		wrong(SOBA_R_INVALID_FREE, &dev, o.size, o.vaddr + 16, o.handle + 16);
		wrong(SOBA_R_FOREIGN_FREE, &dev, o.size, &o, o.handle);
		give(&o);
	}
	p = soba_dma_alloc_coherent(&dev, 64, &handle, GFP_KERNEL);
	soba_dma_free_coherent(&dev, 64, p, handle);
	wrong(SOBA_R_DOUBLE_FREE, &dev, 64, p, handle);
	wrong(SOBA_R_DOUBLE_FREE, &dev, 0, p, handle);
	p = soba_dma_pool_alloc(pool, GFP_KERNEL, &handle);
	wrong(SOBA_R_WRONG_CACHE, &dev, 96, p, handle);
	soba_dma_pool_free(pool, p, handle);
	soba_dma_pool_destroy(pool);
	end();
}

static void dma_pools(void)
{
	static const unsigned int shapes[][3] = {
		{ 8, 8, 0 }, { 96, 32, 0 }, { 100, 4, 0 }, { 300, 4, 1024 }, { 1500, 4, 2048 },
		{ 3000, 8, 4096 }, { 4096, 4096, 0 }, { 9000, 64, 16384 },
	};
	static void *p[300];
	static dma_addr_t h[300];
	unsigned int i, k;

	begin();
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct soba_dma_pool *pool = soba_dma_pool_create("p", &dev, shapes[i][0],
								  shapes[i][1], shapes[i][2]);

		CHECK(pool);
		for (k = 0; k < 300; k++) {
			p[k] = soba_dma_pool_zalloc(pool, GFP_KERNEL, &h[k]);
			CHECK(p[k]);
			CHECK(IS_ALIGNED(h[k], (u64)shapes[i][1]));
			if (shapes[i][2])
				CHECK_EQ(h[k] / shapes[i][2],
					 (h[k] + shapes[i][0] - 1) / shapes[i][2]);
			memset(p[k], k, shapes[i][0]);
		}
		for (k = 0; k < 300; k++) {
			CHECK_EQ(((u8 *)p[k])[0], (u8)k);
			CHECK_EQ(((u8 *)p[k])[shapes[i][0] - 1], (u8)k);
			soba_dma_pool_free(pool, p[k], h[k]);
		}
		must_be_valid();
		soba_dma_pool_destroy(pool);
	}
	CHECK(!soba_dma_pool_create("p", &dev, 0, 0, 0));
	CHECK(!soba_dma_pool_create("p", &dev, 64, 24, 0));
	CHECK(!soba_dma_pool_create("p", &dev, 64, 8, 32));
	end();
}

const struct test dma_tests[] = {
	{ "dma_offsets", dma_offsets },
	{ "dma_mask_follows", dma_mask_follows },
	{ "dma_mask_checked", dma_mask_checked },
	{ "dma_mistakes", dma_mistakes },
	{ "dma_pools", dma_pools },
	{ "dma_random", dma_random },
	{ }
};
