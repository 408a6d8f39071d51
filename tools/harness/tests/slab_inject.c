// SPDX-License-Identifier: GPL-2.0
/*
 * slab_inject.c - harness: an interrupt, a softirq, another task with migration,
 * or another CPU, at every point of every call on objects in turn. What comes in
 * between uses the same cache: fills and empties its magazines, drains them,
 * lets its slabs go. As inject.c for pages.
 */
#include "tests/slab_live.h"

#include "page/grow.h"
#include "page/limits.h"
#include "slab/magazine.h"
#include "slab/node.h"
#include "slab/rcu.h"
#include "slab/reap.h"

/* Magazines of 29 objects; of 5, in a depot of 3, an object a slab. */
static struct obj_kind kinds[] = {
	{ .name = "small", .size = 1000, .ctor = true },
	{ .name = "large", .size = 26000 },
	{ .name = "rcu", .size = 2000, .flags = SLAB_TYPESAFE_BY_RCU },
};

static struct obj_kind km = { .name = "kmalloc" }, *k;
static struct obj_set set, other;
static unsigned int event;

typedef void (*sim_event)(enum sim_kind kind, void *arg);

static void take(struct obj_set *s, unsigned int n)
{
	while (n--)
		obj_alloc(s, k, 0, GFP_ATOMIC | __GFP_NOWARN, -1);
}

static void drop(struct obj_set *s, unsigned int n)
{
	while (n-- && s->n)
		obj_free(s, s->n - 1);
}

static void happens(enum sim_kind kind, void *arg)
{
	bool sleep = kind >= SIM_INJ_TASK;

	switch (event % 8) {
	case 0:
		take(&other, 1 + event % 3);
		break;
	case 1:
		drop(&other, 1 + event % 3);
		break;
	case 2:
		obj_alloc_bulk(&other, k, GFP_ATOMIC | __GFP_NOWARN, 9);
		obj_free_bulk(&other, k, 7);
		break;
	case 3:		/* both magazines run empty, then full */
		take(&other, 30);
		drop(&other, 40);
		break;
	case 4:
		drop(&other, 30);
		take(&other, 3);
		break;
	case 5:
		if (sleep)
			soba_kmem_cache_shrink(k->s);
		else
			sim_host_pressure(3000, GFP_ATOMIC);
		break;
	case 6:
		obj_alloc(&other, k, 0, GFP_ATOMIC | __GFP_NOWARN | __GFP_THISNODE, event & 1);
		obj_alloc(&other, &km, 1 + event % 3000, GFP_ATOMIC | __GFP_NOWARN, -1);
		drop(&other, 2);
		break;
	case 7:
		if (sleep) {
			soba_mag_drain(soba_cache_private(k->s));
			sim_tick(3 * HZ);
			sim_run_work(true);
		} else {
			obj_free_bulk(&other, NULL, 20);
		}
		break;
	}
}

/* All that can go goes: who still uses a slab after that uses freed memory. */
static void takes_all(enum sim_kind kind, void *arg)
{
	obj_free_all(&other);
	soba_shrink_all();
}

static void prepare_cold(void) { }

static void prepare_warm(void)
{
	obj_alloc_bulk(&set, k, GFP_KERNEL, 12);
	drop(&set, 8);
}

/* Loaded empty, spare empty; the depot has some. */
static void prepare_empty(void)
{
	obj_alloc_bulk(&set, k, GFP_KERNEL, 60);
	drop(&set, 58);
	while (soba_mag_loaded(per_cpu_ptr(soba_cache_private(k->s)->cpu, 0)) ||
	       per_cpu_ptr(soba_cache_private(k->s)->cpu, 0)->spare->nr)
		take(&set, 1);
}

/* Loaded full, spare full, and a small depot full. */
static void prepare_full(void)
{
	struct soba_cpu_cache *l = per_cpu_ptr(soba_cache_private(k->s)->cpu, 0);

	obj_alloc_bulk(&set, k, GFP_KERNEL, 62);
	drop(&set, 35);
	while (set.n > 2 && !(l->top == l->end && l->spare->cap && l->spare->nr))
		drop(&set, 1);
}

