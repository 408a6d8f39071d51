// SPDX-License-Identifier: GPL-2.0
/*
 * defer.c - harness: RCU, work queues, irq_work, sleeping and the clock.
 *
 * A reader is a context in rcu_read_lock() or with preemption or interrupts
 * off. A thread's reader_ctr is odd while it is one; a grace period waits until
 * each thread has been seen even, or has moved on.
 */
#include "sim/control.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define MAX_THREADS 32

unsigned long sim_jiffies = 1000;

static pthread_mutex_t queue_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gp_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct rcu_head *rcu_queue;
static unsigned long rcu_count;		/* queue_mutex, read without */
static struct sim_ctx *readers[MAX_THREADS];
static unsigned int nr_readers;
static __thread int reader_slot = -1;

void sim_reader_update(void)
{
	bool now = sim_ctx.rcu || sim_ctx.preempt || sim_ctx.irqs_off;

	if (reader_slot < 0) {
		reader_slot = __atomic_fetch_add(&nr_readers, 1, __ATOMIC_SEQ_CST);
		if (reader_slot >= MAX_THREADS)
			abort();
		__atomic_store_n(&readers[reader_slot], &sim_ctx, __ATOMIC_SEQ_CST);
	}
	if ((sim_ctx.reader_ctr & 1) != now)
		__atomic_add_fetch(&sim_ctx.reader_ctr, 1, __ATOMIC_SEQ_CST);
}

/* The thread ends: no grace period may look at its context any more. */
void sim_reader_gone(void)
{
	if (reader_slot < 0)
		return;
	pthread_mutex_lock(&gp_mutex);
	readers[reader_slot] = NULL;
	pthread_mutex_unlock(&gp_mutex);
	reader_slot = -1;
}

void rcu_read_lock(void)
{
	sim_ctx.rcu++;
	sim_ctx_changed();
	sim_point();
}

void rcu_read_unlock(void)
{
	sim_point();
	if (!sim_ctx.rcu)
		sim_fail("rcu_read_unlock() without rcu_read_lock()");
	sim_ctx.rcu--;
	sim_ctx_changed();
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	sim_point();
	if (in_nmi())
		sim_fail("call_rcu() in NMI");
	head->func = func;
	pthread_mutex_lock(&queue_mutex);
	head->next = rcu_queue;
	rcu_queue = head;
	__atomic_add_fetch(&rcu_count, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&queue_mutex);
}

unsigned long sim_rcu_pending(void)
{
	return rcu_count;
}

static struct rcu_head *take_queue(void)
{
	struct rcu_head *q;

	pthread_mutex_lock(&queue_mutex);
	q = rcu_queue;
	rcu_queue = NULL;
	__atomic_store_n(&rcu_count, 0, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&queue_mutex);
	return q;
}

/* In softirq, as the kernel does. */
static void run_callbacks(struct rcu_head *q)
{
	bool armed = sim_armed;

	sim_armed = false;
	sim_enter(SIM_SOFTIRQ);
	while (q) {
		struct rcu_head *next = q->next;

		q->func(q);
		q = next;
	}
	sim_leave(SIM_SOFTIRQ);
	sim_armed = armed;
}

static void wait_for_readers(void)
{
	unsigned int i, n = __atomic_load_n(&nr_readers, __ATOMIC_SEQ_CST);

	for (i = 0; i < n; i++) {
		struct sim_ctx *c = __atomic_load_n(&readers[i], __ATOMIC_SEQ_CST);
		unsigned long was;

		if (!c || c == &sim_ctx)
			continue;
		was = __atomic_load_n(&c->reader_ctr, __ATOMIC_SEQ_CST);
		while ((was & 1) &&
		       __atomic_load_n(&c->reader_ctr, __ATOMIC_SEQ_CST) == was) {
			sim_poll();
			sched_yield();
		}
	}
}

bool sim_rcu_try(void)
{
	struct rcu_head *q;

	if (sim_ctx.nested || sim_ctx.rcu || !preemptible())
		return false;
	if (!sim_threaded) {
		q = take_queue();
		if (q)
			run_callbacks(q);
		return true;
	}
	if (pthread_mutex_trylock(&gp_mutex))
		return false;
	q = take_queue();
	wait_for_readers();
	run_callbacks(q);
	pthread_mutex_unlock(&gp_mutex);
	return true;
}

