// SPDX-License-Identifier: GPL-2.0
/*
 * slab_mistake.c - harness: what callers do wrong with objects: it is reported,
 * counted, and harms nobody.
 */
#include "tests/slab_live.h"

#include "base/report.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "slab/debug.h"
#include "slab/node.h"

static struct obj_set set;
static struct obj_kind k = { .name = "mine", .size = 104 }, l = { .name = "other", .size = 104 };

static void begin(void)
{
	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&k);
	obj_kind_create(&l);
}

static void end(void)
{
	obj_settle(&k, 1, "after mistakes");
	obj_settle(&l, 1, "after mistakes");
	obj_free_all(&set);
	obj_kind_destroy(&k);
	obj_kind_destroy(&l);
	soba_down();
}

/* One report more of @class, and none of any other. */
static void expect(enum soba_report_class class)
{
	static unsigned long seen[SOBA_NR_REPORTS];
	unsigned int i;

	for (i = 0; i < SOBA_NR_REPORTS; i++) {
		CHECKF(soba_report_total(i) == seen[i] + (i == class), "%lu reports %s, not %lu",
		       soba_report_total(i), soba_report_name(i), seen[i] + (i == class));
		seen[i] = soba_report_total(i);
	}
}

static u8 foreign[64] __aligned(64);

static void slab_wrong_pointers(void)
{
	unsigned int i;
	u8 *p, *q;

	begin();
	for (i = 0; i < 200; i++)
		CHECK(obj_alloc(&set, i & 1 ? &k : &l, 0, GFP_KERNEL, -1));
	p = set.o[101].p;
	CHECK(set.o[101].kind == &k);
	for (i = 1; i < 104; i += i < 16 ? 1 : 8) {
		soba_kfree(p + i);
		expect(SOBA_R_INVALID_FREE);
		soba_kmem_cache_free(k.s, p + i);
		expect(SOBA_R_INVALID_FREE);
	}
	soba_kmem_cache_free(l.s, p);
	expect(SOBA_R_WRONG_CACHE);
	soba_kmem_cache_free(soba_default_heap.kmalloc[0][3], p);
	expect(SOBA_R_WRONG_CACHE);
	soba_kfree(foreign);
	expect(SOBA_R_FOREIGN_FREE);
	soba_kmem_cache_free(k.s, foreign);
	expect(SOBA_R_FOREIGN_FREE);
	soba_kfree((void *)0x1000);
	expect(SOBA_R_FOREIGN_FREE);
	soba_kfree((void *)~0xfffUL);
	expect(SOBA_R_FOREIGN_FREE);
	q = (u8 *)soba___get_free_pages(GFP_KERNEL, 1);
	soba_kfree(q);
	expect(SOBA_R_INVALID_FREE);
	soba_kfree(q + PAGE_SIZE);
	expect(SOBA_R_INVALID_FREE);
	soba_free_pages((unsigned long)q, 1);
	soba_kfree(q);
	expect(SOBA_R_DOUBLE_FREE);
	soba_free_pages((unsigned long)p & PAGE_MASK, 0);
	expect(SOBA_R_INVALID_FREE);
	q = soba_kmalloc(50000, GFP_KERNEL);
	soba_kfree(q + 8);
	expect(SOBA_R_INVALID_FREE);
	soba_kfree(q + PAGE_SIZE);
	expect(SOBA_R_INVALID_FREE);
	soba_kmem_cache_free(k.s, q);
	expect(SOBA_R_INVALID_FREE);
	soba_kfree(q);
	soba_kfree(q);
	expect(SOBA_R_DOUBLE_FREE);
	end();
}

/* Before the first object, and behind the last: padding and colour. */
static void slab_edges(void)
{
	struct soba_cache *c;
	struct soba_slab *s;
	unsigned int i;
	u8 *base;

	begin();
	c = soba_cache_private(k.s);
	for (i = 0; i < 300; i++)
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
	for (i = 0; i < 300; i += 37) {
		s = soba_frame_slab(soba_addr_frame(set.o[i].p));
		base = s->base;
		soba_kfree(base + c->nr * c->size);
		expect(SOBA_R_INVALID_FREE);
		CHECK_EQ(soba_ksize(base + c->nr * c->size), 0);
		if (!((unsigned long)base & ~PAGE_MASK))
			continue;
		soba_kfree(base - 8);
		expect(SOBA_R_INVALID_FREE);
		CHECK_EQ(soba_ksize(base - 8), 0);
	}
	end();
}

