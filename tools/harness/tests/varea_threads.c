// SPDX-License-Identifier: GPL-2.0
/*
 * varea_threads.c - harness: areas and fragments by CPUs that run at the same
 * time, under TSan and under ASan. What one allocates another may free, in any
 * context; one more thread is the world: work items, RCU, pressure, readers.
 */
#include "tests/test.h"

#include <soba/frag.h>
#include <soba/vmalloc.h>

#include "base/report.h"
#include "page/grow.h"
#include "varea/cache.h"
#include "varea/validate.h"

#include <pthread.h>
#include <sched.h>

#ifdef HARNESS_THREADS
#define SHARE		0.1
#else
#define SHARE		0.03
#endif
#define WORKERS		3
#define MAX_WORKERS	8
#define HELD		40
#define POOL		32

struct piece {
	char *addr;
	unsigned long pages;	/* of an area; 0: a fragment */
	u64 tag;
};

struct set {
	struct piece p[HELD];
	unsigned int n;
	u64 rand;
};

static struct set sets[MAX_WORKERS];
static int workers = WORKERS;
static struct piece pool[POOL];		/* handed from one thread to another */
static pthread_mutex_t pool_mutex = PTHREAD_MUTEX_INITIALIZER;
static int working;
static double began;
static unsigned long total_ops;
static void (*background)(u64 *rand);

static struct page *page_at(const struct piece *p, unsigned long i)
{
	struct page *page = soba_port_mapped_page(p->addr + (i << PAGE_SHIFT));

	CHECKF(page, "page %lu of %p is not mapped", i, p->addr);
	return page;
}

static void alloc_area(struct set *s, struct piece *p)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_KERNEL | __GFP_ZERO, GFP_NOIO, GFP_KERNEL_ACCOUNT,
	};
	gfp_t gfp = gfps[sim_below(&s->rand, ARRAY_SIZE(gfps))] | __GFP_NOWARN;

	/* Few sizes, so that most come from a cache. */
	p->pages = sim_below(&s->rand, 10) ? 1 + sim_below(&s->rand, 4) : 40;
	p->addr = soba___vmalloc(p->pages << PAGE_SHIFT, gfp);
	if (!p->addr)
		return;
	if (gfp & __GFP_ZERO)
		CHECK(sim_page_is_zero(page_at(p, p->pages - 1), 0));
	sim_page_dirty(page_at(p, 0), 0, p->tag);
	sim_page_dirty(page_at(p, p->pages - 1), 0, p->tag);
}

static void alloc_frag(struct set *s, struct piece *p)
{
	p->pages = 0;
	p->addr = soba_netdev_alloc_frag_align(8 + sim_below(&s->rand, 2000), 8);
	if (p->addr)
		*(u64 *)p->addr = p->tag;
}

static void alloc_one(struct set *s, enum sim_context c)
{
	struct piece *p = &s->p[s->n];

	p->tag = sim_rand(&s->rand);
	if (c == SIM_PROCESS && sim_below(&s->rand, 3))
		alloc_area(s, p);
	else
		alloc_frag(s, p);
	s->n += p->addr != NULL;
}

static void free_one(struct set *s, unsigned int i)
{
	struct piece *p = &s->p[i];

	if (!p->pages) {
		CHECK_EQ(*(u64 *)p->addr, p->tag);
		soba_page_frag_free(p->addr);
	} else {
		CHECK(sim_page_check(page_at(p, 0), 0, p->tag));
		CHECK(sim_page_check(page_at(p, p->pages - 1), 0, p->tag));
		if (sim_below(&s->rand, 4))
			soba_vfree(p->addr);
		else
			soba_vfree_atomic(p->addr);
	}
	*p = s->p[--s->n];
}

/* They are freed on another CPU. */
static void exchange(struct set *s)
{
	struct piece *slot = &pool[sim_below(&s->rand, POOL)], tmp;
	unsigned int i = sim_below(&s->rand, s->n);

	pthread_mutex_lock(&pool_mutex);
	tmp = *slot;
	*slot = s->p[i];
	if (tmp.addr)
		s->p[i] = tmp;
	else
		s->p[i] = s->p[--s->n];
	pthread_mutex_unlock(&pool_mutex);
}

