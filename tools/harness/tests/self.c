// SPDX-License-Identifier: GPL-2.0
/*
 * self.c - harness: does the harness itself see what it promises to see?
 * Each wrong thing is done in a child, which must die with the right words.
 */
#include "tests/test.h"

#undef snprintf
#undef vsnprintf
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void must_die(const char *words, void (*func)(void))
{
	char text[4096] = "";
	int status, fd[2];
	size_t n = 0;
	ssize_t got;

	CHECK(!pipe(fd));
	fflush(NULL);
	if (!fork()) {
		dup2(fd[1], 2);
		close(fd[0]);
		func();
		_exit(0);
	}
	close(fd[1]);
	while ((got = read(fd[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += got;
	close(fd[0]);
	wait(&status);
	CHECKF(WIFSIGNALED(status) || WEXITSTATUS(status),
	       "the harness let pass what should say \"%s\"", words);
	CHECKF(strstr(text, words), "not \"%s\" but: %s", words, text);
}

static DEFINE_RAW_SPINLOCK(lock_a);
static DEFINE_RAW_SPINLOCK(lock_b);
static DEFINE_SPINLOCK(lock_rt);

static void sleep_under_lock(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock_a, flags);
	soba_port_take(0, SOBA_CLASS_NORMAL, 0, GFP_KERNEL);
}

static void sleep_under_callers_lock(void)
{
	sim_enter(SIM_LOCKED);
	soba_port_take(0, SOBA_CLASS_NORMAL, 0, GFP_KERNEL);
}

static void sleep_in_irq(void)
{
	sim_enter(SIM_HARDIRQ);
	soba_port_take(0, SOBA_CLASS_NORMAL, 0, GFP_KERNEL);
}

static void sleep_in_rcu(void)
{
	rcu_read_lock();
	schedule_timeout_uninterruptible(1);
}

static void lock_twice(void)
{
	raw_spin_lock(&lock_a);
	raw_spin_lock(&lock_a);
}

static void lock_both_orders(void)
{
	raw_spin_lock(&lock_a);
	raw_spin_lock(&lock_b);
	raw_spin_unlock(&lock_b);
	raw_spin_unlock(&lock_a);
	raw_spin_lock(&lock_b);
	raw_spin_lock(&lock_a);
}

static void lock_irq_unsafe(void)
{
	raw_spin_lock(&lock_a);
	raw_spin_unlock(&lock_a);
	sim_enter(SIM_HARDIRQ);
	raw_spin_lock(&lock_a);
}

static void lock_rt_in_raw(void)
{
	raw_spin_lock(&lock_a);
	spin_lock(&lock_rt);
}

static void percpu_preemptible(void)
{
	int *p = sim_percpu_alloc(sizeof(int), 4);

	WRITE_ONCE(*this_cpu_ptr(p), 1);
}

static void percpu_plain(void)
{
	int *p = sim_percpu_alloc(sizeof(int), 4);

	*(volatile int *)p = 1;
}

static void ipi_irqs_off(void)
{
	sim_enter(SIM_IRQS_OFF);
	on_each_cpu((smp_call_func_t)sim_log_clear, NULL, 1);
}

static void host_frame_used(void)
{
	struct page *p = soba_port_take(0, SOBA_CLASS_NORMAL, 0, GFP_KERNEL);

	soba_port_give(p, 0, false);
	*(volatile char *)page_address(p) = 1;
}

static void list_twice(void)
{
	LIST_HEAD(l);
	struct list_head e;

	list_add(&e, &l);
	list_add(&e, &l);
}

static void not_held(void)
{
	lockdep_assert_held(&lock_a);
}

static void self_laws(void)
{
	must_die("with lock lock_a held", sleep_under_lock);
	must_die("may sleep in atomic context", sleep_under_callers_lock);
	must_die("may sleep in atomic context", sleep_in_irq);
	must_die("may sleep in atomic context", sleep_in_rcu);
	must_die("taken twice", lock_twice);
	must_die("taken in both orders", lock_both_orders);
	must_die("taken in hardirq", lock_irq_unsafe);
	must_die("inside raw lock", lock_rt_in_raw);
	must_die("preemption is on", percpu_preemptible);
	must_die("SEGV", percpu_plain);
	must_die("can deadlock", ipi_irqs_off);
	must_die("use-after-poison", host_frame_used);
	must_die("broken list", list_twice);
	must_die("is not held", not_held);
}

static unsigned int irqs;

static void count_irq(enum sim_kind kind, void *arg)
{
	CHECK(in_hardirq() && irqs_disabled());
	CHECK_EQ(sim_ctx.cpu, 0);
	irqs++;
}

/* A point in each marked access, none while interrupts are off. */
static void self_injection(void)
{
	struct sim_injection inj = { .kind = SIM_INJ_HARDIRQ, .func = count_irq, .every = 1 };
	unsigned long flags;
	int x = 0;

	sim_inject(&inj);
	WRITE_ONCE(x, 1);
	CHECK_EQ(irqs, 1);
	local_irq_save(flags);
	CHECK_EQ(irqs, 2);
	WRITE_ONCE(x, READ_ONCE(x) + 1);
	CHECK_EQ(irqs, 2);
	local_irq_restore(flags);
	CHECK_EQ(irqs, 3);
	preempt_disable();
	WRITE_ONCE(x, 3);
	CHECK_EQ(irqs, 5);
	preempt_enable();
	sim_inject(NULL);
	CHECK_EQ(inj.fired, inj.points);
}

static void self_print(void)
{
	gfp_t gfp = GFP_KERNEL | __GFP_ZERO;
	char buf[80];

	scnprintf(buf, sizeof(buf), "%5d|%#lx|%s|%pGg|%%|%-4u|", -3, 0x1000UL, "abc", &gfp, 7);
	CHECKF(!strcmp(buf, "   -3|0x1000|abc|GFP_KERNEL|__GFP_ZERO|%|7   |"), "%s", buf);
}

const struct test self_tests[] = {
	{ "harness_sees_what_is_illegal", self_laws },
	{ "harness_injects_where_it_may", self_injection },
	{ "harness_prints_as_the_kernel", self_print },
	{ }
};
