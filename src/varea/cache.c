// SPDX-License-Identifier: GPL-2.0
/*
 * cache.c - floor 3: slots, depots, the worker that ages and unmaps.
 *
 * Locking: see cache.h. deferred_lock (raw, irqs off) guards the list of areas
 * that the worker is to destroy; a leaf, held for one list operation.
 */
#include "varea/cache.h"
#include "varea/validate.h"
#include "page/chunk.h"
#include "page/limits.h"
#include "page/reclaim.h"
#include "page/zone.h"
#include "base/counter.h"

#define DEPOT_BITS	5
#define DEPOT_BUCKETS	(1 << DEPOT_BITS)
#define DEPOT_AREAS	256		/* at most, in each */
#define AGE		(5 * HZ)

struct depot {
	raw_spinlock_t lock;
	unsigned int nr;
	unsigned long pages;
	unsigned long cap;		/* of pages, constant */
	struct list_head lru;		/* oldest first */
	struct list_head bucket[DEPOT_BUCKETS];
};

struct soba_area_slots __percpu *soba_area_slots;
bool soba_varea_aging;
bool soba_area_flush;

static struct depot *depots;		/* by node */
static struct workqueue_struct *area_wq;
static LIST_HEAD(deferred);
static DEFINE_RAW_SPINLOCK(deferred_lock);

static void area_work_fn(struct work_struct *work);
static void age_fn(struct work_struct *work);
static DECLARE_WORK(area_work, area_work_fn);
static DECLARE_DELAYED_WORK(age_work, age_fn);

static struct list_head *bucket_of(struct depot *d, unsigned long key)
{
	return &d->bucket[(u32)key * 0x61c88647U >> (32 - DEPOT_BITS)];
}

static void depot_unlink(struct depot *d, struct soba_area *a)
{
	lockdep_assert_held(&d->lock);
	list_del(&a->bucket);
	list_del(&a->lru);
	d->nr--;
	d->pages -= a->nr_pages;
}

struct soba_area *soba_depot_take(unsigned long key, int nid)
{
	struct depot *d = &depots[soba_node_id(soba_node_index(nid))];
	struct soba_area *a, *found = NULL;
	unsigned long flags;

	if (!READ_ONCE(d->nr))
		return NULL;
	raw_spin_lock_irqsave(&d->lock, flags);
	list_for_each_entry(a, bucket_of(d, key), bucket) {
		if (a->key != key)
			continue;
		depot_unlink(d, a);
		found = a;
		break;
	}
	raw_spin_unlock_irqrestore(&d->lock, flags);
	return found;
}

static void defer(struct list_head *list)
{
	struct workqueue_struct *wq = READ_ONCE(area_wq);
	unsigned long flags;

	raw_spin_lock_irqsave(&deferred_lock, flags);
	list_splice_tail_init(list, &deferred);
	raw_spin_unlock_irqrestore(&deferred_lock, flags);
	soba_count(SOBA_C_AREA_DEFER);
	if (wq)
		queue_work(wq, &area_work);
}

/* The caller, or the worker, destroys what is in @list. Pages that are free now. */
static unsigned long dispose(struct list_head *list, bool sleep)
{
	struct soba_area *a, *next;
	unsigned long pages = 0;

	if (!sleep && !list_empty(list))
		defer(list);
	list_for_each_entry_safe(a, next, list, lru) {
		pages += a->nr_pages;
		soba_area_destroy(a);
		cond_resched();
	}
	return pages;
}

void soba_varea_drop(struct soba_area *a, bool sleep)
{
	LIST_HEAD(out);

	list_add(&a->lru, &out);
	dispose(&out, sleep);
}

static void depot_add(struct depot *d, struct soba_area *a,
		      struct list_head *out)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&d->lock, flags);
	list_add(&a->bucket, bucket_of(d, a->key));
	list_add_tail(&a->lru, &d->lru);
	d->nr++;
	d->pages += a->nr_pages;
	while (d->pages > d->cap || d->nr > DEPOT_AREAS) {
		struct soba_area *old;

		old = list_first_entry(&d->lru, struct soba_area, lru);
		depot_unlink(d, old);
		list_add(&old->lru, out);
	}
	raw_spin_unlock_irqrestore(&d->lock, flags);
}

/**
 * soba_varea_store() - put an area into its node's depot
 * @a: FREED, the caller's; fit for being cached
 * @sleep: the caller may sleep
 *
 * Context: any but NMI.
 */
