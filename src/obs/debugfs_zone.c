// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs_zone.c - floor 5: debugfs soba/zones/, one file for each zone.
 *
 * Locking: zone->lock for a copy, see snap.c. Zones live as long as the module,
 * and debugfs waits for readers when the files are removed.
 */
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/seq_file.h>

#include "obs/obs.h"
#include "page/pcp.h"

static unsigned long blocks_of(const struct soba_zone_snap *snap,
			       unsigned int order)
{
	return snap->blocks[SOBA_KIND_DIRTY][order] +
	       snap->blocks[SOBA_KIND_ZERO][order];
}

/*
 * The kernel's unusable_free_index(): which share of the free frames lies in
 * blocks too small for a request of this order, in 1/1000. 1000 when none is
 * free.
 */
static unsigned int unusable_index(const struct soba_zone_snap *snap,
				   unsigned int order)
{
	unsigned long usable = 0;
	unsigned int o;

	if (!snap->free)
		return 1000;
	for (o = order; o < SOBA_NR_ORDERS; o++)
		usable += blocks_of(snap, o) << o;
	return div_u64((snap->free - usable) * 1000ULL, snap->free);
}

static void put_figures(struct seq_file *m, struct soba_zone *zone,
			const struct soba_zone_snap *snap)
{
	seq_printf(m, "%-16s %d\n", "node", zone->nid);
	seq_printf(m, "%-16s %s\n", "zone", soba_class_name(zone->class));
	seq_printf(m, "%-16s %lu\n", "free", snap->free);
	seq_printf(m, "%-16s %lu\n", "pcp", soba_pcp_zone_frames(zone));
	seq_printf(m, "%-16s %lu\n", "idle", snap->idle);
	seq_printf(m, "%-16s %lu\n", "managed", snap->managed);
	seq_printf(m, "%-16s %u\n", "chunks", snap->nr_chunks);
	seq_printf(m, "%-16s %lu\n", "min", snap->wmark[SOBA_WMARK_MIN]);
	seq_printf(m, "%-16s %lu\n", "low", snap->wmark[SOBA_WMARK_LOW]);
	seq_printf(m, "%-16s %lu\n", "high", snap->wmark[SOBA_WMARK_HIGH]);
	seq_printf(m, "%-16s %lu\n", "start_pfn", snap->spanned_start);
	seq_printf(m, "%-16s %lu\n", "end_pfn", snap->spanned_end);
}

static void put_reserves(struct seq_file *m, const struct soba_zone *zone)
{
	unsigned int class;

	for (class = 0; class < SOBA_NR_CLASSES; class++)
		seq_printf(m, "keep_from_%-6s %lu\n", soba_class_name(class),
			   READ_ONCE(zone->lowmem_reserve[class]));
}

static int zone_show(struct seq_file *m, void *v)
{
	struct soba_zone *zone = m->private;
	struct soba_zone_snap snap;
	unsigned int order;

	soba_zone_snap(zone, &snap);
	put_figures(m, zone, &snap);
	put_reserves(m, zone);
	seq_printf(m, "\n%5s %10s %10s %9s\n", "order", "dirty", "zero",
		   "unusable");
	for (order = 0; order < SOBA_NR_ORDERS; order++)
		seq_printf(m, "%5u %10lu %10lu %9u\n", order,
			   snap.blocks[SOBA_KIND_DIRTY][order],
			   snap.blocks[SOBA_KIND_ZERO][order],
			   unusable_index(&snap, order));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(zone);

void soba_debugfs_add_zones(struct dentry *root)
{
	struct dentry *dir = debugfs_create_dir("zones", root);
	unsigned int id;

	for (id = 0; id < soba_nr_zones; id++) {
		struct soba_zone *zone = soba_zone_by_id(id);
		char name[32];

		snprintf(name, sizeof(name), "%d-%s", zone->nid,
			 soba_class_name(zone->class));
		debugfs_create_file(name, 0400, dir, zone, &zone_fops);
	}
}
