// SPDX-License-Identifier: GPL-2.0
/*
 * proc_vmalloc.c - floor 5: /proc/soba/vmallocinfo, the kernel's format to the
 * letter, and vmalloc of debugfs. Coherent memory is told of where the kernel
 * would: when the host had to map it, for an IOMMU say.
 *
 * Locking: areas are copied a batch at a time under their shard's lock, coherent
 * memory under rcu_read_lock(), into the open file, and printed without it.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "obs/obs.h"
#include "base/counter.h"
#include "dma/check.h"
#include "page/limits.h"
#include "varea/cache.h"
#include "varea/index.h"

/* Of an open file: the batch that is being printed. */
struct reader {
	struct soba_index_pos pos;	/* areas first */
	struct soba_dma_pos dma;
	unsigned int nr;
	unsigned int at;
	loff_t index;			/* of the line at ->at */
	struct soba_area_info info[SOBA_INDEX_BATCH];
};

#define DMA_BATCH 8

/* The next slabs of coherent memory that the host has mapped. */
static unsigned int read_coherent(struct reader *r)
{
	struct soba_dma_info dma[DMA_BATCH];
	unsigned int i, got, n = 0;

	while (!n && (got = soba_dma_read(&r->dma, dma, DMA_BATCH))) {
		for (i = 0; i < got; i++) {
			if (!is_vmalloc_addr((void *)dma[i].addr))
				continue;
			r->info[n++] = (struct soba_area_info){
				.addr = dma[i].addr,
				.nr_pages = dma[i].bytes >> PAGE_SHIFT,
				.caller = dma[i].caller,
				.flags = SOBA_AREA_DMA,
				.live = true,
			};
		}
		cond_resched();
	}
	return n;
}

static struct soba_area_info *next_area(struct reader *r)
{
	if (r->at < r->nr)
		return &r->info[r->at];
	r->nr = soba_index_read(&r->pos, r->info, ARRAY_SIZE(r->info));
	if (!r->nr)
		r->nr = read_coherent(r);
	r->at = 0;
	cond_resched();
	return r->nr ? &r->info[0] : NULL;
}

/* Goes on where it stopped; only a seek backwards begins again. */
static void *vmallocinfo_start(struct seq_file *m, loff_t *pos)
{
	struct reader *r = m->private;
	struct soba_area_info *info;

	/* Also where there was nothing yet. */
	if (*pos < r->index || !*pos) {
		r->pos = (struct soba_index_pos){ };
		r->dma = (struct soba_dma_pos){ };
		r->nr = 0;
		r->at = 0;
		r->index = 0;
	}
	for (info = next_area(r); info && r->index < *pos; info = next_area(r)) {
		r->at++;
		r->index++;
	}
	return info;
}

static void *vmallocinfo_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct reader *r = m->private;

	++*pos;
	r->at++;
	r->index++;
	return next_area(r);
}

static void vmallocinfo_stop(struct seq_file *m, void *v)
{
}

static void put_nodes(struct seq_file *m, const struct soba_area_info *info)
{
	unsigned int nid;

	if (!info->keeps_pages)
		return;
	for (nid = 0; nid < ARRAY_SIZE(info->on_node); nid++)
		if (info->on_node[nid])
			seq_printf(m, " N%u=%u", nid, info->on_node[nid]);
}

static int vmallocinfo_show(struct seq_file *m, void *v)
{
	const struct soba_area_info *info = v;
	/* With the guard page, as the kernel shows it. */
	long bytes = (info->nr_pages + 1) << PAGE_SHIFT;
	void *addr = (void *)info->addr;

	seq_printf(m, "0x%pK-0x%pK %7ld", addr, addr + bytes, bytes);
	if (!info->live) {
		seq_puts(m, " unpurged vm_area\n");
		return 0;
	}
	if (info->caller)
		seq_printf(m, " %pS", (void *)info->caller);
	if (info->keeps_pages)
		seq_printf(m, " pages=%lu", info->nr_pages);
	if (info->flags & SOBA_AREA_OWNS)
		seq_puts(m, " vmalloc");
	if (info->flags & SOBA_AREA_MAP)
		seq_puts(m, " vmap");
	if (info->flags & SOBA_AREA_USER)
		seq_puts(m, " user");
	if (info->flags & SOBA_AREA_DMA)
		seq_puts(m, " dma-coherent");
	if (info->array)
		seq_puts(m, " vpages");
	put_nodes(m, info);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations vmallocinfo_ops = {
	.start = vmallocinfo_start,
	.next = vmallocinfo_next,
	.stop = vmallocinfo_stop,
	.show = vmallocinfo_show,
};

struct proc_dir_entry *soba_proc_add_vmalloc(struct proc_dir_entry *dir)
{
	return proc_create_seq_private("vmallocinfo", 0400, dir,
				       &vmallocinfo_ops, sizeof(struct reader),
				       NULL);
}

static unsigned long largest_area(void)
{
	struct soba_index_pos pos = { };
	struct soba_area_info *info;
	unsigned long largest = 0;
	unsigned int i, n;

	info = kcalloc(SOBA_INDEX_BATCH, sizeof(*info), GFP_KERNEL);
	if (!info)
		return 0;
	while ((n = soba_index_read(&pos, info, SOBA_INDEX_BATCH))) {
		for (i = 0; i < n; i++)
			if (info[i].live)
				largest = max(largest, info[i].nr_pages);
		cond_resched();
	}
	kfree(info);
	return largest << PAGE_SHIFT;
}

static int vmalloc_show(struct seq_file *m, void *v)
{
	unsigned long cached = soba_varea_pages();
	struct soba_index_stat stat;
	unsigned int level;

	soba_index_stat(&stat);
	seq_printf(m, "areas %lu\n", stat.areas);
	seq_printf(m, "mapped_bytes %lu\n", stat.pages << PAGE_SHIFT);
	seq_printf(m, "cached_areas %lu\n", soba_varea_areas());
	seq_printf(m, "cached_bytes %lu\n", cached << PAGE_SHIFT);
	seq_printf(m, "cache_limit_bytes %lu\n",
		   soba_limits.vmalloc_cache << PAGE_SHIFT);
	seq_printf(m, "largest_bytes %lu\n", largest_area());
	seq_printf(m, "hits %lu\n", soba_counter_sum(SOBA_C_AREA_HIT));
	seq_printf(m, "misses %lu\n", soba_counter_sum(SOBA_C_AREA_MAP));
	seq_printf(m, "purges %lu\n", soba_counter_sum(SOBA_C_AREA_PURGE));
	for (level = 0; level < SOBA_INDEX_LEVELS; level++)
		seq_printf(m, "index_level%u %lu\n", level, stat.level[level]);
	seq_printf(m, "index_trees %u\n", stat.shards);
	seq_printf(m, "index_fullest %lu\n", stat.fullest);
	seq_printf(m, "longest_hold_ns %lu\n", stat.longest);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmalloc);

void soba_debugfs_add_vmalloc(struct dentry *root)
{
	debugfs_create_file("vmalloc", 0400, root, NULL, &vmalloc_fops);
}
