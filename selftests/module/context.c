// SPDX-License-Identifier: GPL-2.0
/*
 * context.c - runs a function in the context that a test asks for, and returns
 * when it has run.
 *
 * Locking: context_lock exists to be held around a call, it guards nothing. A
 * running struct carrier belongs to the waiting task until `done` completes,
 * and the timer or work it carried is synchronised with before it goes.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "../soba_object.h"
#include "compat.h"
#include "test.h"

static DEFINE_SPINLOCK(context_lock);

struct carrier {
	void (*fn)(void *arg);
	void *arg;
	u32 context;
	int ret;
	struct completion done;		/* fn ran in an interrupt */
	struct completion left;		/* the bound thread needs us no more */
	struct timer_list timer;
	struct hrtimer hrtimer;
	struct irq_work work;
	struct tasklet_struct tasklet;
	struct work_struct bh_work;
};

static void carrier_timer(struct timer_list *timer)
{
	struct carrier *c = container_of(timer, struct carrier, timer);

	c->fn(c->arg);
	complete(&c->done);
}

static enum hrtimer_restart carrier_hrtimer(struct hrtimer *hrtimer)
{
	struct carrier *c = container_of(hrtimer, struct carrier, hrtimer);

	c->fn(c->arg);
	complete(&c->done);
	return HRTIMER_NORESTART;
}

static void carrier_work(struct irq_work *work)
{
	struct carrier *c = container_of(work, struct carrier, work);

	c->fn(c->arg);
	complete(&c->done);
}

static void carrier_tasklet(struct tasklet_struct *tasklet)
{
	struct carrier *c = container_of(tasklet, struct carrier, tasklet);

	c->fn(c->arg);
	complete(&c->done);
}

static void carrier_bh_work(struct work_struct *work)
{
	struct carrier *c = container_of(work, struct carrier, bh_work);

	c->fn(c->arg);
	complete(&c->done);
}

/* Bottom halves beside the timer's. */
static int carry_bh(struct carrier *c)
{
	switch (c->context) {
	case SOBA_CTX_TASKLET:
		tasklet_setup(&c->tasklet, carrier_tasklet);
		tasklet_schedule(&c->tasklet);
		wait_for_completion(&c->done);
		tasklet_kill(&c->tasklet);
		return 0;
	case SOBA_CTX_BH_WORK:
		if (!COMPAT_BH_WORK)
			return -EOPNOTSUPP;
		INIT_WORK(&c->bh_work, carrier_bh_work);
		queue_work(COMPAT_BH_WQ, &c->bh_work);
		wait_for_completion(&c->done);
		flush_work(&c->bh_work);
		return 0;
	case SOBA_CTX_NMI:
		return compat_run_in_nmi(c->fn, c->arg);
	}
	return -EINVAL;
}

/* Contexts that interrupt somebody else: start it and wait. */
static int carry(struct carrier *c)
{
	switch (c->context) {
	case SOBA_CTX_SOFTIRQ:
		timer_setup(&c->timer, carrier_timer, 0);
		mod_timer(&c->timer, jiffies);
		wait_for_completion(&c->done);
		timer_delete_sync(&c->timer);
		return 0;
	case SOBA_CTX_HARDIRQ:
		c->work = IRQ_WORK_INIT_HARD(carrier_work);
		irq_work_queue(&c->work);
		wait_for_completion(&c->done);
		irq_work_sync(&c->work);
		return 0;
	case SOBA_CTX_HRTIMER:
		compat_hrtimer_setup(&c->hrtimer, carrier_hrtimer);
		hrtimer_start(&c->hrtimer, 0, HRTIMER_MODE_REL_HARD);
		wait_for_completion(&c->done);
		hrtimer_cancel(&c->hrtimer);
		return 0;
	}
	return carry_bh(c);
}

/* Contexts that are states of this task: enter, call, leave. */
static int run_here(struct carrier *c)
{
	unsigned long flags;

	switch (c->context) {
	case SOBA_CTX_PROCESS:
		c->fn(c->arg);
		return 0;
	case SOBA_CTX_PREEMPT_OFF:
		preempt_disable();
		c->fn(c->arg);
		preempt_enable();
		return 0;
	case SOBA_CTX_BH_OFF:
		local_bh_disable();
		c->fn(c->arg);
		local_bh_enable();
		return 0;
	case SOBA_CTX_SPINLOCK:
		spin_lock(&context_lock);
		c->fn(c->arg);
		spin_unlock(&context_lock);
		return 0;
	case SOBA_CTX_IRQS_OFF:
		local_irq_save(flags);
		c->fn(c->arg);
		local_irq_restore(flags);
		return 0;
	case SOBA_CTX_RCU:
		rcu_read_lock();
		c->fn(c->arg);
		rcu_read_unlock();
		return 0;
	}
	return carry(c);
}

static struct carrier *carrier_create(u32 context, void (*fn)(void *),
				      void *arg)
{
	struct carrier *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return NULL;
	c->context = context;
	c->fn = fn;
	c->arg = arg;
	init_completion(&c->done);
	init_completion(&c->left);
	return c;
}

static int carrier_thread(void *data)
{
	struct carrier *c = data;

	c->ret = run_here(c);
	complete(&c->left);
	while (!kthread_should_stop()) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

/* Wakes the thread before its CPU can go away, so that it is sure to run. */
static int run_bound(struct carrier *c, int cpu)
{
	struct task_struct *task;
	int ret = -EINVAL;

	cpus_read_lock();
	if (cpu < 0 || cpu >= nr_cpu_ids || !cpu_online(cpu))
		goto unlock;
	task = kthread_create(carrier_thread, c, "soba_test/%d", cpu);
	ret = PTR_ERR_OR_ZERO(task);
	if (ret)
		goto unlock;
	get_task_struct(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	cpus_read_unlock();
	/* Stopped before it began, a thread would not run at all. */
	wait_for_completion(&c->left);
	kthread_stop(task);
	put_task_struct(task);
	return c->ret;
unlock:
	cpus_read_unlock();
	return ret;
}

int context_run(u32 context, int cpu, void (*fn)(void *), void *arg)
{
	struct carrier *c;
	int ret;

	if (context >= SOBA_NR_OBJECT_CONTEXTS)
		return -EINVAL;
	c = carrier_create(context, fn, arg);
	if (!c)
		return -ENOMEM;
	ret = cpu == SOBA_TEST_ANY_CPU ? run_here(c) : run_bound(c, cpu);
	kfree(c);
	return ret;
}
