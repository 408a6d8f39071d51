// SPDX-License-Identifier: GPL-2.0
/*
 * cache_file.c - floor 5: the files of soba/caches/<name>/, those that SLUB has
 * in /sys/kernel/slab/<name>/ in its formats, and those about magazines.
 *
 * A figure of nodes is `sum N0=a N1=b`, a figure of CPUs `sum C0=a C1=b`; who
 * has 0 is left out. The sums are over all CPUs there may ever be: what one has
 * counted stays counted when it goes offline.
 *
 * Locking: dir->lock around ->cleared and ->shrunk. Figures are read without
 * stopping who allocates.
 */
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "obs/cache_dir.h"
#include "obs/obs.h"
#include "page/zone.h"
#include "slab/debug.h"
#include "slab/reap.h"
#include "slab/validate.h"

/* struct soba_cache_stat, and what follows from it. */
struct node_figures {
	struct soba_cache_stat stat;
	unsigned long full;		/* slabs */
	unsigned long objects_partial;
};

static unsigned long minus(unsigned long a, unsigned long b)
{
	return a > b ? a - b : 0;
}

static void get_figures(struct soba_cache *c, int nid, struct node_figures *f)
{
	struct soba_cache_stat *s = &f->stat;

	soba_cache_stat(c, nid, s);
	f->full = minus(s->nr_slabs, s->nr_partial + s->nr_empty);
	f->objects_partial = minus(s->nr_live - s->nr_accounted + s->nr_cached,
				   f->full * c->nr);
}

static unsigned long word_at(const void *p, size_t offset)
{
	return *(const unsigned long *)(p + offset);
}

static int show_nodes(struct seq_file *m, struct cache_dir *d, size_t arg)
{
	struct node_figures f;
	unsigned int i;

	get_figures(d->cache, NUMA_NO_NODE, &f);
	seq_printf(m, "%lu", word_at(&f, arg));
	for (i = 0; i < soba_nr_nodes; i++) {
		int nid = soba_node_id(i);

		get_figures(d->cache, nid, &f);
		if (word_at(&f, arg))
			seq_printf(m, " N%d=%lu", nid, word_at(&f, arg));
	}
	seq_putc(m, '\n');
	return 0;
}

/* A CPU's counter since it was cleared; d->lock held. */
static unsigned long cpu_word(struct cache_dir *d, unsigned int cpu, size_t arg)
{
	struct soba_cpu_stat stat;

	lockdep_assert_held(&d->lock);
	soba_cache_cpu_stat(d->cache, cpu, &stat);
	if (!d->cleared)
		return word_at(&stat, arg);
	return minus(word_at(&stat, arg), word_at(&d->cleared[cpu], arg));
}

static int show_cpus(struct seq_file *m, struct cache_dir *d, size_t arg)
{
	unsigned long n, sum = 0;
	unsigned int cpu;

	mutex_lock(&d->lock);
	for_each_possible_cpu(cpu)
		sum += cpu_word(d, cpu, arg);
	seq_printf(m, "%lu", sum);
	for_each_possible_cpu(cpu) {
		n = cpu_word(d, cpu, arg);
		if (n)
			seq_printf(m, " C%u=%lu", cpu, n);
	}
	seq_putc(m, '\n');
	mutex_unlock(&d->lock);
	return 0;
}

/* The counters themselves are never written: the sum of objects hangs on them. */
static int clear_cpus(struct cache_dir *d, size_t arg, unsigned long value)
{
	struct soba_cpu_stat stat;
	unsigned int cpu;

	if (value)
		return -EINVAL;
	mutex_lock(&d->lock);
	if (!d->cleared)
		d->cleared = kvcalloc(nr_cpu_ids, sizeof(*d->cleared),
				      GFP_KERNEL);
	if (!d->cleared) {
		mutex_unlock(&d->lock);
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu) {
		soba_cache_cpu_stat(d->cache, cpu, &stat);
		*(unsigned long *)((void *)&d->cleared[cpu] + arg) =
			word_at(&stat, arg);
	}
	mutex_unlock(&d->lock);
	return 0;
}

static int show_u32(struct seq_file *m, struct cache_dir *d, size_t arg)
{
	seq_printf(m, "%u\n", *(const u32 *)((const void *)d->cache + arg));
	return 0;
}

static int show_order(struct seq_file *m, struct cache_dir *d, size_t arg)
{
	seq_printf(m, "%u\n", d->cache->order);
	return 0;
}

/* What SLUB calls so: objects that a CPU keeps for itself. */
static int show_cpu_partial(struct seq_file *m, struct cache_dir *d, size_t arg)
{
	seq_printf(m, "%u\n", 2 * READ_ONCE(d->cache->mag_cap));
	return 0;
}

static int show_flag(struct seq_file *m, struct cache_dir *d, size_t arg)
{
	seq_printf(m, "%d\n", !!((__force size_t)d->cache->flags & arg));
	return 0;
}

/* soba never merges caches. */
static int show_aliases(struct seq_file *m, struct cache_dir *d, size_t arg)
{
	seq_puts(m, "0\n");
	return 0;
}

static int show_ctor(struct seq_file *m, struct cache_dir *d, size_t arg)
{
	if (d->cache->ctor)
		seq_printf(m, "%pS\n", d->cache->ctor);
	return 0;
}

static int show_shrunk(struct seq_file *m, struct cache_dir *d, size_t arg)
{
	seq_printf(m, "%lu\n", READ_ONCE(d->shrunk));
	return 0;
}

