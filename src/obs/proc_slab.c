// SPDX-License-Identifier: GPL-2.0
/*
 * proc_slab.c - floor 5: /proc/soba/slabinfo, and meminfo's rows about slabs.
 *
 * Locking: soba_cache_mutex keeps the registry still while it is printed into
 * the file's buffer. Nothing is allocated under it: a buffer that is too small
 * is enlarged after it was dropped, and the file printed again. So all rows are
 * of one list of caches, and a cache that lives on is never missing.
 */
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "obs/obs.h"
#include "slab/cache.h"

/* A name is one word for those who parse: slabtop, awk. */
static void put_name(struct seq_file *m, const struct soba_cache *c)
{
	char word[SOBA_CACHE_NAME_LEN];

	soba_obs_word(word, c->name, sizeof(word));
	seq_printf(m, "%-17s", word);
}

/*
 * The kernel's row. Its SLUB has no tunables and no shared objects, and shows
 * zeros; what soba has in their place is in debugfs caches/.
 */
static void put_cache(struct seq_file *m, struct soba_cache *c)
{
	struct soba_cache_stat stat;

	soba_cache_stat(c, NUMA_NO_NODE, &stat);
	put_name(m, c);
	seq_printf(m, " %6lu %6lu %6u %4u %4d", stat.nr_live, stat.nr_objects,
		   c->size, c->nr, 1 << c->order);
	seq_printf(m, " : tunables %4u %4u %4u", 0, 0, 0);
	seq_printf(m, " : slabdata %6lu %6lu %6lu\n",
		   stat.nr_slabs - min(stat.nr_slabs, stat.nr_empty),
		   stat.nr_slabs, 0UL);
}

int soba_slabinfo_show(struct seq_file *m, void *v)
{
	struct soba_cache *c;

	seq_puts(m, "slabinfo - version: 2.1\n");
	seq_puts(m, "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>");
	seq_puts(m, " : tunables <limit> <batchcount> <sharedfactor>");
	seq_puts(m, " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	mutex_lock(&soba_cache_mutex);
	list_for_each_entry(c, &soba_cache_list, link) {
		put_cache(m, c);
		cond_resched();
	}
	/* Destroyed with live objects: as in the kernel they stay to be seen. */
	list_for_each_entry(c, &soba_cache_tombs, tomb)
		if (soba_cache_live(c))
			put_cache(m, c);
	mutex_unlock(&soba_cache_mutex);
	return 0;
}

static void add_slabs(struct soba_slab_sums *sum, struct soba_cache *c)
{
	struct soba_cache_stat stat;

	soba_cache_stat(c, NUMA_NO_NODE, &stat);
	if (c->flags & SLAB_RECLAIM_ACCOUNT)
		sum->reclaimable += stat.nr_slabs << c->order;
	else
		sum->unreclaimable += stat.nr_slabs << c->order;
}

void soba_slab_sums(struct soba_slab_sums *sum)
{
	struct soba_cache *c;

	memset(sum, 0, sizeof(*sum));
	mutex_lock(&soba_cache_mutex);
	list_for_each_entry(c, &soba_cache_list, link) {
		add_slabs(sum, c);
		cond_resched();
	}
	list_for_each_entry(c, &soba_cache_tombs, tomb)
		add_slabs(sum, c);
	mutex_unlock(&soba_cache_mutex);
}