static void slab_double_free(void)
{
	unsigned long before;
	u8 *p[40];
	unsigned int i;

	begin();
	/* At once. */
	p[0] = soba_kmem_cache_alloc(k.s, GFP_KERNEL);
	soba_kfree(p[0]);
	soba_kfree(p[0]);
	expect(SOBA_R_DOUBLE_FREE);
	soba_kmem_cache_free(k.s, p[0]);
	expect(SOBA_R_DOUBLE_FREE);
	k.allocs = 1;
	k.frees = 1;
	obj_settle(&k, 1, "double free at once");
	/* Past the magazines. */
	p[0] = soba_kmem_cache_alloc_node(k.s, GFP_KERNEL | __GFP_THISNODE, 1);
	soba_kfree(p[0]);
	soba_kfree(p[0]);
	expect(SOBA_R_DOUBLE_FREE);
	k.allocs = 2;
	k.frees = 2;
	obj_settle(&k, 1, "double free of a remote object");
	/* With another in between: found when they reach their slab. */
	for (i = 0; i < 40; i++)
		p[i] = soba_kmem_cache_alloc(l.s, GFP_KERNEL);
	before = soba_report_total(SOBA_R_DOUBLE_FREE);
	for (i = 0; i < 10; i++)
		soba_kfree(p[i]);
	soba_kfree(p[3]);
	soba_kmem_cache_shrink(l.s);
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), before + 1);
	for (i = 10; i < 40; i++)
		soba_kfree(p[i]);
	soba_kmem_cache_shrink(l.s);
	l.allocs = 40;
	l.frees = 40;
	l.undone = 1;
	CHECK_EQ(soba_cache_live(soba_cache_private(l.s)), 0);
	obj_kind_destroy(&l);
	obj_kind_create(&l);
	soba_kfree(p[3]);
	CHECK(soba_report_total(SOBA_R_DOUBLE_FREE) + soba_report_total(SOBA_R_FOREIGN_FREE) >
	      before + 1);
	CHECK_EQ(obj_alloc_bulk(&set, &k, GFP_KERNEL, 30), 30);
	soba_kmem_cache_shrink(k.s);
	obj_free_all(&set);
	obj_kind_destroy(&k);
	obj_kind_destroy(&l);
	soba_down();
}

/*
 * Both copies lie in magazines of different CPUs; the first comes home, its slab
 * goes, and so does all of the host's memory and its descriptors. Then the
 * second comes home; or the frames are a slab of another colour by then.
 */
static void double_free_late(bool reuse)
{
	struct obj_kind big = { .name = "late", .size = 2560 };
	unsigned int i;
	u8 *p[60];

	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&big);
	sim_set_cpu(2);
	for (i = 0; i < 4; i++)
		p[i] = soba_kmem_cache_alloc(big.s, GFP_KERNEL);
	soba_kfree(p[0]);
	sim_set_cpu(0);
	soba_kfree(p[0]);
	soba_kfree(p[1]);
	soba_kfree(p[2]);
	soba_kfree(p[3]);
	/* All but CPU 2's magazines, as if it held an interrupt off. */
	per_cpu_ptr(soba_cache_private(big.s)->cpu, 2)->guard = 0;
	soba_shrink_all();
	sim_run_work(true);
	rcu_barrier();
	soba_shrink_all();
	per_cpu_ptr(soba_cache_private(big.s)->cpu, 2)->guard = 1;
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), 0);
	for (i = 0; reuse && i < 60; i++)
		CHECK(p[i] = soba_kmem_cache_alloc(big.s, GFP_KERNEL));
	soba_kmem_cache_shrink(big.s);
	soba_shrink_all();
	for (i = 0; reuse && i < 60; i++)
		soba_kfree(p[i]);
	soba_kmem_cache_shrink(big.s);
	/* Unless the very address is an object again, and is free again. */
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), 1);
	soba_kmem_cache_destroy(big.s);
	soba_down();
}