static void *worker(void *arg)
{
	unsigned long n = (unsigned long)arg, ops;
	struct set *s = &sets[n];

	sim_thread_enter(n);
	for (ops = 0; test_go_on(ops, began, SHARE); ops++) {
		enum sim_context c = sim_below(&s->rand, 3) ? SIM_PROCESS :
					sim_below(&s->rand, SIM_NR_CONTEXTS);

		sim_step = ops;
		if (s->n && !sim_below(&s->rand, 4))
			exchange(s);
		sim_enter(c);
		if (s->n == HELD || (s->n && sim_below(&s->rand, 2)))
			free_one(s, sim_below(&s->rand, s->n));
		else
			alloc_one(s, c);
		sim_leave(c);
		sim_expect_clean("after an operation");
		sim_point();
	}
	while (s->n)
		free_one(s, s->n - 1);
	__atomic_add_fetch(&total_ops, ops, __ATOMIC_RELAXED);
	sim_thread_leave();
	__atomic_sub_fetch(&working, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *world(void *arg)
{
	u64 rand = options.seed + 77;

	sim_thread_enter(workers);
	while (__atomic_load_n(&working, __ATOMIC_ACQUIRE)) {
		background(&rand);
		sim_tick(sim_below(&rand, 4 * HZ));
		sim_run_work(false);
		sim_rcu_try();
		sim_point();
		sched_yield();
	}
	sim_thread_leave();
	return NULL;
}

static void say(void *arg, const char *line)
{
	(void)arg;
	test_note("broken law: %s", line);
}

static void run_threads(void (*bg)(u64 *rand))
{
	pthread_t threads[MAX_WORKERS + 1];
	int i;

	soba_up();
	began = test_cpu_seconds();
	background = bg;
	working = workers;
	for (i = 0; i < workers; i++)
		sets[i].rand = options.seed * 53 + i;
	sim_threads_start();
	for (i = 0; i < workers; i++)
		pthread_create(&threads[i], NULL, worker, (void *)(long)i);
	pthread_create(&threads[workers], NULL, world, NULL);
	for (i = 0; i <= workers; i++)
		pthread_join(threads[i], NULL);
	sim_threads_stop();
	for (i = 0; i < POOL; i++) {
		sets[0].p[0] = pool[i];
		sets[0].n = 1;
		if (pool[i].addr)
			free_one(&sets[0], 0);
	}
	CHECK_EQ(soba_varea_validate(say, NULL), 0);
	soba_must_be_valid("after threads");
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), 0);
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 0);
	test_note("%lu operations by %d threads", total_ops, workers);
	soba_down();
}

static void bg_none(u64 *rand)
{
	(void)rand;
}

/* What people read, while areas come and go. */
static void bg_readers(u64 *rand)
{
	struct soba_area_info info[SOBA_INDEX_BATCH];
	struct soba_index_pos pos = { 0 };
	struct soba_index_stat stat;
	struct soba_vm_area vm;
	unsigned int i, n;

	while ((n = soba_index_read(&pos, info, SOBA_INDEX_BATCH))) {
		for (i = 0; i < n; i++) {
			unsigned long at = info[i].addr + sim_below(rand, 3 * PAGE_SIZE);

			soba_find_vm_area((void *)at, &vm);
		}
	}
	soba_index_stat(&stat);
	soba_varea_areas();
}

static void bg_pressure(u64 *rand)
{
	sim_host_pressure(sim_below(rand, 2000), GFP_KERNEL);
	sim_host_pressure(sim_below(rand, 2000), GFP_ATOMIC);
	if (!sim_below(rand, 4))
		soba_shrink_all();
}

static void threads_plain(void) { run_threads(bg_none); }
static void threads_readers(void) { run_threads(bg_readers); }

/* Eight CPUs that allocate and free, and one for the world. */
static void threads_eight(void)
{
	workers = MAX_WORKERS;
	nr_cpu_ids = MAX_WORKERS + 1;
	sim_possible.bits[0] = (1UL << nr_cpu_ids) - 1;
	sim_online = sim_possible;
	run_threads(bg_readers);
}

static void threads_pressure(void) { run_threads(bg_pressure); }

const struct test varea_thread_tests[] = {
	{ "area_threads_plain", threads_plain },
	{ "area_threads_readers", threads_readers },
	{ "area_threads_pressure", threads_pressure },
	{ "area_threads_eight", threads_eight },
	{ }
};
