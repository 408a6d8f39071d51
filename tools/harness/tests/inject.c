// SPDX-License-Identifier: GPL-2.0
/*
 * inject.c - harness: an interrupt, a softirq, another task with migration, or
 * another CPU, at every point of every operation in turn.
 *
 * For an operation and a kind the run is repeated with the event at point 1, 2,
 * 3, ... until the operation has no such point. Plain accesses of the core are
 * points too. The event allocates, frees, drains or gives chunks back itself.
 */
#include "tests/live.h"

#include "base/counter.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"
#include "page/pcp.h"

static struct live_set set, other;
static unsigned int event;

typedef void (*sim_event)(enum sim_kind kind, void *arg);

/*
 * All that can go back to the host goes, and a grace period ends: who still uses
 * a chunk after others may have it uses freed memory now.
 */
static void takes_all(enum sim_kind kind, void *arg)
{
	soba_shrink_all();
}

/* What comes in between: a few variants. */
static void happens(enum sim_kind kind, void *arg)
{
	bool sleep = kind >= SIM_INJ_TASK;
	unsigned int i, n = 1 + event % 3;

	switch (event % 7) {
	case 0:
		for (i = 0; i < n; i++)
			live_alloc_as(&other, LIVE_PAGES, GFP_ATOMIC | __GFP_NOWARN, i, -1);
		break;
	case 1:
		for (i = 0; i < n && other.n; i++)
			live_free(&other, other.n - 1);
		break;
	case 2:
		live_alloc_as(&other, LIVE_BULK, GFP_ATOMIC | __GFP_NOWARN, 0, -1);
		break;
	case 3:
		if (sleep)
			soba_shrink_all();
		else
			soba_pinned_gather();
		break;
	case 4:
		/* Fill this CPU's lists, then flush them. */
		for (i = 0; i < 100; i++)
			live_alloc_as(&other, LIVE_PAGES, GFP_NOWAIT | __GFP_NOWARN, 1, -1);
		live_free_all(&other);
		break;
	case 5:
		live_alloc_as(&other, LIVE_PAGES, GFP_ATOMIC | __GFP_NOWARN | __GFP_ZERO, 7, -1);
		if (other.n)
			live_free(&other, other.n - 1);
		break;
	case 6:
		sim_host_pressure(3000, sleep ? GFP_KERNEL : GFP_ATOMIC);
		break;
	}
}

static void prepare_full(void)
{
	unsigned int i;

	for (i = 0; i < 252; i++)
		live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, 0, -1);
	while (set.n > 1)
		live_free(&set, set.n - 1);
}

static void prepare_warm(void)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, i, -1);
}

static void prepare_cold(void)
{
	prepare_warm();
	soba_pcp_drain_all();
}

/* Idle chunks, and trimming is due. */
static void prepare_idle(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, 8, -1);
	live_free_all(&set);
	sim_tick(2 * HZ);
}

static void prepare_nothing(void) { }

static void op_alloc(void) { live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, 0, -1); }
static void op_alloc_atomic(void) { live_alloc_as(&set, LIVE_PAGES, GFP_ATOMIC, 2, -1); }
static void op_alloc_zero(void) { live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL | __GFP_ZERO, 0, -1); }
static void op_alloc_large(void) { live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL, 6, -1); }
static void op_alloc_comp(void) { live_alloc_as(&set, LIVE_PAGES, GFP_KERNEL | __GFP_COMP, 1, -1); }
static void op_bulk(void) { live_alloc_as(&set, LIVE_BULK, GFP_KERNEL, 0, -1); }
static void op_exact(void) { live_alloc_as(&set, LIVE_EXACT, GFP_KERNEL, 2, -1); }
static void op_shrink(void) { soba_shrink_all(); }
static void op_drain(void) { soba_pcp_drain_all(); }

static void op_free(void)
{
	if (set.n)
		live_free(&set, set.n - 1);
}

static void op_pair_large(void)
{
	op_alloc_large();
	op_free();
}

static void op_work(void)
{
	sim_tick(2 * HZ);
	sim_run_work(true);
}

static void op_pinned(void)
{
	struct live l;

	if (!set.n)
		return;
	l = set.b[set.n - 1];
	get_page(l.page);
	live_free(&set, set.n - 1);
	put_page(l.page);
	soba_pinned_gather();
}

static const struct {
	const char *name;
	void (*prepare)(void);
	void (*op)(void);
} cases[] = {
	{ "alloc, warm", prepare_full, op_alloc },
	{ "alloc, cold", prepare_cold, op_alloc },
	{ "alloc, from nothing", prepare_nothing, op_alloc },
	{ "atomic, cold", prepare_cold, op_alloc_atomic },
	{ "zeroed", prepare_full, op_alloc_zero },
	{ "large", prepare_warm, op_alloc_large },
	{ "large pair", prepare_warm, op_pair_large },
	{ "compound", prepare_nothing, op_alloc_comp },
	{ "bulk", prepare_full, op_bulk },
	{ "exact", prepare_warm, op_exact },
	{ "free", prepare_warm, op_free },
	{ "free into a full list", prepare_full, op_free },
	{ "drain", prepare_full, op_drain },
	{ "shrink", prepare_full, op_shrink },
	{ "work", prepare_idle, op_work },
	{ "pinned", prepare_warm, op_pinned },
};