void synchronize_rcu(void)
{
	might_sleep();
	if (sim_ctx.nested)
		sim_fail("a grace period inside an injected context cannot end");
	while (!sim_rcu_try()) {
		sim_poll();
		sched_yield();
	}
}

void rcu_barrier(void)
{
	synchronize_rcu();
	while (__atomic_load_n(&rcu_count, __ATOMIC_RELAXED))
		synchronize_rcu();
}

/* Work: one list, run by sim_run_work() in process context. */
static LIST_HEAD(work_list);
static struct work_struct *running;
static struct workqueue_struct the_wq;
struct workqueue_struct *system_wq = &the_wq, *system_unbound_wq = &the_wq,
	*system_highpri_wq = &the_wq, *system_long_wq = &the_wq,
	*system_power_efficient_wq = &the_wq, *mm_percpu_wq = &the_wq;

static long wq_live;

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max, ...)
{
	(void)fmt, (void)flags, (void)max;
	might_sleep();
	if (sim_host.meta_budget == 0)
		return NULL;
	__atomic_add_fetch(&wq_live, 1, __ATOMIC_RELAXED);
	return calloc(1, sizeof(struct workqueue_struct));
}

long sim_wq_outstanding(void)
{
	return wq_live;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	might_sleep();
	__atomic_sub_fetch(&wq_live, 1, __ATOMIC_RELAXED);
	free(wq);
}

static bool enqueue(struct work_struct *w, int cpu)
{
	bool fresh;

	if (in_nmi())
		sim_fail("work queued in NMI");
	pthread_mutex_lock(&queue_mutex);
	fresh = !w->pending;
	if (fresh) {
		w->cpu = cpu;
		INIT_LIST_HEAD(&w->link);
		w->link.prev = work_list.prev;
		w->link.next = &work_list;
		work_list.prev->next = &w->link;
		work_list.prev = &w->link;
		__atomic_store_n(&w->pending, 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&queue_mutex);
	return fresh;
}

bool queue_work_on(int cpu, struct workqueue_struct *wq, struct work_struct *w)
{
	sim_point();
	if (!wq)
		sim_fail("work queued on a workqueue that is gone");
	return enqueue(w, cpu);
}

bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *d,
			   unsigned long delay)
{
	sim_point();
	if (!wq)
		sim_fail("work queued on a workqueue that is gone");
	if (work_pending(&d->work))
		return false;
	__atomic_store_n(&d->due, jiffies + delay, __ATOMIC_RELAXED);
	return enqueue(&d->work, cpu == -1 ? -2 : cpu);
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *d, unsigned long delay)
{
	bool was = cancel_delayed_work(d);

	queue_delayed_work(wq, d, delay);
	return was;
}

static void unlink_work(struct work_struct *w)
{
	w->link.prev->next = w->link.next;
	w->link.next->prev = w->link.prev;
	__atomic_store_n(&w->pending, 0, __ATOMIC_RELEASE);
}

/* cpu -2 marks a delayed one. */
static bool due(struct work_struct *w, bool all)
{
	if (w->cpu != -2 || all)
		return true;
	return !time_before(jiffies, __atomic_load_n(&to_delayed_work(w)->due, __ATOMIC_RELAXED));
}

static struct work_struct *next_work(bool all)
{
	struct list_head *p;

	pthread_mutex_lock(&queue_mutex);
	for (p = work_list.next; p != &work_list; p = p->next) {
		struct work_struct *w = container_of(p, struct work_struct, link);

		if (!due(w, all))
			continue;
		unlink_work(w);
		__atomic_store_n(&running, w, __ATOMIC_RELEASE);
		pthread_mutex_unlock(&queue_mutex);
		return w;
	}
	pthread_mutex_unlock(&queue_mutex);
	return NULL;
}

