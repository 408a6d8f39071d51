/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * soba_object.h - what userspace says to soba_test.ko about caches and kmalloc:
 * SOBA_TEST_OBJECT runs one operation, in a chosen context, on a cache, or on a
 * batch: the objects that one operation allocated, one or many. Both are known
 * by handles (never 0), each kind by numbers of its own.
 *
 * As with SOBA_TEST_CALL, an ioctl that returns 0 has run the operation; a NULL
 * from soba is handle == 0. Errors say that the operation did not run.
 *
 * Locking: none, plain data of fixed width, without holes.
 */
#ifndef SOBA_OBJECT_H
#define SOBA_OBJECT_H

#include "soba_test.h"

enum soba_object_op {
	/* caches */
	SOBA_OBJ_CREATE,	/* form, name, size, align, slab_flags, ... -> cache */
	SOBA_OBJ_DESTROY,	/* cache -> value: objects of ours still live */
	SOBA_OBJ_SHRINK,	/* cache -> value: what soba returned */
	SOBA_OBJ_INFO,		/* cache -> usable: its size, name */
	SOBA_OBJ_CTOR,		/* ctor -> value: runs, got: with irqs off; clear */
	/* batches */
	SOBA_OBJ_ALLOC,		/* form, nr, size, count, gfp, node, cache -> handle */
	SOBA_OBJ_FREE,		/* handle, form, index or SOBA_OBJ_ALL */
	SOBA_OBJ_REALLOC,	/* handle, index, size, count, gfp -> got, value: moved */
	SOBA_OBJ_FREE_WRONG,	/* handle, index, wrong, form, cache, offset */
	SOBA_OBJ_QUERY,		/* handle, index -> the out fields */
	SOBA_OBJ_FILL,		/* handle, seed, length: the pattern */
	SOBA_OBJ_CHECK,		/* handle, seed, length -> value, index */
	SOBA_OBJ_ZEROED,	/* handle, offset, length -> value, index */
	SOBA_OBJ_TEXT,		/* handle, size -> value: as the string forms made it */
	SOBA_OBJ_BUILT,		/* handle, ctor -> value: as its constructor left it */
	SOBA_OBJ_DISJOINT,	/* handle -> value: one that overlaps; sorts them */
	SOBA_OBJ_POKE,		/* handle, index, offset, length, seed: raw bytes */
	SOBA_OBJ_TO_USER,	/* handle, index, offset, length, user -> value */
	SOBA_OBJ_FROM_USER,	/* the same */
	SOBA_OBJ_DMA,		/* handle, index: dma_map_single() -> phys, value */
	SOBA_OBJ_LEAVE,		/* handle: its objects stay after close() */
	SOBA_OBJ_FORGET,	/* cache: it is not destroyed at close() */
	/* nothing is kept */
	SOBA_OBJ_ROUNDUP,	/* size -> usable */
	SOBA_OBJ_NOTHING,	/* form: frees NULL and ZERO_SIZE_PTR; ksize -> value */
	SOBA_OBJ_RCU,		/* handle, form, seed, count: see below -> value */
	/* very many objects, linked through themselves; size, cache or kmalloc */
	SOBA_OBJ_CHAIN,		/* count, size, cache, gfp -> got */
	SOBA_OBJ_CHAIN_FREE,	/* -> got: objects found whole, value */
	SOBA_NR_OBJECT_OPS
};

/*
 * RCU: in one read-side section frees the batch by `form`, allocates `count`
 * objects more of the kind, and pages, overwrites those, and looks at the
 * freed ones: value is GOOD when every one has its pattern still (of a
 * constructor's cache: the constructor's words).
 */

/* Every object of the batch. */
#define SOBA_OBJ_ALL		(~0ULL)