static void settle(const char *when)
{
	unsigned long held = atomic_long_read(&soba_held_frames);

	if (!cpu_online(sim_ctx.cpu))
		sim_set_cpu(0);
	soba_must_be_valid(when);
	CHECK_EQ(sim_host_taken(), held);
	CHECKF(soba_frames_free() + live_frames + soba_pinned_frames() == held,
	       "%s: free %lu + live %ld + pinned %lu is not %lu", when, soba_frames_free(),
	       live_frames, soba_pinned_frames(), held);
}

/* One event at point @at of one operation; false when there is no such point. */
static bool one(unsigned int c, enum sim_kind kind, sim_event func, unsigned long at)
{
	struct sim_injection inj = { .kind = kind, .func = func, .at = at, .rcu = true,
				     .rand = at };

	sim_set_cpu(0);
	live_init(&set, options.seed);
	live_init(&other, options.seed + 1);
	cases[c].prepare();
	/* Else what the operation takes is all that soba has. */
	if (func == happens) {
		live_alloc_as(&other, LIVE_PAGES, GFP_KERNEL, 0, -1);
		live_alloc_as(&other, LIVE_PAGES, GFP_KERNEL, 1, -1);
	}
	event = at + c;
	sim_doing = cases[c].name;
	sim_step = at;
	sim_inject(&inj);
	cases[c].op();
	sim_inject(NULL);
	sim_expect_clean(cases[c].name);
	settle(cases[c].name);
	live_free_all(&set);
	live_free_all(&other);
	if (at % 5 == 0 || func == takes_all) {
		sim_run_work(true);
		soba_shrink_all();
		sim_rcu_try();
	}
	return inj.fired > 0;
}

static void every_point(enum sim_kind kind, sim_event func)
{
	unsigned long total = 0;
	unsigned int c;

	/* Small chunks: writing their descriptors shall not be most of the points. */
	soba_limits_set(0, 0, 4);
	soba_up();
	for (c = 0; c < ARRAY_SIZE(cases); c++) {
		unsigned long at = 1, skip = 1;

		while (one(c, kind, func, at)) {
			total++;
			/* Long operations are loops: their points get sparse. */
			if (at >= 2000)
				skip += 7;
			at += skip;
		}
		CHECKF(at > 1, "%s has no point for kind %u", cases[c].name, kind);
	}
	test_note("%lu points tried", total);
	soba_down();
}

/* An interrupt fills the list between a refill's two steps: it never overflows. */
static void free_them_all(enum sim_kind kind, void *arg)
{
	live_free_all(&other);
}

static void inject_fills_list(void)
{
	unsigned long at;
	unsigned int i;

	soba_limits_set(0, 0, 9);
	soba_up();
	for (at = 1;; at++) {
		struct sim_injection inj = {
			.kind = SIM_INJ_HARDIRQ, .func = free_them_all, .at = at
		};

		live_init(&set, options.seed);
		live_init(&other, options.seed);
		soba_pcp_drain_all();
		sim_set_cpu(2);
		for (i = 0; i < 260; i++)
			live_alloc_as(&other, LIVE_PAGES, GFP_KERNEL, 0, -1);
		sim_set_cpu(0);
		sim_step = at;
		sim_inject(&inj);
		op_alloc();
		sim_inject(NULL);
		settle("list filled by an interrupt");
		live_free_all(&set);
		live_free_all(&other);
		if (!inj.fired)
			break;
	}
	CHECK(at > 50);
	soba_down();
}

static void inject_hardirq(void) { every_point(SIM_INJ_HARDIRQ, happens); }
static void inject_softirq(void) { every_point(SIM_INJ_SOFTIRQ, happens); }
static void inject_task(void) { every_point(SIM_INJ_TASK, happens); }
static void inject_remote(void) { every_point(SIM_INJ_REMOTE, happens); }
static void inject_takes_all(void) { every_point(SIM_INJ_REMOTE, takes_all); }

/* A nested call finds the list busy, says so, and is served all the same. */
static unsigned long served;

static void nested_alloc(enum sim_kind kind, void *arg)
{
	struct page *page = soba_alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 0);

	CHECK(page);
	soba___free_pages(page, 0);
	served++;
}

static void inject_finds_busy(void)
{
	struct sim_injection inj = { .kind = SIM_INJ_HARDIRQ, .func = nested_alloc, .every = 1 };

	soba_up();
	live_init(&set, options.seed);
	prepare_full();
	sim_inject(&inj);
	op_alloc();
	op_free();
	sim_inject(NULL);
	CHECK(served > 10);
	CHECK(soba_counter_sum(SOBA_C_PCP_NESTED) > 2);
	CHECK(soba_counter_sum(SOBA_C_PCP_NESTED) < 2 * served);
	live_free_all(&set);
	soba_down();
}

const struct test inject_tests[] = {
	{ "inject_hardirq_everywhere", inject_hardirq },
	{ "inject_softirq_everywhere", inject_softirq },
	{ "inject_task_everywhere", inject_task },
	{ "inject_remote_everywhere", inject_remote },
	{ "inject_takes_all", inject_takes_all },
	{ "inject_fills_list", inject_fills_list },
	{ "inject_finds_busy", inject_finds_busy },
	{ }
};
