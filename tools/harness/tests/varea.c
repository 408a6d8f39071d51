// SPDX-License-Identifier: GPL-2.0
/*
 * varea.c - harness: areas against a model; caches; what goes wrong; fragments.
 */
#include "tests/test.h"

#include <soba/frag.h>
#include <soba/kmalloc.h>
#include <soba/vmalloc.h>

#include "base/counter.h"
#include "base/report.h"
#include "page/map.h"
#include "page/owner.h"
#include "varea/cache.h"
#include "varea/validate.h"

#define MAX_HELD 400

struct held {
	void *addr;
	unsigned long pages;
	u64 tag;
};

struct model {
	struct held h[MAX_HELD];
	unsigned int n;
	u64 rand;
};

static void say(void *arg, const char *line)
{
	test_note("broken law (%s): %s", (const char *)arg, line);
}

static void must_be_valid(const char *when)
{
	unsigned int broken = soba_varea_validate(say, (void *)(unsigned long)when);

	CHECKF(!broken, "%u laws of areas are broken %s", broken, when);
	soba_must_be_valid(when);
}

static struct page *page_of(const struct held *h, unsigned long i)
{
	struct page *p = soba_port_mapped_page((char *)h->addr + (i << PAGE_SHIFT));

	CHECKF(p, "page %lu of %p is not mapped", i, h->addr);
	return p;
}

static void fill(const struct held *h)
{
	unsigned long i;

	for (i = 0; i < h->pages; i++)
		sim_page_dirty(page_of(h, i), 0, h->tag + i);
}

static void check(const struct held *h)
{
	unsigned long i;

	for (i = 0; i < h->pages; i++)
		CHECKF(sim_page_check(page_of(h, i), 0, h->tag + i),
		       "page %lu of %p has changed", i, h->addr);
	CHECK(!soba_port_mapped_page((char *)h->addr + (h->pages << PAGE_SHIFT)));
}

static bool take(struct model *m, unsigned long pages, gfp_t gfp, int nid)
{
	struct held *h = &m->h[m->n];
	unsigned long i;

	h->addr = soba___vmalloc_node(pages << PAGE_SHIFT, 1, gfp, nid, NULL);
	if (!h->addr)
		return false;
	h->pages = pages;
	h->tag = sim_rand(&m->rand);
	for (i = 0; i < pages; i++) {
		struct page *p = page_of(h, i);

		CHECK(p->owner == SIM_SOBA);
		if (gfp & __GFP_ZERO)
			CHECKF(sim_page_is_zero(p, 0), "page %lu is not zero", i);
		if (gfp & __GFP_DMA32)
			CHECK(p->class <= SOBA_CLASS_DMA32);
		if (gfp & __GFP_THISNODE)
			CHECK_EQ(page_to_nid(p), nid);
	}
	fill(h);
	m->n++;
	return true;
}

static void drop(struct model *m, unsigned int i)
{
	check(&m->h[i]);
	if (sim_below(&m->rand, 3))
		soba_vfree(m->h[i].addr);
	else
		soba_vfree_atomic(m->h[i].addr);
	m->h[i] = m->h[--m->n];
}

static void forms(void)
{
	static struct model m;
	unsigned long pages;

	soba_up();
	for (pages = 1; pages <= 1500; pages = pages * 3 / 2 + 1) {
		CHECK(take(&m, pages, GFP_KERNEL, NUMA_NO_NODE));
		CHECK(take(&m, pages, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE));
		CHECK(take(&m, pages, GFP_KERNEL | __GFP_DMA32, NUMA_NO_NODE));
		CHECK(take(&m, pages, GFP_KERNEL | __GFP_THISNODE, 1));
		CHECK(take(&m, pages, GFP_KERNEL_ACCOUNT, NUMA_NO_NODE));
		CHECK(take(&m, pages, GFP_NOIO, 0));
	}
	must_be_valid("with all forms");
	while (m.n)
		drop(&m, m.n - 1);
	must_be_valid("after all forms");
	sim_run_work(true);
	soba_down();
}