void soba_varea_store(struct soba_area *a, bool sleep)
{
	struct depot *d = &depots[a->nid];
	LIST_HEAD(out);

	if (a->nr_pages > d->cap) {
		soba_varea_drop(a, sleep);
		return;
	}
	depot_add(d, a, &out);
	dispose(&out, sleep);
	smp_mb();	/* pairs with that of age_fn() */
	if (!READ_ONCE(soba_varea_aging))
		soba_varea_wake();
}

void soba_varea_free(struct soba_area *a, bool sleep)
{
	struct soba_area *old = NULL;
	bool kept;

	a->stamp = jiffies;
	preempt_disable();
	kept = soba_varea_put(a, &old);
	preempt_enable();
	if (!kept)
		soba_varea_store(a, sleep);
	else if (old)
		soba_varea_store(old, sleep);
	if (!READ_ONCE(soba_varea_aging))
		soba_varea_wake();
}

/* Takes out of a CPU's slots what is not younger than @age ticks. */
static void slots_collect(struct soba_area_slots *t, unsigned long age,
			  unsigned long *left, struct list_head *out)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t->slot) && *left; i++) {
		struct soba_area *a;
		bool old;

		rcu_read_lock();
		a = READ_ONCE(t->slot[i].area);
		old = a && time_after_eq(jiffies, READ_ONCE(a->stamp) + age);
		rcu_read_unlock();
		if (!old)
			continue;
		/* By now it may be another one: a young one is worth no more. */
		a = xchg(&t->slot[i].area, NULL);
		if (!a)
			continue;
		atomic_long_sub(a->nr_pages, &t->pages);
		*left -= min(*left, a->nr_pages);
		list_add(&a->lru, out);
	}
}

static void depot_collect(struct depot *d, unsigned long age,
			  unsigned long *left, struct list_head *out)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&d->lock, flags);
	while (d->nr && *left) {
		struct soba_area *a = list_first_entry(&d->lru,
						       struct soba_area, lru);

		if (time_before(jiffies, a->stamp + age))
			break;
		depot_unlink(d, a);
		*left -= min(*left, a->nr_pages);
		list_add(&a->lru, out);
	}
	raw_spin_unlock_irqrestore(&d->lock, flags);
}

/* Areas of at least @nr pages, if there are, those of the depots first. */
static void collect(unsigned long nr, unsigned long age, struct list_head *out)
{
	unsigned int cpu, nid;

	for (nid = 0; nid < nr_node_ids; nid++)
		depot_collect(&depots[nid], age, &nr, out);
	for_each_possible_cpu(cpu)
		slots_collect(per_cpu_ptr(soba_area_slots, cpu), age, &nr, out);
}

static unsigned long destroy_deferred(void)
{
	unsigned long flags;
	LIST_HEAD(list);

	raw_spin_lock_irqsave(&deferred_lock, flags);
	list_splice_init(&deferred, &list);
	raw_spin_unlock_irqrestore(&deferred_lock, flags);
	return dispose(&list, true);
}

/* Counts as moving chunks: who lacks memory waits for it. */
static void area_work_fn(struct work_struct *work)
{
	atomic_inc(&soba_chunks_moving);
	destroy_deferred();
	atomic_dec(&soba_chunks_moving);
}

/*
 * An area that comes into a slot after the flag was cleared sees it cleared,
 * or is seen here: either of the two starts the clock again.
 */
static void age_fn(struct work_struct *work)
{
	LIST_HEAD(out);

	collect(ULONG_MAX, AGE, &out);
	soba_count(SOBA_C_AREA_AGE);
	dispose(&out, true);
	WRITE_ONCE(soba_varea_aging, false);
	smp_mb();	/* pairs with soba_varea_put()'s xchg(), soba_varea_store()'s */
	if (soba_varea_pages())
		soba_varea_wake();
}

/**
 * soba_varea_wake() - something is cached: have the worker look in some seconds
 *
 * Context: any but NMI.
 */
noinline __cold void soba_varea_wake(void)
{
	struct workqueue_struct *wq = READ_ONCE(area_wq);

	if (!wq || READ_ONCE(soba_varea_aging) || !soba_varea_pages())
		return;
	WRITE_ONCE(soba_varea_aging, true);
	queue_delayed_work(wq, &age_work, AGE);
}

unsigned long soba_varea_pages(void)
{
	unsigned int cpu, nid;
	long pages = 0;

	for_each_possible_cpu(cpu)
		pages += atomic_long_read(&per_cpu_ptr(soba_area_slots,
						       cpu)->pages);
	for (nid = 0; nid < nr_node_ids; nid++)
		pages += READ_ONCE(depots[nid].pages);
	return max(pages, 0L);
}

