// SPDX-License-Identifier: GPL-2.0
/*
 * slab_end.c - harness: caches that end while their objects live, and a host that
 * fails at each of its answers.
 */
#include "tests/slab_live.h"

#include "base/report.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"
#include "slab/node.h"
#include "slab/rcu.h"
#include "slab/reap.h"

static struct obj_set set;

/* Objects outlive their cache, are freed late, and a new one has the name. */
static void slab_destroy_live(void)
{
	struct obj_kind k = { .name = "tomb", .size = 300 }, again = { .name = "tomb", .size = 40 };
	void *p[100];
	unsigned int i, nr;

	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&k);
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		sim_set_cpu(i % 4);
		p[i] = soba_kmem_cache_alloc(k.s, GFP_KERNEL);
		memset(p[i], i, 300);
	}
	for (i = 0; i < 50; i++)
		soba_kmem_cache_free(k.s, p[i]);
	soba_kmem_cache_destroy(k.s);
	CHECK_EQ(soba_report_total(SOBA_R_LIVE_OBJECTS), 1);
	CHECK(sim_log_has("cache tomb, size 300, is destroyed with 50 live objects"));
	obj_kind_create(&again);
	for (i = 0; i < 200; i++)
		CHECK(obj_alloc(&set, &again, 0, GFP_KERNEL, -1));
	for (i = 50; i < 100; i++) {
		sim_set_cpu(i % 4);
		CHECK(!memchr_inv(p[i], i, 300));
		CHECK_EQ(soba_ksize(p[i]), 300);
		if (i & 1)
			soba_kfree(p[i]);
		else
			soba_kmem_cache_free(k.s, p[i]);
	}
	nr = soba_report_total(SOBA_R_DOUBLE_FREE);
	soba_kfree(p[60]);
	soba_kfree(p[60]);
	CHECK(soba_report_total(SOBA_R_DOUBLE_FREE) > nr);
	obj_settle(&again, 1, "with a tombstone");
	obj_free_all(&set);
	obj_kind_destroy(&again);
	/* Nothing lives in it any more: nothing of it may stay behind. */
	soba_down();
}

static void slab_destroy_leaky(void)
{
	struct obj_kind k = { .name = "leaky", .size = 1000, .flags = SLAB_TYPESAFE_BY_RCU };

	soba_up();
	obj_kind_create(&k);
	CHECK(soba_kmem_cache_alloc(k.s, GFP_KERNEL));
	soba_kmem_cache_destroy(k.s);
	CHECK_EQ(soba_report_total(SOBA_R_LIVE_OBJECTS), 1);
	CHECK(soba_down_leaky() > 0);
}

/* A CPU is gone when a cache with objects in its magazines ends. */
static void slab_destroy_offline(void)
{
	struct obj_kind k = { .name = "offline", .size = 512 };
	struct soba_cache *c;
	unsigned int i;

	soba_up();
	obj_init(&set, options.seed);
	for (i = 0; i < 3; i++) {
		obj_kind_create(&k);
		c = soba_cache_private(k.s);
		sim_set_cpu(2);
		obj_alloc_bulk(&set, &k, GFP_KERNEL, 40);
		obj_free_all(&set);
		sim_set_cpu(0);
		if (i == 2) {
			/* It went while the cache was on its way out of the registry. */
			mutex_lock(&soba_cache_mutex);
			list_del(&c->link);
			mutex_unlock(&soba_cache_mutex);
			sim_cpu_down(2);
			mutex_lock(&soba_cache_mutex);
			list_add_tail(&c->link, &soba_cache_list);
			mutex_unlock(&soba_cache_mutex);
		} else {
			sim_cpu_down(2);
		}
		if (i == 1)
			sim_cpu_up(2);
		obj_kind_destroy(&k);
		sim_cpu_up(2);
		rcu_barrier();
		obj_settle(NULL, 0, "an ended cache");
	}
	soba_down();
}

/* The @budget runs out after n answers: nothing is lost, whatever fails. */
static void each_budget(long *budget, unsigned int create)
{
	static struct obj_kind k[] = {
		{ .name = "f1", .size = 200, .ctor = true }, { .name = "f2", .size = 5000 },
		{ .name = "f3", .size = 64, .flags = SLAB_RED_ZONE | SLAB_STORE_USER },
	}, km = { .name = "kmalloc" };
	unsigned int i, c;
	long n;

	soba_limits_set(0, 0, 4);
	soba_up();
	obj_init(&set, options.seed);
	for (n = 0; n < 400; n++) {
		for (c = 0; !create && c < 3; c++)
			obj_kind_create(&k[c]);
		*budget = n;
		for (c = 0; c < 3; c++) {
			if (create) {
				k[c].s = soba_kmem_cache_create(k[c].name, k[c].size, 0, k[c].flags,
								k[c].ctor ? obj_construct : NULL);
				k[c].live = 0;
				k[c].allocs = 0;
				k[c].frees = 0;
				k[c].undone = 0;
			}
			for (i = 0; k[c].s && i < 30; i++)
				obj_alloc(&set, &k[c], 0, (i & 1 ? GFP_KERNEL : GFP_ATOMIC) |
					  __GFP_NOWARN, -1);
			if (k[c].s)
				obj_alloc_bulk(&set, &k[c], GFP_KERNEL | __GFP_NOWARN, 50);
		}
		obj_alloc(&set, &km, 100000, GFP_KERNEL | __GFP_NOWARN, -1);
		obj_settle(k, 3, "with a failing host");
		c = *budget;
		obj_free_all(&set);
		obj_settle(k, 3, "freed with a failing host");
		*budget = -1;
		for (i = 0; i < 3; i++)
			if (k[i].s)
				obj_kind_destroy(&k[i]);
		soba_shrink_all();
		sim_rcu_try();
		CHECK_EQ(sim_host_taken(), 0);
		if (c)
			break;
	}
	CHECK(n > 5 && n < 400);
	test_note("%ld points of failure", n);
	soba_down();
}

static void slab_fail_take(void) { each_budget(&sim_host.take_budget, 0); }
static void slab_fail_meta(void) { each_budget(&sim_host.meta_budget, 0); }
static void slab_fail_create(void) { each_budget(&sim_host.meta_budget, 1); }

const struct test slab_end_tests[] = {
	{ "slab_destroy_live", slab_destroy_live },
	{ "slab_destroy_leaky", slab_destroy_leaky },
	{ "slab_destroy_offline", slab_destroy_offline },
	{ "slab_fail_take", slab_fail_take },
	{ "slab_fail_meta", slab_fail_meta },
	{ "slab_fail_create", slab_fail_create },
	{ }
};