/* Objects of the other node, and a CPU whose magazines have some. */
static void prepare_remote(void)
{
	sim_set_cpu(3);
	obj_alloc_bulk(&set, k, GFP_KERNEL, 20);
	drop(&set, 12);
	sim_set_cpu(0);
}

static void op_alloc(void) { obj_alloc(&set, k, 0, GFP_KERNEL, -1); }
static void op_atomic(void) { obj_alloc(&set, k, 0, GFP_ATOMIC, -1); }
static void op_node(void) { obj_alloc(&set, k, 0, GFP_KERNEL | __GFP_THISNODE, 1); }
static void op_free(void) { drop(&set, 1); }
static void op_bulk(void) { obj_alloc_bulk(&set, k, GFP_KERNEL, 16); }
static void op_free_bulk(void) { obj_free_bulk(&set, k, 8); }
static void op_kfree_bulk(void) { obj_free_bulk(&set, NULL, 8); }
static void op_shrink(void) { soba_kmem_cache_shrink(k->s); }
static void op_drain(void) { soba_mag_drain(soba_cache_private(k->s)); }

static void op_pair(void)
{
	op_atomic();
	drop(&set, 1);
}

static void op_kmalloc(void)
{
	obj_alloc(&set, &km, 90, GFP_KERNEL | __GFP_ZERO, -1);
	obj_resize(&set, set.n - 1, 1800, GFP_KERNEL);
	drop(&set, 1);
}

static void op_free_rcu(void)
{
	if (set.n && !k->ctor)
		obj_free_rcu(&set, set.n - 1);
	soba_rcu_free_barrier();
}

static void op_work(void)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		sim_tick(3 * HZ);
		sim_run_work(true);
	}
}

static void op_hotplug(void)
{
	int cpu = sim_ctx.cpu == 3 ? 2 : 3;

	sim_cpu_down(cpu);
	sim_cpu_up(cpu);
}

static const struct {
	const char *name;
	void (*prepare)(void);
	void (*op)(void);
} cases[] = {
	{ "alloc, cold", prepare_cold, op_alloc },
	{ "alloc, warm", prepare_warm, op_alloc },
	{ "alloc, empty magazines", prepare_empty, op_alloc },
	{ "atomic, empty magazines", prepare_empty, op_atomic },
	{ "alloc on a node", prepare_warm, op_node },
	{ "free, cold", prepare_remote, op_free },
	{ "free, warm", prepare_warm, op_free },
	{ "free, full magazines", prepare_full, op_free },
	{ "pair", prepare_warm, op_pair },
	{ "bulk, cold", prepare_cold, op_bulk },
	{ "bulk, empty magazines", prepare_empty, op_bulk },
	{ "bulk free, warm", prepare_warm, op_free_bulk },
	{ "bulk free, full magazines", prepare_full, op_free_bulk },
	{ "kfree_bulk, remote", prepare_remote, op_kfree_bulk },
	{ "kmalloc, krealloc, kfree", prepare_cold, op_kmalloc },
	{ "kfree_rcu", prepare_warm, op_free_rcu },
	{ "shrink", prepare_full, op_shrink },
	{ "drain", prepare_full, op_drain },
	{ "reaper", prepare_full, op_work },
};

