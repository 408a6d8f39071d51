// SPDX-License-Identifier: GPL-2.0
/*
 * host_text.c - floor 0: the host's code and constants: call stacks, and which
 * strings never change.
 *
 * Locking: none.
 */
#include "soba_env.h"

#include <linux/stacktrace.h>

#ifdef CONFIG_STACKTRACE
unsigned int soba_port_stack_save(unsigned long *addrs, unsigned int nr)
{
	return stack_trace_save(addrs, nr, 1);
}
#else
unsigned int soba_port_stack_save(unsigned long *addrs, unsigned int nr)
{
	return 0;
}
#endif

/* Only here is the kernel's image away from all other memory. */
#ifdef CONFIG_X86_64
bool soba_port_in_image(const void *p)
{
	unsigned long addr = (unsigned long)p;

	return addr >= __START_KERNEL_map && addr < MODULES_VADDR;
}
#else
bool soba_port_in_image(const void *p)
{
	return false;
}
#endif

/*
 * The bounds of the host's constants are not exported, but a function that knows
 * them is: it returns a string of theirs itself, and a copy of any other.
 */
bool soba_port_constant(const char *s)
{
	const char *same;

	if (!soba_port_in_image(s) || in_nmi())
		return false;
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && !soba_port_can_sleep())
		return false;
	same = kstrdup_const(s, GFP_NOWAIT | __GFP_NOWARN);
	kfree_const(same);
	return same == s;
}
