// SPDX-License-Identifier: GPL-2.0
/*
 * rcu.c - harness: soba_kfree_rcu(): nothing is freed before its grace period,
 * all of it is afterwards, in few batches, whatever the context.
 */
#include "tests/test.h"

#include "api/kmem_cache.h"
#include "base/report.h"
#include "slab/rcu.h"

#include <soba/kmalloc.h>

struct thing {
	long tag;
	struct rcu_head rcu;
	long more[5];
};

static struct kmem_cache *things;

static void begin(void)
{
	soba_up();
	things = soba_KMEM_CACHE(thing, 0);
	CHECK(things);
}

static void end(void)
{
	soba_kmem_cache_destroy(things);
	CHECK(!sim_log_has("live-objects"));
	soba_down();
}

static long live(void)
{
	return soba_cache_live(soba_cache_private(things));
}

static struct thing *make(long tag)
{
	struct thing *t = soba_kmem_cache_alloc(things, GFP_ATOMIC);

	CHECK(t);
	t->tag = tag;
	memset(t->more, 0x3c, sizeof(t->more));
	return t;
}

static void drop_many(unsigned int nr)
{
	while (nr--)
		soba_kfree_rcu(make(nr), rcu);
}

static void grace_period(void)
{
	CHECK(sim_rcu_try());
	sim_run_work(true);
}

/* One callback for them all, and none freed before the grace period ends. */
static void rcu_batch(void)
{
	struct thing *t;

	begin();
	t = make(42);
	soba_kfree_rcu(t, rcu);
	drop_many(300);
	CHECK_EQ(live(), 301);
	CHECK_EQ(sim_rcu_pending(), 1);
	sim_run_work(true);
	CHECK_EQ(live(), 301);
	CHECK(t->tag == 42 && !memchr_inv(t->more, 0x3c, sizeof(t->more)));
	/* The first by itself, and then all that came while it waited. */
	grace_period();
	CHECK_EQ(live(), 300);
	CHECK_EQ(sim_rcu_pending(), 1);
	grace_period();
	CHECK_EQ(live(), 0);
	CHECK_EQ(sim_rcu_pending(), 0);
	CHECK_EQ(sim_work_pending(), 0);
	end();
}

/* What comes when the grace period has ended waits for the next. */
static void rcu_latecomer(void)
{
	begin();
	drop_many(1);
	CHECK(sim_rcu_try());
	drop_many(1);
	sim_run_work(true);
	CHECK_EQ(live(), 1);
	sim_run_work(true);
	CHECK_EQ(live(), 1);
	grace_period();
	CHECK_EQ(live(), 0);
	end();
}

/* Each CPU has its batch; the barrier is for all of them, at any moment. */
static void rcu_barrier_waits(void)
{
	unsigned int state, cpu;

	begin();
	for (state = 0; state < 5; state++) {
		for (cpu = 0; cpu < 4; cpu++) {
			sim_set_cpu(cpu);
			drop_many(1 + state * 10);
		}
		CHECK_EQ(sim_rcu_pending(), 4);
		if (state >= 2)
			CHECK(sim_rcu_try());
		if (state == 3)
			drop_many(7);
		if (state == 4) {
			sim_run_work(false);
			drop_many(7);
		}
		soba_rcu_free_barrier();
		CHECK_EQ(live(), 0);
		soba_rcu_free_barrier();
		CHECK_EQ(sim_rcu_pending(), 0);
	}
	/* The end of a cache, and of soba, wait by themselves. */
	drop_many(20);
	end();
	begin();
	soba_kfree_rcu((struct thing *)soba_kmalloc(sizeof(struct thing), GFP_KERNEL), rcu);
	soba_kfree_rcu((struct thing *)soba_kmalloc(100000, GFP_KERNEL), rcu);
	end();
}

static void rcu_contexts(void)
{
	enum sim_context c;

	begin();
	for (c = 0; c < SIM_NR_CONTEXTS; c++) {
		sim_enter(c);
		drop_many(3);
		sim_leave(c);
		rcu_read_lock();
		drop_many(3);
		rcu_read_unlock();
	}
	soba_rcu_free_barrier();
	CHECK_EQ(live(), 0);
	end();
}

static void event(enum sim_kind kind, void *arg)
{
	drop_many(2);
}

/* Another free at every point of a free, of a batch's end and of the barrier. */
static void every_point(enum sim_kind kind, bool rcu)
{
	struct sim_injection inj = { .kind = kind, .func = event, .rcu = rcu };

	for (inj.at = 1;; inj.at++) {
		inj.fired = 0;
		drop_many(1);
		CHECK(sim_rcu_try());
		sim_inject(&inj);
		drop_many(2);
		sim_run_work(true);
		soba_rcu_free_barrier();
		sim_inject(NULL);
		soba_rcu_free_barrier();
		CHECKF(!live(), "%ld objects are lost, point %lu", live(), inj.at);
		CHECK_EQ(sim_rcu_pending(), 0);
		if (!inj.fired)
			break;
	}
	CHECK(inj.at > 20);
}

static void rcu_interrupted(void)
{
	begin();
	every_point(SIM_INJ_HARDIRQ, false);
	every_point(SIM_INJ_SOFTIRQ, false);
	every_point(SIM_INJ_TASK, false);
	every_point(SIM_INJ_REMOTE, false);
	end();
}

/* Without an rcu_head: the caller waits, and only where it may. */
static void rcu_without_head(void)
{
	struct thing *t;

	begin();
	soba_kfree_rcu_mightsleep(make(1));
	CHECK_EQ(live(), 0);
	CHECK_EQ(sim_rcu_pending(), 0);
	t = make(2);
	sim_enter(SIM_IRQS_OFF);
	soba_kfree_rcu_mightsleep(t);
	sim_leave(SIM_IRQS_OFF);
	CHECK_EQ(soba_report_total(SOBA_R_SLEEP_IN_ATOMIC), 1);
	CHECK(sim_log_has("soba: sleep-in-atomic: object "));
	CHECK(t->tag == 2 && live() == 1);
	soba_kfree(t);
	end();
}

/* Mistakes are the caller's, at once where that can be seen. */
static void rcu_mistakes(void)
{
	static struct thing foreign;
	struct thing *t;

	begin();
	soba_kvfree_call_rcu(NULL, NULL);
	soba_kfree_rcu((struct thing *)NULL, rcu);
	soba_kvfree_call_rcu(NULL, ZERO_SIZE_PTR);
	soba_kfree_rcu(&foreign, rcu);
	CHECK_EQ(soba_report_total(SOBA_R_FOREIGN_FREE), 1);
	t = make(3);
	soba_kvfree_call_rcu(&t->rcu, (char *)t + 8);
	CHECK_EQ(soba_report_total(SOBA_R_INVALID_FREE), 1);
	CHECK_EQ(sim_rcu_pending(), 0);
	/* Freed meanwhile: found when its turn has come, and nothing is harmed. */
	soba_kfree_rcu(t, rcu);
	soba_kmem_cache_free(things, t);
	soba_rcu_free_barrier();
	CHECK_EQ(soba_report_total(SOBA_R_DOUBLE_FREE), 1);
	CHECK_EQ(live(), 0);
	end();
}

const struct test rcu_tests[] = {
	{ "rcu_batch", rcu_batch },
	{ "rcu_latecomer", rcu_latecomer },
	{ "rcu_barrier_waits", rcu_barrier_waits },
	{ "rcu_contexts", rcu_contexts },
	{ "rcu_interrupted", rcu_interrupted },
	{ "rcu_without_head", rcu_without_head },
	{ "rcu_mistakes", rcu_mistakes },
	{ }
};