/* Time passes, memory gets short, CPUs change: nothing is lost or mixed up. */
static void world(struct model *m)
{
	switch (sim_below(&m->rand, 12)) {
	case 0:
		sim_tick(sim_below(&m->rand, 8 * HZ));
		sim_run_work(false);
		break;
	case 1:
		sim_host_pressure(64, GFP_KERNEL);
		break;
	case 2:
		sim_set_cpu(sim_below(&m->rand, 4));
		break;
	case 3:
		sim_rcu_try();
		break;
	}
}

static void random_areas(void)
{
	static const gfp_t extra[] = { 0, 0, 0, __GFP_ZERO, __GFP_DMA32, __GFP_NORETRY,
				       __GFP_ACCOUNT };
	double begin = test_cpu_seconds();
	static struct model m;
	unsigned long failed = 0;

	m.rand = options.seed;
	sim_host.map_fail_1k = 20;
	sim_host.take_fail_1k = 20;
	sim_host.meta_fail_1k = 20;
	sim_host.wrong_node_1k = 50;
	sim_host.meta_fail_1k = 0;
	soba_up();
	sim_host.meta_fail_1k = 20;
	for (sim_step = 0; test_go_on(sim_step, begin, 0.15); sim_step++) {
		if (m.n < MAX_HELD && sim_below(&m.rand, 100) < 52) {
			unsigned int most = sim_below(&m.rand, 9) ? 12 : 700;
			unsigned long pages = 1 + sim_below(&m.rand, most);

			failed += !take(&m, pages, GFP_KERNEL | __GFP_NOWARN |
					extra[sim_below(&m.rand, ARRAY_SIZE(extra))],
					(int)sim_below(&m.rand, 3) - 1);
		} else if (m.n) {
			drop(&m, sim_below(&m.rand, m.n));
		}
		world(&m);
		if (!(sim_step & 127))
			must_be_valid("in the random test");
	}
	test_note("%lu steps, %u areas at the end, %lu refused, %lu hits", sim_step, m.n, failed,
		  soba_counter_sum(SOBA_C_AREA_HIT));
	CHECK(soba_counter_sum(SOBA_C_AREA_HIT) > 0);
	while (m.n)
		drop(&m, m.n - 1);
	sim_host.map_fail_1k = 0;
	sim_host.take_fail_1k = 0;
	sim_host.meta_fail_1k = 0;
	sim_run_work(true);
	must_be_valid("after the random test");
	soba_down();
}

/* Every area of many is found at its start, in its middle, and nowhere else. */
static void many(void)
{
	const unsigned int n = 100000;
	char **addr = calloc(n, sizeof(*addr));
	struct page *pages[3];
	unsigned int i;

	soba_up();
	for (i = 0; i < 3; i++)
		pages[i] = soba_alloc_page(GFP_KERNEL);
	for (i = 0; i < n; i++) {
		addr[i] = soba_vmap(pages, 1 + i % 3, VM_MAP, PAGE_KERNEL);
		CHECK(addr[i]);
	}
	must_be_valid("with 100,000 areas");
	rcu_read_lock();
	for (i = 0; i < n; i++) {
		unsigned long at = (unsigned long)addr[i], end = at + ((1 + i % 3) << PAGE_SHIFT);
		struct soba_area *a = soba_index_find(at);

		CHECK(a && a->addr == at);
		CHECK(a == soba_index_find(end - 1));
		CHECK(!soba_index_find(end));
	}
	rcu_read_unlock();
	for (i = 0; i < n; i++)
		soba_vunmap(addr[i]);
	for (i = 0; i < 3; i++)
		soba___free_page(pages[i]);
	soba_down();
	free(addr);
}

