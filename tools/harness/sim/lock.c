// SPDX-License-Identifier: GPL-2.0
/*
 * lock.c - harness: locks with lockdep's laws.
 *
 * A class is a name (the expression that the lock was initialised with). The
 * graph of "taken while holding" and the contexts of use are kept for each
 * class; the first use that contradicts them ends the test.
 */
#include "sim/control.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#define NR_CLASSES	24
#define STUCK_SECONDS	60

struct lock_class {
	const char *name;
	u32 before;		/* classes held when this one was taken */
	bool in_irq;		/* taken in hardirq */
	bool irqs_on;		/* taken with interrupts on */
};

static struct lock_class classes[NR_CLASSES];
static pthread_mutex_t graph = PTHREAD_MUTEX_INITIALIZER;
static int next_thread;
static __thread int me;

static int my_number(void)
{
	if (!me)
		me = __atomic_add_fetch(&next_thread, 1, __ATOMIC_RELAXED);
	return me;
}

static unsigned int class_of(const struct sim_lock *l)
{
	unsigned int i;

	if (!l->class)
		sim_fail("lock %p was never initialised", (const void *)l);
	for (i = 0; i < NR_CLASSES && classes[i].name; i++)
		if (!strcmp(classes[i].name, l->class))
			return i;
	if (i == NR_CLASSES)
		sim_fail("more lock classes than the harness has");
	classes[i].name = l->class;
	return i;
}

void sim_lock_forget(void)
{
	memset(classes, 0, sizeof(classes));
}

static void check_context(struct lock_class *c)
{
	if (in_hardirq())
		c->in_irq = true;
	if (!sim_ctx.irqs_off)
		c->irqs_on = true;
	if (c->in_irq && c->irqs_on)
		sim_fail("lock %s is taken in hardirq, and elsewhere with interrupts on",
			 c->name);
}

static void check_order(const struct sim_lock *l, bool trylock)
{
	unsigned int n = class_of(l), i;

	for (i = 0; i < sim_ctx.nr_held; i++) {
		const struct sim_lock *h = sim_ctx.held[i];
		unsigned int k = class_of(h);

		if (h == l && !trylock)
			sim_fail("lock %s is taken twice by one context", l->class);
		if (trylock)
			continue;
		if (k == n)
			sim_fail("two locks of class %s at once", l->class);
		if (l->sleeps && !h->sleeps)
			sim_fail("sleeping lock %s inside raw lock %s", l->class,
				 h->class);
		classes[n].before |= 1U << k;
		if (classes[k].before & (1U << n))
			sim_fail("locks %s and %s are taken in both orders",
				 l->class, h->class);
	}
}

static void check(const struct sim_lock *l, bool trylock)
{
	if (in_nmi() && !trylock)
		sim_fail("lock %s in NMI", l->class);
	if (l->sleeps && in_hardirq())
		sim_fail("sleeping lock %s in hardirq", l->class);
	pthread_mutex_lock(&graph);
	if (!trylock && !l->sleeps)
		check_context(&classes[class_of(l)]);
	check_order(l, trylock);
	pthread_mutex_unlock(&graph);
}

static void held_push(struct sim_lock *l)
{
	if (sim_ctx.nr_held == SIM_MAX_HELD)
		sim_fail("more locks held than the harness counts");
	l->taken_cpu = sim_ctx.cpu;
	sim_ctx.held[sim_ctx.nr_held++] = l;
}

static bool grab(struct sim_lock *l)
{
	int free = 0;

	return __atomic_compare_exchange_n(&l->owner, &free, my_number(), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void wait_for(struct sim_lock *l)
{
	time_t begin = time(NULL);

	/*
	 * A lock of this pthread is that of the context below us: on a real
	 * machine we would spin for ever.
	 */
	if (__atomic_load_n(&l->owner, __ATOMIC_RELAXED) == my_number())
		sim_fail("lock %s: deadlock with the interrupted context", l->class);
	while (!grab(l)) {
		sim_poll();
		sched_yield();
		if (time(NULL) - begin > STUCK_SECONDS)
			sim_fail("lock %s: stuck", l->class);
	}
}

void sim_lock(struct sim_lock *l)
{
	sim_point();
	check(l, false);
	if (l->sleeps < 2)
		preempt_disable();
	if (!grab(l))
		wait_for(l);
	held_push(l);
}

bool sim_trylock(struct sim_lock *l)
{
	sim_point();
	check(l, true);
	if (l->sleeps < 2)
		preempt_disable();
	if (!grab(l)) {
		if (l->sleeps < 2)
			preempt_enable();
		return false;
	}
	held_push(l);
	return true;
}

void sim_unlock(struct sim_lock *l)
{
	unsigned int i;

	for (i = sim_ctx.nr_held; i--;)
		if (sim_ctx.held[i] == l)
			break;
	if ((int)i < 0 || __atomic_load_n(&l->owner, __ATOMIC_RELAXED) != my_number())
		sim_fail("unlock of %s that is not held", l->class);
	memmove(&sim_ctx.held[i], &sim_ctx.held[i + 1],
		(sim_ctx.nr_held - i - 1) * sizeof(sim_ctx.held[0]));
	sim_ctx.nr_held--;
	__atomic_store_n(&l->owner, 0, __ATOMIC_RELEASE);
	if (l->sleeps < 2)
		preempt_enable();
}

bool sim_lock_held(const struct sim_lock *l)
{
	unsigned int i;

	for (i = 0; i < sim_ctx.nr_held; i++)
		if (sim_ctx.held[i] == l)
			return true;
	return false;
}

bool sim_lock_any_held(void)
{
	unsigned int i;

	/* A mutex keeps nobody from answering: its holder sleeps as he likes. */
	for (i = 0; i < sim_ctx.nr_held; i++)
		if (sim_ctx.held[i]->sleeps != 2)
			return true;
	return false;
}
