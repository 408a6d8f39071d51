// SPDX-License-Identifier: GPL-2.0
/*
 * proc_zone.c - floor 5: /proc/soba/buddyinfo and zoneinfo.
 *
 * Their lines are those of the kernel's files of the same name (mm/vmstat.c),
 * so that what parses the one parses the other. Fields of which soba has no
 * like (boost, cma, vm statistics) are left out, none is invented.
 *
 * Locking: zone->lock for a copy of each zone, see snap.c. The per-CPU lists
 * are read racily: they are not freed before these files are gone.
 */
#include <linux/seq_file.h>

#include "obs/obs.h"
#include "page/pcp.h"

static void buddyinfo_zone(struct seq_file *m, struct soba_zone *zone)
{
	struct soba_zone_snap snap;
	unsigned int order;

	soba_zone_snap(zone, &snap);
	seq_printf(m, "Node %d, zone %8s ", zone->nid,
		   soba_class_name(zone->class));
	for (order = 0; order < SOBA_NR_ORDERS; order++)
		seq_printf(m, "%6lu ", snap.blocks[SOBA_KIND_DIRTY][order] +
				       snap.blocks[SOBA_KIND_ZERO][order]);
	seq_putc(m, '\n');
}

int soba_buddyinfo_show(struct seq_file *m, void *v)
{
	unsigned int id;

	for (id = 0; id < soba_nr_zones; id++)
		buddyinfo_zone(m, soba_zone_by_id(id));
	return 0;
}

static void put_pages(struct seq_file *m, const char *name, unsigned long frames)
{
	seq_printf(m, "\n        %-8s %lu", name, frames);
}

static void zoneinfo_pages(struct seq_file *m,
			   const struct soba_zone_snap *snap)
{
	seq_printf(m, "\n  pages free     %lu", snap->free);
	put_pages(m, "min", snap->wmark[SOBA_WMARK_MIN]);
	put_pages(m, "low", snap->wmark[SOBA_WMARK_LOW]);
	put_pages(m, "high", snap->wmark[SOBA_WMARK_HIGH]);
	put_pages(m, "spanned", snap->spanned_end - snap->spanned_start);
	put_pages(m, "present", snap->managed);
	put_pages(m, "managed", snap->managed);
}

static void zoneinfo_protection(struct seq_file *m,
				const struct soba_zone *zone)
{
	unsigned int class;

	seq_puts(m, "\n        protection: (");
	for (class = 0; class < SOBA_NR_CLASSES; class++)
		seq_printf(m, "%s%ld", class ? ", " : "",
			   (long)READ_ONCE(zone->lowmem_reserve[class]));
	seq_putc(m, ')');
}

/* The lists of one CPU that belong to the zone, all orders in one figure. */
static void zoneinfo_cpu(struct seq_file *m, const struct soba_zone *zone,
			 unsigned int cpu)
{
	unsigned int order, count = 0, high = 0, batch = 0;

	for (order = 0; order < SOBA_PCP_ORDERS; order++) {
		const struct soba_pcp *l = READ_ONCE(per_cpu(soba_pcp[order],
							     cpu));

		if (l->zone != zone)
			continue;
		count += soba_pcp_count(l) << order;
		high += l->cap / sizeof(l->slot[0]) << order;
		if (!order)
			batch = l->batch;
	}
	seq_printf(m, "\n    cpu: %u", cpu);
	seq_printf(m, "\n              count: %u", count);
	seq_printf(m, "\n              high:  %u", high);
	seq_printf(m, "\n              batch: %u", batch);
}

static void zoneinfo_zone(struct seq_file *m, struct soba_zone *zone)
{
	struct soba_zone_snap snap;
	unsigned int cpu;

	soba_zone_snap(zone, &snap);
	seq_printf(m, "Node %d, zone %8s", zone->nid,
		   soba_class_name(zone->class));
	zoneinfo_pages(m, &snap);
	zoneinfo_protection(m, zone);
	if (!snap.managed) {
		seq_putc(m, '\n');
		return;
	}
	seq_puts(m, "\n  pagesets");
	for_each_online_cpu(cpu)
		zoneinfo_cpu(m, zone, cpu);
	seq_printf(m, "\n  start_pfn:           %lu\n", snap.spanned_start);
}

int soba_zoneinfo_show(struct seq_file *m, void *v)
{
	unsigned int id;

	for (id = 0; id < soba_nr_zones; id++)
		zoneinfo_zone(m, soba_zone_by_id(id));
	return 0;
}
