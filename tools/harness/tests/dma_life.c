// SPDX-License-Identifier: GPL-2.0
/*
 * dma_life.c - harness: coherent memory when interrupts, drivers and the host come
 * between.
 */
#include "tests/dma.h"

#include "base/report.h"
#include "dma/heap.h"

/* An interrupt at every point of a pair, that makes pairs itself. */
static void nested(enum sim_kind kind, void *arg)
{
	struct object a, b;

	(void)kind;
	(void)arg;
	take(&a, 64, GFP_ATOMIC);
	take(&b, 64, GFP_ATOMIC);
	give(&a);
	give(&b);
}

/* An interrupt that only takes, and keeps; and one that only gives. */
static struct object held[256];
static unsigned int nr_held;

static void keep_one(void)
{
	if (nr_held < ARRAY_SIZE(held))
		take(&held[nr_held++], 64, GFP_ATOMIC);
}

static void give_one(void)
{
	if (nr_held)
		give(&held[--nr_held]);
}

static void keeper(enum sim_kind kind, void *arg)
{
	(void)kind;
	(void)arg;
	keep_one();
}

static void giver(enum sim_kind kind, void *arg)
{
	(void)kind;
	(void)arg;
	give_one();
}

static void interrupted_by(void (*func)(enum sim_kind kind, void *arg))
{
	unsigned long at, fired = 1;
	struct object o[40];
	unsigned int i;

	for (at = 1; fired; at++) {
		struct sim_injection inj = { .kind = SIM_INJ_HARDIRQ, .func = func, .at = at };

		/* So many that lists are filled and emptied, too. */
		sim_inject(&inj);
		for (i = 0; i < ARRAY_SIZE(o); i++)
			take(&o[i], 64, GFP_KERNEL);
		for (i = 0; i < ARRAY_SIZE(o); i++)
			give(&o[i]);
		sim_inject(NULL);
		fired = inj.fired;
		while (func == keeper && nr_held)
			give_one();
		while (func == giver && nr_held < 8)
			keep_one();
		must_be_valid();
	}
	CHECK(at > 20);
}

static void dma_interrupted_one_way(void)
{
	struct object kept;

	begin();
	take(&kept, 64, GFP_KERNEL);
	interrupted_by(keeper);
	interrupted_by(giver);
	while (nr_held)
		give_one();
	give(&kept);
	end();
}

/* A probe that fails: nothing is kept when its resources are released. */
static void dma_probe_fails(void)
{
	struct object o, late;

	begin();
	take(&o, 64, GFP_KERNEL);
	take(&late, 8192, GFP_KERNEL);
	give(&o);
	CHECK(sim_dma_outstanding() > 8192);
	sim_dma_release(&dev);
	CHECK_EQ(sim_dma_outstanding(), 8192);
	give(&late);
	CHECK_EQ(sim_dma_outstanding(), 0);
	/* What is taken now is not kept either, until the next driver comes. */
	take(&o, 64, GFP_KERNEL);
	give(&o);
	CHECK_EQ(sim_dma_outstanding(), 0);
	sim_dma_bind(&dev);
	take(&o, 64, GFP_KERNEL);
	give(&o);
	CHECK(sim_dma_outstanding());
	end();
}

/* A block that is used again is clear beyond the size that is asked for, too. */
static void dma_blocks_clear(void)
{
	dma_addr_t handle;
	unsigned int i;
	u8 *p;

	begin();
	p = soba_dma_alloc_coherent(&dev, 8192, &handle, GFP_KERNEL);
	CHECK(p);
	memset(p, 0x77, 8192);
	soba_dma_free_coherent(&dev, 8192, p, handle);
	p = soba_dma_alloc_coherent(&dev, 5000, &handle, GFP_KERNEL);
	CHECK(p);
	for (i = 0; i < 8192; i++)
		CHECK(!p[i]);
	soba_dma_free_coherent(&dev, 5000, p, handle);
	/* A wish of the caller's is no property of the memory. */
	p = soba_dma_alloc_attrs(&dev, 64, &handle, GFP_KERNEL, DMA_ATTR_NO_WARN);
	CHECK(p);
	soba_dma_free_coherent(&dev, 64, p, handle);
	p = soba_dma_alloc_attrs(&dev, 64, &handle, GFP_KERNEL,
				 DMA_ATTR_NO_WARN | DMA_ATTR_WRITE_COMBINE);
	CHECK(p);
	soba_dma_free_attrs(&dev, 64, p, handle, DMA_ATTR_WRITE_COMBINE);
	end();
}