/* Which call allocates or frees; 0 is the plainest one that fits. */
enum soba_object_form {
	SOBA_OBJ_FIT,
	/* allocate: kmalloc family, freed by SOBA_OBJ_KFREE and its sisters */
	SOBA_OBJ_KMALLOC,
	SOBA_OBJ_KMALLOC_CONST,		/* sizes of SOBA_OBJ_CONSTS only */
	SOBA_OBJ_KZALLOC,
	SOBA_OBJ_KMALLOC_NODE,
	SOBA_OBJ_KZALLOC_NODE,
	SOBA_OBJ_KMALLOC_ARRAY,		/* count elements of size */
	SOBA_OBJ_KCALLOC,
	SOBA_OBJ_KMALLOC_ARRAY_NODE,
	SOBA_OBJ_KCALLOC_NODE,
	SOBA_OBJ_TRACK_CALLER,
	SOBA_OBJ_NODE_TRACK_CALLER,
	SOBA_OBJ_KREALLOC,		/* krealloc(NULL) */
	SOBA_OBJ_KREALLOC_ARRAY,
	SOBA_OBJ_NOLOCK,
	SOBA_OBJ_KMEMDUP,		/* of a text of size bytes, see TEXT */
	SOBA_OBJ_KMEMDUP_NUL,		/* size does not count the NUL here ... */
	SOBA_OBJ_KSTRDUP,
	SOBA_OBJ_KSTRDUP_CONST,
	SOBA_OBJ_KSTRNDUP,		/* of a text twice as long */
	SOBA_OBJ_KASPRINTF,
	SOBA_OBJ_KVASPRINTF,		/* ... to here */
	/* allocate: from a cache or a pool */
	SOBA_OBJ_CACHE,
	SOBA_OBJ_CACHE_NODE,
	SOBA_OBJ_CACHE_ZALLOC,
	SOBA_OBJ_CACHE_BULK,
	SOBA_OBJ_POOL,
	/* free */
	SOBA_OBJ_KFREE,
	SOBA_OBJ_KFREE_CONST,
	SOBA_OBJ_KFREE_SENSITIVE,
	SOBA_OBJ_KFREE_BULK,
	SOBA_OBJ_KFREE_NOLOCK,
	SOBA_OBJ_KFREE_RCU,		/* these: size 24 and more */
	SOBA_OBJ_KVFREE_RCU,
	SOBA_OBJ_KFREE_RCU_MIGHTSLEEP,
	SOBA_OBJ_CACHE_FREE,
	SOBA_OBJ_CACHE_FREE_BULK,
	SOBA_OBJ_POOL_FREE,
	/* create */
	SOBA_OBJ_PLAIN,
	SOBA_OBJ_ARGS,
	SOBA_OBJ_USERCOPY,
	SOBA_OBJ_STRUCT,		/* soba_KMEM_CACHE(); name and size are out */
	SOBA_OBJ_STRUCT_USERCOPY,	/* bytes 16 to 31 of 48 */
	SOBA_OBJ_SLAB_POOL,		/* mempool over `cache`, nr elements */
	SOBA_OBJ_KMALLOC_POOL,		/* of size */
	SOBA_NR_OBJECT_FORMS
};

#define SOBA_OBJ_CONSTS(X)						\
	X(1) X(7) X(8) X(9) X(16) X(17) X(24) X(32) X(33) X(48) X(64) X(65) \
	X(96) X(100) X(128) X(192) X(200) X(256) X(257) X(500) X(512)	\
	X(1000) X(1024) X(1025) X(2048) X(3000) X(4096) X(4097) X(8192)	\
	X(8193) X(16384) X(16385) X(65536) X(1000000) X(4194304)

/* Mistakes that soba must survive; the batch keeps its objects, but for DOUBLE. */
enum soba_object_wrong {
	SOBA_OBJ_WRONG_DOUBLE,		/* object `index` is gone after it */
	SOBA_OBJ_WRONG_INTERIOR,	/* `offset` bytes into it */
	SOBA_OBJ_WRONG_CACHE,		/* of a batch, to `cache` */
	SOBA_OBJ_WRONG_PAGES,		/* to free_pages(), order 0 */
	SOBA_OBJ_WRONG_AGAIN,		/* a slot that was freed with KEEP */
	/* without a batch; form KFREE or CACHE_FREE (to `cache`): */
	SOBA_OBJ_WRONG_HOST_KMALLOC,
	SOBA_OBJ_WRONG_HOST_CACHE,
	SOBA_OBJ_WRONG_HOST_PAGE,
	SOBA_OBJ_WRONG_VMALLOC,
	SOBA_OBJ_WRONG_STACK,
	SOBA_OBJ_WRONG_TEXT,
	SOBA_OBJ_WRONG_USER,
	SOBA_OBJ_WRONG_WILD,
	SOBA_OBJ_WRONG_UNALIGNED,	/* soba's page, 3 bytes in */
	SOBA_OBJ_WRONG_SOBA_PAGE,	/* soba_alloc_pages() of `nr` as order */
	SOBA_NR_OBJECT_WRONGS
};

