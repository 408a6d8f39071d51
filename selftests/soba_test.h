/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * soba_test.h - what userspace says to soba_test.ko through /dev/soba_test.
 *
 * Two requests do everything: SOBA_TEST_CALL runs one operation on one object
 * in a chosen context, SOBA_TEST_STRESS runs many. An object is what one
 * allocating call returned; userspace knows it by a handle (never 0), which is
 * also the page offset at which mmap() shows its frames.
 *
 * An ioctl that returns 0 has run the operation: a NULL from soba is
 * handle == 0, not an error. Errors say that the operation did not run.
 *
 * Locking: none, plain data. Both sides must agree on the layout, so every
 * field has a fixed width and every structure a size without holes.
 */
#ifndef SOBA_TEST_H
#define SOBA_TEST_H

#include <linux/const.h>
#include <linux/ioctl.h>
#include <linux/types.h>

#define SOBA_TEST_DEVICE	"soba_test"
#define SOBA_TEST_VERSION	1

enum soba_test_op {
	SOBA_OP_ALLOC,		/* form, gfp, order | size, node -> handle */
	SOBA_OP_FREE,		/* handle, form */
	SOBA_OP_FREE_WRONG,	/* handle, wrong, form, order, index */
	SOBA_OP_FREE_ONE,	/* handle (bulk, split), index: one page of it */
	SOBA_OP_REFILL,		/* handle (bulk), gfp -> value: slots filled */
	SOBA_OP_QUERY,		/* handle, index -> the out fields */
	SOBA_OP_FILL,		/* handle, seed: write the pattern */
	SOBA_OP_CHECK,		/* handle, seed -> value */
	SOBA_OP_ZEROED,		/* handle -> value */
	SOBA_OP_GET,		/* handle, index: get_page() */
	SOBA_OP_PUT,		/* handle, index: put_page() after GET */
	SOBA_OP_STRAY_PUT,	/* handle, index: put_page() without, once */
	SOBA_OP_SPLIT,		/* handle, order: soba_split_page() */
	SOBA_OP_VMAP,		/* handle, seed: see below -> value */
	SOBA_OP_KMAP,		/* the same through kmap_local_page() */
	SOBA_OP_SG,		/* the same through sg_set_page() */
	SOBA_OP_LEAK,		/* handle: stays allocated after close() */
	SOBA_NR_OPS
};

/*
 * value of CHECK, ZEROED, VMAP, KMAP and SG: offset of the first wrong byte, or
 * SOBA_TEST_GOOD. The last three expect the pattern of `seed` through their
 * view, write the pattern of `seed + 1` through it, and look for that through
 * the linear map.
 */
#define SOBA_TEST_GOOD		(-1)

/* Which of soba's functions allocates, or frees. 0 fits the object. */
enum soba_test_form {
	SOBA_FORM_FIT,			/* frees as it was allocated */
	SOBA_FORM_PAGES,		/* alloc_pages, __free_pages */
	SOBA_FORM_PAGES_NODE,		/* alloc_pages_node, __free_pages */
	SOBA_FORM_PAGE,			/* alloc_page, __free_page */
	SOBA_FORM_FREE_PAGES,		/* __get_free_pages, free_pages */
	SOBA_FORM_FREE_PAGE,		/* __get_free_page, free_page */
	SOBA_FORM_ZEROED_PAGE,		/* get_zeroed_page, free_page */
	SOBA_FORM_DMA_PAGES,		/* __get_dma_pages, free_pages */
	SOBA_FORM_EXACT,		/* alloc_pages_exact, free_pages_exact */
	SOBA_FORM_BULK,			/* alloc_pages_bulk, __free_page each */
	SOBA_NR_FORMS
};

/* Frees that soba must survive, and say what it saw. */
enum soba_test_wrong {
	SOBA_WRONG_ORDER,	/* `order` instead of the object's */
	SOBA_WRONG_DOUBLE,	/* free and free again; the object is gone */
	SOBA_WRONG_INTERIOR,	/* frame `index` of the block */
	SOBA_WRONG_HOST_PAGE,	/* a page of the host's allocator */
	SOBA_WRONG_KMALLOC,	/* these take no handle: */
	SOBA_WRONG_VMALLOC,
	SOBA_WRONG_TEXT,
	SOBA_WRONG_USER,
	SOBA_WRONG_WILD,	/* ~0 with the low bits off */
	SOBA_WRONG_WILD_PAGE,	/* no struct page at all */
	SOBA_WRONG_NULL_PAGE,
	SOBA_WRONG_NULL_ADDRESS,
	SOBA_NR_WRONGS
};

