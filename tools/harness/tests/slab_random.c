// SPDX-License-Identifier: GPL-2.0
/*
 * slab_random.c - harness: caches and kmalloc() under random calls from every
 * context, with interrupts, failing hosts, hotplug, pressure and mistakes. The
 * model is naive: a byte for each address that somebody has, and a count for
 * each cache. Each step is followed by the validators and by the sums.
 *
 * The same seed gives the same run. --steps N stops short of a failing step.
 */
#include "tests/slab_live.h"

#include "base/report.h"
#include "page/grow.h"
#include "page/limits.h"
#include "slab/rcu.h"
#include "slab/reap.h"

static struct obj_kind kinds[] = {
	{ .name = "r8", .size = 8 },
	{ .name = "r100", .size = 100, .ctor = true },
	{ .name = "r640", .size = 640, .flags = SLAB_TYPESAFE_BY_RCU },
	{ .name = "r3000", .size = 3000, .flags = SLAB_HWCACHE_ALIGN },
	{ .name = "r40000", .size = 40000 },
	{ .name = "rdma", .size = 256, .flags = SLAB_CACHE_DMA },
	{ .name = "rdebug", .size = 77,
	  .flags = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER },
};

#define NR_CACHES ARRAY_SIZE(kinds)
static struct obj_kind km = { .name = "kmalloc" };
static struct obj_set set, nested;
static struct sim_injection inj;
static u64 rand_state;
static bool failing;

static unsigned long below(unsigned long n)
{
	return sim_below(&rand_state, n);
}

static gfp_t any_gfp(const struct obj_kind *k, bool sleep)
{
	static const gfp_t more[] = { __GFP_DMA, __GFP_DMA32, __GFP_RECLAIMABLE, __GFP_ACCOUNT };
	gfp_t gfp = sleep && below(3) ? GFP_KERNEL : below(2) ? GFP_ATOMIC : GFP_NOWAIT;

	if (!k->ctor && !below(4))
		gfp |= __GFP_ZERO;
	if (!k->s && !below(8))
		gfp |= more[below(ARRAY_SIZE(more))];
	else if (!below(60))
		gfp |= __GFP_ACCOUNT;
	return gfp | __GFP_NOWARN;
}

static struct obj_kind *any_kind(void)
{
	unsigned int i = below(NR_CACHES + 3);

	return i < NR_CACHES ? &kinds[i] : &km;
}

static size_t any_size(void)
{
	return 1 + below(1UL << (3 + below(below(12) ? 10 : 15)));
}

static void one_alloc(struct obj_set *s, bool sleep)
{
	struct obj_kind *k = any_kind();
	gfp_t gfp = any_gfp(k, sleep);
	int nid = below(8) ? -1 : (int)below(3);

	if (nid >= 0 && nid != SIM_NODE_EMPTY && below(2))
		gfp |= __GFP_THISNODE;
	obj_alloc(s, k, any_size(), gfp, nid);
}

static void nested_op(enum sim_kind kind, void *arg)
{
	unsigned int r = below(16);

	sim_doing = "nested";
	if (r == 0)
		obj_alloc_bulk(&nested, any_kind(), GFP_ATOMIC | __GFP_NOWARN, below(20));
	else if (r == 1)
		obj_free_bulk(&nested, NULL, below(20));
	else if (nested.n && (nested.n > 150 || r & 1))
		obj_free(&nested, below(nested.n));
	else
		one_alloc(&nested, kind >= SIM_INJ_TASK);
}

static enum sim_context any_context(void)
{
	return below(2) ? SIM_PROCESS : below(SIM_NR_CONTEXTS);
}

static void op_alloc(void)
{
	enum sim_context c = any_context();
	unsigned int n = 1 + below(below(10) ? 3 : 40);

	sim_doing = "alloc";
	sim_enter(c);
	while (n--)
		one_alloc(&set, c == SIM_PROCESS);
	sim_leave(c);
}

