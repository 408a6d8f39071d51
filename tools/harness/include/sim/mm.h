/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mm.h - harness: pages, nodes and GFP flags of a fake host (sim/host.c).
 *
 * The flags' numbers are the harness's own, so that a core that relies on a
 * kernel's numbers fails here. Physical memory is an arena that is really
 * mapped at PAGE_OFFSET + (pfn << PAGE_SHIFT).
 */
#ifndef SIM_MM_H
#define SIM_MM_H

#include "sim/defer.h"

#undef PAGE_SHIFT
#undef PAGE_SIZE
#undef PAGE_MASK
#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x)	ALIGN(x, PAGE_SIZE)
#define MAX_ORDER	11		/* as 6.1: one more than the largest */
#define PAGE_ALLOC_COSTLY_ORDER	3
#define MAX_NUMNODES	4
#define NUMA_NO_NODE	(-1)
#define SZ_16K		(1UL << 14)
#define SZ_32K		(1UL << 15)
#define SZ_64K		(1UL << 16)
#define SZ_128K		(1UL << 17)
#define SZ_1M		(1UL << 20)
#define SZ_4M		(1UL << 22)

extern unsigned long sim_page_offset;
#define PAGE_OFFSET	sim_page_offset

struct page {
	atomic_t _refcount;
	unsigned long private;
	u8 owner;		/* enum sim_owner: whom the host gave it to */
	s8 nid;
	u8 class;
	u8 order;		/* of the run, in its first page */
	bool comp;
	bool first;
} __aligned(64);	/* as large as the kernel's: the map divides by it */

extern struct page *sim_memmap;
#define pfn_to_page(pfn)	(sim_memmap + (pfn))
#define set_page_private(p, v)	((p)->private = (v))
#define page_to_pfn(p)		((unsigned long)((p) - sim_memmap))
#define page_address(p)		((void *)(PAGE_OFFSET + (page_to_pfn(p) << PAGE_SHIFT)))
#define virt_to_page(a)		pfn_to_page(((unsigned long)(a) - PAGE_OFFSET) >> PAGE_SHIFT)
#define page_to_phys(p)		((phys_addr_t)page_to_pfn(p) << PAGE_SHIFT)
#define page_to_virt(p)		page_address(p)
#define page_to_nid(p)		((int)(p)->nid)
#define nth_page(p, n)		((p) + (n))

static inline int page_ref_count(const struct page *p)
{
	sim_point();
	return __atomic_load_n(&p->_refcount.counter, __ATOMIC_RELAXED);
}

static inline int page_ref_add_return(struct page *p, int n)
{
	sim_point();
	return __atomic_add_fetch(&p->_refcount.counter, n, __ATOMIC_SEQ_CST);
}

#define page_count(p)		page_ref_count(p)
#define page_ref_inc(p)		((void)page_ref_add_return(p, 1))
#define page_ref_dec(p)		((void)page_ref_add_return(p, -1))
#define page_ref_add(p, n)	((void)page_ref_add_return(p, n))
#define page_ref_sub(p, n)	((void)page_ref_add_return(p, -(n)))
void get_page(struct page *p);
void put_page(struct page *p);

void sim_clear_page(struct page *p);
#define clear_highpage(p)	sim_clear_page(p)
#define clear_page(a)		sim_clear_page(virt_to_page(a))
#define kasan_disable_current()	do { } while (0)

extern bool init_on_alloc, init_on_free;
#define static_branch_maybe(config, key)	READ_ONCE(*(key))
/* Those of the core count their users; the host's two above are plain. */
struct static_key_false { int enabled; };
#define DEFINE_STATIC_KEY_FALSE(n)	struct static_key_false n
#define DECLARE_STATIC_KEY_FALSE(n)	extern struct static_key_false n
#define static_branch_unlikely(key)	(READ_ONCE((key)->enabled) > 0)
#define static_branch_likely(key)	static_branch_unlikely(key)
#define static_key_enabled(key)		static_branch_unlikely(key)
static inline void static_branch_inc(struct static_key_false *key)
{
	might_sleep();
	__atomic_add_fetch(&key->enabled, 1, __ATOMIC_SEQ_CST);
}

static inline void static_branch_dec(struct static_key_false *key)
{
	might_sleep();
	__atomic_sub_fetch(&key->enabled, 1, __ATOMIC_SEQ_CST);
}

#define static_branch_enable(key)	static_branch_inc(key)
#define static_branch_disable(key)	static_branch_dec(key)
#define CONFIG_INIT_ON_ALLOC_DEFAULT_ON	0
#define CONFIG_INIT_ON_FREE_DEFAULT_ON	0