/* Where the operation runs; what userspace sees is the same. */
enum soba_test_context {
	SOBA_CTX_PROCESS,
	SOBA_CTX_SOFTIRQ,	/* a timer */
	SOBA_CTX_HARDIRQ,	/* a hard irq_work */
	SOBA_CTX_HRTIMER,	/* a hard hrtimer */
	SOBA_CTX_PREEMPT_OFF,
	SOBA_CTX_BH_OFF,
	SOBA_CTX_SPINLOCK,	/* a lock of the test module held */
	SOBA_CTX_IRQS_OFF,
	SOBA_CTX_RCU,		/* a reader */
	SOBA_NR_CONTEXTS
};

/*
 * GFP flags. The kernel's own numbers change between versions, these do not;
 * the module translates. SOBA_GFP_RAW passes the low 32 bits untranslated.
 */
#define SOBA_GFP_DMA		_BITULL(0)
#define SOBA_GFP_HIGHMEM	_BITULL(1)
#define SOBA_GFP_DMA32		_BITULL(2)
#define SOBA_GFP_MOVABLE	_BITULL(3)
#define SOBA_GFP_RECLAIMABLE	_BITULL(4)
#define SOBA_GFP_HIGH		_BITULL(5)
#define SOBA_GFP_IO		_BITULL(6)
#define SOBA_GFP_FS		_BITULL(7)
#define SOBA_GFP_ZERO		_BITULL(8)
#define SOBA_GFP_DIRECT_RECLAIM	_BITULL(9)
#define SOBA_GFP_KSWAPD_RECLAIM	_BITULL(10)
#define SOBA_GFP_NOWARN		_BITULL(11)
#define SOBA_GFP_RETRY_MAYFAIL	_BITULL(12)
#define SOBA_GFP_NOFAIL		_BITULL(13)
#define SOBA_GFP_NORETRY	_BITULL(14)
#define SOBA_GFP_MEMALLOC	_BITULL(15)
#define SOBA_GFP_COMP		_BITULL(16)
#define SOBA_GFP_NOMEMALLOC	_BITULL(17)
#define SOBA_GFP_HARDWALL	_BITULL(18)
#define SOBA_GFP_THISNODE	_BITULL(19)
#define SOBA_GFP_ACCOUNT	_BITULL(20)
#define SOBA_GFP_WRITE		_BITULL(21)
#define SOBA_GFP_OLD_ATOMIC	_BITULL(22)	/* __GFP_ATOMIC until 6.3 */
#define SOBA_GFP_NR		23
#define SOBA_GFP_RAW		_BITULL(63)

#define SOBA_GFP_RECLAIM (SOBA_GFP_DIRECT_RECLAIM | SOBA_GFP_KSWAPD_RECLAIM)
#define SOBA_GFP_KERNEL	 (SOBA_GFP_RECLAIM | SOBA_GFP_IO | SOBA_GFP_FS)
#define SOBA_GFP_NOIO	 SOBA_GFP_RECLAIM
#define SOBA_GFP_NOFS	 (SOBA_GFP_RECLAIM | SOBA_GFP_IO)
#define SOBA_GFP_USER	 (SOBA_GFP_KERNEL | SOBA_GFP_HARDWALL)
#define SOBA_GFP_NOWAIT	 SOBA_GFP_KSWAPD_RECLAIM
#define SOBA_GFP_ATOMIC	 (SOBA_GFP_HIGH | SOBA_GFP_KSWAPD_RECLAIM | \
			  SOBA_GFP_OLD_ATOMIC)

#define SOBA_TEST_ANY_CPU	(-1)
#define SOBA_TEST_ANY_NODE	(-1)

/* out.flags */
#define SOBA_TEST_COMPOUND	_BITUL(0)	/* PageCompound() */
#define SOBA_TEST_HEAD		_BITUL(1)	/* PageHead() */
#define SOBA_TEST_SLAB		_BITUL(2)	/* PageSlab() */
#define SOBA_TEST_FREED		_BITUL(3)	/* freed, held by GET or mmap */

