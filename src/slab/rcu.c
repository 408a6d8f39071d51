// SPDX-License-Identifier: GPL-2.0
/*
 * rcu.c - floor 3: objects that are freed after a grace period, in batches.
 *
 * Each CPU gathers objects in a list that goes through their rcu_heads. When no
 * batch of that CPU is under way the list becomes one: it waits for a grace
 * period and is freed by a work item. What comes meanwhile is the next batch.
 * So at any load there is one callback a CPU and grace period, nothing is
 * allocated, and a single object waits for no timer.
 *
 * Locking: ->waiting is lockless, any context but NMI. Who turns ->busy from 0
 * to 1 owns ->going and hands both to the work item. That turn and the queueing
 * after it are not preempted, so that who waits for a batch meets a work item.
 */
#include "slab/rcu.h"
#include "base/report.h"

struct rcu_batch {
	struct llist_head waiting;	/* for their turn */
	int busy;			/* a batch is under way */
	unsigned long done;		/* batches freed so far */
	struct llist_node *going;	/* that batch */
	struct rcu_work work;
};

static DEFINE_PER_CPU(struct rcu_batch, batches);
static struct workqueue_struct *rcu_wq;
static bool (*rcu_release)(void *ptr);
/* An odd number that nobody knows: what is no address, and in no object. */
static unsigned long rcu_mark __ro_after_init;

#define MAX_BYTES (PAGE_SIZE << SOBA_MAX_ORDER)

/*
 * While the object waits its rcu_head has the list's link and its address, in a
 * form that nothing else leaves there: so it is seen when it is given twice,
 * which would make a loop of the list, and when it is written over.
 */
static void *marked(void *ptr)
{
	return (void *)((unsigned long)ptr ^ rcu_mark);
}

/* NULL: it waits already. */
static struct llist_node *link_of(struct rcu_head *head, void *ptr)
{
	BUILD_BUG_ON(offsetof(struct rcu_head, next) != 0);
	BUILD_BUG_ON(sizeof(head->next) != sizeof(struct llist_node));
	if (xchg((void **)&head->func, marked(ptr)) == marked(ptr))
		return NULL;
	return (struct llist_node *)head;
}

/* The object that waits with @head; NULL: it no longer says. */
static void *object_of(struct rcu_head *head)
{
	void *ptr = marked(head->func);

	if ((unsigned long)head - (unsigned long)ptr >= MAX_BYTES)
		return NULL;
	/* Else it would seem to wait when it is allocated and freed again. */
	head->func = NULL;
	return ptr;
}

static void lost(struct rcu_head *head)
{
	soba_report_often(SOBA_R_USE_AFTER_FREE, 0,
			  "rcu_head 0x%p was written to, or its object freed, while it waited for a grace period; what waited behind it is kept",
			  head);
}

static void free_all(struct llist_node *node)
{
	while (node) {
		struct rcu_head *head = (struct rcu_head *)node;
		void *ptr = object_of(head);

		if (unlikely(!ptr)) {
			lost(head);
			break;
		}
		node = node->next;
		/* Freed by somebody else, who may have written to the link. */
		if (unlikely(!rcu_release(ptr))) {
			lost(head);
			break;
		}
		cond_resched();
	}
}

/* Make a batch of what waits, unless one is under way or nothing waits. */
static void start(struct rcu_batch *b)
{
	preempt_disable();
	while (!llist_empty(&b->waiting) && !cmpxchg(&b->busy, 0, 1)) {
		b->going = llist_del_all(&b->waiting);
		if (b->going) {
			queue_rcu_work(rcu_wq, &b->work);
			break;
		}
		/* Another batch has them all. Orders as in work_fn(). */
		xchg(&b->busy, 0);
	}
	preempt_enable();
}

static void work_fn(struct work_struct *work)
{
	struct rcu_batch *b = container_of(to_rcu_work(work), struct rcu_batch,
					   work);

	free_all(b->going);
	b->going = NULL;
	/* Pairs with finish(): what this batch had is free. */
	smp_store_release(&b->done, b->done + 1);
	/*
	 * Orders against the look at ->waiting in start(): who adds the first
	 * object to it looks at ->busy after that, so one of the two sees it.
	 */
	xchg(&b->busy, 0);
	start(b);
}

bool soba_rcu_free(struct rcu_head *head, void *ptr)
{
	struct llist_node *link = link_of(head, ptr);
	struct rcu_batch *b;

	if (unlikely(!link))
		return false;
	preempt_disable();
	b = this_cpu_ptr(&batches);
	if (llist_add(link, &b->waiting))
		start(b);
	preempt_enable();
	return true;
}

/* The batch under way and the next have all that waits now. */
static void finish(struct rcu_batch *b)
{
	unsigned long end = READ_ONCE(b->done) + 2;

	for (;;) {
		start(b);
		/*
		 * In this order: what has left ->waiting is in a batch, and
		 * ->busy was set before that. Pairs with start() and work_fn().
		 */
		if (!smp_load_acquire(&b->waiting.first) &&
		    !smp_load_acquire(&b->busy)) /* Pairs with work_fn(). */
			return;
		/* Pairs with work_fn(). */
		if ((long)(smp_load_acquire(&b->done) - end) >= 0)
			return;
		flush_rcu_work(&b->work);
	}
}

void soba_rcu_free_barrier(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		start(per_cpu_ptr(&batches, cpu));
	for_each_possible_cpu(cpu)
		finish(per_cpu_ptr(&batches, cpu));
}

int soba_rcu_init(bool (*release)(void *ptr))
{
	unsigned int cpu;

	rcu_wq = alloc_workqueue("soba_rcu", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!rcu_wq)
		return -ENOMEM;
	rcu_release = release;
	rcu_mark = (unsigned long)get_random_u32() << 32;
	rcu_mark |= get_random_u32() | 1;
	for_each_possible_cpu(cpu) {
		struct rcu_batch *b = per_cpu_ptr(&batches, cpu);

		init_llist_head(&b->waiting);
		INIT_RCU_WORK(&b->work, work_fn);
	}
	return 0;
}

void soba_rcu_exit(void)
{
	soba_rcu_free_barrier();
	destroy_workqueue(rcu_wq);
	rcu_wq = NULL;
}
