// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs.c - floor 5: debugfs soba/, and its small files: events, events_help,
 * errors, validate, shrink.
 *
 * Locking: none here. debugfs keeps the module loaded while a file is open, and
 * waits for operations in progress when the files are removed.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "obs/obs.h"
#include "base/counter.h"
#include "base/report.h"
#include "dma/check.h"
#include "page/grow.h"
#include "page/pcp.h"
#include "page/reclaim.h"
#include "page/validate.h"
#include "slab/validate.h"
#include "varea/validate.h"

/* Of a structure that is broken everywhere, so many lines are enough. */
#define MAX_LAWS 200

static struct dentry *debugfs_root;
static unsigned long last_shrink;	/* frames given back by the last write */

/* What events has besides the counters of counter.h. */
static const struct {
	const char *name;
	const char *unit;
	const char *when;
} derived[] = {
	{ "page_alloc", "blocks", "handed out in all" },
	{ "page_free", "blocks", "taken back in all; after a split each page is one" },
	{ "pcp_frames", "frames", "free in the per-CPU lists and spare blocks now (no total)" },
};

static int events_show(struct seq_file *m, void *v)
{
	struct soba_pcp_stat pcp;
	unsigned long values[ARRAY_SIZE(derived)];
	unsigned int i;

	soba_pcp_stat(&pcp);
	values[0] = pcp.allocs + soba_counter_sum(SOBA_C_PAGE_ALLOC_SLOW);
	values[1] = pcp.frees + soba_counter_sum(SOBA_C_PAGE_FREE_SLOW);
	values[2] = pcp.frames;
	for (i = 0; i < ARRAY_SIZE(derived); i++)
		seq_printf(m, "%-24s %lu\n", derived[i].name, values[i]);
	for (i = 0; i < SOBA_NR_COUNTERS; i++)
		seq_printf(m, "%-24s %lu\n", soba_counter_name(i),
			   soba_counter_sum(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(events);

static int events_help_show(struct seq_file *m, void *v)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(derived); i++)
		seq_printf(m, "%-24s %-9s %s\n", derived[i].name,
			   derived[i].unit, derived[i].when);
	for (i = 0; i < SOBA_NR_COUNTERS; i++)
		seq_printf(m, "%-24s %-9s %s\n", soba_counter_name(i),
			   soba_counter_unit(i), soba_counter_when(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(events_help);

static int errors_show(struct seq_file *m, void *v)
{
	unsigned int class;

	for (class = 0; class < SOBA_NR_REPORTS; class++) {
		seq_printf(m, "%-18s %lu ", soba_report_name(class),
			   soba_report_total(class));
		soba_obs_put_site(m, soba_report_last_site(class));
		seq_putc(m, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(errors);

struct laws {
	struct seq_file *m;
	unsigned int lines;
};

/* Runs with a zone's lock held: a seq_file's buffer is there already. */
static void say_law(void *arg, const char *line)
{
	struct laws *laws = arg;

	if (laws->lines++ < MAX_LAWS)
		seq_printf(laws->m, "%s\n", line);
}

static void say_ok(struct seq_file *m)
{
	unsigned long frames = 0, chunks = 0;
	struct soba_zone_snap snap;
	unsigned int id;

	for (id = 0; id < soba_nr_zones; id++) {
		soba_zone_snap(soba_zone_by_id(id), &snap);
		frames += snap.managed;
		chunks += snap.nr_chunks;
	}
	seq_printf(m, "ok: %u zones, %lu chunks, %lu frames\n", soba_nr_zones,
		   chunks, frames);
}

static int validate_show(struct seq_file *m, void *v)
{
	struct laws laws = { .m = m };
	unsigned int broken = soba_validate_all(say_law, &laws);

	broken += soba_cache_validate_all(say_law, &laws);
	broken += soba_varea_validate(say_law, &laws);
	broken += soba_dma_validate(say_law, &laws);
	if (!broken)
		say_ok(m);
	else
		seq_printf(m, "broken: %u laws\n", broken);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(validate);

static int shrink_get(void *data, u64 *val)
{
	*val = READ_ONCE(last_shrink);
	return 0;
}

static int shrink_set(void *data, u64 val)
{
	if (val != 1)
		return -EINVAL;
	/* Whoever asks here is not short, and wants all of it. */
	soba_reclaim_wait();
	WRITE_ONCE(last_shrink, soba_shrink_all());
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(shrink_fops, shrink_get, shrink_set, "%llu\n");

int soba_debugfs_init(void)
{
	struct dentry *root = debugfs_create_dir("soba", NULL);

	if (IS_ERR(root)) {
		pr_info("soba: no debugfs files: error %ld\n", PTR_ERR(root));
		return 0;
	}
	debugfs_root = root;
	debugfs_create_file("events", 0400, root, NULL, &events_fops);
	debugfs_create_file("events_help", 0400, root, NULL, &events_help_fops);
	debugfs_create_file("errors", 0400, root, NULL, &errors_fops);
	debugfs_create_file("validate", 0400, root, NULL, &validate_fops);
	debugfs_create_file_unsafe("shrink", 0600, root, NULL, &shrink_fops);
	soba_debugfs_add_zones(root);
	soba_debugfs_add_map(root);
	soba_debugfs_add_caches(root);
	soba_debugfs_add_vmalloc(root);
	soba_debugfs_add_dma(root);
	return 0;
}

void soba_debugfs_exit(void)
{
	soba_debugfs_del_caches();
	soba_debugfs_del_dma();
	debugfs_remove(debugfs_root);
	debugfs_root = NULL;
}
