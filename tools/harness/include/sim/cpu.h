/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpu.h - harness: simulated CPUs, what a context may do, per-CPU data.
 *
 * Every pthread is bound to one simulated CPU. Its context word (struct
 * sim_ctx) knows preemption depth, softirq and hardirq nesting, whether
 * interrupts are off, RCU nesting and the locks held; what is illegal there
 * ends the test. A per-CPU pointer points into a template that is not mapped,
 * so that a plain dereference of it faults.
 */
#ifndef SIM_CPU_H
#define SIM_CPU_H

#include "sim/base.h"

#define NR_CPUS		9
#define SIM_UNIT	(1UL << 20)	/* per-CPU bytes of one CPU */
#define SIM_MAX_HELD	8

#define PREEMPT_OFFSET	1U
#define SOFTIRQ_OFFSET	0x100U
#define HARDIRQ_OFFSET	0x10000U
#define NMI_OFFSET	0x100000U
#define SOFTIRQ_MASK	0xff00U
#define HARDIRQ_MASK	0xf0000U
#define NMI_MASK	0xf00000U

struct sim_lock;
struct reclaim_state { unsigned long reclaimed; unsigned long reclaimed_slab; };

struct task_struct {
	char comm[16];
	int pid;
	unsigned int flags;
	struct reclaim_state *reclaim_state;
};

struct sim_ctx {
	int cpu;			/* simulated CPU; -1: not bound */
	unsigned int preempt;		/* preempt, softirq, hardirq, NMI counts */
	bool irqs_off;
	unsigned int rcu;
	unsigned int nr_held;
	struct sim_lock *held[SIM_MAX_HELD];
	unsigned int nested;		/* depth of injected contexts */
	unsigned long reader_ctr;	/* odd: an RCU (or sched) reader */
	struct task_struct task;
};

extern __thread struct sim_ctx sim_ctx;
extern bool sim_threaded;

/* The test is over: say why, with context word, seed and backtrace. */
void __printf(1, 2) __attribute__((noreturn)) sim_fail(const char *fmt, ...);

void sim_reader_update(void);
static inline void sim_ctx_changed(void)
{
	if (sim_threaded)
		sim_reader_update();
}

#define current			(&sim_ctx.task)
#define PF_MEMALLOC		0x800
#define PF_EXITING		0x4
#define PF_KTHREAD		0x200000
#define TASK_COMM_LEN		16

#define preempt_count()		((int)sim_ctx.preempt)
#define irqs_disabled()		(sim_ctx.irqs_off)
#define in_nmi()		(sim_ctx.preempt & NMI_MASK)
#define in_hardirq()		(sim_ctx.preempt & HARDIRQ_MASK)
#define in_irq()		in_hardirq()
#define in_serving_softirq()	(sim_ctx.preempt & SOFTIRQ_OFFSET)
#define in_softirq()		(sim_ctx.preempt & SOFTIRQ_MASK)
#define in_interrupt()		(sim_ctx.preempt & (SOFTIRQ_MASK | HARDIRQ_MASK | NMI_MASK))
#define in_task()		(!(sim_ctx.preempt & (SOFTIRQ_OFFSET | HARDIRQ_MASK | NMI_MASK)))
#define in_atomic()		(sim_ctx.preempt != 0)
#define preemptible()		(!sim_ctx.preempt && !sim_ctx.irqs_off)

static inline void preempt_disable(void)
{
	sim_point();
	sim_ctx.preempt++;
	sim_ctx_changed();
}

static inline void preempt_enable(void)
{
	sim_point();
	if (!(sim_ctx.preempt & 0xff))
		sim_fail("preempt_enable() without preempt_disable()");
	sim_ctx.preempt--;
	sim_ctx_changed();
	sim_point();
}

#define preempt_disable_notrace()	preempt_disable()
#define preempt_enable_notrace()	preempt_enable()
#define preempt_enable_no_resched()	preempt_enable()

unsigned long sim_irq_save(void);
void sim_irq_restore(unsigned long flags);
#define local_irq_save(flags)	((flags) = sim_irq_save())
#define local_irq_restore(flags) sim_irq_restore(flags)
#define local_irq_disable()	((void)sim_irq_save())
#define local_irq_enable()	sim_irq_restore(0)
#define local_save_flags(flags)	((flags) = sim_ctx.irqs_off)
void local_bh_disable(void);
void local_bh_enable(void);

/* Ends the test when the context may not sleep. */
void sim_might_sleep(const char *who);
#define might_sleep()		sim_might_sleep(__func__)
#define might_sleep_if(c)	do { if (c) might_sleep(); } while (0)
#define cant_sleep()		do { } while (0)
void cond_resched(void);

