// SPDX-License-Identifier: GPL-2.0
/*
 * smp.c - harness: CPU masks, per-CPU memory, calls to other CPUs, hotplug.
 *
 * Per-CPU memory: a template range that is never mapped readable stands for
 * "the variable"; unit n of CPU n follows it. A call to another CPU runs there
 * as a hardirq: single-threaded at once, threaded in the thread that is that
 * CPU, when it polls with interrupts on (or in the caller's when no thread is).
 */
#include "sim/control.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define NR_BLOCKS	64

struct cpumask sim_possible = { { 0xf } }, sim_online = { { 0xf } };
unsigned int nr_cpu_ids = 4;

extern char __start_sim_percpu[] __attribute__((weak));
extern char __stop_sim_percpu[] __attribute__((weak));

static char *percpu_base;		/* template, then a unit per CPU */
static size_t percpu_used;
static char *static_units[NR_CPUS];
static long percpu_live;
static pthread_mutex_t percpu_mutex = PTHREAD_MUTEX_INITIALIZER;

int cpu_to_node(int cpu)
{
	return cpu & 1;
}

int sim_cpu_stable(void)
{
	if (preemptible())
		sim_fail("per-CPU access while preemption is on");
	return sim_ctx.cpu;
}

int sim_cpu_for_ptr(void)
{
	return sim_cpu_stable();
}

static void percpu_setup(void)
{
	size_t size = __stop_sim_percpu - __start_sim_percpu;
	int cpu;

	if (percpu_base)
		return;
	percpu_base = mmap(NULL, SIM_UNIT * (NR_CPUS + 1), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (percpu_base == MAP_FAILED)
		abort();
	mprotect(percpu_base, SIM_UNIT, PROT_NONE);
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		static_units[cpu] = malloc(size + 1);
		memcpy(static_units[cpu], __start_sim_percpu, size);
	}
}

__attribute__((constructor)) static void percpu_early(void)
{
	percpu_setup();
}

void *sim_percpu_alloc(size_t size, size_t align)
{
	char *p;
	int cpu;

	might_sleep();
	pthread_mutex_lock(&percpu_mutex);
	percpu_used = ALIGN(percpu_used, max(align, (size_t)8));
	p = percpu_base + percpu_used;
	percpu_used += size + 64;
	percpu_live++;
	if (percpu_used > SIM_UNIT)
		sim_fail("out of per-CPU memory");
	pthread_mutex_unlock(&percpu_mutex);
	for (cpu = 0; cpu < NR_CPUS; cpu++)
		memset(sim_percpu_ptr(p, cpu), 0, size);
	return p;
}

void free_percpu(void *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&percpu_mutex);
	/* The fuzzer loads soba thousands of times. */
	if (!--percpu_live)
		percpu_used = 0;
	pthread_mutex_unlock(&percpu_mutex);
}

long sim_percpu_outstanding(void)
{
	return percpu_live;
}

void *sim_percpu_ptr(const volatile void *p, int cpu)
{
	char *c = (char *)(unsigned long)p;

	if (cpu < 0 || cpu >= NR_CPUS)
		sim_fail("per-CPU pointer for CPU %d", cpu);
	if (c >= __start_sim_percpu && c < __stop_sim_percpu)
		return static_units[cpu] + (c - __start_sim_percpu);
	if (c < percpu_base || c >= percpu_base + SIM_UNIT)
		sim_fail("%p is no per-CPU pointer", c);
	return c + SIM_UNIT * (cpu + 1);
}

/* Calls to other CPUs. */
struct call {
	smp_call_func_t func;
	void *info;
	struct call *next;
	bool done;
};

static struct mailbox {
	pthread_mutex_t mutex;
	bool thread;			/* a pthread is this CPU */
	struct call *calls;
	int pending;
} mail[NR_CPUS] = {
	[0 ... NR_CPUS - 1] = { .mutex = PTHREAD_MUTEX_INITIALIZER }
};

/* Run @func in the calling pthread as a hardirq of @cpu. */
static void run_as_irq(int cpu, smp_call_func_t func, void *info)
{
	struct sim_ctx was = sim_ctx;
	bool armed = sim_armed;

	sim_ctx.cpu = cpu;
	sim_ctx.preempt |= HARDIRQ_OFFSET;
	sim_ctx.irqs_off = true;
	sim_ctx.nested++;
	sim_ctx_changed();
	sim_armed = false;
	func(info);
	sim_armed = armed;
	if (sim_ctx.nr_held != was.nr_held)
		sim_fail("an IPI function left with a lock held");
	was.reader_ctr = sim_ctx.reader_ctr;
	sim_ctx = was;
	sim_ctx_changed();
}

