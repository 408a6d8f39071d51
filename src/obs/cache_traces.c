// SPDX-License-Identifier: GPL-2.0
/*
 * cache_traces.c - floor 5: alloc_traces and free_traces of a cache, in the
 * format of the kernel's debugfs slab/<name>/.
 *
 * All is gathered when the file is opened: one entry for each stack, with how
 * many live objects were allocated (or freed, in their former life) from it.
 *
 * Locking: none; an open file has its own table. See objects.c.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/jhash.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "obs/cache_dir.h"
#include "obs/objects.h"

struct place {
	unsigned long addrs[SOBA_TRACK_ADDRS];
	unsigned int nr;		/* addresses; 0: not known */
	unsigned long count;		/* objects */
	unsigned long min_age;		/* jiffies */
	unsigned long max_age;
	u64 sum_age;
	int min_pid;
	int max_pid;
	nodemask_t nodes;
	unsigned long cpus[];		/* nr_cpu_ids bits */
};

/* Places side by side, and a hash table of their numbers plus 1. */
struct places {
	void *place;
	u32 *slot;
	unsigned int nr;
	unsigned int max;		/* a power of two; so are the slots, twice */
};

static size_t place_bytes(void)
{
	return struct_size_t(struct place, cpus, BITS_TO_LONGS(nr_cpu_ids));
}

static struct place *place_at(const struct places *p, unsigned int i)
{
	return p->place + i * place_bytes();
}

static u32 hash_of(const unsigned long *addrs, unsigned int nr)
{
	return jhash(addrs, nr * sizeof(*addrs), nr);
}

/* The slot of a stack: with its place's number, or empty. */
static u32 *slot_of(const struct places *p, const unsigned long *addrs,
		    unsigned int nr)
{
	u32 mask = 2 * p->max - 1, i = hash_of(addrs, nr) & mask;

	for (; p->slot[i]; i = (i + 1) & mask) {
		const struct place *l = place_at(p, p->slot[i] - 1);

		if (l->nr == nr && !memcmp(l->addrs, addrs, nr * sizeof(*addrs)))
			break;
	}
	return &p->slot[i];
}

static void free_places(struct places *p)
{
	kvfree(p->place);
	kvfree(p->slot);
}

static int alloc_places(struct places *p, unsigned int max)
{
	p->nr = 0;
	p->max = max;
	p->place = kvcalloc(max, place_bytes(), GFP_KERNEL);
	p->slot = kvcalloc(2 * max, sizeof(*p->slot), GFP_KERNEL);
	if (p->place && p->slot)
		return 0;
	free_places(p);
	return -ENOMEM;
}

/* Make room for @nr more, as no memory can be had while a slab is looked at. */
static int make_room(void *arg, unsigned int nr)
{
	struct places *p = arg, more;
	unsigned int i;

	if (p->max - p->nr >= nr)
		return 0;
	if (alloc_places(&more, 2 * p->max))
		return -ENOMEM;
	more.nr = p->nr;
	memcpy(more.place, p->place, p->nr * place_bytes());
	for (i = 0; i < more.nr; i++) {
		const struct place *l = place_at(&more, i);

		*slot_of(&more, l->addrs, l->nr) = i + 1;
	}
	free_places(p);
	*p = more;
	return 0;
}

static struct place *place_of(struct places *p, const struct soba_track *t)
{
	u32 *slot = slot_of(p, t->addrs, t->nr);
	struct place *l;

	if (*slot)
		return place_at(p, *slot - 1);
	l = place_at(p, p->nr++);
	*slot = p->nr;
	memcpy(l->addrs, t->addrs, t->nr * sizeof(*t->addrs));
	l->nr = t->nr;
	l->min_age = ULONG_MAX;
	l->min_pid = INT_MAX;
	return l;
}

