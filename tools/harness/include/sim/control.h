/* SPDX-License-Identifier: GPL-2.0 */
/*
 * control.h - harness: how a test drives the simulated machine.
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "soba_env.h"

/* Random numbers: splitmix64, one state for each user. */
u64 sim_rand(u64 *state);
unsigned long sim_below(u64 *state, unsigned long n);

/* What a failing test prints: its seed, and the step it was at. */
extern u64 sim_seed;
extern __thread unsigned long sim_step;
extern __thread const char *sim_doing;

/* Contexts: what the calling thread pretends to be until the matching leave. */
enum sim_context {
	SIM_PROCESS, SIM_SOFTIRQ, SIM_HARDIRQ, SIM_PREEMPT_OFF, SIM_IRQS_OFF, SIM_LOCKED
};

#define SIM_NR_CONTEXTS 6
void sim_enter(enum sim_context c);
void sim_leave(enum sim_context c);
void sim_set_cpu(int cpu);	/* process context only: the task migrates */
void sim_expect_clean(const char *where);	/* context word is as at the start */

/*
 * Injection. @func runs at the @at-th point (1 is the first) where @kind may
 * come, or with probability 1/@every when @at is 0. Disarmed while it runs
 * unless @depth allows nesting.
 */
enum sim_kind {
	SIM_INJ_HARDIRQ,	/* interrupts are on: an interrupt */
	SIM_INJ_SOFTIRQ,	/* ... and not in one: a softirq */
	SIM_INJ_TASK,		/* preemptible: another task, then migration */
	SIM_INJ_REMOTE,		/* no lock held: another CPU, a call as a whole */
	SIM_INJ_ANY,		/* random mode: any that may come */
	SIM_NR_KINDS = SIM_INJ_ANY
};

struct sim_injection {
	enum sim_kind kind;
	void (*func)(enum sim_kind kind, void *arg);
	void *arg;
	unsigned long at, every;
	unsigned int depth;
	bool rcu;		/* grace periods end at each point where they may */
	u64 rand;
	/* results */
	unsigned long points;	/* where the kind may have come */
	unsigned long fired;
};

void sim_inject(struct sim_injection *inj);	/* NULL: off */

/* The fake host. */
struct sim_host {
	u64 rand;
	int max_order;			/* fragmentation: largest run it gives */
	int only_class;			/* -1, or the one class that has memory */
	long take_budget;		/* takes until it says no; -1: no bound */
	long meta_budget;		/* the same for descriptors and tables */
	long map_budget;		/* the same for mappings */
	unsigned int map_fail_1k;
	unsigned int take_fail_1k;	/* chance of a no, in thousandths */
	unsigned int meta_fail_1k;
	unsigned int wrong_node_1k;	/* chance of an answer from another node */
	unsigned long takes, gives, busy, refused, slept;
	gfp_t last_gfp;
	int last_order;
	void (*on_sleep)(void *arg);	/* someone sleeps: the world goes on */
	void *on_sleep_arg;
};

extern struct sim_host sim_host;
enum sim_owner { SIM_ABSENT, SIM_HOST, SIM_SOBA, SIM_LOST };
void sim_host_init(u64 seed);
unsigned long sim_host_taken(void);		/* frames that soba has */
unsigned long sim_host_free(int nid, int class);
long sim_meta_outstanding(void);
bool sim_host_refuse_map(void);
unsigned long sim_mapped(void);		/* mappings that there are */
long sim_percpu_outstanding(void);
bool sim_page_is_zero(struct page *page, unsigned int order);
void sim_page_dirty(struct page *page, unsigned int order, u64 tag);
bool sim_page_check(struct page *page, unsigned int order, u64 tag);
unsigned long sim_host_pressure(unsigned long nr, gfp_t gfp);
int sim_cpu_up(int cpu);
int sim_cpu_down(int cpu);

/* RCU, work and the clock. */
void sim_tick(unsigned long n);
bool sim_rcu_try(void);			/* end a grace period now if it may */
unsigned long sim_rcu_pending(void);
unsigned int sim_run_work(bool all);	/* due items, or @all; returns how many */
unsigned int sim_work_pending(void);
long sim_wq_outstanding(void);

/* The log. */
bool sim_log_has(const char *text);
unsigned int sim_log_count(const char *text);
void sim_log_clear(void);
void sim_log_dump(void);
extern bool sim_verbose;

/* Threads: between enter and leave the pthread is that CPU. */
void sim_threads_start(void);
void sim_threads_stop(void);
void sim_thread_enter(int cpu);
void sim_thread_leave(void);
void sim_poll(void);			/* serve what other CPUs ask */
void sim_ipi_serve(void);
void sim_reader_gone(void);
bool sim_lock_any_held(void);

/* Self-check of the order and context graph of lock classes. */
void sim_lock_forget(void);

#endif /* SIM_CONTROL_H */
