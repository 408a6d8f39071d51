// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz.c - harness: libFuzzer drives objects (first byte from 160), the buddy
 * (even) or the page calls (odd) with a sequence of operations; three bytes each. libFuzzer sees
 * which branches of the core it reaches and grows the sequences that find new
 * ones.
 */
#include "tests/live.h"
#include "tests/model.h"

#include "page/block.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"

#include <stdio.h>

struct options options = { .seed = 1 };

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "# %s:%d: ", file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	sim_fail("\ntest failed");
}

void test_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
}

bool test_go_on(unsigned long step, double begin, double share)
{
	return false;
}

static void fuzz_buddy(const u8 *data, size_t size)
{
	struct model *m = model_new();

	for (; size >= 3; data += 3, size -= 3, sim_step++)
		model_step(m, data[0], data[1] | data[2] << 8);
	model_delete(m);
}

static const gfp_t flags[] = {
	GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, 0, __GFP_ZERO, __GFP_COMP, __GFP_ACCOUNT, __GFP_DMA,
	__GFP_DMA32, __GFP_THISNODE, __GFP_MEMALLOC, __GFP_NOMEMALLOC, __GFP_HIGH, __GFP_NORETRY,
	__GFP_RETRY_MAYFAIL, __GFP_HIGHMEM,
};

static struct live_set set;

static void page_op(u8 op, u8 a, u8 b)
{
	enum sim_context c = a % SIM_NR_CONTEXTS;
	gfp_t gfp = flags[b & 15] | flags[b >> 4] | __GFP_NOWARN;

	switch (op % 16) {
	case 0 ... 5:
		sim_enter(c);
		live_alloc_as(&set, op & 1 ? LIVE_PAGES : LIVE_ADDR, gfp, a % 11,
			      (op >> 4) % 4 - 1);
		sim_leave(c);
		break;
	case 6 ... 9:
		sim_enter(c);
		if (set.n)
			live_free(&set, (a << 8 | b) % set.n);
		sim_leave(c);
		break;
	case 10:
		live_alloc_as(&set, LIVE_BULK, GFP_KERNEL | __GFP_NOWARN, 0, -1);
		break;
	case 11:
		live_alloc_as(&set, LIVE_EXACT, GFP_KERNEL | __GFP_NOWARN, a % 6, -1);
		break;
	case 12:
		if (b & 1)
			soba_shrink_all();
		else
			sim_host_pressure(a * 64, GFP_KERNEL);
		break;
	case 13:
		sim_tick(a);
		sim_run_work(b & 1);
		sim_rcu_try();
		break;
	case 14:
		sim_host.max_order = a % 11;
		sim_host.take_budget = b & 1 ? -1 : b;
		sim_set_cpu(b & 3);
		break;
	case 15:
		soba_free_pages(PAGE_OFFSET + ((unsigned long)(a << 8 | b) << PAGE_SHIFT), op >> 4);
		soba_free_pages((unsigned long)a << (b & 63), 0);
		break;
	}
}

static void fuzz_pages(const u8 *data, size_t size)
{
	soba_limits_set(data[0] & 2 ? 1500 : 0, data[0] & 4 ? 256 : 0, 1 + (data[0] >> 4) % 10);
	soba_up();
	live_init(&set, data[0]);
	for (data++, size--; size >= 3; data += 3, size -= 3, sim_step++) {
		page_op(data[0], data[1], data[2]);
		sim_expect_clean("after an operation");
		soba_must_be_valid("after an operation");
		CHECK_EQ(sim_host_taken(), atomic_long_read(&soba_held_frames));
		CHECK_EQ(soba_frames_free() + live_frames + soba_pinned_frames(), sim_host_taken());
	}
	sim_set_cpu(0);
	live_free_all(&set);
	soba_down();
}

void fuzz_slab(const u8 *data, size_t size);	/* fuzz_slab.c */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	/* The empty input is one too: libFuzzer needs one that reaches something. */
	static const u8 least[4] = { 1, 1, 0, 0 };

	if (size < sizeof(least)) {
		data = least;
		size = sizeof(least);
	}
	sim_step = 0;
	sim_host_init(data[1]);
	sim_log_clear();
	if (data[0] >= 160)
		fuzz_slab(data, size);
	else if (data[0] & 1)
		fuzz_pages(data, size);
	else
		fuzz_buddy(data + 1, size - 1);
	return 0;
}
