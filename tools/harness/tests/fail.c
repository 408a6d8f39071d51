// SPDX-License-Identifier: GPL-2.0
/*
 * fail.c - harness: every point of failure in turn. The budget of the host's
 * answers is 0, 1, 2, ... until the whole run succeeds; each time everything
 * must be undone, or be there.
 */
#include "tests/live.h"

#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"

#undef snprintf
#undef vsnprintf
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **sim_param_limit, **sim_param_reserve, **sim_param_chunk_order;
static struct live_set set;

/* insmod fails at each of its allocations: nothing is left behind. */
static void fail_init(void)
{
	long n;

	/* Some hundred caches are alike: each of the first steps, then some. */
	for (n = 0;; n += n < 60 ? 1 : 17) {
		int err;

		soba_limits_set(0, 0, SOBA_MAX_ORDER);
		sim_host.meta_budget = n;
		err = soba_try_up();
		sim_host.meta_budget = -1;
		if (!err)
			break;
		CHECK_EQ(err, -ENOMEM);
		soba_must_be_gone();
		CHECK(n < 2000);
	}
	CHECK(n > 5);
	test_note("init succeeds with %ld allocations", n);
	soba_down();
}

/* ... and at each chunk that reserve= takes. */
static void fail_init_reserve(void)
{
	long n;

	for (n = 0; n < 20; n++) {
		int err;

		soba_limits_set(0, 5000, SOBA_MAX_ORDER);
		sim_host.take_budget = n;
		err = soba_try_up();
		sim_host.take_budget = -1;
		if (!err)
			break;
		CHECK_EQ(err, -ENOMEM);
		CHECK(sim_log_has("soba: bad-parameter: reserve="));
		soba_must_be_gone();
	}
	CHECK(n >= 5);
	CHECK(atomic_long_read(&soba_held_frames) >= 5000);
	soba_down();
}

/* One line that names the parameter, the value and the bound; nothing left. */
static void fail_parameters(void)
{
	static const struct {
		char *limit, *reserve, *order, *name;
	} bad[] = {
		{ "-1", "0", "max", "limit=-1" },
		{ "", "0", "max", "limit=" },
		{ "12x", "0", "max", "limit=12x" },
		{ "0", "1000G", "max", "reserve=1000G" },
		{ "16M", "17M", "max", "limit=16M" },
		{ "0", "0", "11", "chunk_order=11" },
		{ "0", "0", "-1", "chunk_order=-1" },
		{ "0", "0", "9x", "chunk_order=9x" },
		{ "0", "0", "", "chunk_order=" },
		{ "0", "0", "99999999999", "chunk_order=99999999999" },
		{ "18446744073709551617", "0", "max", "limit=18446744073709551617" },
		{ "16777216T", "0", "max", "limit=16777216T" },
		{ "0", "18446744073709555712", "max", "reserve=18446744073709555712" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		*sim_param_limit = bad[i].limit;
		*sim_param_reserve = bad[i].reserve;
		*sim_param_chunk_order = bad[i].order;
		fflush(NULL);
		if (fork()) {		/* each insmod is a module afresh */
			int status;

			wait(&status);
			CHECKF(!status, "%s: see above", bad[i].name);
			continue;
		}
		CHECKF(soba_try_up() == -EINVAL, "%s is accepted", bad[i].name);
		CHECKF(sim_log_has(bad[i].name), "%s is not named", bad[i].name);
		soba_must_be_gone();
		_exit(0);
	}
	soba_limits_set(0, 0, 0);
	*sim_param_chunk_order = "max\n";
	soba_up();
	soba_down();
}

static void work_a_little(void)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_ATOMIC, GFP_KERNEL | __GFP_COMP,
		GFP_KERNEL | __GFP_DMA, GFP_KERNEL | __GFP_ACCOUNT, GFP_KERNEL | __GFP_ZERO };
	unsigned int i;

	for (i = 0; i < 40; i++)
		live_alloc_as(&set, i % 3, (i % 3 == LIVE_EXACT ? GFP_KERNEL : kinds[i % 6]) |
			      __GFP_NOWARN, i % 9, -1);
	soba_must_be_valid("with a failing host");
	live_free_all(&set);
	sim_tick(3 * HZ);
	sim_run_work(true);
	soba_shrink_all();
	soba_must_be_valid("after shrinking");
	CHECK_EQ(atomic_long_read(&soba_held_frames), 0);
	CHECK_EQ(sim_host_taken(), 0);
}

/* @budget runs out after n answers, for each n until it is not used up. */
static void each_budget(long *budget)
{
	long n;

	soba_up();
	live_init(&set, options.seed);
	for (n = 0; n < 200; n++) {
		*budget = n;
		work_a_little();
		if (*budget)
			break;
		*budget = -1;
		sim_rcu_try();
	}
	*budget = -1;
	test_note("%ld points of failure", n);
	soba_down();
}

static void fail_take(void) { each_budget(&sim_host.take_budget); }
static void fail_meta(void) { each_budget(&sim_host.meta_budget); }

/* A frame that a host walker holds for a moment when the chunk goes back. */
static void fail_give(void)
{
	struct page *page, *pin;
	unsigned int order;

	soba_up();
	live_init(&set, options.seed);
	for (order = 0; order <= SOBA_MAX_ORDER; order++) {
		page = soba_alloc_pages(GFP_KERNEL, order);
		soba___free_pages(page, order);
		pin = page + (1UL << order) - 1;
		get_page(pin);
		soba_shrink_all();
		CHECK(sim_host_taken() > 0);
		soba_must_be_valid("while a frame is pinned");
		CHECK_EQ(sim_host_taken(), atomic_long_read(&soba_held_frames));
		put_page(pin);
		soba_shrink_all();
		CHECK_EQ(sim_host_taken(), 0);
	}
	CHECK(sim_host.busy > 0);
	/* A direct block: freed, pinned, and gathered later. */
	page = soba_alloc_pages(GFP_KERNEL | __GFP_ACCOUNT, 2);
	get_page(page + 3);
	soba___free_pages(page, 2);
	soba_shrink_all();
	CHECK_EQ(sim_host_taken(), 4);
	put_page(page + 3);
	soba_shrink_all();
	CHECK_EQ(sim_host_taken(), 0);
	soba_down();
}

/* The reserve of the largest chunk on a host that gives single pages only. */
static void fail_fragments(void)
{
	unsigned int i;

	soba_up();
	live_init(&set, options.seed);
	sim_host.max_order = 0;
	for (i = 0; i < 500; i++)
		CHECK(live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, 0, -1));
	CHECK(!live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL | __GFP_NOWARN, 1, -1));
	soba_must_be_valid("of single pages");
	live_free_all(&set);
	soba_shrink_all();
	CHECK_EQ(sim_host_taken(), 0);
	soba_down();
}

const struct test fail_tests[] = {
	{ "fail_init", fail_init },
	{ "fail_init_reserve", fail_init_reserve },
	{ "fail_parameters", fail_parameters },
	{ "fail_take", fail_take },
	{ "fail_meta", fail_meta },
	{ "fail_give", fail_give },
	{ "fail_fragments", fail_fragments },
	{ }
};