/* What is in a cache is the same memory, mapped; what is asked clear is clear. */
static void cache(void)
{
	unsigned long maps, hits;
	struct held h;
	void *first;

	soba_up();
	first = soba_vmalloc(5 << PAGE_SHIFT);
	soba_vfree(first);
	maps = soba_counter_sum(SOBA_C_AREA_MAP);
	hits = soba_counter_sum(SOBA_C_AREA_HIT);
	h = (struct held){ soba_vmalloc(5 << PAGE_SHIFT), 5, 99 };
	CHECK(h.addr == first);
	fill(&h);
	soba_vfree(h.addr);
	h.addr = soba_vzalloc(5 << PAGE_SHIFT);
	CHECK(h.addr == first);
	CHECK(sim_page_is_zero(page_of(&h, 3), 0));
	CHECK_EQ(soba_counter_sum(SOBA_C_AREA_MAP), maps);
	CHECK_EQ(soba_counter_sum(SOBA_C_AREA_HIT), hits + 2);
	soba_vfree(h.addr);
	CHECK_EQ(soba_varea_pages(), 5);
	/* Nobody wants it for some seconds: it goes. */
	sim_tick(20 * HZ);
	sim_run_work(false);
	CHECK_EQ(soba_varea_pages(), 0);
	CHECK_EQ(sim_mapped(), 0);
	soba_down();
}

/* A node without memory is served from its neighbour's cache, too. */
static void neighbour(void)
{
	soba_up();
	soba_vfree(soba_vmalloc_node(8 * PAGE_SIZE, SIM_NODE_EMPTY));
	soba_vfree(soba_vmalloc_node(8 * PAGE_SIZE, SIM_NODE_EMPTY));
	CHECK_EQ(soba_counter_sum(SOBA_C_AREA_HIT), 1);
	soba_down();
}

/* One report each, the areas are as they were. */
static void mistakes(void)
{
	char *a, *user;
	struct page *p;

	soba_up();
	a = soba_vmalloc(3 << PAGE_SHIFT);
	user = soba_vmalloc_user(3 << PAGE_SHIFT);
	soba_vfree(a + PAGE_SIZE);
	soba_vfree(a + 8);
	soba_vunmap(a);
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 3);
	soba_vfree((void *)0xffffc90070000000UL);
	CHECK_EQ(soba_report_total(SOBA_R_FOREIGN_FREE), 1);
	CHECK(!soba_vmalloc(0));
	CHECK_EQ(soba_report_total(SOBA_R_WRONG_SIZE), 1);
	CHECK(!soba_vmalloc(ULONG_MAX));
	CHECK_EQ(soba_report_total(SOBA_R_ALLOC_FAILURE), 1);
	sim_enter(SIM_HARDIRQ);
	CHECK(!soba_vmalloc(PAGE_SIZE));
	sim_leave(SIM_HARDIRQ);
	CHECK_EQ(soba_report_total(SOBA_R_SLEEP_IN_ATOMIC), 1);
	soba_vfree(a);
	soba_vfree(a);
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), 1);
	/* Freed for good, and freed again. */
	soba_vfree(user);
	soba_vfree(user);
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), 2);
	/* A page that somebody holds is not handed out again. */
	a = soba_vmalloc(40 << PAGE_SHIFT);
	p = soba_vmalloc_to_page(a + (17 << PAGE_SHIFT));
	get_page(p);
	soba_vfree(a);
	CHECK_EQ(soba_report_total(SOBA_R_PINNED_PAGE), 1);
	CHECK_EQ(soba_frame_state(soba_frame_head(soba_map_frame_of_page(p))), SOBA_F_PINNED);
	put_page(p);
	sim_tick(10 * HZ);
	sim_run_work(true);
	must_be_valid("after mistakes");
	soba_down();
}

/* A free in an interrupt that comes at any point of an allocation or a free. */
static void interrupted(enum sim_kind kind, void *arg)
{
	void **victim = arg;

	(void)kind;
	if (*victim)
		soba_vfree(*victim);
	*victim = NULL;
}

static void injected(void)
{
	unsigned long at, points = 1;
	void *victim, *a;

	soba_up();
	for (at = 1; at <= points && at < 3000; at++) {
		struct sim_injection inj = {
			.kind = SIM_INJ_HARDIRQ, .func = interrupted, .arg = &victim, .at = at,
		};

		victim = soba_vmalloc(2 << PAGE_SHIFT);
		CHECK(victim);
		sim_inject(&inj);
		a = soba_vmalloc(2 << PAGE_SHIFT);
		soba_vfree(a);
		a = soba_vmalloc(9 << PAGE_SHIFT);
		soba_vfree(a);
		sim_inject(NULL);
		points = max(points, inj.points);
		soba_vfree(victim);
		if (!(at % 64))
			must_be_valid("after an injected free");
	}
	test_note("%lu points tried", at - 1);
	CHECK(at > 50);
	sim_run_work(true);
	soba_down();
}

