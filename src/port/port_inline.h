/* SPDX-License-Identifier: GPL-2.0 */
/*
 * port_inline.h - the parts of floor 0 that fast paths need inline, and the
 * few facts of a release that cannot hide in a C file. Any context.
 */
#ifndef SOBA_PORT_INLINE_H
#define SOBA_PORT_INLINE_H

#include <linux/version.h>
#include <linux/page_ref.h>
#include <linux/highmem.h>
#include <linux/jump_label.h>
#include <linux/sched/mm.h>

/* Largest order of the host's page allocator, inclusive (renamed in 6.4, 6.8). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define SOBA_MAX_ORDER MAX_PAGE_ORDER
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define SOBA_MAX_ORDER MAX_ORDER
#else
#define SOBA_MAX_ORDER (MAX_ORDER - 1)
#endif

/* Where the direct map starts in physical memory; 0 unless the arch says so. */
#ifdef CONFIG_ARM64
#define SOBA_PHYS_BASE PHYS_OFFSET
#else
#define SOBA_PHYS_BASE 0UL
#endif

/*
 * PFN of a direct-map address. Any other address yields a PFN that no map can
 * hold, so it is safe on garbage; __pa() is not (CONFIG_DEBUG_VIRTUAL).
 */
static __always_inline unsigned long soba_port_addr_pfn(unsigned long addr)
{
	/* Below it the distance wraps, and is beyond any map all the same. */
	if (SOBA_PHYS_BASE && addr < PAGE_OFFSET)
		return ~0UL;
	return (addr - PAGE_OFFSET + SOBA_PHYS_BASE) >> PAGE_SHIFT;
}

/* (u32)(@at - *@from) * *@factor; the compiler makes a detour by a register. */
#ifdef CONFIG_X86_64
static __always_inline u64 soba_port_scale(u32 at, const u32 *from,
					   const u64 *factor)
{
	u64 x = at;

	asm("subl %[from], %k[x]\n\timulq %[factor], %[x]"
	    : [x] "+&r" (x) : [from] "m" (*from), [factor] "m" (*factor) : "cc");
	return x;
}
#else
static __always_inline u64 soba_port_scale(u32 at, const u32 *from,
					   const u64 *factor)
{
	return (at - *from) * *factor;
}
#endif

/*
 * page_to_pfn() with an unsigned distance, which lets shifts and multiplications
 * that follow fold into it.
 */
static __always_inline unsigned long
soba_port_page_offset(const struct page *page)
{
	return (unsigned long)page - (unsigned long)pfn_to_page(0);
}

static __always_inline unsigned long soba_port_page_pfn(const struct page *page)
{
	return soba_port_page_offset(page) / sizeof(struct page);
}

/*
 * May the caller sleep here? Exact where the kernel counts preemption, and RCU
 * readers where they may be preempted. A softirq of PREEMPT_RT has a thread to
 * sleep in, but the host's reclaim must not be called from it.
 */
static __always_inline bool soba_port_can_sleep(void)
{
	return preempt_count() == 0 && !irqs_disabled() &&
	       !rcu_preempt_depth() &&
	       (!IS_ENABLED(CONFIG_PREEMPT_RT) || in_task());
}

/* The caller's flags narrowed by memalloc_noio_save() and its sisters. */
static inline gfp_t soba_port_gfp_context(gfp_t gfp)
{
	return current_gfp_context(gfp);
}

/* Is the caller freeing memory by using some, as the kernel's reclaim does? */
static inline bool soba_port_memalloc(void)
{
	return !in_interrupt() && (current->flags & PF_MEMALLOC);
}

static __always_inline int soba_port_refs(struct page *page)
{
	return page_ref_count(page);
}

/*
 * The same without the volatile access, which may not be folded into the
 * instruction that uses it. For checks that the next look would repeat.
 */
static __always_inline int soba_port_refs_once(const struct page *page)
{
	/* One word, which the host's walkers change for a moment at any time. */
	return data_race(page->_refcount.counter);
}

/* What the kernel promises of a page that it hands out: private is 0. */
static __always_inline void soba_port_page_fresh(struct page *page)
{
	set_page_private(page, 0);
}

static inline void soba_port_ref_restore(struct page *page)
{
	page_ref_inc(page);
}

static inline void soba_port_clear(struct page *page, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 1U << order; i++)
		clear_highpage(page + i);
}

/* The host's init_on_alloc= and init_on_free=, as its own allocators obey them. */
static __always_inline bool soba_port_init_on_alloc(void)
{
	return static_branch_maybe(CONFIG_INIT_ON_ALLOC_DEFAULT_ON,
				   &init_on_alloc);
}

static __always_inline bool soba_port_init_on_free(void)
{
	return static_branch_maybe(CONFIG_INIT_ON_FREE_DEFAULT_ON,
				   &init_on_free);
}

#endif /* SOBA_PORT_INLINE_H */