/* One event at point @at of one operation; false when there is no such point. */
static bool one(unsigned int c, enum sim_kind kind, sim_event func, unsigned long at)
{
	struct sim_injection inj = { .kind = kind, .func = func, .at = at, .rcu = true,
				     .rand = at };

	sim_set_cpu(0);
	obj_init(&set, options.seed);
	obj_init(&other, options.seed + 1);
	event = at + c;
	if (func == happens)
		take(&other, event % 5 ? 20 : 0);
	cases[c].prepare();
	sim_doing = cases[c].name;
	sim_step = at;
	sim_inject(&inj);
	cases[c].op();
	sim_inject(NULL);
	sim_expect_clean(cases[c].name);
	obj_settle(kinds, ARRAY_SIZE(kinds), cases[c].name);
	obj_free_all(&set);
	obj_free_all(&other);
	/* Each run begins alike: with what the one before has kept, or cold. */
	if (cases[c].prepare == prepare_cold || func == takes_all || at % 5 == 0) {
		if (!cpu_online(sim_ctx.cpu))
			sim_set_cpu(0);
		soba_shrink_all();
		rcu_barrier();
	}
	return inj.fired > 0;
}

static void every_point(enum sim_kind kind, sim_event func)
{
	unsigned long total = 0;
	unsigned int c, i;

	soba_limits_set(0, 0, 4);
	soba_up();
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		obj_kind_create(&kinds[i]);
	soba_cache_private(kinds[1].s)->depot_objects = 15;
	for (c = 0; c < ARRAY_SIZE(cases); c++) {
		unsigned long at = 1, skip = 1;

		k = &kinds[c % ARRAY_SIZE(kinds)];
		if (c % 2 && kind == SIM_INJ_HARDIRQ)
			k = &kinds[1];
		while (one(c, kind, func, at)) {
			total++;
			/* Long operations are loops: their points get sparse. */
			if (at >= 500)
				skip += 3;
			at += skip;
		}
		CHECKF(at > 1, "%s has no point for kind %u", cases[c].name, kind);
	}
	test_note("%lu points tried", total);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		obj_kind_destroy(&kinds[i]);
	soba_down();
}

static void inject_hardirq(void) { every_point(SIM_INJ_HARDIRQ, happens); }
static void inject_softirq(void) { every_point(SIM_INJ_SOFTIRQ, happens); }
static void inject_task(void) { every_point(SIM_INJ_TASK, happens); }
static void inject_remote(void) { every_point(SIM_INJ_REMOTE, happens); }
static void inject_takes_all(void) { every_point(SIM_INJ_REMOTE, takes_all); }

/* A nested call finds the magazines in use, is counted, and is served. */
static void nested_pair(enum sim_kind kind, void *arg)
{
	unsigned long *served = arg;

	CHECK(obj_alloc(&other, k, 0, GFP_ATOMIC, -1));
	drop(&other, 1);
	++*served;
}

static void inject_finds_busy(void)
{
	unsigned long served = 0;
	struct sim_injection inj = { .kind = SIM_INJ_HARDIRQ, .func = nested_pair, .every = 1,
				     .arg = &served };
	struct soba_cpu_stat st;

	soba_up();
	k = &kinds[0];
	obj_kind_create(k);
	obj_init(&set, options.seed);
	obj_init(&other, options.seed + 1);
	prepare_warm();
	sim_inject(&inj);
	op_alloc();
	drop(&set, 1);
	sim_inject(NULL);
	soba_cache_cpu_stat(soba_cache_private(k->s), 0, &st);
	CHECK(served > 10);
	CHECKF(st.nested > 2 && st.nested < 2 * served, "%lu nested, %lu served", st.nested,
	       served);
	obj_settle(k, 1, "nested calls");
	obj_free_all(&set);
	obj_kind_destroy(k);
	soba_down();
}

/* No objects are lost when a CPU goes, and comes, at any point of a call. */
static void hotplug(enum sim_kind kind, void *arg)
{
	op_hotplug();
}

static void inject_hotplug(void) { every_point(SIM_INJ_REMOTE, hotplug); }

const struct test slab_inject_tests[] = {
	{ "slab_inject_hardirq", inject_hardirq },
	{ "slab_inject_softirq", inject_softirq },
	{ "slab_inject_task", inject_task },
	{ "slab_inject_remote", inject_remote },
	{ "slab_inject_takes_all", inject_takes_all },
	{ "slab_inject_hotplug", inject_hotplug },
	{ "slab_inject_finds_busy", inject_finds_busy },
	{ }
};
