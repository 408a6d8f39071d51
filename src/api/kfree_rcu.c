// SPDX-License-Identifier: GPL-2.0
/*
 * kfree_rcu.c - floor 4: freeing after an RCU grace period.
 *
 * Locking: none here; see slab/rcu.c.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/kmalloc.h>

#include "api/kfree_rcu.h"
#include "api/objects.h"
#include "slab/rcu.h"
#include "base/report.h"

/* What kvfree_rcu() takes: objects of caches and of kmalloc(), large ones too. */
static bool known(const void *ptr)
{
	struct soba_object o;

	return soba_object_find(ptr, &o) && o.start == ptr;
}

static bool release(void *ptr)
{
	return soba_object_free_judged(NULL, ptr,
				       (unsigned long)soba_kvfree_call_rcu);
}

/* Nothing in the object may be written: it is still read. So wait here. */
static void free_waiting(void *ptr, unsigned long caller)
{
	if (unlikely(!soba_port_can_sleep())) {
		soba_report(SOBA_R_SLEEP_IN_ATOMIC, caller,
			    "object 0x%p, freed without an rcu_head, cannot wait here for a grace period and is kept",
			    ptr);
		return;
	}
	synchronize_rcu();
	soba_object_free_slow(NULL, ptr, caller);
}

/**
 * soba_kvfree_call_rcu() - free memory after an RCU grace period
 * @head: a struct rcu_head inside the object, or NULL
 * @ptr: the object, as soba's calls returned it; NULL is ignored
 *
 * What soba_kfree_rcu(), soba_kvfree_rcu() and their _mightsleep forms call.
 * With @head it returns at once and the object is freed together with others.
 * Without, it waits for the grace period. A pointer that is not an object of
 * soba's is reported (foreign-free, invalid-free, double-free) and left alone.
 *
 * Context: any but NMI, interrupts off included; without @head process context
 * that may sleep, or else it is reported (sleep-in-atomic) and @ptr not freed.
 */
void soba_kvfree_call_rcu(struct rcu_head *head, void *ptr)
{
	if (unlikely(ZERO_OR_NULL_PTR(ptr)))
		return;
	/* A mistake is found now, while it is known whose it is. */
	if (unlikely(!known(ptr)))
		soba_object_free_slow(NULL, ptr, _RET_IP_);
	else if (!head)
		free_waiting(ptr, _RET_IP_);
	else if (unlikely(!soba_rcu_free(head, ptr)))
		soba_report(SOBA_R_DOUBLE_FREE, _RET_IP_,
			    "object 0x%p waits for a grace period already, to be freed",
			    ptr);
}
EXPORT_SYMBOL_GPL(soba_kvfree_call_rcu);

int soba_kfree_rcu_init(void)
{
	return soba_rcu_init(release);
}

void soba_kfree_rcu_exit(void)
{
	soba_rcu_exit();
}