int sim_cpu_stable(void);	/* aborts when it could change under the caller */
#define smp_processor_id()	sim_cpu_stable()
#define raw_smp_processor_id()	(sim_ctx.cpu)
#define get_cpu()		({ preempt_disable(); sim_ctx.cpu; })
#define put_cpu()		preempt_enable()

/* Masks: one word. */
struct cpumask { unsigned long bits[1]; };
typedef struct cpumask cpumask_t;
typedef struct cpumask cpumask_var_t[1];
extern struct cpumask sim_possible, sim_online;
#define cpu_possible_mask	((const struct cpumask *)&sim_possible)
#define cpu_online_mask		((const struct cpumask *)&sim_online)
extern unsigned int nr_cpu_ids;
#define sim_mask_word(m)	__atomic_load_n(&(m)->bits[0], __ATOMIC_ACQUIRE)
static inline unsigned int cpumask_next(int n, const struct cpumask *m)
{
	unsigned long w = n >= 63 ? 0 : sim_mask_word(m) & (~0UL << (n + 1));

	return w ? __ffs(w) : nr_cpu_ids;
}

#define for_each_cpu(cpu, m) \
	for ((cpu) = -1; (cpu) = cpumask_next((int)(cpu), m), (unsigned int)(cpu) < nr_cpu_ids;)
#define for_each_possible_cpu(cpu)	for_each_cpu(cpu, cpu_possible_mask)
#define for_each_online_cpu(cpu)	for_each_cpu(cpu, cpu_online_mask)
#define cpumask_first(m)		cpumask_next(-1, m)
#define cpumask_test_cpu(c, m)		((sim_mask_word(m) >> (c)) & 1)
#define cpumask_set_cpu(c, m)		set_bit(c, (m)->bits)
#define cpumask_clear_cpu(c, m)		clear_bit(c, (m)->bits)
#define cpumask_clear(m)		((m)->bits[0] = 0)
#define cpumask_empty(m)		(!sim_mask_word(m))
#define cpumask_weight(m)		((unsigned int)hweight_long(sim_mask_word(m)))
#define cpumask_copy(d, s)		((d)->bits[0] = sim_mask_word(s))
#define zalloc_cpumask_var(m, gfp)	(cpumask_clear(*(m)), true)
#define free_cpumask_var(m)		do { } while (0)
#define cpumask_of(cpu)			((const struct cpumask[]){ { { 1UL << (cpu) } } })
static inline bool cpu_online(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, cpu_online_mask);
}

static inline bool cpu_possible(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, cpu_possible_mask);
}

#define num_online_cpus()		cpumask_weight(cpu_online_mask)
#define num_possible_cpus()		cpumask_weight(cpu_possible_mask)
void cpus_read_lock(void);
void cpus_read_unlock(void);

/* Calls to other CPUs: they run there with interrupts off, in hardirq. */
typedef void (*smp_call_func_t)(void *info);
typedef struct { smp_call_func_t func; void *info; unsigned int busy; } call_single_data_t;
#define INIT_CSD(csd, f, i) \
	(*(csd) = (call_single_data_t){ .func = (f), .info = (i) })
int smp_call_function_single(int cpu, smp_call_func_t func, void *info, int wait);
int smp_call_function_single_async(int cpu, call_single_data_t *csd);
void on_each_cpu_mask(const struct cpumask *mask, smp_call_func_t func,
		      void *info, bool wait);
void on_each_cpu_cond(bool (*cond)(int cpu, void *info), smp_call_func_t func,
		      void *info, bool wait);
#define on_each_cpu(func, info, wait) on_each_cpu_mask(cpu_online_mask, func, info, wait)
void smp_call_function_many(const struct cpumask *mask, smp_call_func_t func,
			    void *info, bool wait);

/* Per-CPU data. A static one lives in a section that is copied for each CPU. */
#define DEFINE_PER_CPU(type, name) \
	__attribute__((section("sim_percpu"), no_sanitize("address"))) typeof(type) name
