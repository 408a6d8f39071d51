// SPDX-License-Identifier: GPL-2.0
/*
 * typesafe.c - SOBA_TEST_TYPESAFE: on every CPU one reader and one writer. The
 * writers publish objects of a SLAB_TYPESAFE_BY_RCU cache and free them while
 * the readers still look; a third thread shrinks, and fills all the pages it can
 * get with other bytes. What a reader has in hand may be freed, and may be
 * another object by now, but it must be an object: its constructor's word stays.
 *
 * Locking: an object belongs to whoever xchg()s it out of a slot. Readers look
 * under rcu_read_lock() only.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include <soba/soba.h>

#include "object.h"

#define SLOTS		512
#define MAX_THREADS	33
#define WORD		0x7e57ab1e0b7ec750ULL

struct typed {
	u64 word;		/* the constructor's, never changed */
	u64 life;		/* changes with every owner */
	u64 more[14];
};

static DEFINE_MUTEX(typesafe_mutex);
static struct kmem_cache *typed_cache;
static struct typed __rcu *slots[SLOTS];
static atomic_long_t reads, frees, wrong;

static void typed_ctor(void *object)
{
	struct typed *typed = object;

	memset(typed, 0, sizeof(*typed));
	typed->word = WORD;
}

static u32 next_random(u64 *random)
{
	*random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
	return *random >> 33;
}

static int typed_reader(void *data)
{
	u64 random = (u64)(unsigned long)data + 7;

	while (!kthread_should_stop()) {
		unsigned int i;

		rcu_read_lock();
		for (i = 0; i < 32; i++) {
			struct typed *t;
			unsigned int k;

			t = rcu_dereference(slots[next_random(&random) % SLOTS]);
			for (k = 0; t && k < 20; k++) {
				if (READ_ONCE(t->word) != WORD)
					atomic_long_inc(&wrong);
				cpu_relax();
			}
			atomic_long_add(!!t, &reads);
		}
		rcu_read_unlock();
		cond_resched();
	}
	return 0;
}

static int typed_writer(void *data)
{
	u64 random = (u64)(unsigned long)data + 1000;

	while (!kthread_should_stop()) {
		struct typed *t, *old;
		bool fill = next_random(&random) & 512;
		unsigned int i;

		/* in waves, so that slabs become empty */
		for (i = 0; i < SLOTS / 2; i++) {
			u32 slot = next_random(&random) % SLOTS;

			t = fill ? soba_kmem_cache_alloc(typed_cache, GFP_KERNEL) :
				   NULL;
			if (t)
				WRITE_ONCE(t->life, random);
			old = (__force struct typed *)
				xchg(&slots[slot], (__force struct typed __rcu *)t);
			if (old) {
				soba_kmem_cache_free(typed_cache, old);
				atomic_long_inc(&frees);
			}
		}
		cond_resched();
	}
	return 0;
}

/* Gives slabs a reason to go, and what was theirs another content. */
static int typed_spoiler(void *data)
{
	static void *pages[256];
	unsigned int i;

	while (!kthread_should_stop()) {
		soba_kmem_cache_shrink(typed_cache);
		for (i = 0; i < ARRAY_SIZE(pages); i++) {
			pages[i] = i & 1 ? soba_kmalloc(4096, GFP_KERNEL) :
				(void *)soba___get_free_page(GFP_KERNEL);
			if (pages[i])
				memset(pages[i], 0x6b, 4096);
		}
		for (i = 0; i < ARRAY_SIZE(pages); i++) {
			if (i & 1)
				soba_kfree(pages[i]);
			else if (pages[i])
				soba_free_page((unsigned long)pages[i]);
		}
		cond_resched();
	}
	return 0;
}

static struct task_struct *thread_start(int (*fn)(void *), int cpu)
{
	struct task_struct *task;

	task = kthread_create(fn, (void *)(unsigned long)cpu, "soba_typed/%d",
			      cpu);
	if (IS_ERR(task))
		return NULL;
	kthread_bind(task, cpu);
	wake_up_process(task);
	return task;
}

static int threads_start(struct task_struct **threads)
{
	int cpu, nr = 0;

	cpus_read_lock();
	threads[nr++] = thread_start(typed_spoiler, cpumask_first(cpu_online_mask));
	for_each_online_cpu(cpu) {
		if (nr + 2 > MAX_THREADS)
			break;
		threads[nr++] = thread_start(typed_reader, cpu);
		threads[nr++] = thread_start(typed_writer, cpu);
	}
	cpus_read_unlock();
	return nr;
}

static int typesafe_run(struct soba_test_typesafe *request)
{
	struct task_struct *threads[MAX_THREADS] = { NULL };
	int i, nr;

	typed_cache = soba_kmem_cache_create("soba_test_typed",
					     sizeof(struct typed), 0,
					     SLAB_TYPESAFE_BY_RCU, typed_ctor);
	if (!typed_cache)
		return -ENOMEM;
	atomic_long_set(&reads, 0);
	atomic_long_set(&frees, 0);
	atomic_long_set(&wrong, 0);
	nr = threads_start(threads);
	msleep_interruptible(request->milliseconds);
	for (i = 0; i < nr; i++)
		if (threads[i])
			kthread_stop(threads[i]);
	for (i = 0; i < SLOTS; i++) {
		struct typed *old = rcu_dereference_protected(slots[i], true);

		if (old)
			soba_kmem_cache_free(typed_cache, old);
		RCU_INIT_POINTER(slots[i], NULL);
	}
	soba_kmem_cache_destroy(typed_cache);
	request->reads = atomic_long_read(&reads);
	request->frees = atomic_long_read(&frees);
	request->wrong = atomic_long_read(&wrong);
	return 0;
}

int typesafe_do(struct soba_test_typesafe *request)
{
	int ret;

	if (request->zero || !request->milliseconds ||
	    request->milliseconds > 60000)
		return -EINVAL;
	mutex_lock(&typesafe_mutex);
	ret = typesafe_run(request);
	mutex_unlock(&typesafe_mutex);
	return ret;
}