/* Fragments do not overlap, stay what they are, and all pages come back. */
static void fragments(void)
{
	static struct { unsigned char *p; unsigned int size; u8 tag; } f[500];
	struct page_frag_cache nc = { 0 };
	u64 rand = options.seed;
	unsigned int i, k, n = 0, step;

	soba_up();
	for (step = 0; step < 20000; step++) {
		if (n < 500 && sim_below(&rand, 2)) {
			unsigned int align = 1U << sim_below(&rand, 8);

			f[n].size = 1 + sim_below(&rand, 3000);
			f[n].tag = step;
			f[n].p = sim_below(&rand, 5) ?
				soba_page_frag_alloc_align(&nc, f[n].size, GFP_ATOMIC, align) :
				soba_netdev_alloc_frag_align(f[n].size, align);
			CHECK(f[n].p);
			CHECK(!((unsigned long)f[n].p & (align - 1)));
			memset(f[n].p, f[n].tag, f[n].size);
			n++;
		} else if (n) {
			i = sim_below(&rand, n);
			for (k = 0; k < f[i].size; k++)
				CHECKF(f[i].p[k] == f[i].tag, "fragment %u, byte %u", i, k);
			soba_page_frag_free(f[i].p + sim_below(&rand, f[i].size));
			f[i] = f[--n];
		}
	}
	while (n)
		soba_page_frag_free(f[--n].p);
	CHECK(soba_counter_sum(SOBA_C_FRAG_BLOCK) > 10);
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 0);
	soba_page_frag_cache_drain(&nc);
	soba_must_be_valid("after fragments");
	soba_down();
}

/* kvfree_rcu() takes areas; what is wrong with one is said as by vfree(). */
static void freed_by_rcu(void)
{
	struct page *page;
	char *a, *map;

	soba_up();
	a = soba_vmalloc(3 << PAGE_SHIFT);
	page = soba_alloc_page(GFP_KERNEL);
	map = soba_vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	CHECK(a && map);
	soba_kvfree_rcu_mightsleep(a + PAGE_SIZE);
	soba_kvfree_rcu_mightsleep(map);
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 2);
	CHECK(soba_find_vm_area(a, NULL) && soba_find_vm_area(map, NULL));
	soba_kvfree_rcu_mightsleep(a);
	CHECK(!soba_find_vm_area(a, NULL));
	soba_kvfree_rcu_mightsleep(a);
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), 1);
	soba_vunmap(map);
	soba___free_page(page);
	must_be_valid("after kvfree_rcu");
	soba_down();
}

/* A block of a cache of soba's own is nobody's leak; a client's own cache is. */
static void frag_callers(void)
{
	struct page_frag_cache nc = { 0 };
	void *own, *shared;

	soba_up();
	own = soba_page_frag_alloc(&nc, 100, GFP_ATOMIC);
	shared = soba_netdev_alloc_frag(100);
	CHECK(own && shared);
	CHECK(soba_frame_head(soba_map_frame_of_page(virt_to_page(own)))->caller);
	CHECK(!soba_frame_head(soba_map_frame_of_page(virt_to_page(shared)))->caller);
	soba_page_frag_free(own);
	soba_page_frag_free(shared);
	soba_page_frag_cache_drain(&nc);
	soba_down();
}

const struct test varea_tests[] = {
	{ "area_forms", forms },
	{ "area_cache", cache },
	{ "area_neighbour", neighbour },
	{ "area_mistakes", mistakes },
	{ "area_rcu", freed_by_rcu },
	{ "area_many", many },
	{ "area_injected", injected },
	{ "area_random", random_areas },
	{ "frag_random", fragments },
	{ "frag_callers", frag_callers },
	{ }
};