static void op_free(void)
{
	enum sim_context c = any_context();
	unsigned int n = 1 + below(below(10) ? 3 : 60);

	sim_doing = "free";
	sim_enter(c);
	while (n-- && set.n)
		obj_free(&set, below(set.n));
	sim_leave(c);
}

static void op_bulk(void)
{
	enum sim_context c = below(2) ? SIM_PROCESS : SIM_SOFTIRQ;
	struct obj_kind *k = any_kind();

	sim_doing = "bulk";
	sim_enter(c);
	obj_alloc_bulk(&set, k, GFP_ATOMIC | __GFP_NOWARN, below(65));
	sim_leave(c);
}

static void op_free_bulk(void)
{
	enum sim_context c = any_context();

	sim_doing = "free bulk";
	sim_enter(c);
	obj_free_bulk(&set, below(2) ? any_kind() : NULL, below(65));
	sim_leave(c);
}

static void op_resize(void)
{
	sim_doing = "krealloc";
	if (set.n)
		obj_resize(&set, below(set.n), any_size(),
			   GFP_KERNEL | __GFP_NOWARN | (below(2) ? __GFP_ZERO : 0));
}

static void op_free_rcu(void)
{
	unsigned int i = below(set.n);

	sim_doing = "kfree_rcu";
	if (set.n && !set.o[i].kind->ctor && set.o[i].size >= sizeof(struct rcu_head))
		obj_free_rcu(&set, i);
}

static void op_drop_all(void)
{
	sim_doing = "drop all";
	obj_free_all(&set);
}

/* Reported, and nothing else comes of it. */
static void op_mistake(void)
{
	struct obj o;
	unsigned long before = 0, after = 0;
	unsigned int i;

	sim_doing = "mistake";
	if (!set.n || failing)
		return;
	for (i = 0; i < SOBA_NR_REPORTS; i++)
		before += soba_report_total(i);
	i = below(set.n);
	o = set.o[i];
	switch (below(4)) {
	case 0:
		soba_kfree(o.p + 1 + below(o.size - 1));
		break;
	case 1:
		soba_kmem_cache_free(o.kind == &kinds[0] ? kinds[1].s : kinds[0].s, o.p);
		break;
	case 2:
		soba_kfree((void *)(sim_rand(&rand_state) | 1));
		break;
	case 3:
		obj_free(&set, i);
		soba_kfree(o.p);
		break;
	}
	for (i = 0; i < SOBA_NR_REPORTS; i++)
		after += soba_report_total(i);
	CHECKF(after == before + 1, "%lu reports for one mistake", after - before);
}

static void op_shrink(void)
{
	sim_doing = "shrink";
	if (below(2))
		soba_shrink_all();
	else
		soba_kmem_cache_shrink(kinds[below(NR_CACHES)].s);
}

static void op_recreate(void)
{
	struct obj_kind *k = &kinds[below(NR_CACHES)];
	unsigned int i;

	sim_doing = "destroy and create";
	if (failing || sim_host.take_fail_1k || sim_host.meta_fail_1k)
		return;
	for (i = set.n; i-- > 0;)
		if (set.o[i].kind == k)
			obj_free(&set, i);
	for (i = nested.n; i-- > 0;)
		if (nested.o[i].kind == k)
			obj_free(&nested, i);
	obj_kind_destroy(k);
	obj_kind_create(k);
}

static void op_pressure(void)
{
	sim_doing = "pressure";
	sim_host_pressure(below(5000), below(2) ? GFP_KERNEL : GFP_ATOMIC);
}

static void op_work(void)
{
	sim_doing = "work";
	sim_tick(below(4 * HZ));
	sim_run_work(below(4) == 0);
	sim_rcu_try();
}

static void op_hotplug(void)
{
	int cpu = below(4);

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
	sim_host.max_order = orders[below(ARRAY_SIZE(orders))];
	sim_host.take_fail_1k = below(3) ? 0 : below(1000);
	sim_host.meta_fail_1k = below(5) ? 0 : below(300);
	sim_host.wrong_node_1k = below(3) ? 0 : below(1000);
	failing = sim_host.take_fail_1k || sim_host.meta_fail_1k || sim_host.max_order < 10;
}

