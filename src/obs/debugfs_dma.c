// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs_dma.c - floor 5: debugfs soba/dma/: a directory for each device that
 * has a heap, with `stats`, `sites` and `caches`.
 *
 * Locking: a directory is made and removed under the lock of dma/retire.h, and
 * its removal waits for its readers: so a reader's heap stays. Figures are read
 * without a lock, one after the other; exact when nobody allocates.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "obs/obs.h"
#include "dma/cache.h"
#include "dma/check.h"
#include "dma/heap.h"
#include "dma/retire.h"
#include "dma/stream.h"

static struct dentry *dma_root;

struct totals {
	unsigned long objects;
	unsigned long bytes;
	unsigned long peak;
	unsigned long listed;
	unsigned long idle;
};

static void add_cache(struct soba_dma_cache *c, void *arg)
{
	unsigned long used = soba_dma_cache_used(c);
	struct totals *t = arg;

	t->idle += READ_ONCE(c->idle_bytes);
	rcu_read_lock();
	t->listed += soba_dma_cache_listed(c) * c->size;
	rcu_read_unlock();
	t->peak += READ_ONCE(c->peak) * c->size;
	t->objects += used;
}

static void add_site(void *arg, const struct soba_dma_site *site)
{
	struct totals *t = arg;

	t->bytes += site->bytes;
}

static int stats_show(struct seq_file *m, void *v)
{
	struct soba_dma_heap *heap = m->private;
	struct totals t = { };

	t.peak = READ_ONCE(heap->block.peak_bytes);
	soba_dma_heap_caches(heap, add_cache, &t);
	soba_dma_sites(heap, NULL, add_site, &t);
	seq_printf(m, "%-24s %#llx\n", "coherent_mask",
		   soba_port_dma_mask(heap->dev));
	seq_printf(m, "%-24s %lu\n", "blocks", t.objects);
	seq_printf(m, "%-24s %lu\n", "bytes", t.bytes);
	seq_printf(m, "%-24s %lu\n", "peak_bytes", t.peak);
	seq_printf(m, "%-24s %ld\n", "failures",
		   atomic_long_read(&heap->fails));
	seq_printf(m, "%-24s %ld\n", "held_bytes",
		   atomic_long_read(&heap->held));
	seq_printf(m, "%-24s %ld\n", "held_peak_bytes",
		   atomic_long_read(&heap->held_peak));
	seq_printf(m, "%-24s %lu\n", "listed_bytes", t.listed);
	seq_printf(m, "%-24s %lu\n", "idle_bytes", t.idle);
	seq_printf(m, "%-24s %lu\n", "streaming_mappings",
		   soba_dma_stream_count(heap->dev));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static void show_site(void *arg, const struct soba_dma_site *site)
{
	struct seq_file *m = arg;

	seq_printf(m, "%12lu %8lu ", site->bytes, site->objects);
	soba_obs_put_site(m, site->caller);
	seq_putc(m, '\n');
}

static int sites_show(struct seq_file *m, void *v)
{
	seq_puts(m, "#      bytes   blocks site\n");
	soba_dma_sites(m->private, NULL, show_site, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(sites);

/* Under a raw lock for pools: the buffer of a single file is there already. */
static void show_cache(struct soba_dma_cache *c, void *arg)
{
	unsigned long used = soba_dma_cache_used(c), listed;
	struct seq_file *m = arg;

	rcu_read_lock();
	listed = soba_dma_cache_listed(c);
	rcu_read_unlock();
	seq_printf(m, "%-24s %6u %6u %8lu %8lu %8lu %8u %8u\n", c->name, c->size,
		   c->stride, used, READ_ONCE(c->peak), listed,
		   READ_ONCE(c->nr_slabs), READ_ONCE(c->nr_idle));
}

static int caches_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%-24s %6s %6s %8s %8s %8s %8s %8s\n", "# name", "size",
		   "stride", "used", "peak", "listed", "slabs", "idle");
	soba_dma_heap_caches(m->private, show_cache, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(caches);

/* Another bus may have a device of the same name. */
static struct dentry *new_dir(const char *name)
{
	char other[SOBA_DMA_NAME + 8];
	struct dentry *dir;
	unsigned int i;

	dir = debugfs_create_dir(name, dma_root);
	for (i = 2; IS_ERR(dir) && i < 10; i++) {
		scnprintf(other, sizeof(other), "%s.%u", name, i);
		dir = debugfs_create_dir(other, dma_root);
	}
	return dir;
}

static void appear(struct soba_dma_heap *heap)
{
	struct dentry *dir = new_dir(heap->name);

	if (IS_ERR(dir))
		return;
	heap->dir = dir;
	debugfs_create_file("stats", 0400, dir, heap, &stats_fops);
	debugfs_create_file("sites", 0400, dir, heap, &sites_fops);
	debugfs_create_file("caches", 0400, dir, heap, &caches_fops);
}

static void vanish(struct soba_dma_heap *heap)
{
	debugfs_remove(heap->dir);
	heap->dir = NULL;
}

static const struct soba_dma_watcher watcher = {
	.appear = appear,
	.vanish = vanish,
};

void soba_debugfs_add_dma(struct dentry *root)
{
	dma_root = debugfs_create_dir("dma", root);
	if (!IS_ERR(dma_root))
		soba_dma_watch(&watcher);
}

static void hide(struct soba_dma_heap *heap, void *arg)
{
	soba_dma_retire_lock();
	if (heap->dir)
		vanish(heap);
	soba_dma_retire_unlock();
}

void soba_debugfs_del_dma(void)
{
	soba_dma_watch(NULL);
	soba_dma_heap_each(hide, NULL);
}