unsigned int sim_work_pending(void)
{
	struct list_head *p;
	unsigned int n = 0;

	for (p = work_list.next; p != &work_list; p = p->next)
		n++;
	return n;
}

unsigned int sim_run_work(bool all)
{
	struct work_struct *w;
	unsigned int n = 0;

	might_sleep();
	while (n < 64 && (w = next_work(all))) {
		w->func(w);
		__atomic_store_n(&running, NULL, __ATOMIC_RELEASE);
		sim_expect_clean("after work");
		n++;
	}
	return n;
}

static bool drop(struct work_struct *w)
{
	bool was;

	pthread_mutex_lock(&queue_mutex);
	was = w->pending;
	if (was)
		unlink_work(w);
	pthread_mutex_unlock(&queue_mutex);
	return was;
}

static void wait_not_running(struct work_struct *w)
{
	while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) == w) {
		sim_poll();
		sched_yield();
	}
}

bool cancel_work_sync(struct work_struct *w)
{
	bool was;

	might_sleep();
	was = drop(w);
	wait_not_running(w);
	return was;
}

bool cancel_delayed_work(struct delayed_work *d) { return drop(&d->work); }
bool cancel_delayed_work_sync(struct delayed_work *d) { return cancel_work_sync(&d->work); }

bool flush_work(struct work_struct *w)
{
	bool was;

	might_sleep();
	was = drop(w);
	if (was)
		w->func(w);
	wait_not_running(w);
	return was;
}

bool flush_delayed_work(struct delayed_work *d) { return flush_work(&d->work); }

static void rcu_work_ready(struct rcu_head *head)
{
	struct rcu_work *r = container_of(head, struct rcu_work, rcu);

	__atomic_store_n(&r->waiting, 0, __ATOMIC_RELEASE);
	if (!enqueue(&r->work, -1))
		sim_fail("an rcu_work was queued as plain work, too");
}

bool queue_rcu_work(struct workqueue_struct *wq, struct rcu_work *r)
{
	sim_point();
	if (!wq)
		sim_fail("work queued on a workqueue that is gone");
	if (xchg(&r->waiting, 1) || work_pending(&r->work))
		return false;
	r->wq = wq;
	call_rcu(&r->rcu, rcu_work_ready);
	return true;
}

bool flush_rcu_work(struct rcu_work *r)
{
	if (__atomic_load_n(&r->waiting, __ATOMIC_ACQUIRE))
		rcu_barrier();
	sim_poll();
	return flush_work(&r->work);
}

bool irq_work_queue(struct irq_work *w)
{
	bool fresh = !xchg(&w->pending, 1);
	struct sim_ctx was = sim_ctx;

	if (!fresh)
		return false;
	sim_ctx.preempt |= HARDIRQ_OFFSET;
	sim_ctx.irqs_off = true;
	xchg(&w->pending, 0);
	w->func(w);
	was.reader_ctr = sim_ctx.reader_ctr;
	sim_ctx = was;
	return true;
}

void irq_work_sync(struct irq_work *w) { (void)w; }

/* The clock moves only here. */
void sim_tick(unsigned long n)
{
	__atomic_add_fetch(&sim_jiffies, n, __ATOMIC_RELAXED);
}

/* Sleeping: the clock moves, due work runs, the test may do what it likes. */
static void slept(unsigned long ticks)
{
	__atomic_add_fetch(&sim_host.slept, 1, __ATOMIC_RELAXED);
	sim_tick(ticks);
	if (sim_threaded) {
		sim_poll();
		sched_yield();
		return;
	}
	if (!running)
		sim_run_work(false);
	if (sim_host.on_sleep)
		sim_host.on_sleep(sim_host.on_sleep_arg);
}

long schedule_timeout_uninterruptible(long timeout)
{
	might_sleep();
	slept(timeout == MAX_SCHEDULE_TIMEOUT ? 1 : timeout);
	return 0;
}

long schedule_timeout_killable(long timeout)
{
	return schedule_timeout_uninterruptible(timeout);
}

void msleep(unsigned int ms) { schedule_timeout_uninterruptible(msecs_to_jiffies(ms)); }
void schedule(void) { schedule_timeout_uninterruptible(1); }
