// SPDX-License-Identifier: GPL-2.0
/*
 * rcu_threads.c - harness: soba_kfree_rcu() by CPUs that run at the same time,
 * under TSan: readers never see an object after it has become another, and the
 * barrier waits for all that was given before it.
 */
#include "tests/test.h"

#include "api/kmem_cache.h"
#include "slab/rcu.h"

#include <soba/kmalloc.h>

#include <pthread.h>
#include <sched.h>

#define WORKERS	3
#define SLOTS	16
#define MAGIC	0x50ba0000L

struct shared {
	long tag;			/* MAGIC + slot; 0 once it is nobody's */
	struct rcu_head rcu;
};

static struct shared *slots[SLOTS];
static struct kmem_cache *cache;
static int working;
static double began;

static struct shared *make(long tag)
{
	struct shared *t = soba_kmem_cache_alloc(cache, GFP_ATOMIC);

	CHECK(t);
	WRITE_ONCE(t->tag, tag);
	return t;
}

static void look(unsigned int i)
{
	struct shared *t;

	rcu_read_lock();
	t = READ_ONCE(slots[i]);
	if (t) {
		CHECK_EQ(READ_ONCE(t->tag), MAGIC + i);
		sched_yield();
		CHECK_EQ(READ_ONCE(t->tag), MAGIC + i);
	}
	rcu_read_unlock();
}

static void replace(unsigned int i, enum sim_context c)
{
	struct shared *old, *scrap;

	sim_enter(c);
	old = xchg(&slots[i], make(MAGIC + i));
	if (old)
		soba_kvfree_call_rcu(&old->rcu, old);
	/* What a stale reader would see instead. */
	scrap = make(0);
	soba_kmem_cache_free(cache, scrap);
	sim_leave(c);
}

static void *worker(void *arg)
{
	unsigned long n = (unsigned long)arg, ops;
	u64 rand = options.seed * 77 + n;

	sim_thread_enter(n);
	for (ops = 0; test_go_on(ops, began, 0.1); ops++) {
		unsigned int i = sim_below(&rand, SLOTS), r = sim_below(&rand, 500);

		if (!r)
			soba_rcu_free_barrier();
		else if (r & 1)
			look(i);
		else
			replace(i, r % 10 ? SIM_PROCESS : sim_below(&rand, SIM_NR_CONTEXTS));
		sim_point();
	}
	sim_thread_leave();
	__atomic_sub_fetch(&working, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *world(void *arg)
{
	sim_thread_enter(WORKERS);
	while (__atomic_load_n(&working, __ATOMIC_ACQUIRE)) {
		sim_tick(1);
		sim_rcu_try();
		sim_run_work(false);
		sim_point();
		sched_yield();
	}
	sim_thread_leave();
	return NULL;
}

static void threads_rcu(void)
{
	pthread_t threads[WORKERS + 1];
	unsigned long i;

	soba_up();
	cache = soba_KMEM_CACHE(shared, 0);
	CHECK(cache);
	began = test_cpu_seconds();
	working = WORKERS;
	sim_threads_start();
	for (i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, worker, (void *)i);
	pthread_create(&threads[WORKERS], NULL, world, NULL);
	for (i = 0; i <= WORKERS; i++)
		pthread_join(threads[i], NULL);
	sim_threads_stop();
	for (i = 0; i < SLOTS; i++)
		soba_kfree(slots[i]);
	soba_rcu_free_barrier();
	CHECK_EQ(soba_cache_live(soba_cache_private(cache)), 0);
	soba_kmem_cache_destroy(cache);
	soba_down();
}

const struct test rcu_thread_tests[] = {
	{ "threads_rcu", threads_rcu },
	{ }
};
