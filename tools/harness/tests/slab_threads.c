// SPDX-License-Identifier: GPL-2.0
/*
 * slab_threads.c - harness: CPUs that really run at the same time on the same
 * caches, under TSan and under ASan (which sees what is used after it went back
 * to the host). Objects go from one CPU to another through a shared pool; one
 * more thread is the world: work items, RCU, pressure, drains, figures.
 */
#include "tests/slab_live.h"

#include "base/report.h"
#include "page/grow.h"
#include "page/limits.h"
#include "slab/magazine.h"
#include "slab/node.h"
#include "slab/rcu.h"
#include "slab/reap.h"

#include <pthread.h>
#include <sched.h>

#ifdef HARNESS_THREADS
#define SHARE		0.2
#else
#define SHARE		0.05
#endif
#define WORKERS		3
#define POOL		128
#define MAX_ENDS	1000		/* tombstones keep their per-CPU memory */

static struct obj_kind kinds[] = {
	{ .name = "t64", .size = 64 },
	{ .name = "t1000", .size = 1000, .ctor = true },
	{ .name = "t3000", .size = 3000, .flags = SLAB_TYPESAFE_BY_RCU },
	{ .name = "tdebug", .size = 200, .flags = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER },
};

#define NR_CACHES ARRAY_SIZE(kinds)
static struct obj_kind km = { .name = "kmalloc" };
static struct obj_set sets[WORKERS];
static struct obj pool[POOL];		/* handed from one thread to another */
static pthread_mutex_t pool_mutex = PTHREAD_MUTEX_INITIALIZER;
static int working;
static double began;
static unsigned long total_ops;
static void (*background)(u64 *rand);

static struct obj_kind *any_kind(struct obj_set *s)
{
	unsigned int i = sim_below(&s->rand, NR_CACHES + 1);

	return i < NR_CACHES ? &kinds[i] : &km;
}

/* Exchange many with the pool: they are freed on another CPU. */
static void exchange(struct obj_set *s)
{
	unsigned int n = sim_below(&s->rand, 40), i;

	pthread_mutex_lock(&pool_mutex);
	while (n-- && s->n) {
		struct obj *slot = &pool[sim_below(&s->rand, POOL)], tmp = *slot;

		i = sim_below(&s->rand, s->n);
		*slot = s->o[i];
		if (tmp.p)
			s->o[i] = tmp;
		else
			s->o[i] = s->o[--s->n];
	}
	pthread_mutex_unlock(&pool_mutex);
}

static void rare_op(struct obj_set *s, unsigned int r)
{
	if (r == 0)
		soba_kmem_cache_shrink(kinds[sim_below(&s->rand, NR_CACHES)].s);
	else if (r == 1)
		soba_shrink_all();
	else if (r == 2)
		obj_free_all(s);
	else if (r < 10)
		obj_alloc_bulk(s, any_kind(s), GFP_KERNEL, sim_below(&s->rand, 50));
	else if (r < 20)
		obj_free_bulk(s, r & 1 ? any_kind(s) : NULL, sim_below(&s->rand, 50));
	else
		exchange(s);
}

static void one_op(struct obj_set *s)
{
	enum sim_context c = sim_below(&s->rand, 3) ? SIM_PROCESS :
						       sim_below(&s->rand, SIM_NR_CONTEXTS);
	unsigned int r = sim_below(&s->rand, 1000), i = sim_below(&s->rand, s->n);
	gfp_t gfp = c == SIM_PROCESS ? GFP_KERNEL : GFP_ATOMIC | __GFP_NOWARN;

	if (r < 40 && c == SIM_PROCESS) {
		rare_op(s, r);
		return;
	}
	sim_enter(c);
	if (r < 60 && s->n && !s->o[i].kind->ctor && s->o[i].size >= 16 && !s->o[i].large)
		obj_free_rcu(s, i);
	else if (s->n && (r & 1 || s->n > 300))
		obj_free(s, i);
	else
		obj_alloc(s, any_kind(s), 1 + sim_below(&s->rand, 4000), gfp,
			  r < 900 ? -1 : (int)(r % 2));
	sim_leave(c);
}

