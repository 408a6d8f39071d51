// SPDX-License-Identifier: GPL-2.0
/*
 * dma_ledger.c - harness: what soba tells of coherent memory: who has how much
 * of which device, and where the slabs lie.
 */
#include "tests/test.h"

#include <soba/dma.h>

#include "dma/check.h"
#include "sim/dma.h"

static struct device dev = { .name = "dev0", .coherent_dma_mask = DMA_BIT_MASK(32) };
static struct device other = { .name = "dev1", .coherent_dma_mask = DMA_BIT_MASK(32) };

struct object {
	void *vaddr;
	dma_addr_t handle;
	size_t size;
};

struct sums {
	unsigned long objects;
	unsigned long bytes;
	unsigned int sites;
};

static void add_up(void *arg, const struct soba_dma_site *site)
{
	struct sums *sums = arg;

	CHECK(!strcmp(site->device, "dev0") || !strcmp(site->device, "dev1"));
	CHECK(site->caller);
	sums->objects += site->objects;
	sums->bytes += site->bytes;
	sums->sites++;
}

static bool nowhere(unsigned long caller, void *arg)
{
	return false;
}

/* Each slab that is there all the time is read once, whatever else moves. */
static unsigned int slabs_read(unsigned int max, unsigned int *with_owner)
{
	static unsigned long seen[1000];
	struct soba_dma_info info[7];
	struct soba_dma_pos pos = { };
	unsigned int i, k, n, all = 0;

	*with_owner = 0;
	while ((n = soba_dma_read(&pos, info, max))) {
		CHECK(n <= max);
		for (i = 0; i < n; i++, all++) {
			CHECK(all < ARRAY_SIZE(seen));
			CHECK(info[i].bytes && IS_ALIGNED(info[i].bytes, PAGE_SIZE));
			*with_owner += info[i].caller != 0;
			seen[all] = info[i].addr;
			for (k = 0; k < all; k++)
				CHECK(seen[k] != info[i].addr);
		}
	}
	return all;
}

/* The ledger of all devices, and of no call site; and the slabs under it. */
static void dma_ledger(void)
{
	static struct object o[300];
	struct sums sums = { };
	unsigned long bytes = 0;
	unsigned int i, owned, nr;

	soba_limits_set(0, 0, SOBA_MAX_ORDER);
	soba_up();
	for (i = 0; i < 300; i++) {
		struct object *p = &o[i];

		p->size = 1 + i * 31 % 9000;
		p->vaddr = soba_dma_alloc_coherent(i ? &dev : &other, p->size,
						   &p->handle, GFP_KERNEL);
		CHECK(p->vaddr);
		bytes += p->size;
	}
	soba_dma_sites(NULL, NULL, add_up, &sums);
	CHECK_EQ(sums.objects, 300);
	CHECK_EQ(sums.bytes, bytes);
	CHECK_EQ(sums.sites, 1);
	soba_dma_sites(NULL, nowhere, add_up, &sums);
	CHECK_EQ(sums.objects, 300);
	nr = slabs_read(7, &owned);
	CHECK(nr > 100 && owned > 100 && owned <= nr);
	CHECK_EQ(slabs_read(1, &i), nr);
	for (i = 0; i < 300; i++)
		soba_dma_free_coherent(i ? &dev : &other, o[i].size, o[i].vaddr,
				       o[i].handle);
	slabs_read(7, &owned);
	CHECK_EQ(owned, 0);
	sim_dma_unbind(&dev);
	sim_dma_unbind(&other);
	CHECK_EQ(slabs_read(7, &owned), 0);
	soba_down();
	CHECK_EQ(sim_dma_outstanding(), 0);
}

const struct test dma_ledger_tests[] = {
	{ "dma_ledger", dma_ledger },
	{ }
};
