// SPDX-License-Identifier: GPL-2.0
/*
 * random.c - harness: the whole core under random operations from every
 * context, with interrupts, failing hosts, hotplug and mistakes; every step is
 * followed by the validator and by the sums that must come out:
 *
 *	held from the host = free (zones, per-CPU lists) + live + pinned
 *
 * The same seed gives the same run. --steps N stops short of a failing step.
 */
#include "tests/live.h"

#include "base/counter.h"
#include "base/report.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"
#include "page/map.h"
#include "page/pcp.h"

struct world {
	struct live_set set;
	struct live_set nested;		/* what injected contexts hold */
	struct live pinned[16];		/* freed, we hold a reference */
	unsigned int nr_pinned;
	u64 rand;
	struct sim_injection inj;
	unsigned long ops[32];
};

static struct world *w;

static void nested_op(enum sim_kind kind, void *arg)
{
	bool sleep = kind >= SIM_INJ_TASK;

	sim_doing = "nested";
	if (w->nested.busy)
		return;
	if (w->nested.n && (w->nested.n > 150 || sim_below(&w->rand, 2)))
		live_free(&w->nested, sim_below(&w->rand, w->nested.n));
	else
		live_alloc(&w->nested, live_gfp(&w->nested, sleep), sim_below(&w->rand, 5), -1);
}

static void op_alloc(void)
{
	enum sim_context c = sim_below(&w->rand, 2) ? SIM_PROCESS :
						       sim_below(&w->rand, SIM_NR_CONTEXTS);
	gfp_t gfp = live_gfp(&w->set, c == SIM_PROCESS);
	int nid = sim_below(&w->rand, 8) ? -1 : (int)sim_below(&w->rand, 3);

	sim_doing = "alloc";
	if (nid >= 0 && nid != SIM_NODE_EMPTY && sim_below(&w->rand, 2))
		gfp |= __GFP_THISNODE;
	sim_enter(c);
	live_alloc(&w->set, gfp, live_order(&w->set), nid);
	sim_leave(c);
}

static void op_free(void)
{
	enum sim_context c = sim_below(&w->rand, SIM_NR_CONTEXTS);
	unsigned int n = 1 + sim_below(&w->rand, 4);

	sim_doing = "free";
	sim_enter(c);
	while (n-- && w->set.n)
		live_free(&w->set, sim_below(&w->rand, w->set.n));
	sim_leave(c);
}

static void op_burst(void)
{
	unsigned int n = sim_below(&w->rand, 300);

	sim_doing = "burst";
	while (n-- && w->set.n + 70 < LIVE_MAX)
		if (!live_alloc(&w->set, GFP_ATOMIC | __GFP_NOWARN, sim_below(&w->rand, 3), -1))
			break;
}

static void op_drop_all(void)
{
	sim_doing = "drop all";
	live_free_all(&w->set);
}

/* GFP_KERNEL in atomic context is reported and behaves as GFP_ATOMIC. */
static void op_sleep_in_atomic(void)
{
	enum sim_context c = 1 + sim_below(&w->rand, SIM_NR_CONTEXTS - 1);
	unsigned long total = soba_report_total(SOBA_R_SLEEP_IN_ATOMIC);

	sim_doing = "sleep in atomic";
	sim_enter(c);
	live_alloc_as(&w->set, LIVE_PAGES, GFP_KERNEL | __GFP_NOWARN, live_order(&w->set), -1);
	sim_leave(c);
	CHECK(w->set.n + 64 >= LIVE_MAX || soba_report_total(SOBA_R_SLEEP_IN_ATOMIC) > total);
}

static void op_pin(void)
{
	struct live l;
	unsigned int i;

	sim_doing = "pin";
	if (!w->set.n || w->nr_pinned == ARRAY_SIZE(w->pinned))
		return;
	i = sim_below(&w->rand, w->set.n);
	l = w->set.b[i];
	if (l.kind == LIVE_EXACT)
		return;
	get_page(l.page);
	live_free(&w->set, i);
	w->pinned[w->nr_pinned++] = l;
}

static void op_unpin(void)
{
	sim_doing = "unpin";
	if (!w->nr_pinned)
		return;
	put_page(w->pinned[--w->nr_pinned].page);
	if (sim_below(&w->rand, 2))
		soba_pinned_gather();
}

static void op_mistake(void)
{
	struct live *l;

	sim_doing = "mistake";
	if (!w->set.n)
		return;
	l = &w->set.b[sim_below(&w->rand, w->set.n)];
	if (l->kind == LIVE_EXACT)
		return;
	switch (sim_below(&w->rand, 4)) {
	case 0:
		soba___free_pages(l->page, l->order + 1);
		break;
	case 1:
		if (l->order)
			soba___free_pages(l->page + 1, sim_below(&w->rand, l->order));
		break;
	case 2:
		soba_free_pages(sim_rand(&w->rand) >> sim_below(&w->rand, 64), 0);
		break;
	case 3:
		if (page_count(l->page) != SOBA_PAGE_REFS)
			break;
		put_page(l->page);
		l->tag = l->tag ? l->tag : 0;
		live_free(&w->set, l - w->set.b);	/* stray-put: reported, mended */
		break;
	}
}

static void op_shrink(void)
{
	sim_doing = "shrink";
	soba_shrink_all();
}

static void op_pressure(void)
{
	sim_doing = "pressure";
	sim_host_pressure(sim_below(&w->rand, 5000), GFP_KERNEL);
}

