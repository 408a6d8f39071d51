/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - floor 0: what differs between kernel releases 6.1 to 7.2, each
 * with the release that changed it. Included by src/port/ and src/main*.c only.
 */
#ifndef SOBA_COMPAT_H
#define SOBA_COMPAT_H

#include <linux/device.h>
#include <linux/mm.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/version.h>

/* Shrinkers are allocated by the kernel since 6.7. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
static inline struct shrinker *
soba_compat_shrinker_add(unsigned long (*count)(struct shrinker *s,
						struct shrink_control *sc),
			 unsigned long (*scan)(struct shrinker *s,
					       struct shrink_control *sc))
{
	struct shrinker *s = shrinker_alloc(0, "soba");

	if (!s)
		return NULL;
	s->count_objects = count;
	s->scan_objects = scan;
	s->seeks = DEFAULT_SEEKS;
	shrinker_register(s);
	return s;
}

static inline void soba_compat_shrinker_del(struct shrinker *s)
{
	shrinker_free(s);
}
#else
static inline struct shrinker *
soba_compat_shrinker_add(unsigned long (*count)(struct shrinker *s,
						struct shrink_control *sc),
			 unsigned long (*scan)(struct shrinker *s,
					       struct shrink_control *sc))
{
	struct shrinker *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->count_objects = count;
	s->scan_objects = scan;
	s->seeks = DEFAULT_SEEKS;
	if (register_shrinker(s, "soba")) {
		kfree(s);
		return NULL;
	}
	return s;
}

static inline void soba_compat_shrinker_del(struct shrinker *s)
{
	unregister_shrinker(s);
	kfree(s);
}
#endif

/* Tell direct reclaim about pages that a shrinker freed: by helper since 6.4. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
static inline void soba_compat_reclaimed(unsigned long pages)
{
	mm_account_reclaimed_pages(pages);
}
#else
static inline void soba_compat_reclaimed(unsigned long pages)
{
	if (current->reclaim_state)
		current->reclaim_state->reclaimed_slab += pages;
}
#endif

/* A mapping's flags change through helpers since 6.3. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
static inline void soba_compat_vm_flags_set(struct vm_area_struct *vma,
					    unsigned long flags)
{
	vm_flags_set(vma, flags);
}
#else
static inline void soba_compat_vm_flags_set(struct vm_area_struct *vma,
					    unsigned long flags)
{
	vma->vm_flags |= flags;
}
#endif

/* What the driver core takes as a bus: constant since 6.4. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define soba_compat_bus_type	const struct bus_type
#else
#define soba_compat_bus_type	struct bus_type
#endif

/* A pool of coherent memory that is the device's own. */
#ifdef CONFIG_DMA_DECLARE_COHERENT
#define soba_compat_own_memory(dev)	(!!(dev)->dma_mem)
#else
#define soba_compat_own_memory(dev)	false
#endif

#endif /* SOBA_COMPAT_H */
