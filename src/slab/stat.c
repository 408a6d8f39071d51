// SPDX-License-Identifier: GPL-2.0
/*
 * stat.c - floor 3: figures of caches, gathered without stopping anybody.
 *
 * Locking: none for the figures; single words that others write. Sums are exact
 * while nobody allocates. node->lock for a look at single slabs.
 *
 * What the fast paths do not count follows from what they do: objects freed
 * into the magazines = handed out + there now + moved out - moved in.
 */
#include "slab/magazine.h"
#include "slab/node.h"
#include "page/zone.h"

/* An address of another CPU's, as a number: its owner writes it plainly. */
static unsigned long address(const void *word)
{
	return READ_ONCE(*(const unsigned long *)word);
}

/*
 * Of another CPU: its magazines may be swapped as we look, and be gone. So they
 * are not looked into, and what does not fit together is kept within bounds.
 */
static unsigned long cpu_cached(const struct soba_cache *c,
				const struct soba_cpu_cache *l)
{
	long n = address(&l->top) - address(&l->loaded) -
		 offsetof(struct soba_mag, slot);

	n = clamp_t(long, n / (long)sizeof(void *), 0, c->mag_max);
	return n + READ_ONCE(l->spare_nr);
}

void soba_cache_cpu_stat(struct soba_cache *c, unsigned int cpu,
			 struct soba_cpu_stat *stat)
{
	const struct soba_cpu_cache *l = per_cpu_ptr(c->cpu, cpu);
	unsigned long allocs;
	long freed;

	stat->cached = cpu_cached(c, l);
	allocs = READ_ONCE(l->allocs);
	stat->alloc_hits = allocs - min(allocs, READ_ONCE(l->refills));
	stat->alloc_misses = READ_ONCE(l->refills) + READ_ONCE(l->slow_allocs);
	freed = allocs + stat->cached + READ_ONCE(l->out) - READ_ONCE(l->in);
	stat->free_hits = max(freed - (long)READ_ONCE(l->unloads), 0L);
	stat->free_misses = READ_ONCE(l->unloads) + READ_ONCE(l->slow_frees);
	stat->nested = READ_ONCE(l->nested);
	stat->remote = READ_ONCE(l->remote);
}

static void add_node(struct soba_cache_node *n, struct soba_cache_stat *stat)
{
	struct soba_depot *d = &n->depot;
	unsigned long objects = READ_ONCE(n->nr_objects);
	unsigned long accounted = atomic_long_read(&n->accounted);

	stat->nr_slabs += READ_ONCE(n->nr_slabs);
	stat->nr_partial += READ_ONCE(n->nr_partial);
	stat->nr_empty += READ_ONCE(n->nr_empty);
	stat->nr_objects += objects + accounted;
	stat->nr_live += objects - min(objects, READ_ONCE(n->nr_free));
	stat->nr_accounted += accounted;
	stat->nr_cached += READ_ONCE(d->objects);
	stat->slabs_made += READ_ONCE(n->slabs_made);
	stat->slabs_gone += READ_ONCE(n->slabs_gone);
	stat->depot_full += READ_ONCE(d->nr_full);
	stat->depot_empty += READ_ONCE(d->nr_empty);
	stat->depot_gets += READ_ONCE(d->gets);
	stat->depot_puts += READ_ONCE(d->puts);
	stat->depot_contended += READ_ONCE(d->contended);
}

/* Magazines count for the node of the CPU that has them. */
void soba_cache_stat(struct soba_cache *c, int nid, struct soba_cache_stat *stat)
{
	struct soba_cache_node *n;
	unsigned int i, cpu;

	memset(stat, 0, sizeof(*stat));
	soba_for_each_cache_node(n, c, i)
		if (nid == NUMA_NO_NODE || nid == n->nid)
			add_node(n, stat);
	for_each_possible_cpu(cpu) {
		const struct soba_cpu_cache *l = per_cpu_ptr(c->cpu, cpu);

		if (nid == NUMA_NO_NODE || nid == l->nid)
			stat->nr_cached += cpu_cached(c, l);
	}
	stat->nr_live -= min(stat->nr_live, stat->nr_cached);
	stat->nr_live += stat->nr_accounted;
}

unsigned long soba_cache_live(struct soba_cache *c)
{
	struct soba_cache_stat stat;

	soba_cache_stat(c, NUMA_NO_NODE, &stat);
	return stat.nr_live;
}

static unsigned int live_of_list(struct list_head *list, unsigned int nr,
				 void **objects)
{
	struct soba_slab *slab;
	unsigned int n = 0;
	u32 i;

	list_for_each_entry(slab, list, link)
		for (i = 0; i < slab->nr; i++) {
			if (n == nr)
				return n;
			if (!(slab->map[i / 64] & 1UL << (i % 64)))
				objects[n++] = soba_slab_object(slab, i);
		}
	return n;
}

unsigned int soba_cache_live_some(struct soba_cache *c, unsigned int nr,
				  void **objects)
{
	struct soba_cache_node *n;
	unsigned int i, fill, done = 0;
	unsigned long flags;

	soba_for_each_cache_node(n, c, i) {
		raw_spin_lock_irqsave(&n->lock, flags);
		done += live_of_list(&n->full, nr - done, objects + done);
		for (fill = 0; fill < SOBA_SLAB_FILLS; fill++)
			done += live_of_list(&n->partial[fill], nr - done,
					     objects + done);
		raw_spin_unlock_irqrestore(&n->lock, flags);
	}
	return done;
}