/*
 * Constructors, each with counters of its own. It writes words that BUILT looks
 * for: at the start of the object and at the end of the size that CREATE gave.
 */
#define SOBA_OBJ_CTORS		4
#define SOBA_OBJ_CTOR_ALLOCATES	3	/* this one uses soba itself */

/* SLAB_ flags: the kernel's own numbers change, these do not. */
#define SOBA_SLAB_HWCACHE_ALIGN		_BITUL(0)
#define SOBA_SLAB_PANIC			_BITUL(1)
#define SOBA_SLAB_DMA			_BITUL(2)
#define SOBA_SLAB_DMA32			_BITUL(3)
#define SOBA_SLAB_TYPESAFE_BY_RCU	_BITUL(4)
#define SOBA_SLAB_RECLAIM_ACCOUNT	_BITUL(5)
#define SOBA_SLAB_ACCOUNT		_BITUL(6)
#define SOBA_SLAB_NO_MERGE		_BITUL(7)
#define SOBA_SLAB_RED_ZONE		_BITUL(8)
#define SOBA_SLAB_POISON		_BITUL(9)
#define SOBA_SLAB_STORE_USER		_BITUL(10)
#define SOBA_SLAB_CONSISTENCY		_BITUL(11)
#define SOBA_SLAB_NR			12

/* More contexts; SOBA_TEST_CALL does not know these. */
enum soba_object_context {
	SOBA_CTX_TASKLET = SOBA_NR_CONTEXTS,
	SOBA_CTX_BH_WORK,		/* -EOPNOTSUPP before Linux 6.9 */
	SOBA_CTX_NMI,			/* x86; for the nolock calls */
	SOBA_NR_OBJECT_CONTEXTS
};

/*
 * flags, beside SOBA_TEST_SITES. KEEP: after FREE the batch stays, and what was
 * freed may be poked still, and with KEEP again be looked at by ZEROED.
 */
#define SOBA_OBJ_KEEP		_BITUL(4)
#define SOBA_OBJ_NO_NAME	_BITUL(5)	/* CREATE with a NULL name */
#define SOBA_OBJ_FLAGS		(SOBA_TEST_SITES | SOBA_OBJ_KEEP | SOBA_OBJ_NO_NAME)

#define SOBA_OBJ_MAX_NR		(1U << 20)
#define SOBA_OBJ_NAME		64

struct soba_test_object {
	__u32 op;
	__u32 context;
	__s32 cpu;		/* run in a kthread bound to it, or ANY_CPU */
	__s32 node;
	__u64 gfp;
	__u32 form;
	__u32 wrong;
	__u32 flags;
	__u32 nr;		/* objects of a batch: that many calls, or one bulk */
	__u64 size;
	__u64 count;
	__u64 index;
	__u64 offset;
	__u64 length;
	__u64 seed;
	__u64 user;		/* address */
	__u32 cache;		/* in, out */
	__u32 handle;		/* in, out */
	__u32 slab_flags;
	__u32 align;
	__u32 useroffset;
	__u32 usersize;
	__u32 ctor;		/* 0: none */
	__u32 zero;		/* must be 0 */
	char name[SOBA_OBJ_NAME];	/* in, out */
	/* out */
	__s64 value;
	__u64 got;		/* objects */
	__u64 usable;		/* ksize() */
	__u64 virt;
	__u64 phys;		/* in bytes, by the page tables' linear map */
	__u64 run;		/* bytes from there at one offset to virt */
	__u64 slept;
	__s32 nid;
	__u32 distinct;		/* nodes among the objects, as a mask */
};

#define SOBA_TEST_OBJECT	_IOWR(0xb5, 3, struct soba_test_object)

/*
 * Readers of a SLAB_TYPESAFE_BY_RCU cache against writers who free what is being
 * read, shrink, and let others have the pages: value is the number of times
 * that a reader saw something that is not of the cache.
 */
struct soba_test_typesafe {
	__u32 milliseconds;
	__u32 zero;
	__u64 reads;
	__u64 frees;
	__u64 wrong;
};

#define SOBA_TEST_TYPESAFE	_IOWR(0xb5, 4, struct soba_test_typesafe)

#endif /* SOBA_OBJECT_H */
