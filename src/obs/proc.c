// SPDX-License-Identifier: GPL-2.0
/*
 * proc.c - floor 5: the directory /proc/soba, and its file meminfo.
 *
 * Locking: none; the module loader runs init and exit alone, and removing an
 * entry waits for those who are reading it.
 */
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "obs/obs.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/limits.h"
#include "page/map.h"
#include "page/pcp.h"
#include "varea/cache.h"

#define PROC_DIR "soba"

static struct proc_dir_entry *proc_dir;

static void put_kb(struct seq_file *m, const char *name, unsigned long kb)
{
	seq_printf(m, "%-16s%8lu kB\n", name, kb);
}

static void put_frames(struct seq_file *m, const char *name,
		       unsigned long frames)
{
	put_kb(m, name, frames << (PAGE_SHIFT - 10));
}

struct zone_sums {
	unsigned long free;
	unsigned long idle;
	unsigned long managed;
	unsigned long chunks;
};

static void sum_zones(struct zone_sums *sum)
{
	struct soba_zone_snap snap;
	unsigned int id;

	memset(sum, 0, sizeof(*sum));
	for (id = 0; id < soba_nr_zones; id++) {
		soba_zone_snap(soba_zone_by_id(id), &snap);
		sum->free += snap.free;
		sum->idle += snap.idle;
		sum->managed += snap.managed;
		sum->chunks += snap.nr_chunks;
	}
}

static int meminfo_show(struct seq_file *m, void *v)
{
	unsigned long pinned = soba_pinned_frames();
	unsigned long cached = soba_varea_pages();
	struct soba_pcp_stat pcp;
	unsigned long held, not_used;
	struct soba_slab_sums slab;
	struct zone_sums sum;

	sum_zones(&sum);
	soba_slab_sums(&slab);
	soba_pcp_stat(&pcp);
	/* Without chunks on their way to or from the host: nobody can use them. */
	held = sum.managed + atomic_long_read(&soba_direct_frames);
	/* One that moved while the zones were read counts twice. */
	held = min_t(unsigned long, held, atomic_long_read(&soba_held_frames));
	not_used = sum.free + pcp.frames + pinned + cached;

	put_frames(m, "Limit:", soba_limits.limit);
	put_frames(m, "Reserve:", soba_limits.reserve);
	put_frames(m, "Held:", held);
	put_frames(m, "Free:", sum.free);
	put_frames(m, "PcpFree:", pcp.frames);
	put_frames(m, "AreaCached:", cached);
	/* The figures are of different moments: never show a negative one. */
	put_frames(m, "Used:", held > not_used ? held - not_used : 0);
	put_frames(m, "Pinned:", pinned);
	put_frames(m, "Idle:", sum.idle);
	put_kb(m, "Metadata:", DIV_ROUND_UP(soba_map_bytes() +
					    sum.chunks *
					    sizeof(struct soba_chunk), 1024));
	put_frames(m, "Slab:", slab.reclaimable + slab.unreclaimable);
	put_frames(m, "SReclaimable:", slab.reclaimable);
	put_frames(m, "SUnreclaim:", slab.unreclaimable);
	return 0;
}

static const struct {
	const char *name;
	int (*show)(struct seq_file *m, void *v);
} files[] = {
	{ "buddyinfo", soba_buddyinfo_show },
	{ "zoneinfo", soba_zoneinfo_show },
	{ "meminfo", meminfo_show },
	{ "slabinfo", soba_slabinfo_show },
};

/* proc_mkdir() of a name that exists is a WARN in the host: look first. */
static bool name_taken(void)
{
	struct path path;

	if (kern_path("/proc/" PROC_DIR, 0, &path))
		return false;
	path_put(&path);
	return true;
}

static int create_all(void)
{
	unsigned int i;

	if (name_taken())
		return -EEXIST;
	proc_dir = proc_mkdir(PROC_DIR, NULL);
	if (!proc_dir)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (!proc_create_single(files[i].name, 0400, proc_dir,
					files[i].show))
			return -ENOMEM;
	if (!soba_proc_add_vmalloc(proc_dir))
		return -ENOMEM;
	return 0;
}

int soba_proc_init(void)
{
	int err = create_all();

	if (!err)
		return 0;
	pr_err("soba: cannot create /proc/" PROC_DIR ": %s\n",
	       err == -EEXIST ? "the name is taken" : "out of memory");
	soba_proc_exit();
	return err;
}

void soba_proc_exit(void)
{
	proc_remove(proc_dir);
	proc_dir = NULL;
}
