/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lock.h - harness: locks that are real among pthreads and check what lockdep
 * checks: recursion, order between classes, two of one class together, a lock
 * that is taken in hardirq and elsewhere with interrupts on, a sleeping lock
 * (spinlock_t of PREEMPT_RT, mutex) inside a raw one or with interrupts off.
 */
#ifndef SIM_LOCK_H
#define SIM_LOCK_H

#include "sim/cpu.h"

struct sim_lock {
	const char *class;		/* all locks with this name are one class */
	int owner;			/* 0: free, else the thread's number */
	int taken_cpu;
	u8 sleeps;			/* spinlock_t, or mutex: 2 */
};

typedef struct sim_lock raw_spinlock_t;
typedef struct sim_lock spinlock_t;
struct mutex { struct sim_lock l; };

#define __RAW_SPIN_LOCK_UNLOCKED(n)	{ .class = #n }
#define DEFINE_RAW_SPINLOCK(n)	raw_spinlock_t n = { .class = #n }
#define DEFINE_SPINLOCK(n)	spinlock_t n = { .class = #n, .sleeps = 1 }
#define DEFINE_MUTEX(n)		struct mutex n = { { .class = #n, .sleeps = 2 } }
#define raw_spin_lock_init(p)	(*(p) = (struct sim_lock){ .class = #p })
#define spin_lock_init(p)	(*(p) = (struct sim_lock){ .class = #p, .sleeps = 1 })
#define mutex_init(p)		((p)->l = (struct sim_lock){ .class = #p, .sleeps = 2 })

void sim_lock(struct sim_lock *l);
bool sim_trylock(struct sim_lock *l);
void sim_unlock(struct sim_lock *l);
bool sim_lock_held(const struct sim_lock *l);

static inline unsigned long sim_lock_irqsave(struct sim_lock *l)
{
	unsigned long flags = l->sleeps ? sim_ctx.irqs_off : sim_irq_save();

	sim_lock(l);
	return flags;
}

static inline void sim_unlock_irqrestore(struct sim_lock *l, unsigned long flags)
{
	sim_unlock(l);
	sim_irq_restore(flags);
}

#define raw_spin_lock_irqsave(l, f)	((f) = sim_lock_irqsave(l))
#define raw_spin_unlock_irqrestore(l, f) sim_unlock_irqrestore(l, f)
#define raw_spin_lock(l)		sim_lock(l)
#define raw_spin_unlock(l)		sim_unlock(l)
#define raw_spin_trylock(l)		sim_trylock(l)
#define raw_spin_lock_irq(l)		((void)sim_lock_irqsave(l))
#define raw_spin_unlock_irq(l)		sim_unlock_irqrestore(l, 0)
#define raw_spin_trylock_irqsave(l, f) \
	({ (f) = sim_irq_save(); bool ok_ = sim_trylock(l); if (!ok_) sim_irq_restore(f); ok_; })
#define raw_spin_is_locked(l)		(READ_ONCE((l)->owner) != 0)
#define spin_lock_irqsave(l, f)		((f) = sim_lock_irqsave(l))
#define spin_unlock_irqrestore(l, f)	sim_unlock_irqrestore(l, f)
#define spin_lock(l)			sim_lock(l)
#define spin_unlock(l)			sim_unlock(l)
#define spin_trylock(l)			sim_trylock(l)
#define mutex_lock(m)			(might_sleep(), sim_lock(&(m)->l))
#define mutex_trylock(m)		sim_trylock(&(m)->l)
#define mutex_unlock(m)			sim_unlock(&(m)->l)

#define lockdep_assert_held(l) \
	do { if (!sim_lock_held(l)) sim_fail("%s: lock %s is not held", __func__, #l); } while (0)
#define lockdep_assert_irqs_disabled() \
	do { if (!irqs_disabled()) sim_fail("%s: interrupts are on", __func__); } while (0)
#define lockdep_assert_preemption_disabled() \
	do { if (preemptible()) sim_fail("%s: preemption is on", __func__); } while (0)
#define lockdep_set_class(l, k)		do { } while (0)

#endif /* SIM_LOCK_H */