/*
 * A report of soba comes once per call site, so the module has many sites:
 * every SOBA_TEST_NEW_SITE call uses one that no call used before (until they
 * are all used, then they come round again); SOBA_TEST_SAME_SITE repeats the
 * last one. ALLOC heeds them in SOBA_FORM_PAGES, FREE_WRONG always.
 */
#define SOBA_TEST_NEW_SITE	_BITUL(0)	/* call.flags */
#define SOBA_TEST_SAME_SITE	_BITUL(1)
#define SOBA_TEST_SITES		(SOBA_TEST_NEW_SITE | SOBA_TEST_SAME_SITE)

#define SOBA_TEST_MAX_BULK	8192U
#define SOBA_TEST_MAX_ORDER	63U
#define SOBA_TEST_MAX_SIZE	_BITULL(62)

struct soba_test_call {
	__u32 op;		/* enum soba_test_op */
	__u32 context;		/* enum soba_test_context */
	__s32 cpu;		/* run in a kthread bound to it, or ANY_CPU */
	__s32 node;		/* PAGES_NODE, or ANY_NODE */
	__u64 gfp;
	__u32 form;		/* enum soba_test_form */
	__u32 wrong;		/* enum soba_test_wrong */
	__u32 order;
	__u32 flags;
	__u64 size;		/* bytes (EXACT) or pages (BULK) */
	__u64 index;		/* a frame of the object */
	__u64 seed;
	__u32 handle;		/* in, out */
	__u32 zero;		/* must be 0 */
	/* out */
	__s64 value;
	__u64 frames;		/* of the object */
	__u64 run;		/* of them physically contiguous from the first */
	__u64 pfn;		/* of frame `index` */
	__u64 phys;		/* in bytes */
	__u64 virt;		/* page_address(), 0 when there is none */
	__u64 slept;		/* voluntary context switches of the call */
	__s32 nid;
	__s32 refs;		/* page_count() */
	__u32 out_flags;
	__u32 out_order;	/* of the folio */
};

/* Who takes part in a stress run. */
#define SOBA_STRESS_THREADS	_BITUL(0)	/* a kthread per online CPU */
#define SOBA_STRESS_SOFTIRQ	_BITUL(1)	/* a timer per online CPU */
#define SOBA_STRESS_HARDIRQ	_BITUL(2)	/* an hrtimer per online CPU */
/* They allocate objects instead of pages: of caches, and by kmalloc(). */
#define SOBA_STRESS_OBJECTS	_BITUL(3)

struct soba_test_stress {
	__u32 milliseconds;
	__u32 actors;
	__u32 max_order;	/* of the threads; the others stop at 3 */
	__u32 max_frames;	/* held at any moment, by all of them */
	__u64 seed;
	/* out: counted by the actors themselves, not by soba */
	__u64 allocs[3];	/* by threads, softirq, hardirq */
	__u64 frees[3];
	__u64 fails[3];		/* NULL */
	__u64 frames_alloc;
	__u64 frames_free;
	__u64 errors;		/* broken patterns, frames not zeroed ... */
	char first_error[128];
};

#define SOBA_TEST_RT		_BITUL(0)	/* CONFIG_PREEMPT_RT */
#define SOBA_TEST_PREEMPT_COUNT	_BITUL(1)
#define SOBA_TEST_NUMA		_BITUL(2)
#define SOBA_TEST_MEMCG		_BITUL(3)
#define SOBA_TEST_ZONE_DMA	_BITUL(4)
#define SOBA_TEST_ZONE_DMA32	_BITUL(5)
#define SOBA_TEST_KASAN		_BITUL(6)
#define SOBA_TEST_INIT_ON_ALLOC	_BITUL(7)	/* as booted */
#define SOBA_TEST_INIT_ON_FREE	_BITUL(8)
#define SOBA_TEST_NMI		_BITUL(9)	/* the context is there */
#define SOBA_TEST_BH_WORK	_BITUL(10)

struct soba_test_info {
	__u32 version;
	__u32 config;		/* the bits above */
	__u32 page_shift;
	__u32 host_max_order;	/* inclusive */
	__u64 max_frames;	/* one open file may hold */
	__u64 host_frames;	/* of the machine */
};

#define SOBA_TEST_INFO		_IOR(0xb5, 0, struct soba_test_info)
#define SOBA_TEST_CALL		_IOWR(0xb5, 1, struct soba_test_call)
#define SOBA_TEST_STRESS	_IOWR(0xb5, 2, struct soba_test_stress)

#endif /* SOBA_TEST_H */
