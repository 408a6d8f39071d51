// SPDX-License-Identifier: GPL-2.0
/*
 * dma_threads.c - harness: coherent memory and pools by CPUs that run at the
 * same time, under TSan and under ASan. What one allocates another may free, in
 * any context; one more thread is the world: work items, RCU, pressure, readers.
 */
#include "tests/test.h"

#include <soba/dma.h>

#include "base/report.h"
#include "dma/check.h"
#include "page/grow.h"
#include "sim/dma.h"

#include <pthread.h>
#include <sched.h>

#ifdef HARNESS_THREADS
#define SHARE		0.1
#else
#define SHARE		0.03
#endif
#define WORKERS		3
#define HELD		40
#define SHELF		32
#define POOL_SIZE	192

struct piece {
	u8 *vaddr;
	dma_addr_t handle;
	size_t size;		/* 0: of the pool */
	u8 tag;
};

struct set {
	struct piece p[HELD];
	unsigned int n;
	u64 rand;
};

static struct device dev = { .name = "dev0", .coherent_dma_mask = DMA_BIT_MASK(32) };
static struct soba_dma_pool *pool;
static struct set sets[WORKERS];
static struct piece shelf[SHELF];	/* handed from one thread to another */
static pthread_mutex_t shelf_mutex = PTHREAD_MUTEX_INITIALIZER;
static int working;
static double began;
static unsigned long total_ops;
static void (*background)(u64 *rand);

static void alloc_one(struct set *s, enum sim_context c)
{
	/* Few sizes, so that most come from a list. */
	static const size_t sizes[] = { 64, 64, 200, 1000, 4096, 10000 };
	gfp_t gfp = (c == SIM_PROCESS ? GFP_KERNEL : GFP_ATOMIC) | __GFP_NOWARN;
	struct piece *p = &s->p[s->n];
	size_t size = POOL_SIZE;

	p->size = 0;
	if (sim_below(&s->rand, 3)) {
		p->size = sizes[sim_below(&s->rand, ARRAY_SIZE(sizes))];
		size = p->size;
		p->vaddr = soba_dma_alloc_coherent(&dev, size, &p->handle, gfp);
	} else {
		p->vaddr = soba_dma_pool_zalloc(pool, gfp, &p->handle);
	}
	if (!p->vaddr)
		return;
	CHECK(!p->vaddr[0] && !p->vaddr[size - 1]);
	p->tag = 1 + sim_below(&s->rand, 255);
	p->vaddr[0] = p->tag;
	p->vaddr[size - 1] = p->tag;
	s->n++;
}

static void free_one(struct set *s, unsigned int i)
{
	struct piece *p = &s->p[i];
	size_t size = p->size ? p->size : POOL_SIZE;

	CHECK_EQ(p->vaddr[0], p->tag);
	CHECK_EQ(p->vaddr[size - 1], p->tag);
	if (p->size)
		soba_dma_free_coherent(&dev, p->size, p->vaddr, p->handle);
	else
		soba_dma_pool_free(pool, p->vaddr, p->handle);
	*p = s->p[--s->n];
}

/* They are freed on another CPU. */
static void exchange(struct set *s)
{
	struct piece *slot = &shelf[sim_below(&s->rand, SHELF)], tmp;
	unsigned int i = sim_below(&s->rand, s->n);

	pthread_mutex_lock(&shelf_mutex);
	tmp = *slot;
	*slot = s->p[i];
	if (tmp.vaddr)
		s->p[i] = tmp;
	else
		s->p[i] = s->p[--s->n];
	pthread_mutex_unlock(&shelf_mutex);
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
	u64 rand = options.seed + 79;

	sim_thread_enter(WORKERS);
	while (__atomic_load_n(&working, __ATOMIC_ACQUIRE)) {
		background(&rand);
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
	test_note("broken law: %s", line);
}

static void run_threads(void (*bg)(u64 *rand))
{
	pthread_t threads[WORKERS + 1];
	unsigned long i;

	soba_limits_set(0, 0, SOBA_MAX_ORDER);
	soba_up();
	pool = soba_dma_pool_create("threads", &dev, POOL_SIZE, 64, 0);
	CHECK(pool);
	began = test_cpu_seconds();
	background = bg;
	working = WORKERS;
	for (i = 0; i < WORKERS; i++)
		sets[i].rand = options.seed * 59 + i;
	sim_threads_start();
	for (i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, worker, (void *)i);
	pthread_create(&threads[WORKERS], NULL, world, NULL);
	for (i = 0; i <= WORKERS; i++)
		pthread_join(threads[i], NULL);
	sim_threads_stop();
	for (i = 0; i < SHELF; i++) {
		sets[0].p[0] = shelf[i];
		sets[0].n = 1;
		if (shelf[i].vaddr)
			free_one(&sets[0], 0);
	}
	CHECK_EQ(soba_dma_validate(say, NULL), 0);
	soba_must_be_valid("after threads");
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), 0);
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 0);
	test_note("%lu operations by %d threads", total_ops, WORKERS);
	soba_dma_pool_destroy(pool);
	sim_dma_unbind(&dev);
	soba_down();
	CHECK_EQ(sim_dma_outstanding(), 0);
}

static void bg_none(u64 *rand)
{
}

static void add_up(void *arg, const struct soba_dma_site *site)
{
	*(unsigned long *)arg += site->bytes;
}

/* What people read, while objects come and go. */
static void bg_readers(u64 *rand)
{
	struct soba_dma_info info[8];
	struct soba_dma_pos pos = { };
	unsigned long bytes = 0;

	while (soba_dma_read(&pos, info, ARRAY_SIZE(info)))
		;
	soba_dma_sites(NULL, NULL, add_up, &bytes);
}

static void bg_pressure(u64 *rand)
{
	sim_host_pressure(sim_below(rand, 2000), GFP_KERNEL);
	if (!sim_below(rand, 4))
		soba_shrink_all();
}

static void threads_plain(void) { run_threads(bg_none); }
static void threads_readers(void) { run_threads(bg_readers); }
static void threads_pressure(void) { run_threads(bg_pressure); }

const struct test dma_thread_tests[] = {
	{ "dma_threads_plain", threads_plain },
	{ "dma_threads_readers", threads_readers },
	{ "dma_threads_pressure", threads_pressure },
	{ }
};