void sim_ipi_serve(void)
{
	struct mailbox *m = &mail[sim_ctx.cpu];

	while (__atomic_load_n(&m->pending, __ATOMIC_ACQUIRE)) {
		struct call *c;

		pthread_mutex_lock(&m->mutex);
		c = m->calls;
		if (c) {
			m->calls = c->next;
			__atomic_sub_fetch(&m->pending, 1, __ATOMIC_RELEASE);
		}
		pthread_mutex_unlock(&m->mutex);
		if (!c)
			return;
		run_as_irq(sim_ctx.cpu, c->func, c->info);
		__atomic_store_n(&c->done, true, __ATOMIC_RELEASE);
	}
}

void sim_poll(void)
{
	if (sim_ctx.cpu >= 0 && !sim_ctx.irqs_off && !in_hardirq())
		sim_ipi_serve();
}

void sim_relax(void)
{
	sim_point();
	sched_yield();
}

static void call_threaded(int cpu, smp_call_func_t func, void *info)
{
	struct mailbox *m = &mail[cpu];
	struct call c = { .func = func, .info = info };

	pthread_mutex_lock(&m->mutex);
	if (!m->thread) {
		/* Nobody is that CPU: stand in for it, nobody can come. */
		run_as_irq(cpu, func, info);
		pthread_mutex_unlock(&m->mutex);
		return;
	}
	c.next = m->calls;
	m->calls = &c;
	__atomic_add_fetch(&m->pending, 1, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&m->mutex);
	while (!__atomic_load_n(&c.done, __ATOMIC_ACQUIRE)) {
		sim_poll();
		sched_yield();
	}
}

static void call_cpu(int cpu, smp_call_func_t func, void *info)
{
	if (cpu == sim_ctx.cpu || !sim_threaded)
		run_as_irq(cpu, func, info);
	else
		call_threaded(cpu, func, info);
}

/* Who waits for a mutex does so with interrupts on: that cannot deadlock. */
static void may_call(void)
{
	unsigned int i;

	if (irqs_disabled() || in_interrupt())
		sim_fail("call to other CPUs with interrupts off or in one: can deadlock");
	for (i = 0; i < sim_ctx.nr_held; i++)
		if (sim_ctx.held[i]->sleeps < 2)
			sim_fail("call to other CPUs with a lock held: can deadlock");
}

void on_each_cpu_cond(bool (*cond)(int cpu, void *info), smp_call_func_t func,
		      void *info, bool wait)
{
	int cpu;

	(void)wait;
	may_call();
	preempt_disable();
	for_each_online_cpu(cpu)
		if (!cond || cond(cpu, info))
			call_cpu(cpu, func, info);
	preempt_enable();
}

void on_each_cpu_mask(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait)
{
	int cpu;

	(void)wait;
	may_call();
	preempt_disable();
	for_each_cpu(cpu, mask)
		if (cpu_online(cpu))
			call_cpu(cpu, func, info);
	preempt_enable();
}

void smp_call_function_many(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait)
{
	int cpu;

	(void)wait;
	may_call();
	for_each_cpu(cpu, mask)
		if (cpu_online(cpu) && cpu != sim_ctx.cpu)
			call_cpu(cpu, func, info);
}

int smp_call_function_single(int cpu, smp_call_func_t func, void *info, int wait)
{
	(void)wait;
	may_call();
	if (!cpu_online(cpu))
		return -ENXIO;
	call_cpu(cpu, func, info);
	return 0;
}

int smp_call_function_single_async(int cpu, call_single_data_t *csd)
{
	if (!cpu_online(cpu))
		return -ENXIO;
	call_cpu(cpu, csd->func, csd->info);
	return 0;
}

static pthread_rwlock_t hotplug = PTHREAD_RWLOCK_INITIALIZER;

void cpus_read_lock(void)
{
	might_sleep();
	pthread_rwlock_rdlock(&hotplug);
}

void cpus_read_unlock(void)
{
	pthread_rwlock_unlock(&hotplug);
}

void sim_set_cpu(int cpu)
{
	sim_expect_clean("migration");
	sim_ctx.cpu = cpu;
}

void sim_threads_start(void)
{
	sim_expect_clean("before threads");
	sim_ctx.cpu = -1;
	sim_threaded = true;
}

void sim_threads_stop(void)
{
	sim_threaded = false;
	sim_ctx.cpu = 0;
}

void sim_thread_enter(int cpu)
{
	struct mailbox *m = &mail[cpu];

	pthread_mutex_lock(&m->mutex);
	if (m->thread)
		sim_fail("two threads are CPU %d", cpu);
	m->thread = true;
	pthread_mutex_unlock(&m->mutex);
	sim_ctx.cpu = cpu;
	sim_ctx.task.pid = cpu + 100;
	sim_armed = true;
}

void sim_thread_leave(void)
{
	struct mailbox *m = &mail[sim_ctx.cpu];

	sim_expect_clean("end of thread");
	for (;;) {
		sim_ipi_serve();
		pthread_mutex_lock(&m->mutex);
		if (!m->calls)
			break;
		pthread_mutex_unlock(&m->mutex);
	}
	m->thread = false;
	pthread_mutex_unlock(&m->mutex);
	sim_armed = false;
	sim_ctx.cpu = -1;
	sim_reader_gone();
}
