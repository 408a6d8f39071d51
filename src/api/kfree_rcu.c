// SPDX-License-Identifier: GPL-2.0
/*
 * kfree_rcu.c - floor 4: freeing after an RCU grace period.
 *
 * Locking: none here; see slab/rcu.c.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/kmalloc.h>
#include <soba/vmalloc.h>

#include "api/kfree_rcu.h"
#include "api/objects.h"
#include "api/vmalloc.h"
#include "slab/rcu.h"
#include "base/report.h"

/* An area that soba_vfree() takes begins here. */
static bool known_area(const void *ptr)
{
	struct soba_vm_area area;

	return soba_find_vm_area(ptr, &area) && area.addr == ptr &&
	       (area.flags & (VM_ALLOC | VM_MAP_PUT_PAGES));
}

/* What kvfree_rcu() takes: areas, and objects, those of whole blocks too. */
static bool known(const void *ptr)
{
	struct soba_object o;

	if (is_vmalloc_addr(ptr))
		return known_area(ptr);
	return soba_object_find(ptr, &o) && o.start == ptr;
}

/* False when nothing was freed, as it was neither; then it has been reported. */
static bool free_now(void *ptr, unsigned long caller)
{
	if (is_vmalloc_addr(ptr))
		return soba_area_free(ptr, soba_port_can_sleep(), caller);
	return soba_object_free_judged(NULL, ptr, caller);
}

static bool release(void *ptr)
{
	return free_now(ptr, (unsigned long)soba_kvfree_call_rcu);
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
	free_now(ptr, caller);
}

/**
 * soba_kvfree_call_rcu() - free memory after an RCU grace period
 * @head: a struct rcu_head inside the object, or NULL
 * @ptr: the object or area, as soba's calls returned it; NULL is ignored
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
		free_now(ptr, _RET_IP_);
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
