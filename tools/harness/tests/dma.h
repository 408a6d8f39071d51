/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dma.h - harness: two devices, and objects that know what was written to them.
 */
#ifndef TESTS_DMA_H
#define TESTS_DMA_H

#include "tests/test.h"

#include <soba/dma.h>

#include "dma/check.h"
#include "sim/dma.h"

static __maybe_unused struct device dev = { .name = "dev0" }, other = { .name = "dev1" };

static __maybe_unused void begin(void)
{
	soba_limits_set(0, 0, SOBA_MAX_ORDER);
	soba_up();
	dev.coherent_dma_mask = DMA_BIT_MASK(32);
	other.coherent_dma_mask = DMA_BIT_MASK(32);
}

static __maybe_unused void say(void *arg, const char *line)
{
	test_note("broken law: %s", line);
}

static __maybe_unused void must_be_valid(void)
{
	CHECK_EQ(soba_dma_validate(say, NULL), 0);
	CHECK_EQ(soba_dma_validate_quiet(say, NULL), 0);
	soba_must_be_valid("after dma");
}

static __maybe_unused void end(void)
{
	must_be_valid();
	sim_dma_unbind(&dev);
	sim_dma_unbind(&other);
	soba_down();
	CHECK_EQ(sim_dma_outstanding(), 0);
	CHECK_EQ(dev.holds, 0);
}

struct object {
	void *vaddr;
	dma_addr_t handle;
	size_t size;
	u8 tag;
};

static __maybe_unused void take(struct object *o, size_t size, gfp_t gfp)
{
	u8 *p;
	size_t i;

	o->size = size;
	p = soba_dma_alloc_coherent(&dev, size, &o->handle, gfp);
	o->vaddr = p;
	CHECK(p);
	for (i = 0; i < size; i++)
		CHECK(!p[i]);
	o->tag = size * 7;
	memset(p, o->tag, size);
}

static __maybe_unused void give(struct object *o)
{
	u8 *p = o->vaddr;
	size_t i;

	for (i = 0; i < o->size; i++)
		CHECKF(p[i] == o->tag, "byte %zu of %zu was written by somebody", i, o->size);
	soba_dma_free_coherent(&dev, o->size, o->vaddr, o->handle);
	o->vaddr = NULL;
}

#endif /* TESTS_DMA_H */
