/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - the kernel versions that soba_test.ko builds on, 6.1 to 7.2.
 *
 * The only file of the module that tests a version. Each entry says since when
 * the new name exists; an entry may go when no supported kernel needs it.
 *
 * Locking: none.
 */
#ifndef SOBA_TEST_COMPAT_H
#define SOBA_TEST_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <linux/workqueue.h>

/* timer_delete_sync(): since 6.2; del_timer_sync() is gone in 6.15. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync(timer) del_timer_sync(timer)
#endif

/* hrtimer_setup(): since 6.13; hrtimer_init() is gone in 6.15. */
static inline void compat_hrtimer_setup(struct hrtimer *timer,
					enum hrtimer_restart (*fn)(struct hrtimer *))
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer->function = fn;
#else
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
#endif
}

/* vm_flags_set(): since 6.3. */
static inline void compat_vm_flags_set(struct vm_area_struct *vma,
				       unsigned long flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	vma->vm_flags |= flags;
#else
	vm_flags_set(vma, flags);
#endif
}

/* MAX_PAGE_ORDER: since 6.8; MAX_ORDER inclusive in 6.4 to 6.7. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define COMPAT_MAX_PAGE_ORDER (MAX_ORDER - 1)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define COMPAT_MAX_PAGE_ORDER MAX_ORDER
#else
#define COMPAT_MAX_PAGE_ORDER MAX_PAGE_ORDER
#endif

/* system_bh_wq: since 6.9. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
#define COMPAT_BH_WORK 0
#define COMPAT_BH_WQ system_wq
#else
#define COMPAT_BH_WORK 1
#define COMPAT_BH_WQ system_bh_wq
#endif

/* Where the page tables say that @p lies, not arithmetic, where one may ask. */
static inline phys_addr_t compat_walk_phys(void *p)
{
#ifdef CONFIG_X86
	return slow_virt_to_phys(p);
#else
	return virt_to_phys(p);
#endif
}

/* hex.h: since 6.5, in kernel.h before. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#include <linux/kernel.h>
#else
#include <linux/hex.h>
#endif

/* __GFP_ATOMIC: until 6.3. It is a macro where it exists. */
#ifdef __GFP_ATOMIC
#define COMPAT_GFP_ATOMIC __GFP_ATOMIC
#else
#define COMPAT_GFP_ATOMIC ((__force gfp_t)0)
#endif

/* nmi.c: -EOPNOTSUPP where no NMI can be sent */
int compat_run_in_nmi(void (*fn)(void *), void *arg);

#endif /* SOBA_TEST_COMPAT_H */
