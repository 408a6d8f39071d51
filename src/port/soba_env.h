/* SPDX-License-Identifier: GPL-2.0 */
/*
 * soba_env.h - all that the core (floors 1 to 3 and api/gfp.c) includes of its
 * surroundings. This one is the kernel's; tools/harness/include/soba_env.h is
 * the userspace harness's. -I decides which one is seen.
 */
#ifndef SOBA_ENV_H
#define SOBA_ENV_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/rculist.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "port.h"
#include "port_dma.h"
#include "port_map.h"
#include "port_trace.h"

#endif /* SOBA_ENV_H */
