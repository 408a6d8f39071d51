// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - floor 6: the init ladder, and the same steps down again.
 *
 * Locking: the module loader runs init and exit alone. Exit is reached only
 * when no module links to soba, so nobody allocates or frees any more.
 */
#include "soba_env.h"

#include <linux/module.h>

#include "main_params.h"
#include "api/care.h"
#include "api/kfree_rcu.h"
#include "api/kmalloc.h"
#include "base/counter.h"
#include "base/report.h"
#include "dma/floor.h"
#include "frag/frag.h"
#include "obs/obs.h"
#include "page/abandon.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "page/limits.h"
#include "page/map.h"
#include "page/pcp.h"
#include "page/zone.h"
#include "slab/nolock.h"
#include "slab/reap.h"
#include "varea/cache.h"

/* All of reserve= at once, spread by the host as it likes; all or nothing. */
static int take_reserve(void)
{
	struct soba_req req = {
		.gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL,
		.nid = numa_mem_id(),
		.class = SOBA_CLASS_NORMAL,
		.sleep = true,
	};
	struct soba_zone *zone = soba_zone_of(req.nid, req.class);

	while (atomic_long_read(&soba_held_frames) < soba_limits.reserve) {
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		if (soba_chunk_take(zone, &req, false))
			continue;
		soba_report(SOBA_R_BAD_PARAMETER, 0,
			    "reserve=%lu bytes: the host gave only %ld",
			    soba_limits.reserve << PAGE_SHIFT,
			    atomic_long_read(&soba_held_frames) << PAGE_SHIFT);
		return -ENOMEM;
	}
	return 0;
}

/* Objects first: what they free lands on the lists. */
static int cpu_dead(unsigned int cpu)
{
	soba_cache_cpu_dead(cpu);
	return soba_pcp_cpu_dead(cpu);
}

static const struct soba_port_ops port_ops = {
	.count = soba_shrink_count,
	.scan = soba_shrink_scan,
	.cpu_online = soba_pcp_cpu_online,
	.cpu_dead = cpu_dead,
	.soon = soba_nolock_drain,
};

static int register_port(void)
{
	return soba_port_register(&port_ops);
}

/*
 * Each step with what undoes it; undone in reverse from any point. A step
 * without a name says by itself what went wrong.
 */
static const struct {
	int (*init)(void);
	void (*exit)(void);
	const char *what;
} ladder[] = {
	{ soba_params_apply, NULL, NULL },
	{ soba_care_init, NULL, NULL },
	{ soba_counter_init, soba_counter_exit, "counters" },
	{ soba_map_init, soba_map_exit, "frame map" },
	{ soba_zone_init, soba_zone_exit, "zones" },
	{ soba_leak_init, soba_leak_exit, "module notifier" },
	{ soba_grow_init, soba_grow_exit, "worker" },
	{ NULL, soba_abandon_all, "chunks" },
	{ NULL, soba_leak_report, "leak report" },
	{ soba_pcp_init, soba_pcp_exit, "per-CPU lists" },
	{ NULL, soba_grow_exit, NULL },		/* before the lists go */
	{ take_reserve, NULL, NULL },
	{ soba_cache_init, soba_cache_exit, "caches" },
	{ NULL, soba_leak_report_objects, NULL },
	{ soba_kmalloc_init, soba_kmalloc_exit, "kmalloc caches" },
	{ soba_kmalloc_nolock_init, NULL, NULL },
	{ soba_varea_init, soba_varea_exit, "areas" },
	{ soba_frag_init, soba_frag_exit, "page fragments" },
	{ soba_kfree_rcu_init, soba_kfree_rcu_exit, "RCU batches" },
	{ soba_dma_init, soba_dma_exit, "coherent memory" },
	{ NULL, soba_leak_report_dma, NULL },
	{ soba_debugfs_init, soba_debugfs_exit, "debugfs" },
	{ soba_proc_init, soba_proc_exit, NULL },
	{ register_port, soba_port_unregister, "host callbacks" },
};

static void climb_down(unsigned int step)
{
	while (step--)
		if (ladder[step].exit)
			ladder[step].exit();
}

static int __init soba_init(void)
{
	unsigned int step;
	int err = 0;

	for (step = 0; step < ARRAY_SIZE(ladder); step++) {
		if (!ladder[step].init)
			continue;
		err = ladder[step].init();
		if (err)
			break;
	}
	if (!err)
		return 0;
	if (ladder[step].what)
		pr_err("soba: cannot set up %s: error %d\n", ladder[step].what,
		       err);
	climb_down(step);
	return err;
}

static void __exit soba_exit(void)
{
	climb_down(ARRAY_SIZE(ladder));
}

module_init(soba_init);
module_exit(soba_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("soba: slab over buddy allocator, private and inspectable");
MODULE_VERSION("0.1");