static void add_object(void *arg, const struct soba_obs_object *o)
{
	const struct soba_track *t = &o->track;
	struct place *l = place_of(arg, t);
	unsigned long age = t->nr ? jiffies - t->when : 0;

	l->count++;
	l->sum_age += age;
	l->min_age = min(l->min_age, age);
	l->max_age = max(l->max_age, age);
	l->min_pid = min(l->min_pid, t->nr ? t->pid : 0);
	l->max_pid = max(l->max_pid, t->nr ? t->pid : 0);
	if (t->nr && t->cpu < nr_cpu_ids)
		__set_bit(t->cpu, l->cpus);
	node_set(o->nid, l->nodes);
}

static int by_count(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->count == y->count)
		return 0;
	return x->count > y->count ? -1 : 1;
}

static void put_place(struct seq_file *m, const struct place *l)
{
	unsigned int i;

	seq_printf(m, "%7ld ", l->count);
	if (l->nr)
		seq_printf(m, "%pS", (void *)l->addrs[0]);
	else
		seq_puts(m, "<not-available>");
	if (l->sum_age != l->min_age)
		seq_printf(m, " age=%ld/%llu/%ld", l->min_age,
			   div64_ul(l->sum_age, l->count), l->max_age);
	else
		seq_printf(m, " age=%ld", l->min_age);
	if (l->min_pid != l->max_pid)
		seq_printf(m, " pid=%d-%d", l->min_pid, l->max_pid);
	else
		seq_printf(m, " pid=%d", l->min_pid);
	if (num_online_cpus() > 1 && !bitmap_empty(l->cpus, nr_cpu_ids))
		seq_printf(m, " cpus=%*pbl", (int)nr_cpu_ids, l->cpus);
	if (num_online_nodes() > 1 && !nodes_empty(l->nodes))
		seq_printf(m, " nodes=%*pbl", nodemask_pr_args(&l->nodes));
	seq_putc(m, '\n');
	for (i = 0; i < l->nr; i++)
		seq_printf(m, "        %pS\n", (void *)l->addrs[i]);
	if (l->nr)
		seq_putc(m, '\n');
}

static void *traces_start(struct seq_file *m, loff_t *pos)
{
	struct places *p = m->private;

	if (!p->nr && !*pos)
		return SEQ_START_TOKEN;
	return *pos < p->nr ? place_at(p, *pos) : NULL;
}

static void *traces_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct places *p = m->private;

	++*pos;
	return *pos < p->nr ? place_at(p, *pos) : NULL;
}

static void traces_stop(struct seq_file *m, void *v)
{
}

static int traces_show(struct seq_file *m, void *v)
{
	if (v == SEQ_START_TOKEN)
		seq_puts(m, "No data\n");
	else
		put_place(m, v);
	return 0;
}

static const struct seq_operations traces_ops = {
	.start = traces_start,
	.next = traces_next,
	.stop = traces_stop,
	.show = traces_show,
};

static int gather(struct places *p, struct cache_dir *d,
		  const struct cache_file *f)
{
	const struct soba_obs_walk walk = {
		.cache = d->cache,
		.which = f->arg,
		.ready = make_room,
		.found = add_object,
		.arg = p,
	};
	int err = alloc_places(p, 2 * SOBA_SLAB_MAX_OBJECTS);

	if (err)
		return err;
	err = soba_obs_walk_objects(&walk);
	if (err)
		free_places(p);
	else
		sort(p->place, p->nr, place_bytes(), by_count, NULL);
	return err;
}

static int traces_open(struct inode *inode, struct file *file)
{
	struct places *p = __seq_open_private(file, &traces_ops, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	err = gather(p, soba_cache_dir(file), inode->i_private);
	if (err)
		seq_release_private(inode, file);
	return err;
}

static int traces_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	free_places(m->private);
	return seq_release_private(inode, file);
}

const struct file_operations soba_cache_traces_fops = {
	.owner = THIS_MODULE,
	.open = traces_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = traces_release,
};