static void op_work(void)
{
	sim_doing = "work";
	sim_tick(sim_below(&w->rand, 2 * HZ));
	sim_run_work(sim_below(&w->rand, 4) == 0);
	sim_rcu_try();
}

static void op_hotplug(void)
{
	int cpu = sim_below(&w->rand, 4);

	sim_doing = "hotplug";
	if (cpu == sim_ctx.cpu)
		return;
	if (cpu_online(cpu))
		sim_cpu_down(cpu);
	else
		sim_cpu_up(cpu);
}

static void op_host(void)
{
	static const int orders[] = { 10, 10, 10, 9, 5, 3, 0 };

	sim_doing = "host";
	sim_host.max_order = orders[sim_below(&w->rand, ARRAY_SIZE(orders))];
	sim_host.take_fail_1k = sim_below(&w->rand, 3) ? 0 : sim_below(&w->rand, 1000);
	sim_host.meta_fail_1k = sim_below(&w->rand, 5) ? 0 : sim_below(&w->rand, 300);
	sim_host.wrong_node_1k = sim_below(&w->rand, 3) ? 0 : sim_below(&w->rand, 1000);
}

static void op_migrate(void)
{
	unsigned int cpu = sim_below(&w->rand, 4);

	sim_doing = "migrate";
	if (cpu_online(cpu))
		sim_set_cpu(cpu);
}

static const struct {
	void (*func)(void);
	unsigned int weight;
	bool quiet;		/* no injection: it stands for the world outside */
} ops[] = {
	{ op_alloc, 300, false },	{ op_free, 130, false },
	{ op_burst, 3, false },		{ op_drop_all, 1, false },
	{ op_sleep_in_atomic, 5, true },	{ op_pin, 8, false },
	{ op_unpin, 10, true },		{ op_mistake, 10, true },
	{ op_shrink, 2, false },	{ op_pressure, 5, true },
	{ op_work, 15, true },		{ op_hotplug, 5, true },
	{ op_host, 4, true },		{ op_migrate, 25, true },
};

static void check_sums(void)
{
	unsigned long live = live_frames, held = atomic_long_read(&soba_held_frames);
	unsigned long free = soba_frames_free(), pinned = soba_pinned_frames();

	CHECKF(sim_host_taken() == held, "the host gave %lu frames, soba says it holds %lu",
	       sim_host_taken(), held);
	CHECKF(free + live + pinned == held,
	       "held %lu = free %lu + live %lu + pinned %lu does not come out", held, free, live,
	       pinned);
	CHECKF(!soba_limits.limit || held <= soba_limits.limit, "held %lu, limit %lu", held,
	       soba_limits.limit);
}

static void step(void)
{
	unsigned int total = 0, i, r;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		total += ops[i].weight;
	r = sim_below(&w->rand, total);
	for (i = 0; r >= ops[i].weight; i++)
		r -= ops[i].weight;
	w->ops[i]++;
	if (!ops[i].quiet && w->inj.every)
		sim_inject(&w->inj);
	ops[i].func();
	sim_inject(NULL);
	sim_expect_clean("after an operation");
	if (!cpu_online(sim_ctx.cpu))	/* moved there by an injected event */
		sim_set_cpu(0);
	sim_doing = "validate";
	soba_must_be_valid("after an operation");
	check_sums();
}

static void run(unsigned long limit, unsigned long reserve, unsigned int chunk_order,
		unsigned long every, double share, u64 salt)
{
	double begin = test_cpu_seconds();

	w = calloc(1, sizeof(*w));
	w->rand = options.seed * 1000003 + salt;
	live_init(&w->set, options.seed + 1);
	live_init(&w->nested, options.seed + 2);
	w->inj = (struct sim_injection){ .kind = SIM_INJ_ANY, .func = nested_op, .every = every,
					 .depth = 2, .rcu = true, .rand = options.seed + 3 };
	/* As the host was booted. */
	init_on_alloc = (options.seed + salt) % 4 == 3;
	init_on_free = (options.seed + salt) % 5 == 4;
	soba_limits_set(limit, reserve, chunk_order);
	soba_up();
	for (sim_step = 0; test_go_on(sim_step, begin, share); sim_step++)
		step();
	test_note("%lu steps, %lu allocations asked, %lu refused, %lu chunks taken, %lu given back, seed %llu",
		  sim_step, w->set.asked + w->nested.asked, w->set.failed + w->nested.failed,
		  sim_host.takes, sim_host.gives, (unsigned long long)options.seed);
	while (w->nr_pinned)
		put_page(w->pinned[--w->nr_pinned].page);
	live_free_all(&w->set);
	live_free_all(&w->nested);
	soba_pinned_gather();
	soba_must_be_valid("at the end");
	soba_down();
}

static void random_plain(void) { run(0, 0, SOBA_MAX_ORDER, 0, 0.2, 1); }
static void random_interrupted(void) { run(0, 0, SOBA_MAX_ORDER, 40, 0.25, 2); }
static void random_limit(void) { run(3000, 0, 6, 60, 0.2, 3); }
static void random_reserve(void) { run(20000, 2048, 9, 100, 0.1, 4); }
static void random_tiny_limit(void) { run(200, 0, 3, 60, 0.1, 5); }

const struct test random_tests[] = {
	{ "random_plain", random_plain },
	{ "random_interrupted", random_interrupted },
	{ "random_limit", random_limit },
	{ "random_reserve", random_reserve },
	{ "random_tiny_limit", random_tiny_limit },
	{ }
};
