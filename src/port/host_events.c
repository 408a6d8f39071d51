// SPDX-License-Identifier: GPL-2.0
/*
 * host_events.c - floor 0: the host's shrinker and CPU hotplug call soba.
 *
 * Locking: ops is set before the callbacks are registered and cleared after
 * the last one has returned, so they read it plainly.
 */
#include "soba_env.h"

#include <linux/cpuhotplug.h>
#include <linux/irq_work.h>

#include "compat.h"

static const struct soba_port_ops *ops;
static struct shrinker *shrinker;
static int hotplug_state = -1;

static unsigned long shrink_count(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long n = ops->count();

	return n ? n : SHRINK_EMPTY;
}

static unsigned long shrink_scan(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long freed = ops->scan(sc->nr_to_scan, sc->gfp_mask);

	soba_compat_reclaimed(freed);
	/* Chunks are larger than what was asked for: the host must know. */
	sc->nr_scanned = max(sc->nr_scanned, freed);
	return freed ? freed : SHRINK_STOP;
}

static void soon_fn(struct irq_work *work)
{
	ops->soon();
}

/* In hardirq on PREEMPT_RT, too: what it calls takes raw locks only. */
static struct irq_work soon_work = IRQ_WORK_INIT_HARD(soon_fn);

void soba_port_soon(void)
{
	if (READ_ONCE(ops))
		irq_work_queue(&soon_work);
}

int soba_port_register(const struct soba_port_ops *new_ops)
{
	ops = new_ops;
	/* Called for CPUs that are online, too: one may have come since. */
	hotplug_state = cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, "soba:pcp",
					  ops->cpu_online, ops->cpu_dead);
	if (hotplug_state < 0) {
		int err = hotplug_state;

		ops = NULL;
		return err;
	}
	shrinker = soba_compat_shrinker_add(shrink_count, shrink_scan);
	if (!shrinker) {
		soba_port_unregister();
		return -ENOMEM;
	}
	return 0;
}

void soba_port_unregister(void)
{
	if (shrinker)
		soba_compat_shrinker_del(shrinker);
	shrinker = NULL;
	if (hotplug_state >= 0)
		cpuhp_remove_state_nocalls(hotplug_state);
	hotplug_state = -1;
	/* Nobody frees any more: whatever still waits is freed here. */
	irq_work_sync(&soon_work);
	if (ops)
		ops->soon();
	ops = NULL;
}
