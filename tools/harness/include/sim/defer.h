/* SPDX-License-Identifier: GPL-2.0 */
/*
 * defer.h - harness: RCU, work items, timers' clock, sleeping.
 *
 * Single-threaded, callbacks and work wait in queues until the test (or an
 * injected event) runs them: sim_rcu_try(), sim_run_work(). Threaded, a grace
 * period waits for every thread that is an RCU or a preempt-off reader.
 */
#ifndef SIM_DEFER_H
#define SIM_DEFER_H

#include "sim/lock.h"
#include "sim/list.h"

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

void rcu_read_lock(void);
void rcu_read_unlock(void);
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));
void rcu_barrier(void);
void synchronize_rcu(void);
#define rcu_preempt_depth()	((int)sim_ctx.rcu)
#define rcu_read_lock_held()	(sim_ctx.rcu || sim_ctx.preempt || sim_ctx.irqs_off)
#define rcu_dereference(p)	READ_ONCE(p)
#define rcu_dereference_raw(p)	READ_ONCE(p)
#define rcu_dereference_check(p, c) READ_ONCE(p)
#define rcu_dereference_protected(p, c) (p)
#define rcu_access_pointer(p)	READ_ONCE(p)
#define rcu_assign_pointer(p, v) smp_store_release(&(p), v)
#define RCU_INIT_POINTER(p, v)	WRITE_ONCE(p, v)

extern unsigned long sim_jiffies;
#define jiffies			__atomic_load_n(&sim_jiffies, __ATOMIC_RELAXED)
#define HZ			250
#define MSEC_PER_SEC		1000L
#define msecs_to_jiffies(ms)	((unsigned long)DIV_ROUND_UP((ms) * HZ, 1000))
#define jiffies_to_msecs(j)	((unsigned int)((j) * 1000 / HZ))
#define time_after(a, b)	((long)((b) - (a)) < 0)
#define time_before(a, b)	time_after(b, a)
#define time_after_eq(a, b)	((long)((a) - (b)) >= 0)
#define time_before_eq(a, b)	time_after_eq(b, a)
#define MAX_SCHEDULE_TIMEOUT	LONG_MAX
#define MAX_JIFFY_OFFSET	((LONG_MAX >> 1) - 1)
long schedule_timeout_uninterruptible(long timeout);
long schedule_timeout_killable(long timeout);
#define schedule_timeout_interruptible(t)	schedule_timeout_uninterruptible(t)
#define schedule_timeout_idle(t)	schedule_timeout_uninterruptible(t)
void msleep(unsigned int ms);
void schedule(void);
#define fatal_signal_pending(t)	false
#define signal_pending(t)	false

struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);
struct work_struct {
	work_func_t func;
	struct list_head link;
	int pending;
	int cpu;			/* -1: any */
};

struct delayed_work {
	struct work_struct work;
	unsigned long due;
};

struct workqueue_struct { int dummy; };
extern struct workqueue_struct *system_wq, *system_unbound_wq, *system_highpri_wq,
			       *system_long_wq, *system_power_efficient_wq, *mm_percpu_wq;
#define WQ_MEM_RECLAIM	1
#define WQ_UNBOUND	2
#define WQ_HIGHPRI	4
#define WQ_FREEZABLE	8
#define WQ_SYSFS	16
struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max, ...);
void destroy_workqueue(struct workqueue_struct *wq);
#define INIT_WORK(w, f)		(*(w) = (struct work_struct){ .func = (f) })
#define INIT_DELAYED_WORK(d, f)	(*(d) = (struct delayed_work){ .work.func = (f) })
#define DECLARE_WORK(n, f)	struct work_struct n = { .func = (f) }
#define DECLARE_DELAYED_WORK(n, f) struct delayed_work n = { .work.func = (f) }
#define to_delayed_work(w)	container_of(w, struct delayed_work, work)
bool queue_work_on(int cpu, struct workqueue_struct *wq, struct work_struct *w);
bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *d,
			   unsigned long delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *d, unsigned long delay);
bool flush_work(struct work_struct *w);
bool cancel_work_sync(struct work_struct *w);
bool cancel_delayed_work(struct delayed_work *d);
bool cancel_delayed_work_sync(struct delayed_work *d);
bool flush_delayed_work(struct delayed_work *d);
int schedule_on_each_cpu(work_func_t func);
#define work_pending(w)		(READ_ONCE((w)->pending) != 0)
#define delayed_work_pending(d)	work_pending(&(d)->work)
#define WORK_CPU_UNBOUND	(-1)
#define queue_work(wq, w)	queue_work_on(-1, wq, w)
#define queue_delayed_work(wq, d, t) queue_delayed_work_on(-1, wq, d, t)
#define schedule_work(w)	queue_work(system_wq, w)
#define schedule_work_on(c, w)	queue_work_on(c, system_wq, w)
#define schedule_delayed_work(d, t) queue_delayed_work(system_wq, d, t)

/* Whoever makes it true runs on another thread, or has by now. */
#define wait_var_event(var, cond)					\
	do { sim_might_sleep("wait_var_event"); while (!(cond)) cpu_relax(); } while (0)
#define wake_up_var(var)	do { } while (0)

/* A work item that is queued when a grace period has ended. */
struct rcu_work {
	struct work_struct work;
	struct rcu_head rcu;
	struct workqueue_struct *wq;
	int waiting;			/* for that */
};

#define INIT_RCU_WORK(r, f)	(*(r) = (struct rcu_work){ .work.func = (f) })
#define to_rcu_work(w)		container_of(w, struct rcu_work, work)
bool queue_rcu_work(struct workqueue_struct *wq, struct rcu_work *r);
bool flush_rcu_work(struct rcu_work *r);

/* An item that runs in hardirq as soon as interrupts are on. */
struct irq_work {
	void (*func)(struct irq_work *work);
	struct irq_work *next;
	int pending;
};

#define IRQ_WORK_INIT(f)	{ .func = (f) }
#define DEFINE_IRQ_WORK(n, f)	struct irq_work n = IRQ_WORK_INIT(f)
#define init_irq_work(w, f)	(*(w) = (struct irq_work)IRQ_WORK_INIT(f))
bool irq_work_queue(struct irq_work *w);
void irq_work_sync(struct irq_work *w);

#endif /* SIM_DEFER_H */