#define __GFP_HIGH		((gfp_t)0x00000001u)
#define __GFP_ZERO		((gfp_t)0x00000002u)
#define __GFP_COMP		((gfp_t)0x00000004u)
#define __GFP_DMA32		((gfp_t)0x00000008u)
#define __GFP_IO		((gfp_t)0x00000010u)
#define __GFP_NOFAIL		((gfp_t)0x00000020u)
#define __GFP_THISNODE		((gfp_t)0x00000040u)
#define __GFP_DMA		((gfp_t)0x00000080u)
#define __GFP_NOWARN		((gfp_t)0x00000100u)
#define __GFP_FS		((gfp_t)0x00000200u)
#define __GFP_MEMALLOC		((gfp_t)0x00000400u)
#define __GFP_KSWAPD_RECLAIM	((gfp_t)0x00000800u)
#define __GFP_NORETRY		((gfp_t)0x00001000u)
#define __GFP_ACCOUNT		((gfp_t)0x00002000u)
#define __GFP_DIRECT_RECLAIM	((gfp_t)0x00004000u)
#define __GFP_HIGHMEM		((gfp_t)0x00008000u)
#define __GFP_RETRY_MAYFAIL	((gfp_t)0x00010000u)
#define __GFP_NOMEMALLOC	((gfp_t)0x00020000u)
#define __GFP_HARDWALL		((gfp_t)0x00040000u)
#define __GFP_MOVABLE		((gfp_t)0x00080000u)
#define __GFP_RECLAIMABLE	((gfp_t)0x00100000u)
#define __GFP_WRITE		((gfp_t)0x00200000u)
#define __GFP_SKIP_ZERO		((gfp_t)0x00400000u)
#define __GFP_NOLOCKDEP		((gfp_t)0x00800000u)
#define __GFP_BITS_SHIFT	24
#define __GFP_BITS_MASK		((gfp_t)((1u << __GFP_BITS_SHIFT) - 1))
#define __GFP_RECLAIM		(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define GFP_ATOMIC		(__GFP_HIGH | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT		(__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO		(__GFP_RECLAIM)
#define GFP_NOFS		(__GFP_RECLAIM | __GFP_IO)
#define GFP_KERNEL		(__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_USER		(GFP_KERNEL | __GFP_HARDWALL)
#define GFP_HIGHUSER		(GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE	(GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_DMA			__GFP_DMA
#define GFP_DMA32		__GFP_DMA32
#define GFP_ZONEMASK		(__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE)
#define gfpflags_allow_blocking(g)	(!!((g) & __GFP_DIRECT_RECLAIM))

/* Nodes: two with memory, and one (SIM_NODE_EMPTY) with movable memory alone. */
enum node_states { N_POSSIBLE, N_ONLINE, N_NORMAL_MEMORY, N_MEMORY, N_CPU };
#define SIM_NODE_EMPTY	2
bool node_state(int nid, enum node_states st);
int node_distance(int a, int b);
#define for_each_node_state(n, st) \
	for ((n) = 0; (n) < MAX_NUMNODES; (n)++) if (!node_state(n, st)) {} else
#define for_each_online_node(n)	for_each_node_state(n, N_ONLINE)
#define for_each_node(n)	for_each_node_state(n, N_POSSIBLE)
#define node_online(n)		node_state(n, N_ONLINE)
#define node_possible(n)	node_state(n, N_POSSIBLE)
#define nr_node_ids		3U
int cpu_to_node(int cpu);
#define numa_node_id()		cpu_to_node(sim_ctx.cpu)
#define numa_mem_id()		numa_node_id()
#define cpu_to_mem(c)		cpu_to_node(c)

/* The core may hold small host memory of its own; counted as the port's. */
void *sim_kmalloc(size_t size, gfp_t gfp);
void sim_kfree(const void *p);
#define kzalloc(s, g)		sim_kmalloc(s, g)
#define kmalloc(s, g)		sim_kmalloc(s, g)
#define kcalloc(n, s, g)	sim_kmalloc((size_t)(n) * (s), g)
#define kfree(p)		sim_kfree(p)

#define bitmap_zalloc(n, g)	((unsigned long *)sim_kmalloc(BITS_TO_LONGS(n) * 8, g))
#define bitmap_free(p)		sim_kfree(p)

static inline int get_order(unsigned long size)
{
	return size <= PAGE_SIZE ? 0 : (int)fls_long((size - 1) >> PAGE_SHIFT);
}

bool pfn_valid(unsigned long pfn);

/* Of mappings: kernel ones have protection bits, user ones an extent. */
typedef struct { unsigned long pgprot; } pgprot_t;
#define PAGE_KERNEL		((pgprot_t){ 1 })
struct vm_area_struct { unsigned long vm_start, vm_end; };

/* A client's, of which soba only knows the size. */
struct page_frag_cache { unsigned long word; u32 a, b; };

#define PF_MEMALLOC_NOIO	0x80000
#define PF_MEMALLOC_NOFS	0x40000
static inline gfp_t current_gfp_context(gfp_t gfp)
{
	if (current->flags & PF_MEMALLOC_NOIO)
		return gfp & ~(__GFP_IO | __GFP_FS);
	if (current->flags & PF_MEMALLOC_NOFS)
		return gfp & ~__GFP_FS;
	return gfp;
}

#endif /* SIM_MM_H */