#define DEFINE_PER_CPU_ALIGNED(type, name)	DEFINE_PER_CPU(type, name) __aligned(64)
#define DEFINE_PER_CPU_SHARED_ALIGNED(type, name) DEFINE_PER_CPU_ALIGNED(type, name)
#define DECLARE_PER_CPU(type, name)		extern typeof(type) name
#define DECLARE_PER_CPU_ALIGNED(type, name)	extern typeof(type) name
void *sim_percpu_alloc(size_t size, size_t align);
void free_percpu(void *p);
void *sim_percpu_ptr(const volatile void *p, int cpu);
int sim_cpu_for_ptr(void);
#define alloc_percpu(type)	((type *)sim_percpu_alloc(sizeof(type), __alignof__(type)))
#define __alloc_percpu(s, a)	sim_percpu_alloc(s, a)
#define alloc_percpu_gfp(type, gfp) alloc_percpu(type)
#define per_cpu_ptr(p, cpu)	((typeof(p))sim_percpu_ptr(p, cpu))
#define per_cpu(v, cpu)		(*per_cpu_ptr(&(v), cpu))
#define raw_cpu_ptr(p)		({ sim_point(); per_cpu_ptr(p, sim_ctx.cpu); })
#define this_cpu_ptr(p)		({ sim_point(); per_cpu_ptr(p, sim_cpu_for_ptr()); })
#define get_cpu_ptr(p)		({ preempt_disable(); this_cpu_ptr(p); })
#define put_cpu_ptr(p)		preempt_enable()
#define get_cpu_var(v)		(*get_cpu_ptr(&(v)))
#define put_cpu_var(v)		preempt_enable()

#define sim_pcp_get(v)		__atomic_load_n(&(v), __ATOMIC_RELAXED)
#define sim_pcp_set(v, x)	__atomic_store_n(&(v), x, __ATOMIC_RELAXED)
/*
 * One instruction on the CPU: no interrupt within, no other CPU's business. What
 * the core's objects load and store in here is no point.
 */
static inline void sim_rearm(bool *armed)
{
	sim_armed = *armed;
}

#define sim_pcp_op(v, check, expr)					\
({	sim_point();							\
	bool armed_ __maybe_unused __attribute__((cleanup(sim_rearm))) = sim_armed; \
	sim_armed = false;						\
	if (check)							\
		sim_cpu_stable();					\
	typeof(v) *pv_ = sim_percpu_ptr(&(v), sim_ctx.cpu);		\
	typeof(v) old_ __maybe_unused = sim_pcp_get(*pv_);		\
	expr; })
#define this_cpu_read(v)	sim_pcp_op(v, 0, old_)
#define this_cpu_write(v, x)	sim_pcp_op(v, 0, sim_pcp_set(*pv_, x))
#define this_cpu_add(v, x)	sim_pcp_op(v, 0, sim_pcp_set(*pv_, old_ + (x)))
#define this_cpu_sub(v, x)	this_cpu_add(v, -(typeof(v))(x))
#define this_cpu_inc(v)		this_cpu_add(v, 1)
#define this_cpu_dec(v)		this_cpu_add(v, -1)
#define this_cpu_add_return(v, x) \
	sim_pcp_op(v, 0, (sim_pcp_set(*pv_, old_ + (x)), (typeof(v))(old_ + (x))))
#define this_cpu_inc_return(v)	this_cpu_add_return(v, 1)
#define this_cpu_dec_return(v)	this_cpu_add_return(v, -1)
#define this_cpu_xchg(v, x)	sim_pcp_op(v, 0, (sim_pcp_set(*pv_, x), old_))
#define this_cpu_cmpxchg(v, o, n) \
	sim_pcp_op(v, 0, ((void)(old_ == (o) && (sim_pcp_set(*pv_, n), 1)), old_))
#define this_cpu_or(v, x)	sim_pcp_op(v, 0, sim_pcp_set(*pv_, old_ | (x)))
#define this_cpu_and(v, x)	sim_pcp_op(v, 0, sim_pcp_set(*pv_, old_ & (x)))
#define __this_cpu_read(v)	sim_pcp_op(v, 1, old_)
#define __this_cpu_write(v, x)	sim_pcp_op(v, 1, sim_pcp_set(*pv_, x))
#define __this_cpu_add(v, x)	sim_pcp_op(v, 1, sim_pcp_set(*pv_, old_ + (x)))
#define __this_cpu_sub(v, x)	__this_cpu_add(v, -(typeof(v))(x))
#define __this_cpu_inc(v)	__this_cpu_add(v, 1)
#define __this_cpu_dec(v)	__this_cpu_add(v, -1)
#define raw_cpu_read(v)		this_cpu_read(v)
#define raw_cpu_write(v, x)	this_cpu_write(v, x)
#define raw_cpu_add(v, x)	this_cpu_add(v, x)
#define raw_cpu_inc(v)		this_cpu_inc(v)
#define raw_cpu_dec(v)		this_cpu_dec(v)

#endif /* SIM_CPU_H */
