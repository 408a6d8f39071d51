/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - the kernel versions that soba_edu.ko builds on, 6.1 to 7.2. The
 * only file of the module that tests a version. Locking: none.
 */
#ifndef SOBA_EDU_COMPAT_H
#define SOBA_EDU_COMPAT_H

#include <linux/version.h>

struct platform_device;

void plain_remove(struct platform_device *pdev);

/* A platform driver's remove() returns nothing since 6.11. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
static inline int compat_remove(struct platform_device *pdev)
{
	plain_remove(pdev);
	return 0;
}
#else
static inline void compat_remove(struct platform_device *pdev)
{
	plain_remove(pdev);
}
#endif

/* PCI_IRQ_INTX: since 6.8; PCI_IRQ_LEGACY is gone in 6.14. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define COMPAT_IRQ_INTX		PCI_IRQ_LEGACY
#else
#define COMPAT_IRQ_INTX		PCI_IRQ_INTX
#endif

#endif /* SOBA_EDU_COMPAT_H */