static void *worker(void *arg)
{
	unsigned long n = (unsigned long)arg, ops;
	struct obj_set *s = &sets[n];

	sim_thread_enter(n);
	for (ops = 0; test_go_on(ops, began, SHARE); ops++) {
		sim_step = ops;
		one_op(s);
		sim_expect_clean("after an operation");
		sim_point();
	}
	obj_free_all(s);
	__atomic_add_fetch(&total_ops, ops, __ATOMIC_RELAXED);
	sim_thread_leave();
	__atomic_sub_fetch(&working, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *world(void *arg)
{
	u64 rand = options.seed + 99;

	sim_thread_enter(WORKERS);
	while (__atomic_load_n(&working, __ATOMIC_ACQUIRE)) {
		background(&rand);
		sim_point();
		sched_yield();
	}
	sim_thread_leave();
	return NULL;
}

static void run_threads(void (*bg)(u64 *rand), unsigned long limit, unsigned int chunk_order)
{
	pthread_t threads[WORKERS + 1];
	unsigned long i;

	soba_limits_set(limit, 0, chunk_order);
	soba_up();
	for (i = 0; i < NR_CACHES; i++)
		obj_kind_create(&kinds[i]);
	began = test_cpu_seconds();
	background = bg;
	working = WORKERS;
	for (i = 0; i < WORKERS; i++)
		obj_init(&sets[i], options.seed * 31 + i);
	sim_threads_start();
	for (i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, worker, (void *)i);
	pthread_create(&threads[WORKERS], NULL, world, NULL);
	for (i = 0; i <= WORKERS; i++)
		pthread_join(threads[i], NULL);
	sim_threads_stop();
	obj_init(&sets[0], 1);
	for (i = 0; i < POOL; i++)
		if (pool[i].p)
			sets[0].o[sets[0].n++] = pool[i];
	obj_free_all(&sets[0]);
	soba_rcu_free_barrier();
	obj_settle(kinds, NR_CACHES, "after threads");
	test_note("%lu operations by %d threads, %lu chunks taken, %lu given back", total_ops,
		  WORKERS, sim_host.takes, sim_host.gives);
	for (i = 0; i < NR_CACHES; i++)
		obj_kind_destroy(&kinds[i]);
	soba_down();
}

static void bg_work(u64 *rand)
{
	sim_tick(sim_below(rand, 2 * HZ));
	sim_run_work(false);
	sim_rcu_try();
}

/* Figures and lookups of any address, while magazines and slabs come and go. */
static void bg_figures(u64 *rand)
{
	struct soba_cache *c = soba_cache_private(kinds[sim_below(rand, NR_CACHES)].s);
	struct soba_cache_stat st;
	struct soba_cpu_stat cs;
	struct soba_object o;
	unsigned int i;

	soba_cache_stat(c, NUMA_NO_NODE, &st);
	for_each_possible_cpu(i) {
		soba_cache_cpu_stat(c, i, &cs);
		CHECK(cs.cached <= 2 * c->mag_max);
	}
	soba_shrink_count();
	for (i = 0; i < 50; i++)
		soba_object_find((void *)(PAGE_OFFSET + (4UL << 30) + sim_below(rand, 1UL << 26)),
				 &o);
	if (!sim_below(rand, 3))
		soba_shrink_all();
	bg_work(rand);
}

static void bg_pressure(u64 *rand)
{
	sim_host_pressure(sim_below(rand, 4000), GFP_KERNEL);
	sim_host_pressure(sim_below(rand, 4000), GFP_ATOMIC);
	soba_mag_drain(soba_cache_private(kinds[sim_below(rand, NR_CACHES)].s));
	bg_work(rand);
}

/* A cache lives and dies beside the others. */
static void bg_caches(u64 *rand)
{
	struct kmem_cache *s = soba_kmem_cache_create("brief", 8 + sim_below(rand, 2000), 0,
						      sim_below(rand, 2) ? SLAB_TYPESAFE_BY_RCU : 0,
						      NULL);
	void *p[20];

	if (s && soba_kmem_cache_alloc_bulk(s, GFP_KERNEL, 20, p) == 20)
		soba_kmem_cache_free_bulk(s, 20, p);
	soba_kmem_cache_destroy(s);
	bg_work(rand);
}

/* What another CPU frees just while its cache ends. */
static struct {
	struct kmem_cache *s;
	void *object;		/* NULL: nothing to do */
	bool over;
} last;

static void *last_freer(void *arg)
{
	u64 rand = options.seed;
	unsigned int wait;

	sim_thread_enter(1);
	while (!__atomic_load_n(&last.over, __ATOMIC_ACQUIRE)) {
		void *p = __atomic_load_n(&last.object, __ATOMIC_ACQUIRE);

		if (p) {
			/* At any moment of the end. */
			for (wait = sim_below(&rand, 400); wait; wait--)
				sim_point();
			soba_kmem_cache_free(last.s, p);
			__atomic_store_n(&last.object, NULL, __ATOMIC_RELEASE);
		}
		sim_point();
		sched_yield();
	}
	sim_thread_leave();
	return NULL;
}

/* Either all of it goes, or it stays as a tombstone whose memory comes home later. */
static void threads_last_free(void)
{
	unsigned int round;
	pthread_t thread;
	void *p;

	soba_up();
	began = test_cpu_seconds();
	memset(&last, 0, sizeof(last));
	sim_threads_start();
	pthread_create(&thread, NULL, last_freer, NULL);
	sim_thread_enter(0);
	for (round = 0; round < MAX_ENDS && test_go_on(round, began, SHARE); round++) {
		last.s = soba_kmem_cache_create("last", 256, 0,
						round & 1 ? SLAB_TYPESAFE_BY_RCU : 0, NULL);
		CHECK(last.s);
		p = soba_kmem_cache_alloc(last.s, GFP_KERNEL);
		CHECK(p);
		__atomic_store_n(&last.object, p, __ATOMIC_RELEASE);
		soba_kmem_cache_destroy(last.s);
		while (__atomic_load_n(&last.object, __ATOMIC_ACQUIRE)) {
			sim_point();
			sched_yield();
		}
		sim_log_clear();
		sim_rcu_try();
	}
	sim_thread_leave();
	__atomic_store_n(&last.over, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	sim_threads_stop();
	test_note("%u caches", round);
	soba_down();
}

static void threads_plain(void) { run_threads(bg_work, 0, SOBA_MAX_ORDER); }
static void threads_figures(void) { run_threads(bg_figures, 0, 4); }
static void threads_pressure(void) { run_threads(bg_pressure, 6000, 7); }
static void threads_caches(void) { run_threads(bg_caches, 0, 9); }

const struct test slab_thread_tests[] = {
	{ "slab_threads_plain", threads_plain },
	{ "slab_threads_figures", threads_figures },
	{ "slab_threads_pressure", threads_pressure },
	{ "slab_threads_caches", threads_caches },
	{ "slab_threads_last_free", threads_last_free },
	{ }
};
