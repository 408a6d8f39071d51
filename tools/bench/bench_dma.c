// SPDX-License-Identifier: GPL-2.0
/*
 * bench_dma.c - the rows of coherent memory and pools, for a platform device:
 * soba's calls and the host's, same arguments, same boot. Coherent memory is
 * cleared by contract: what that costs is added to what is promised.
 *
 * No lock: one context. Interrupts stay on: the host's free wants them so.
 */
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/platform_device.h>

#include <soba/soba.h>

#include "bench.h"

#define BATCH 128

static dma_addr_t handles[BATCH];

#define COHERENT(name, who, dev, size, alloc, free)			\
	BENCH(name, who, 0, 1000, 1, ({					\
		dma_addr_t h_;						\
		void *p_ = alloc(dev, size, &h_, GFP_ATOMIC);		\
									\
		free(dev, size, p_, h_);				\
	}))

#define POOL(name, who, pool, alloc, free)				\
	BENCH(name, who, 0, 1000, 1, ({					\
		dma_addr_t h_;						\
		void *p_ = alloc(pool, GFP_ATOMIC, &h_);		\
									\
		free(pool, p_, h_);					\
	}))

#define POOL_BATCH(name, who, pool, alloc, free)			\
	BENCH(name, who, 0, 10, BATCH, ({				\
		unsigned int k_;					\
									\
		for (k_ = 0; k_ < BATCH; k_++)				\
			bench_objs[k_] = alloc(pool, GFP_ATOMIC, &handles[k_]); \
		for (k_ = 0; k_ < BATCH; k_++)				\
			free(pool, bench_objs[k_], handles[k_]);		\
	}))

#define COHERENTS(name, dev, size)					\
	do {								\
		COHERENT(name, "host", dev, size, dma_alloc_coherent,	\
			 dma_free_coherent);				\
		COHERENT(name, "soba", dev, size,			\
			 soba_dma_alloc_coherent, soba_dma_free_coherent); \
	} while (0)

static bench_hot void coherent(struct device *dev)
{
	COHERENTS("dma_alloc_coherent 4096 pair", dev, 4096);
	COHERENTS("dma_alloc_coherent 64 pair", dev, 64);
	COHERENTS("dma_alloc_coherent 256 pair", dev, 256);
	COHERENTS("dma_alloc_coherent 65536 pair", dev, 65536);
}

static bench_hot void pool_host(struct device *dev)
{
	struct dma_pool *pool = dma_pool_create("bench", dev, 256, 64, 0);

	if (!pool)
		return;
	POOL("dma_pool 256 pair", "host", pool, dma_pool_alloc, dma_pool_free);
	POOL_BATCH("dma_pool 256 batch 128, each", "host", pool, dma_pool_alloc,
		   dma_pool_free);
	dma_pool_destroy(pool);
}

static bench_hot void pool_soba(struct device *dev)
{
	struct soba_dma_pool *pool;

	pool = soba_dma_pool_create("bench", dev, 256, 64, 0);
	if (!pool)
		return;
	POOL("dma_pool 256 pair", "soba", pool, soba_dma_pool_alloc,
	     soba_dma_pool_free);
	POOL_BATCH("dma_pool 256 batch 128, each", "soba", pool,
		   soba_dma_pool_alloc, soba_dma_pool_free);
	soba_dma_pool_destroy(pool);
}

/* The first call of a sleeping one makes the heap and its lists. */
static void warm(struct device *dev)
{
	static const size_t sizes[] = { 64, 256, 4096, 65536 };
	dma_addr_t handle;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *p = soba_dma_alloc_coherent(dev, sizes[i], &handle,
						  GFP_KERNEL);

		soba_dma_free_coherent(dev, sizes[i], p, handle);
	}
}

static void run(void)
{
	struct platform_device *pdev;

	pdev = platform_device_register_simple("soba_bench", -1, NULL, 0);
	if (IS_ERR(pdev))
		return;
	if (!dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32))) {
		warm(&pdev->dev);
		coherent(&pdev->dev);
		pool_host(&pdev->dev);
		pool_soba(&pdev->dev);
	}
	platform_device_unregister(pdev);
}

static const struct bench_bound bounds[] = {
	{ "dma_alloc_coherent 4096 pair", 250, 70, .clears = PAGE_SIZE },
	/* As little as a pool's, and the clearing. */
	{ "dma_alloc_coherent 64 pair", 75, 70, .clears = 64 },
	{ "dma_alloc_coherent 256 pair", 75, 70, .clears = 256 },
	{ "dma_pool 256 pair", 75, 50, .inits = 256 },
	{ "dma_pool 256 batch 128, each", 100, 60, .inits = 256 },
};

static const char *const fast[] = {
	"soba_dma_alloc_coherent", "soba_dma_free_coherent",
	"soba_dma_pool_alloc", "soba_dma_pool_free",
	NULL
};

const struct bench_group bench_dma = {
	.run = run,
	.bounds = bounds,
	.nr_bounds = ARRAY_SIZE(bounds),
	.fast = fast,
};