/* What is charged to somebody is not kept for others. */
static void dma_accounted(void)
{
	dma_addr_t handle;
	void *p;

	begin();
	p = soba_dma_alloc_coherent(&dev, 8192, &handle, GFP_KERNEL_ACCOUNT);
	CHECK(p);
	soba_dma_free_coherent(&dev, 8192, p, handle);
	CHECK_EQ(sim_dma_outstanding(), 0);
	p = soba_dma_alloc_coherent(&dev, 8192, &handle, GFP_KERNEL);
	CHECK(p);
	soba_dma_free_coherent(&dev, 8192, p, handle);
	CHECK(sim_dma_outstanding() > 0);
	end();
}

static void dma_interrupted(void)
{
	unsigned long at, fired;
	struct object o, kept;

	begin();
	take(&kept, 64, GFP_KERNEL);
	for (at = 1, fired = 1; fired; at++) {
		struct sim_injection inj = { .kind = SIM_INJ_HARDIRQ, .func = nested, .at = at };

		sim_inject(&inj);
		take(&o, 64, GFP_KERNEL);
		give(&o);
		sim_inject(NULL);
		fired = inj.fired;
		CHECK_EQ(((u8 *)kept.vaddr)[5], kept.tag);
	}
	CHECK(at > 20);
	give(&kept);
	end();
}

static void dma_failures(void)
{
	dma_addr_t handle;
	unsigned int i;
	void *p;

	begin();
	for (i = 0; i < 12; i++) {
		sim_host.take_budget = i & 1 ? 0 : -1;
		sim_host.meta_budget = i / 2;
		p = soba_dma_alloc_coherent(&other, 64 << i, &handle, GFP_KERNEL | __GFP_NOWARN);
		sim_host.take_budget = -1;
		sim_host.meta_budget = -1;
		if (p)
			soba_dma_free_coherent(&other, 64 << i, p, handle);
		must_be_valid();
	}
	end();
}

/* What the driver leaves is reported; a late free is a free all the same. */
static void dma_leak(void)
{
	struct soba_dma_pool *pool;
	struct object o;

	begin();
	take(&o, 100, GFP_KERNEL);
	sim_log_clear();
	sim_dma_unbind(&dev);
	CHECK(sim_log_has("device dev0 was unbound and left 1 coherent objects (100 bytes)"));
	CHECK_EQ(sim_dma_outstanding(), PAGE_SIZE);
	give(&o);
	sim_run_work(true);
	CHECK_EQ(sim_dma_outstanding(), 0);
	CHECK(soba_dmam_alloc_coherent(&dev, 100, &o.handle, GFP_KERNEL));
	sim_log_clear();
	sim_dma_unbind(&dev);
	CHECK(!sim_log_has("soba:"));
	pool = soba_dma_pool_create("left", &dev, 64, 0, 0);
	CHECK(pool);
	sim_dma_unbind(&dev);
	CHECK(sim_log_has("soba: leak: pool left of device dev0 was not destroyed, by "));
	soba_dma_pool_destroy(pool);
	end();
}

static void dma_without_a_bus(void)
{
	struct object o;

	begin();
	dev.no_bus = true;
	take(&o, 100, GFP_KERNEL);
	give(&o);
	sim_run_work(true);
	CHECK_EQ(sim_dma_outstanding(), 0);
	dev.no_bus = false;
	end();
}

/* Bands, poison and quarantine. */
static void dma_debug_finds(void)
{
	struct object o;

	begin();
	soba_dma_debug = true;
	take(&o, 64, GFP_KERNEL);
	((u8 *)o.vaddr)[64] = 1;
	sim_log_clear();
	give(&o);
	CHECK(sim_log_has("soba: out-of-bounds: coherent-64 of dev0: byte 0 after"));
	sim_dma_unbind(&dev);
	take(&o, 5000, GFP_KERNEL);
	soba_dma_free_coherent(&dev, 5000, o.vaddr, o.handle);
	((u8 *)o.vaddr)[77] = 1;
	sim_log_clear();
	sim_dma_unbind(&dev);
	CHECK(sim_log_has("soba: use-after-free: coherent-blocks of dev0: byte 77"));
	end();
	soba_dma_debug = false;
}

const struct test dma_life_tests[] = {
	{ "dma_interrupted", dma_interrupted },
	{ "dma_interrupted_one_way", dma_interrupted_one_way },
	{ "dma_probe_fails", dma_probe_fails },
	{ "dma_blocks_clear", dma_blocks_clear },
	{ "dma_accounted", dma_accounted },
	{ "dma_failures", dma_failures },
	{ "dma_leak", dma_leak },
	{ "dma_without_a_bus", dma_without_a_bus },
	{ "dma_debug_finds", dma_debug_finds },
	{ }
};
