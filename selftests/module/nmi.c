// SPDX-License-Identifier: GPL-2.0
/*
 * nmi.c - runs a function in an NMI on another CPU, whatever that is doing; on
 * the only CPU, in one that it sends to itself.
 *
 * Locking: nmi_mutex lets one in at a time; the function and its argument are
 * the handler's from `wanted` set until it is clear.
 */
#include <linux/mutex.h>
#include <linux/smp.h>

#include "compat.h"
#include "test.h"

#ifdef CONFIG_X86_LOCAL_APIC
#include <asm/apic.h>
#include <asm/nmi.h>

static DEFINE_MUTEX(nmi_mutex);
static void (*nmi_fn)(void *arg);
static void *nmi_arg;
static bool wanted;

static int nmi_handler(unsigned int type, struct pt_regs *regs)
{
	if (!READ_ONCE(wanted))
		return NMI_DONE;
	nmi_fn(nmi_arg);
	/* pairs with the waiter's acquire: what fn wrote is there */
	smp_store_release(&wanted, false);
	return NMI_HANDLED;
}

/* The first online CPU that is not this one. */
static unsigned int nmi_target(void)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask, smp_processor_id());

	return cpu < nr_cpu_ids ? cpu : smp_processor_id();
}

int compat_run_in_nmi(void (*fn)(void *), void *arg)
{
	int ret;

	mutex_lock(&nmi_mutex);
	nmi_fn = fn;
	nmi_arg = arg;
	ret = register_nmi_handler(NMI_LOCAL, nmi_handler, 0, "soba_test");
	if (!ret) {
		/* nmi_fn and nmi_arg first */
		smp_store_release(&wanted, true);
		preempt_disable();
		apic->send_IPI_mask(cpumask_of(nmi_target()), NMI_VECTOR);
		preempt_enable();
		/* pairs with the handler's release */
		while (smp_load_acquire(&wanted))
			cpu_relax();
		unregister_nmi_handler(NMI_LOCAL, "soba_test");
	}
	mutex_unlock(&nmi_mutex);
	return ret;
}
#else
int compat_run_in_nmi(void (*fn)(void *), void *arg)
{
	return -EOPNOTSUPP;
}
#endif
