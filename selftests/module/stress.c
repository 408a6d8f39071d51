// SPDX-License-Identifier: GPL-2.0
/*
 * stress.c - SOBA_TEST_STRESS: on every CPU that is online at the start a
 * thread, a timer and an hrtimer use soba at the same time. CPUs may go and
 * come meanwhile: the host moves the actors.
 *
 * Locking: see stress.h. stress_lock lets one run in at a time. The request is
 * filled in after every actor has stopped.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat.h"
#include "stress.h"
#include "test.h"

#define MAX_MILLISECONDS	(60 * 60 * 1000)
#define MAX_STRESS_ORDER	10
#define HRTIMER_PERIOD		(2 * NSEC_PER_MSEC)
#define ALL_ACTORS \
	(SOBA_STRESS_THREADS | SOBA_STRESS_SOFTIRQ | SOBA_STRESS_HARDIRQ)

static DEFINE_MUTEX(stress_lock);

static int stress_thread(void *data)
{
	struct actor *actor = data;
	unsigned int i;

	set_user_nice(current, 5);
	while (!kthread_should_stop()) {
		for (i = 0; i < 64; i++) {
			actor_step(actor);
			cond_resched();
		}
		if (!(actor_random(actor) & 15))
			usleep_range(100, 2000);
	}
	return 0;
}

static void stress_timer(struct timer_list *timer)
{
	struct actor *actor = container_of(timer, struct actor, timer);
	unsigned int i;

	for (i = 0; i < 16; i++)
		actor_step(actor);
	if (!READ_ONCE(actor->stress->stop))
		mod_timer(timer, jiffies + 1);
}

static enum hrtimer_restart stress_hrtimer(struct hrtimer *hrtimer)
{
	struct actor *actor = container_of(hrtimer, struct actor, hrtimer);
	unsigned int i;

	for (i = 0; i < 4; i++)
		actor_step(actor);
	if (READ_ONCE(actor->stress->stop))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(hrtimer, ns_to_ktime(HRTIMER_PERIOD));
	return HRTIMER_RESTART;
}

/* An hrtimer starts on the CPU that starts it. */
static void hrtimer_start_here(void *data)
{
	struct actor *actor = data;

	hrtimer_start(&actor->hrtimer, ns_to_ktime(HRTIMER_PERIOD),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static int actor_start(struct actor *actor)
{
	switch (actor->kind) {
	case ACTOR_THREAD:
		actor->task = kthread_create(stress_thread, actor,
					     "soba_stress/%d", actor->cpu);
		if (IS_ERR(actor->task)) {
			int ret = PTR_ERR(actor->task);

			actor->task = NULL;
			return ret;
		}
		get_task_struct(actor->task);
		kthread_bind(actor->task, actor->cpu);
		wake_up_process(actor->task);
		return 0;
	case ACTOR_SOFTIRQ:
		timer_setup(&actor->timer, stress_timer, TIMER_PINNED);
		actor->timer_on = true;
		actor->timer.expires = jiffies + 1;
		add_timer_on(&actor->timer, actor->cpu);
		return 0;
	default:
		compat_hrtimer_setup(&actor->hrtimer, stress_hrtimer);
		actor->hrtimer_on = true;
		return smp_call_function_single(actor->cpu, hrtimer_start_here,
						actor, 1);
	}
}

/* After this nobody runs @actor; stress.stop is set. */
static void actor_stop(struct actor *actor)
{
	if (actor->task) {
		kthread_stop(actor->task);
		put_task_struct(actor->task);
	}
	if (actor->timer_on)
		timer_delete_sync(&actor->timer);
	if (actor->hrtimer_on)
		hrtimer_cancel(&actor->hrtimer);
}

/* The caller holds the CPUs. */
static int actors_start(struct stress *s, struct actor *actors, u32 kinds)
{
	int cpu, kind, ret;

	for_each_online_cpu(cpu) {
		for (kind = 0; kind < NR_ACTOR_KINDS; kind++) {
			struct actor *actor = &actors[cpu * NR_ACTOR_KINDS + kind];

			actor->stress = s;
			actor->kind = kind;
			actor->cpu = cpu;
			actor->random = (s->seed ^ (cpu * 64 + kind)) * 2 + 1;
			ret = kinds & BIT(kind) ? actor_start(actor) : 0;
			if (ret)
				return ret;
		}
	}
	return 0;
}

static void actors_stop(struct stress *s, struct actor *actors, int nr)
{
	int i;

	WRITE_ONCE(s->stop, true);
	for (i = 0; i < nr; i++)
		actor_stop(&actors[i]);
}

/* Frees what they hold and adds up what they counted. */
static void actors_sum(struct stress *s, struct actor *actors, int nr,
		       struct soba_test_stress *request)
{
	int i, j;

	/* CPU 0 need not be online, its actor can free all the same. */
	actors[0].stress = s;
	for (i = 0; i < SHARED_BLOCKS; i++)
		if (s->shared[i])
			s->kind->free(&actors[0], s->shared[i]);
	for (i = 0; i < nr; i++) {
		for (j = 0; j < ACTOR_BLOCKS; j++)
			if (actors[i].blocks[j])
				s->kind->free(&actors[i], actors[i].blocks[j]);
		request->allocs[actors[i].kind] += actors[i].allocs;
		request->frees[actors[i].kind] += actors[i].frees;
		request->fails[actors[i].kind] += actors[i].fails;
		cond_resched();
	}
	request->frames_alloc = atomic_long_read(&s->frames_alloc);
	request->frames_free = atomic_long_read(&s->frames_free);
	request->errors = atomic_long_read(&s->errors);
}

static int stress_check(const struct soba_test_stress *request)
{
	if (!request->milliseconds || request->milliseconds > MAX_MILLISECONDS ||
	    !(request->actors & ALL_ACTORS) ||
	    request->actors & ~(ALL_ACTORS | SOBA_STRESS_OBJECTS) ||
	    request->max_order > MAX_STRESS_ORDER || !request->max_frames ||
	    request->max_frames > session_max_frames())
		return -EINVAL;
	/* There the host's own allocator is not for hard interrupts either. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) &&
	    request->actors & SOBA_STRESS_HARDIRQ)
		return -EOPNOTSUPP;
	return 0;
}

static int stress_run(struct stress *s, struct actor *actors,
		      struct soba_test_stress *request)
{
	int nr = nr_cpu_ids * NR_ACTOR_KINDS;
	int ret;

	s->max_order = request->max_order;
	s->max_frames = request->max_frames;
	s->seed = request->seed;
	s->first_error = request->first_error;
	s->kind = &stress_blocks;
	if (request->actors & SOBA_STRESS_OBJECTS) {
		s->kind = &stress_objects;
		s->max_frames <<= PAGE_SHIFT;
		ret = stress_caches_create(s);
		if (ret)
			return ret;
	}
	cpus_read_lock();
	ret = actors_start(s, actors, request->actors);
	cpus_read_unlock();
	if (!ret && msleep_interruptible(request->milliseconds))
		ret = -EINTR;
	actors_stop(s, actors, nr);
	actors_sum(s, actors, nr, request);
	stress_caches_destroy(s);
	return ret;
}

int stress_do(struct soba_test_stress *request)
{
	struct actor *actors;
	struct stress *s;
	int ret;

	ret = stress_check(request);
	if (ret)
		return ret;
	memset_startat(request, 0, allocs);
	if (!mutex_trylock(&stress_lock))
		return -EBUSY;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	actors = kvcalloc(nr_cpu_ids * NR_ACTOR_KINDS, sizeof(*actors),
			  GFP_KERNEL);
	ret = s && actors ? stress_run(s, actors, request) : -ENOMEM;
	kvfree(actors);
	kfree(s);
	mutex_unlock(&stress_lock);
	return ret;
}