unsigned long soba_varea_areas(void)
{
	unsigned int cpu, nid, i;
	unsigned long n = 0;

	for_each_possible_cpu(cpu) {
		struct soba_area_slots *t = per_cpu_ptr(soba_area_slots, cpu);

		for (i = 0; i < ARRAY_SIZE(t->slot); i++)
			n += !!READ_ONCE(t->slot[i].area);
	}
	for (nid = 0; nid < nr_node_ids; nid++)
		n += READ_ONCE(depots[nid].nr);
	return n;
}

/* Those that wait for the worker first: they are nobody's. */
static unsigned long cache_scan(unsigned long nr, bool sleep)
{
	unsigned long done = sleep ? destroy_deferred() : 0, pages;
	LIST_HEAD(out);

	if (done >= nr)
		return done;
	collect(nr - done, 0, &out);
	pages = dispose(&out, sleep);
	if (pages)
		soba_count(SOBA_C_AREA_PURGE);
	return done + pages;
}

static const struct soba_reclaimer reclaimer = {
	.count = soba_varea_pages,
	.scan = cache_scan,
};

static void depots_setup(void)
{
	unsigned int nid, i;

	for (nid = 0; nid < nr_node_ids; nid++) {
		struct depot *d = &depots[nid];

		raw_spin_lock_init(&d->lock);
		d->cap = soba_limits.vmalloc_cache / 2 / soba_nr_nodes;
		INIT_LIST_HEAD(&d->lru);
		for (i = 0; i < DEPOT_BUCKETS; i++)
			INIT_LIST_HEAD(&d->bucket[i]);
	}
}

static void slots_setup(void)
{
	unsigned long share = soba_limits.vmalloc_cache / 2;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct soba_area_slots *t = per_cpu_ptr(soba_area_slots, cpu);

		t->cap = share / num_possible_cpus();
		/* Where its areas will be, if its own node has no memory. */
		t->nid = soba_node_id(soba_node_index(cpu_to_mem(cpu)));
	}
}

int soba_varea_init(void)
{
	soba_index_init();
	soba_area_flush = soba_limits.vmalloc_flush;
	soba_varea_aging = false;
	depots = soba_port_table_alloc(nr_node_ids * sizeof(*depots));
	soba_area_slots = alloc_percpu(struct soba_area_slots);
	area_wq = alloc_workqueue("soba_area", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!depots || !soba_area_slots || !area_wq) {
		soba_varea_exit();
		return -ENOMEM;
	}
	depots_setup();
	slots_setup();
	soba_reclaim_add(&reclaimer);
	return 0;
}

/* What its clients left LIVE stays mapped: somebody may still use it. */
static void abandon(void)
{
	struct soba_area *a;

	while ((a = soba_index_first()))
		soba_area_abandon(a);
}

void soba_varea_exit(void)
{
	struct workqueue_struct *wq = area_wq;
	LIST_HEAD(out);

	soba_reclaim_del(&reclaimer);
	WRITE_ONCE(area_wq, NULL);
	if (wq) {
		cancel_work_sync(&area_work);
		cancel_delayed_work_sync(&age_work);
		destroy_workqueue(wq);
	}
	if (depots && soba_area_slots && wq) {
		collect(ULONG_MAX, 0, &out);
		dispose(&out, true);
		destroy_deferred();
		abandon();
		rcu_barrier();
	}
	free_percpu(soba_area_slots);
	soba_area_slots = NULL;
	if (depots)
		soba_port_table_free(depots);
	depots = NULL;
}

static void check_depot(struct soba_check *ck, struct depot *d, int nid)
{
	unsigned long pages = 0;
	struct soba_area *a;
	unsigned int nr = 0;

	lockdep_assert_held(&d->lock);
	list_for_each_entry(a, &d->lru, lru) {
		if (a->state != SOBA_AREA_FREED || a->nid != nid ||
		    a->exposed || a->flags != SOBA_AREA_OWNS)
			soba_law(ck, "depot %d: area %#lx, state %u, flags %#x, may not be there",
				 nid, a->addr, a->state, a->flags);
		pages += a->nr_pages;
		nr++;
	}
	if (nr != d->nr || pages != d->pages || pages > d->cap)
		soba_law(ck, "depot %d: %u areas, %lu pages; it says %u, %lu of %lu",
			 nid, nr, pages, d->nr, d->pages, d->cap);
}

void soba_varea_check_caches(struct soba_check *ck)
{
	unsigned long flags;
	unsigned int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		raw_spin_lock_irqsave(&depots[nid].lock, flags);
		check_depot(ck, &depots[nid], nid);
		raw_spin_unlock_irqrestore(&depots[nid].lock, flags);
	}
}
