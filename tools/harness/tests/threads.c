// SPDX-License-Identifier: GPL-2.0
/*
 * threads.c - harness: CPUs that really run at the same time, under TSan and
 * under ASan (which sees descriptors used after their grace period).
 *
 * Each pthread is one simulated CPU; one more runs work items, RCU grace
 * periods, host pressure, hotplug and lookups of any address. What a thread
 * frees it may have got from another one, through a shared pool.
 */
#include "tests/live.h"

#include "base/counter.h"
#include "base/report.h"
#include "page/block.h"
#include "page/buddy.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"
#include "page/map.h"
#include "page/pcp.h"
#include "page/zone.h"

#include <pthread.h>
#include <sched.h>

/* Of --seconds, for each test: all of it is theirs under TSan, some under ASan. */
#ifdef HARNESS_THREADS
#define SHARE		0.3
#else
#define SHARE		0.05
#endif
#define WORKERS		3
#define POOL		64

static struct live_set sets[WORKERS];
static struct live pool[POOL];		/* handed from one thread to another */
static pthread_mutex_t pool_mutex = PTHREAD_MUTEX_INITIALIZER;
static int working;
static double began;
static unsigned long total_ops;
static void (*background)(u64 *rand);

/* Exchange a block with the pool: its pages go to another CPU. */
static void exchange(struct live_set *s)
{
	struct live *slot = &pool[sim_below(&s->rand, POOL)], *mine;
	struct live tmp;

	mine = &s->b[sim_below(&s->rand, s->n)];
	if (mine->kind == LIVE_EXACT)
		return;
	pthread_mutex_lock(&pool_mutex);
	tmp = *slot;
	*slot = *mine;
	pthread_mutex_unlock(&pool_mutex);
	if (tmp.page)
		*mine = tmp;
	else
		*mine = s->b[--s->n];
}

static void one_op(struct live_set *s)
{
	enum sim_context c = sim_below(&s->rand, 3) ? SIM_PROCESS :
						       sim_below(&s->rand, SIM_NR_CONTEXTS);
	unsigned int r = sim_below(&s->rand, 1000);

	if (r == 0 && c == SIM_PROCESS) {
		soba_shrink_all();
		return;
	}
	if (r == 1 && c == SIM_PROCESS) {
		soba_pcp_drain_all();
		return;
	}
	if (r == 2) {
		live_free_all(s);
		return;
	}
	if (r < 40 && s->n) {
		exchange(s);
		return;
	}
	if (r < 50 && s->n) {
		struct live l = s->b[s->n - 1];

		if (l.kind != LIVE_EXACT) {
			get_page(l.page);
			live_free(s, s->n - 1);
			put_page(l.page);
			return;
		}
	}
	sim_enter(c);
	if (s->n && (r & 1 || s->n > 200))
		live_free(s, sim_below(&s->rand, s->n));
	else
		live_alloc(s, live_gfp(s, c == SIM_PROCESS), live_order(s), -1);
	sim_leave(c);
}

static void *worker(void *arg)
{
	unsigned long n = (unsigned long)arg, ops;
	struct live_set *s = &sets[n];

	sim_thread_enter(n);
	for (ops = 0; test_go_on(ops, began, SHARE); ops++) {
		sim_step = ops;
		one_op(s);
		sim_expect_clean("after an operation");
		sim_point();
	}
	live_free_all(s);
	__atomic_add_fetch(&total_ops, ops, __ATOMIC_RELAXED);
	sim_thread_leave();
	__atomic_sub_fetch(&working, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* The world outside: CPU 3. */
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
	began = test_cpu_seconds();
	background = bg;
	working = WORKERS;
	for (i = 0; i < WORKERS; i++)
		live_init(&sets[i], options.seed * 31 + i);
	sim_threads_start();
	for (i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, worker, (void *)i);
	pthread_create(&threads[WORKERS], NULL, world, NULL);
	for (i = 0; i <= WORKERS; i++)
		pthread_join(threads[i], NULL);
	sim_threads_stop();
	live_init(&sets[0], 1);
	for (i = 0; i < POOL; i++)
		if (pool[i].page)
			sets[0].b[sets[0].n++] = pool[i];
	live_free_all(&sets[0]);
	soba_pinned_gather();
	soba_must_be_valid("after threads");
	CHECK_EQ(sim_host_taken(), atomic_long_read(&soba_held_frames));
	CHECK_EQ(soba_frames_free(), atomic_long_read(&soba_held_frames));
	test_note("%lu operations by %d threads, %lu chunks taken, %lu given back", total_ops,
		  WORKERS, sim_host.takes, sim_host.gives);
	soba_down();
}

static void bg_work(u64 *rand)
{
	sim_tick(sim_below(rand, HZ / 4));
	sim_run_work(false);
	sim_rcu_try();
}

/* Lookups of any PFN, and the walk, while chunks come and go. */
static void bg_lookup(u64 *rand)
{
	unsigned long pfn = 0, n;
	struct soba_chunk *c;

	for (n = 0; n < 200; n++) {
		struct soba_frame *f, *head;

		rcu_read_lock();
		f = soba_map_frame((4UL << 18) + sim_below(rand, 1UL << 14));
		if (f && soba_frame_state(f) != SOBA_F_NONE) {
			head = soba_frame_head(f);
			CHECK(!head || head <= f);
		}
		rcu_read_unlock();
	}
	rcu_read_lock();
	while ((c = soba_map_next_chunk(&pfn)))
		CHECK(READ_ONCE(c->order) <= SOBA_MAX_ORDER);
	rcu_read_unlock();
	bg_work(rand);
	if (!sim_below(rand, 4))
		soba_shrink_all();
}

static void bg_pressure(u64 *rand)
{
	sim_host_pressure(sim_below(rand, 4000), GFP_KERNEL);
	sim_host_pressure(sim_below(rand, 4000), GFP_ATOMIC);
	soba_pcp_drain_all();
	soba_pinned_gather();
	bg_work(rand);
}

static void count_line(void *arg, const char *line)
{
	test_note("broken law: %s", line);
}

/* The free lists of each zone are right at any moment that its lock is held. */
static void bg_validate(u64 *rand)
{
	struct soba_zone *zone = &soba_zones[sim_below(rand, soba_nr_zones)];
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	CHECK_EQ(soba_buddy_validate(&zone->buddy, count_line, NULL), 0);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	bg_work(rand);
}

static void threads_plain(void) { run_threads(bg_work, 0, SOBA_MAX_ORDER); }
static void threads_lookup(void) { run_threads(bg_lookup, 0, 4); }
static void threads_pressure(void) { run_threads(bg_pressure, 6000, 7); }
static void threads_validate(void) { run_threads(bg_validate, 0, 9); }

const struct test thread_tests[] = {
	{ "threads_plain", threads_plain },
	{ "threads_lookup", threads_lookup },
	{ "threads_pressure", threads_pressure },
	{ "threads_validate", threads_validate },
	{ }
};