static int store_shrink(struct cache_dir *d, size_t arg, unsigned long value)
{
	if (value != 1)
		return -EINVAL;
	WRITE_ONCE(d->shrunk, soba_cache_shrink(d->cache));
	return 0;
}

static void say_law(void *m, const char *line)
{
	seq_printf(m, "%s\n", line);
}

static void say_nothing(void *m, const char *line)
{
}

/* Reading tells which laws are broken; writing 1, as in the kernel, if any is. */
static int show_validate(struct seq_file *m, struct cache_dir *d, size_t arg)
{
	unsigned int broken = soba_cache_validate(d->cache, say_law, m);

	if (broken)
		seq_printf(m, "broken: %u laws\n", broken);
	else
		seq_puts(m, "ok\n");
	return 0;
}

static int store_validate(struct cache_dir *d, size_t arg, unsigned long value)
{
	if (value != 1)
		return -EINVAL;
	return soba_cache_validate(d->cache, say_nothing, NULL) ? -EUCLEAN : 0;
}

static bool has_tracks(const struct soba_cache *c)
{
	return c->track_offset;
}

#define CACHE_U32(name_, member)					\
	{ .name = #name_, .mode = 0400, .show = show_u32,		\
	  .arg = offsetof(struct soba_cache, member) }
#define CACHE_FLAG(name_, flag)						\
	{ .name = #name_, .mode = 0400, .show = show_flag,		\
	  .arg = (__force size_t)(flag) }
#define CACHE_NODES(name_, member)					\
	{ .name = #name_, .mode = 0400, .show = show_nodes,		\
	  .arg = offsetof(struct node_figures, member) }
#define CACHE_CPUS(name_, member)					\
	{ .name = #name_, .mode = 0600, .show = show_cpus,		\
	  .store = clear_cpus,						\
	  .arg = offsetof(struct soba_cpu_stat, member) }
#define CACHE_SHOW(name_)						\
	{ .name = #name_, .mode = 0400, .show = show_##name_ }

const struct cache_file soba_cache_files[] = {
	CACHE_U32(slab_size, size),
	CACHE_U32(object_size, object_size),
	CACHE_U32(objs_per_slab, nr),
	CACHE_SHOW(order),
	CACHE_U32(align, align),
	CACHE_U32(min_partial, min_empty),
	CACHE_SHOW(cpu_partial),
	CACHE_SHOW(aliases),
	CACHE_SHOW(ctor),
	CACHE_U32(usersize, usersize),

	CACHE_NODES(objects, stat.nr_live),
	CACHE_NODES(total_objects, stat.nr_objects),
	CACHE_NODES(slabs, stat.nr_slabs),
	CACHE_NODES(partial, stat.nr_partial),
	CACHE_NODES(objects_partial, objects_partial),

	CACHE_FLAG(cache_dma, SLAB_CACHE_DMA),
	CACHE_FLAG(red_zone, SLAB_RED_ZONE),
	CACHE_FLAG(poison, SLAB_POISON),
	CACHE_FLAG(store_user, SLAB_STORE_USER),
	CACHE_FLAG(sanity_checks, SLAB_CONSISTENCY_CHECKS),
	CACHE_FLAG(reclaim_account, SLAB_RECLAIM_ACCOUNT),
	CACHE_FLAG(hwcache_align, SLAB_HWCACHE_ALIGN),
	CACHE_FLAG(destroy_by_rcu, SLAB_TYPESAFE_BY_RCU),

	CACHE_CPUS(alloc_fastpath, alloc_hits),
	CACHE_CPUS(alloc_slowpath, alloc_misses),
	CACHE_CPUS(free_fastpath, free_hits),
	CACHE_CPUS(free_slowpath, free_misses),
	CACHE_NODES(alloc_slab, stat.slabs_made),
	CACHE_NODES(free_slab, stat.slabs_gone),

	{ .name = "shrink", .mode = 0600, .show = show_shrunk,
	  .store = store_shrink },
	{ .name = "validate", .mode = 0600, .show = show_validate,
	  .store = store_validate },
	{ .name = "alloc_traces", .mode = 0400, .arg = SOBA_TRACK_ALLOC,
	  .when = has_tracks, .fops = &soba_cache_traces_fops },
	{ .name = "free_traces", .mode = 0400, .arg = SOBA_TRACK_FREE,
	  .when = has_tracks, .fops = &soba_cache_traces_fops },

	/* soba's own */
	CACHE_U32(mag_size, mag_cap),
	CACHE_NODES(depot_full, stat.depot_full),
	CACHE_NODES(depot_empty, stat.depot_empty),
	CACHE_NODES(depot_gets, stat.depot_gets),
	CACHE_NODES(depot_puts, stat.depot_puts),
	CACHE_NODES(depot_contended, stat.depot_contended),
	CACHE_NODES(objects_cached, stat.nr_cached),
	CACHE_NODES(slabs_full, full),
	CACHE_NODES(slabs_empty, stat.nr_empty),
	{ .name = "cpu_objects", .mode = 0400, .show = show_cpus,
	  .arg = offsetof(struct soba_cpu_stat, cached) },
	CACHE_CPUS(remote_frees, remote),
	CACHE_CPUS(nested, nested),
};

const unsigned int soba_nr_cache_files = ARRAY_SIZE(soba_cache_files);