static void op_migrate(void)
{
	unsigned int cpu = below(4);

	sim_doing = "migrate";
	if (cpu_online(cpu))
		sim_set_cpu(cpu);
}

static const struct {
	void (*func)(void);
	unsigned int weight;
	bool quiet;		/* no injection: it stands for the world outside */
} ops[] = {
	{ op_alloc, 200, false },	{ op_free, 180, false },
	{ op_bulk, 30, false },		{ op_free_bulk, 40, false },
	{ op_resize, 30, false },	{ op_free_rcu, 20, false },
	{ op_drop_all, 2, false },	{ op_mistake, 20, true },
	{ op_shrink, 6, false },	{ op_recreate, 2, true },
	{ op_pressure, 4, true },	{ op_work, 15, true },
	{ op_hotplug, 8, true },	{ op_host, 3, true },
	{ op_migrate, 40, true },
};

static void step(void)
{
	unsigned int total = 0, i, r;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		total += ops[i].weight;
	r = below(total);
	for (i = 0; r >= ops[i].weight; i++)
		r -= ops[i].weight;
	if (!ops[i].quiet && inj.every)
		sim_inject(&inj);
	ops[i].func();
	sim_inject(NULL);
	sim_expect_clean("after an operation");
	if (!cpu_online(sim_ctx.cpu))	/* moved there by an injected event */
		sim_set_cpu(0);
	sim_doing = "validate";
	/* What waits for a grace period is neither live nor free. */
	if (ops[i].func != op_free_rcu && sim_step % 4)
		return;
	soba_rcu_free_barrier();
	obj_settle(kinds, NR_CACHES, "after an operation");
}

static void run(unsigned long limit, unsigned int chunk_order, unsigned long every, double share,
		u64 salt)
{
	double begin = test_cpu_seconds();
	unsigned int i;

	rand_state = options.seed * 1000003 + salt;
	obj_init(&set, options.seed + 1);
	obj_init(&nested, options.seed + 2);
	inj = (struct sim_injection){ .kind = SIM_INJ_ANY, .func = nested_op, .every = every,
				      .depth = 2, .rcu = true, .rand = options.seed + 3 };
	init_on_alloc = (options.seed + salt) % 4 == 3;
	init_on_free = (options.seed + salt) % 5 == 4;
	soba_limits_set(limit, 0, chunk_order);
	soba_up();
	for (i = 0; i < NR_CACHES; i++)
		obj_kind_create(&kinds[i]);
	for (sim_step = 0; test_go_on(sim_step, begin, share); sim_step++)
		step();
	test_note("%lu steps, %lu allocations asked, %lu refused, %lu chunks taken, %lu given back, seed %llu",
		  sim_step, set.asked + nested.asked, set.failed + nested.failed, sim_host.takes,
		  sim_host.gives, (unsigned long long)options.seed);
	obj_free_all(&set);
	obj_free_all(&nested);
	soba_rcu_free_barrier();
	obj_settle(kinds, NR_CACHES, "at the end");
	for (i = 0; i < NR_CACHES; i++)
		obj_kind_destroy(&kinds[i]);
	soba_down();
}

static void random_plain(void) { run(0, SOBA_MAX_ORDER, 0, 0.1, 1); }
static void random_interrupted(void) { run(0, SOBA_MAX_ORDER, 40, 0.15, 2); }
static void random_limit(void) { run(2500, 6, 60, 0.1, 3); }
static void random_tiny_limit(void) { run(300, 3, 100, 0.05, 6); }

const struct test slab_random_tests[] = {
	{ "slab_random_plain", random_plain },
	{ "slab_random_interrupted", random_interrupted },
	{ "slab_random_limit", random_limit },
	{ "slab_random_tiny_limit", random_tiny_limit },
	{ }
};
