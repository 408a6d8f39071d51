// SPDX-License-Identifier: GPL-2.0
/*
 * context.c - harness: the context word, what is legal in it, and injection of
 * interrupts, other tasks and other CPUs at every point.
 */
#include "sim/control.h"

#include <sanitizer/common_interface_defs.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__thread struct sim_ctx sim_ctx = { .task = { .comm = "task", .pid = 1 } };
__thread bool sim_armed;
__thread unsigned long sim_step;
__thread const char *sim_doing;
static __thread struct sim_injection *injection;
u64 sim_seed;
bool sim_threaded;

u64 sim_rand(u64 *state)
{
	u64 z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

unsigned long sim_below(u64 *state, unsigned long n)
{
	return n ? sim_rand(state) % n : 0;
}

void sim_fail(const char *fmt, ...)
{
	va_list args;

	sim_armed = false;
	fprintf(stderr, "# harness: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n#   seed %llu, step %lu (%s), cpu %d, preempt %#x, irqs %s, rcu %u, locks %u\n",
		(unsigned long long)sim_seed, sim_step, sim_doing ? sim_doing : "-",
		sim_ctx.cpu, sim_ctx.preempt, sim_ctx.irqs_off ? "off" : "on",
		sim_ctx.rcu, sim_ctx.nr_held);
	__sanitizer_print_stack_trace();
	abort();
}

void sim_list_broken(const char *what, const struct list_head *l)
{
	sim_fail("list %s: broken list at %p (next %p, prev %p)", what,
		 (const void *)l, (void *)l->next, (void *)l->prev);
}

void sim_might_sleep(const char *who)
{
	if (!preemptible() || sim_ctx.rcu || sim_lock_any_held())
		sim_fail("%s: may sleep in atomic context", who);
}

unsigned long sim_irq_save(void)
{
	unsigned long was;

	sim_point();
	was = sim_ctx.irqs_off;
	sim_ctx.irqs_off = true;
	sim_ctx_changed();
	return was;
}

void sim_irq_restore(unsigned long flags)
{
	if (flags > 1)
		sim_fail("irqrestore with flags %#lx that nobody saved", flags);
	sim_ctx.irqs_off = flags;
	sim_ctx_changed();
	sim_point();
}

void local_bh_disable(void)
{
	sim_ctx.preempt += 2 * SOFTIRQ_OFFSET;
	sim_ctx_changed();
}

void local_bh_enable(void)
{
	sim_ctx.preempt -= 2 * SOFTIRQ_OFFSET;
	sim_ctx_changed();
	sim_point();
}

void cond_resched(void)
{
	might_sleep();
	sim_point();
}

/* Lock for SIM_LOCKED: a caller's own, which soba must never wait for. */
static __thread raw_spinlock_t callers_lock = { .class = "callers_lock" };

void sim_enter(enum sim_context c)
{
	switch (c) {
	case SIM_PROCESS:
		break;
	case SIM_SOFTIRQ:
		sim_ctx.preempt += SOFTIRQ_OFFSET;
		break;
	case SIM_HARDIRQ:
		sim_ctx.preempt += HARDIRQ_OFFSET;
		sim_irq_save();
		break;
	case SIM_PREEMPT_OFF:
		preempt_disable();
		break;
	case SIM_IRQS_OFF:
		sim_irq_save();
		break;
	case SIM_LOCKED:
		raw_spin_lock(&callers_lock);
		break;
	}
	sim_ctx_changed();
}

void sim_leave(enum sim_context c)
{
	switch (c) {
	case SIM_PROCESS:
		break;
	case SIM_SOFTIRQ:
		sim_ctx.preempt -= SOFTIRQ_OFFSET;
		break;
	case SIM_HARDIRQ:
		sim_ctx.preempt -= HARDIRQ_OFFSET;
		sim_irq_restore(0);
		break;
	case SIM_PREEMPT_OFF:
		preempt_enable();
		break;
	case SIM_IRQS_OFF:
		sim_irq_restore(0);
		break;
	case SIM_LOCKED:
		raw_spin_unlock(&callers_lock);
		break;
	}
	sim_ctx_changed();
}

void sim_expect_clean(const char *where)
{
	if (sim_ctx.preempt || sim_ctx.irqs_off || sim_ctx.rcu || sim_lock_any_held())
		sim_fail("%s: context is not as it was", where);
}

void sim_inject(struct sim_injection *inj)
{
	injection = inj;
	sim_armed = inj != NULL;
	if (inj) {
		inj->points = 0;
		inj->fired = 0;
	}
}

static bool may_come(enum sim_kind kind)
{
	switch (kind) {
	case SIM_INJ_HARDIRQ:
		return !sim_ctx.irqs_off && !in_hardirq();
	case SIM_INJ_SOFTIRQ:
		return !sim_ctx.irqs_off && !in_interrupt();
	case SIM_INJ_TASK:
		return preemptible();
	default:
		return !sim_ctx.nr_held && !sim_ctx.irqs_off && !sim_ctx.nested &&
		       num_online_cpus() > 1;
	}
}

static int other_cpu(struct sim_injection *inj, int but)
{
	int cpu;

	if (num_online_cpus() == 1)
		return cpumask_first(cpu_online_mask);
	do
		cpu = sim_below(&inj->rand, nr_cpu_ids);
	while (cpu == but || !cpu_online(cpu));
	return cpu;
}

/* Run @func as @kind, with the interrupted context put aside. */
static void fire(struct sim_injection *inj, enum sim_kind kind)
{
	struct sim_ctx was = sim_ctx;
	const char *doing = sim_doing;

	inj->fired++;
	sim_armed = was.nested < inj->depth;
	sim_ctx.nested++;
	switch (kind) {
	case SIM_INJ_HARDIRQ:
		sim_ctx.preempt += HARDIRQ_OFFSET;
		sim_ctx.irqs_off = true;
		break;
	case SIM_INJ_SOFTIRQ:
		sim_ctx.preempt += SOFTIRQ_OFFSET;
		break;
	case SIM_INJ_TASK:
		sim_ctx.rcu = 0;
		break;
	default:
		sim_ctx.preempt = 0;
		sim_ctx.irqs_off = false;
		sim_ctx.rcu = 0;
		sim_ctx.cpu = other_cpu(inj, was.cpu);
		/* IPIs to the interrupted CPU must not find it elsewhere. */
		sim_armed = false;
	}
	inj->func(kind, inj->arg);
	if (sim_ctx.nr_held != was.nr_held)
		sim_fail("an injected context left with a lock held");
	sim_ctx = was;
	sim_doing = doing;
	if (kind == SIM_INJ_TASK)
		sim_ctx.cpu = other_cpu(inj, -1);
	sim_armed = true;
}

static bool pick(struct sim_injection *inj, enum sim_kind kind)
{
	if (!may_come(kind))
		return false;
	inj->points++;
	if (inj->at)
		return inj->points == inj->at;
	return !sim_below(&inj->rand, inj->every);
}

void sim_point_slow(void)
{
	struct sim_injection *inj = injection;
	enum sim_kind kind;

	if (sim_threaded) {
		sim_poll();
		return;
	}
	if (!inj)
		return;
	kind = inj->kind;
	if (kind == SIM_INJ_ANY)
		kind = sim_below(&inj->rand, SIM_NR_KINDS);
	if (pick(inj, kind))
		fire(inj, kind);
	/* After the event: what it let go of is gone when we go on. */
	if (inj->rcu && !sim_ctx.rcu && preemptible() && !sim_ctx.nested)
		sim_rcu_try();
}

#ifdef HARNESS_THREADS
/* See READ_ONCE(). */
__attribute__((no_sanitize("thread")))
unsigned long sim_unseen_load(const volatile void *p, size_t size)
{
	return size == 8 ? *(const volatile u64 *)p : *(const volatile u32 *)p;
}
#endif

/*
 * With clang's trace-loads and trace-stores every plain access of the core is a
 * point as well (see Makefile).
 */
#define SIM_COV(n)							\
void __sanitizer_cov_load##n(void *p);					\
void __sanitizer_cov_store##n(void *p);				\
void __sanitizer_cov_load##n(void *p) { (void)p; sim_point(); }	\
void __sanitizer_cov_store##n(void *p) { (void)p; sim_point(); }
SIM_COV(1)
SIM_COV(2)
SIM_COV(4)
SIM_COV(8)
SIM_COV(16)
