/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * soba_vm.h - what userspace says to soba_test.ko about mapped memory: one
 * request, as soba_test.h has one for pages. A set is what one VM_ALLOC made:
 * `count` areas of `size` bytes, known by a handle. mmap() shows the first area
 * of a set at page offset SOBA_VM_MMAP + handle; with SOBA_VM_FAULT added, page
 * by page as it is touched, with SOBA_VM_PART(page) added from that page on.
 *
 * Locking: none, plain data.
 */
#ifndef SOBA_VM_H
#define SOBA_VM_H

#include "soba_test.h"

enum soba_vm_op {
	SOBA_VM_ALLOC,		/* form, size, count, gfp, node, align -> handle */
	SOBA_VM_FREE,		/* handle, form: all of the set */
	SOBA_VM_QUERY,		/* handle, index of the area, page of it */
	SOBA_VM_FILL,		/* handle, seed: all of the set */
	SOBA_VM_CHECK,		/* handle, seed -> value, as SOBA_OP_CHECK */
	SOBA_VM_ZEROED,		/* handle -> value: from byte `seed` of each on */
	SOBA_VM_REALLOC,	/* handle (one area), size, gfp: by its family's call */
	SOBA_VM_PROBE,		/* handle, index: read byte `seed` -> value 0 or -errno */
	SOBA_VM_PROBE_FREED,	/* handle: free one area, then read it -> value */
	SOBA_VM_WRONG,		/* wrong, handle */
	SOBA_VM_GET,		/* handle, index, page: a page reference, or one less */
	SOBA_VM_PUT,		/* handle 0: of the page that GET took last */
	SOBA_VM_HELD,		/* page, seed: that page, once its set is freed -> value */
	SOBA_VM_UNMAP,		/* handle (a vmap()): vunmap(), then its pages -> value */
	SOBA_VM_STRESS,		/* form: enum soba_vm_stress; count -> value: errors */
	SOBA_VM_LEAK,		/* handle: stays allocated after close() */
	SOBA_NR_VM_OPS
};

enum soba_vm_form {
	SOBA_VM_FIT,			/* frees as it was allocated */
	SOBA_VM_VMALLOC,
	SOBA_VM_VZALLOC,
	SOBA_VM_VMALLOC_NODE,
	SOBA_VM_VZALLOC_NODE,
	SOBA_VM_USER,
	SOBA_VM_32,
	SOBA_VM_32_USER,
	SOBA_VM_HUGE,
	SOBA_VM_GFP,			/* __vmalloc() */
	SOBA_VM_ALIGN,			/* __vmalloc_node() */
	SOBA_VM_ARRAY,			/* vmalloc_array(), elements of 8 bytes */
	SOBA_VM_VCALLOC,
	SOBA_VM_VMAP,			/* of single pages of soba's */
	SOBA_VM_MAP_RAM,
	SOBA_VM_KVMALLOC,
	SOBA_VM_KVZALLOC,
	SOBA_VM_KVCALLOC,		/* elements of 8 bytes */
	SOBA_VM_FRAG,			/* page_frag_alloc_align() */
	SOBA_VM_NETDEV_FRAG,		/* netdev_alloc_frag_align() */
	SOBA_VM_ATOMIC,			/* to free: vfree_atomic() */
	SOBA_VM_SENSITIVE,		/* to free: kvfree_sensitive() */
	SOBA_VM_KVMALLOC_NODE,
	SOBA_VM_KVZALLOC_NODE,
	SOBA_VM_VMAP_USER,		/* VM_USERMAP */
	SOBA_VM_VMAP_PUT,		/* VM_MAP_PUT_PAGES: vfree() frees all of it */
	SOBA_NR_VM_FORMS
};

enum soba_vm_wrong {
	SOBA_VM_SIZE_0,
	SOBA_VM_SIZE_MACHINE,		/* beyond the machine */
	SOBA_VM_SIZE_OVERFLOW,		/* ULONG_MAX bytes */
	SOBA_VM_ARRAY_OVERFLOW,
	SOBA_VM_FREE_NULL,
	SOBA_VM_FREE_INTERIOR,		/* handle: its second page; or byte 8 */
	SOBA_VM_FREE_TWICE,		/* handle: the set is gone */
	SOBA_VM_FREE_FOREIGN,		/* of the host's vmalloc() */
	SOBA_VM_FREE_KMALLOC,
	SOBA_VM_FREE_TEXT,
	SOBA_VM_VUNMAP_AREA,		/* handle */
	SOBA_VM_VFREE_MAP,		/* a vmap() */
	SOBA_VM_PAGE_OF_AREA,		/* handle: free_page() of its first */
	SOBA_VM_FRAG_FOREIGN,		/* page_frag_free() of the host's memory */
	SOBA_VM_FRAG_OF_PAGE,		/* ... of a page of soba's */
	SOBA_VM_FRAG_TOO_LARGE,
	SOBA_VM_KVREALLOC_FOREIGN,	/* of the host's vmalloc() */
	SOBA_VM_KVREALLOC_KMALLOC,	/* of the host's kmalloc() */
	SOBA_VM_KVREALLOC_INTERIOR,	/* handle: as FREE_INTERIOR */
	SOBA_NR_VM_WRONGS
};

/* The kernel's own list (lib/test_vmalloc.c) by its names; on every CPU. */
enum soba_vm_stress {
	SOBA_VM_FIX_SIZE,
	SOBA_VM_FULL_FIT,
	SOBA_VM_LONG_BUSY_LIST,
	SOBA_VM_RANDOM_SIZE,
	SOBA_VM_FIX_ALIGN,
	SOBA_VM_RANDOM_SIZE_ALIGN,
	SOBA_VM_ALIGN_SHIFT,
	SOBA_VM_MAP_RAM_STRESS,
	SOBA_VM_KVFREE_RCU,
	SOBA_NR_VM_STRESSES
};

#define SOBA_VM_MMAP	0x1000000UL	/* page offset */
#define SOBA_VM_FAULT	0x2000000UL
#define SOBA_VM_PARTIAL	0x4000000UL
#define SOBA_VM_PART_SHIFT	27
#define SOBA_VM_PART(page) \
	(SOBA_VM_PARTIAL + ((unsigned long)(page) << SOBA_VM_PART_SHIFT))

#define SOBA_VM_MAX_SETS	0xfffffU
#define SOBA_VM_MAX_COUNT	200000U

struct soba_vm {
	__u32 op;
	__u32 context;		/* enum soba_test_context, of ALLOC, FREE, WRONG */
	__u32 form;
	__u32 wrong;
	__u32 handle;		/* in, out */
	__s32 node;
	__u64 gfp;
	__u64 size;		/* bytes of an area */
	__u64 align;
	__u64 count;		/* areas */
	__u64 index;		/* of an area */
	__u64 page;		/* of the area */
	__u64 seed;
	/* out */
	__s64 value;
	__u64 addr;		/* of the area */
	__u64 pages;		/* of it */
	__u64 bytes;		/* requested_size */
	__u64 pfn;		/* of the page */
	__u64 runs;		/* physically contiguous runs in the area */
	__u64 slept;
	__s32 nid;
	__s32 refs;
};

#define SOBA_TEST_VM		_IOWR(0xb5, 0x20, struct soba_vm)

#endif /* SOBA_VM_H */
