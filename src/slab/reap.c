// SPDX-License-Identifier: GPL-2.0
/*
 * reap.c - floor 3: the working set of the depots, the size of magazines, and
 * memory pressure.
 *
 * Locking: soba_cache_mutex keeps the registry still. Who is called under
 * memory pressure only tries it, and does not wait for a walk over all caches.
 * Nothing is allocated under it.
 */
#include "slab/reap.h"
#include "slab/depot.h"
#include "slab/magazine.h"
#include "slab/node.h"
#include "page/reclaim.h"
#include "page/zone.h"

/* Bonwick's interval is 15 s; a development machine is quieter and smaller. */
#define REAP_INTERVAL (2 * HZ)
/* So often must a depot's lock have made somebody wait in an interval. */
#define CONTENDED_LIMIT 16

static struct workqueue_struct *reap_wq;	/* NULL: unloading */

static void empty_list(struct soba_cache *c, struct soba_mag *m)
{
	struct soba_mag *next;

	for (; m; m = next) {
		next = m->next;
		if (m->nr)
			soba_cache_put(c, m->nr, m->slot + 1, 0);
		soba_mag_free(m);
	}
}

static void strip_depot(struct soba_cache *c, struct soba_depot *d, bool all)
{
	struct soba_depot_quota nr;
	struct soba_mag *list;

	soba_depot_surplus(d, all, &nr);
	while ((list = soba_depot_strip(d, &nr))) {
		empty_list(c, list);
		cond_resched();
	}
}

/* Pre: what the magazines of the CPUs held is in the depots, as far as it goes. */
static unsigned long strip_cache(struct soba_cache *c)
{
	struct soba_cache_node *n;
	unsigned long frames = 0;
	unsigned int i;

	soba_for_each_cache_node(n, c, i) {
		strip_depot(c, &n->depot, true);
		frames += soba_node_trim(c, n, 0);
	}
	return frames;
}

unsigned long soba_cache_shrink(struct soba_cache *c)
{
	soba_mag_drain(c);
	return strip_cache(c);
}

static bool is_meta(const struct soba_cache *c)
{
	return c->own_flags & SOBA_CACHE_ON_SLAB;
}

/* One interrupt for all caches. The registry is still: the sender holds it. */
static void drain_all_cpu(void *unused)
{
	struct soba_cache *c;

	list_for_each_entry(c, &soba_cache_list, link)
		if (!(c->own_flags & (SOBA_CACHE_NO_MAG | SOBA_CACHE_DEBUG)))
			soba_mag_drain_cpu(c);
}

/* Pre: soba_cache_mutex. */
static unsigned long strip_all(void)
{
	unsigned long frames = 0;
	struct soba_cache *c;
	unsigned int pass;

	list_for_each_entry(c, &soba_cache_tombs, tomb)
		frames += strip_cache(c);
	/* Descriptors last: the others give theirs back. */
	for (pass = 0; pass < 2; pass++)
		list_for_each_entry(c, &soba_cache_list, link)
			if (is_meta(c) == pass)
				frames += strip_cache(c);
	return frames;
}

unsigned long soba_cache_shrink_all(unsigned long nr)
{
	unsigned long frames;

	if (!mutex_trylock(&soba_cache_mutex))
		return 0;
	frames = strip_all();
	/* What the CPUs have at hand is worth most, and an interrupt to each. */
	if (frames < nr) {
		on_each_cpu(drain_all_cpu, NULL, 1);
		frames += strip_all();
	}
	mutex_unlock(&soba_cache_mutex);
	return frames;
}

void soba_cache_cpu_dead(unsigned int cpu)
{
	struct soba_cache *c;

	mutex_lock(&soba_cache_mutex);
	list_for_each_entry(c, &soba_cache_list, link)
		if (!(c->own_flags & (SOBA_CACHE_NO_MAG | SOBA_CACHE_DEBUG)))
			soba_mag_cpu_dead(c, cpu);
	mutex_unlock(&soba_cache_mutex);
	/* The depots have more than their working set now. */
	soba_reap_later();
}