static void slab_double_free_late(void) { double_free_late(false); }
static void slab_double_free_recoloured(void) { double_free_late(true); }

/* Each entry of an array is looked at, the first too. */
static void slab_bulk_mistakes(void)
{
	unsigned long bad;
	unsigned int at;
	void *p[5];

	begin();
	for (at = 0; at < 5; at++) {
		CHECK_EQ(soba_kmem_cache_alloc_bulk(k.s, GFP_KERNEL, 5, p), 5);
		soba_kfree(p[at]);
		k.allocs += 5;
		k.frees += 5;
		p[at] = NULL;
		soba_kmem_cache_free_bulk(k.s, 5, p);
		obj_settle(&k, 1, "NULL in an array");
		expect(SOBA_NR_REPORTS);
	}
	for (at = 0; at < 5; at++) {
		bad = (unsigned long)(at & 1 ? foreign : (u8 *)(104UL * at + 104));
		CHECK_EQ(soba_kmem_cache_alloc_bulk(k.s, GFP_KERNEL, 5, p), 5);
		soba_kfree(p[at]);
		k.allocs += 5;
		k.frees += 5;
		p[at] = (void *)bad;
		soba_kmem_cache_free_bulk(k.s, 5, p);
		obj_settle(&k, 1, "foreign in an array");
		expect(SOBA_R_FOREIGN_FREE);
	}
	for (at = 0; at < 5; at++) {
		CHECK_EQ(soba_kmem_cache_alloc_bulk(k.s, GFP_KERNEL, 5, p), 5);
		k.allocs += 5;
		k.frees += 4;
		p[at] += 8;
		soba_kmem_cache_free_bulk(k.s, 5, p);
		expect(SOBA_R_INVALID_FREE);
		p[at] -= 8;
		k.live++;
		obj_settle(&k, 1, "interior in an array");
		soba_kfree(p[at]);
		k.frees++;
		k.live--;
	}
	end();
}

/* The debug checks of SLAB_ flags. */
static void slab_debug_checks(void)
{
	struct obj_kind d = { .name = "watched", .size = 100,
		.flags = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER };
	u8 *p, was;

	begin();
	obj_kind_create(&d);
	p = soba_kmem_cache_alloc(d.s, GFP_KERNEL);
	was = p[100];
	p[100] = 1;
	soba_kmem_cache_free(d.s, p);
	expect(SOBA_R_OUT_OF_BOUNDS);
	p[100] = was;
	was = p[-1];
	p[-1] = 1;
	soba_kmem_cache_free(d.s, p);
	expect(SOBA_R_OUT_OF_BOUNDS);
	p[-1] = was;
	soba_kmem_cache_free(d.s, p);
	expect(SOBA_NR_REPORTS);
	soba_kmem_cache_free(d.s, p);
	expect(SOBA_R_DOUBLE_FREE);
	CHECK(sim_log_has("allocated by"));
	p[50] = 7;
	while (obj_alloc(&set, &d, 0, GFP_KERNEL, -1) && set.n < 200)
		CHECK(set.o[set.n - 1].p != p);
	expect(SOBA_R_USE_AFTER_FREE);
	obj_free_all(&set);
	/* It is kept out of use, as if it were live. */
	soba_kmem_cache_destroy(d.s);
	expect(SOBA_R_LIVE_OBJECTS);
	obj_kind_destroy(&k);
	obj_kind_destroy(&l);
	CHECK(soba_down_leaky() > 0);
}

const struct test slab_mistake_tests[] = {
	{ "slab_wrong_pointers", slab_wrong_pointers },
	{ "slab_edges", slab_edges },
	{ "slab_double_free", slab_double_free },
	{ "slab_double_free_late", slab_double_free_late },
	{ "slab_double_free_recoloured", slab_double_free_recoloured },
	{ "slab_bulk_mistakes", slab_bulk_mistakes },
	{ "slab_debug_checks", slab_debug_checks },
	{ }
};