/*
 * Larger when CPUs waited for each other at the depot, back when all is quiet.
 * The magazines of the old size leave as they pass through the depot empty.
 */
static void adapt(struct soba_cache *c)
{
	struct soba_cache_node *n;
	unsigned long waits = 0;
	unsigned int i;

	/* One quiet node does not undo what a busy one asks for. */
	soba_for_each_cache_node(n, c, i) {
		unsigned long all = READ_ONCE(n->depot.contended);

		waits = max(waits, all - n->depot.contended_seen);
		n->depot.contended_seen = all;
	}
	if (waits > CONTENDED_LIMIT && c->mag_cap < c->mag_max)
		WRITE_ONCE(c->mag_cap, soba_mag_larger(c->mag_cap));
	else if (!waits && c->mag_cap > c->mag_min)
		WRITE_ONCE(c->mag_cap, soba_mag_smaller(c->mag_cap));
}

static bool reap_cache(struct soba_cache *c)
{
	struct soba_cache_node *n;
	bool more = false;
	unsigned int i;

	adapt(c);
	soba_for_each_cache_node(n, c, i) {
		strip_depot(c, &n->depot, false);
		empty_list(c, soba_depot_strip_odd(&n->depot, c->mag_cap));
		soba_node_trim(c, n, READ_ONCE(c->min_empty));
		more |= READ_ONCE(n->depot.nr_full) ||
			READ_ONCE(n->depot.nr_empty) || c->mag_cap > c->mag_min;
	}
	return more;
}

static void reap_fn(struct work_struct *work)
{
	struct soba_cache *c;
	bool more = false;

	/* Whoever is in the way now is not for long, or does the work himself. */
	if (!mutex_trylock(&soba_cache_mutex)) {
		soba_reap_later();
		return;
	}
	list_for_each_entry(c, &soba_cache_list, link) {
		more |= reap_cache(c);
		cond_resched();
	}
	list_for_each_entry(c, &soba_cache_tombs, tomb)
		more |= reap_cache(c);
	mutex_unlock(&soba_cache_mutex);
	if (more)
		soba_reap_later();
}

static DECLARE_DELAYED_WORK(reap_work, reap_fn);

void soba_reap_later(void)
{
	struct workqueue_struct *wq = READ_ONCE(reap_wq);

	if (wq && !delayed_work_pending(&reap_work))
		queue_delayed_work(wq, &reap_work, REAP_INTERVAL);
}

/* Free objects of all caches, in frames: what is above could be given back. */
static unsigned long count_frames(void)
{
	unsigned long bytes = 0;
	struct soba_cache *c;

	rcu_read_lock();
	list_for_each_entry_rcu(c, &soba_cache_list, link) {
		struct soba_cache_node *n;
		unsigned int i;

		soba_for_each_cache_node(n, c, i)
			bytes += ((size_t)READ_ONCE(n->nr_empty) * c->nr +
				  READ_ONCE(n->depot.objects)) * c->size;
	}
	rcu_read_unlock();
	return bytes >> PAGE_SHIFT;
}

static unsigned long scan_frames(unsigned long nr, bool sleep)
{
	return sleep ? soba_cache_shrink_all(nr) : 0;
}

/* The reaper may be giving back megabytes of small objects. */
static void wait_for_reaper(void)
{
	mutex_lock(&soba_cache_mutex);
	mutex_unlock(&soba_cache_mutex);
}

static const struct soba_reclaimer reclaimer = {
	.count = count_frames,
	.scan = scan_frames,
	.wait = wait_for_reaper,
};

int soba_reap_init(void)
{
	reap_wq = alloc_workqueue("soba_reap", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!reap_wq)
		return -ENOMEM;
	soba_reclaim_add(&reclaimer);
	return 0;
}

/* Pre: nobody allocates or frees any more. */
void soba_reap_exit(void)
{
	struct workqueue_struct *wq = reap_wq;

	soba_reclaim_del(&reclaimer);
	WRITE_ONCE(reap_wq, NULL);
	cancel_delayed_work_sync(&reap_work);
	destroy_workqueue(wq);
}
