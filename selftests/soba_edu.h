/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * soba_edu.h - what userspace says to soba_edu.ko through /dev/soba_edu.
 *
 * The module drives two devices on top of soba: a platform device of its own,
 * on which the calls are tried out, and QEMU's edu, a PCI device that really
 * transfers. One request runs one operation. An object is what one allocating
 * call returned; userspace knows it by a number from 1 on, and maps it at so
 * many pages of the file.
 *
 * Locking: none, plain data; every field has a fixed width.
 */
#ifndef SOBA_EDU_H
#define SOBA_EDU_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SOBA_EDU_DEVICE		"soba_edu"
/*
 * Bytes of one transfer. The device has 4096, but QEMU ends the machine on a range
 * that reaches its last byte.
 */
#define SOBA_EDU_BUFFER		2048

enum soba_edu_target {
	EDU_PLATFORM,
	EDU_PCI,
	EDU_PLATFORM2,		/* a second one, to mistake for the first */
	EDU_NO_DEVICE,		/* NULL */
	EDU_NR_TARGETS
};

enum soba_edu_op {
	EDU_OP_INFO,		/* -> bound, mask, value: the edu's bits */
	EDU_OP_MASK,		/* bits: coherent and streaming mask; 0: none */
	EDU_OP_ALLOC,		/* form, size, gfp, attrs, count -> object */
	EDU_OP_FREE,		/* object, wrong */
	EDU_OP_QUERY,		/* object -> handle, virt, bytes */
	EDU_OP_FILL,		/* object, seed */
	EDU_OP_CHECK,		/* object, seed -> value: first wrong byte or -1 */
	EDU_OP_ZEROED,		/* object -> value */
	EDU_OP_POKE,		/* object, offset, seed: write a byte there */
	EDU_OP_POOL,		/* size, align, boundary, form: make it -> value */
	EDU_OP_POOL_END,
	EDU_OP_TRANSFER,	/* object, offset, size, to_device -> value */
	EDU_OP_STREAM,		/* form: enum soba_edu_stream, size, seed -> value */
	EDU_OP_LATE,		/* object, size: free it, then let the device write */
	EDU_OP_BIND,		/* value: 0 unbinds the driver, 1 binds it */
	EDU_OP_REMOVE,		/* value: 0 removes the second device, 1 makes it */
	EDU_OP_PAIRS,		/* count: alloc/free pairs on all CPUs -> value */
	EDU_OP_GROUND,		/* forget all objects: they are leaks now */
	EDU_OP_TABLE,		/* object: a scatter table -> entries, value: bytes */
	EDU_NR_OPS
};

enum soba_edu_form {
	EDU_FORM_COHERENT,
	EDU_FORM_ATTRS,
	EDU_FORM_MANAGED,
	EDU_FORM_POOL,
	EDU_FORM_POOL_ZEROED,
};

enum soba_edu_wrong {
	EDU_RIGHT,
	EDU_WRONG_DEVICE,
	EDU_WRONG_SIZE,
	EDU_WRONG_HANDLE,
	EDU_WRONG_TWICE,	/* right, then again */
	EDU_WRONG_INSIDE,	/* address and handle 16 bytes further */
	EDU_WRONG_FOREIGN,	/* memory of the host's */
	EDU_WRONG_POOL,		/* a coherent object to the pool, or the reverse */
	EDU_WRONG_ATTRS,
};

/* Ways into a streaming mapping; the bytes go to the device and come back. */
enum soba_edu_stream {
	EDU_STREAM_SINGLE,	/* a block by address */
	EDU_STREAM_PAGE,	/* a part of a block by page */
	EDU_STREAM_SG,		/* a list of blocks */
	EDU_STREAM_AREA,	/* scattered frames, mapped, by soba_vmalloc_to_sgt() */
	EDU_STREAM_KMALLOC,	/* an object by address */
	EDU_STREAM_VMALLOC,	/* memory of vmalloc() by soba_vmalloc_to_sgt() */
	EDU_STREAM_FREED,	/* freed while it is mapped */
	EDU_STREAM_LEFT,	/* mapped, and left so */
	EDU_STREAM_NR
};

/* Where ALLOC and FREE run. */
#define EDU_IRQS_OFF	1
#define EDU_SPINLOCK	2

#define EDU_GFP_KERNEL	0
#define EDU_GFP_ATOMIC	1
#define EDU_GFP_COMP	2	/* GFP_KERNEL | __GFP_COMP */
#define EDU_GFP_DMA	3	/* GFP_KERNEL | __GFP_DMA */
#define EDU_GFP_DMA32	4
#define EDU_GFP_NOWARN	5

#define EDU_ATTR_WC		1	/* DMA_ATTR_WRITE_COMBINE */
#define EDU_ATTR_WC_NOWARN	2	/* by alloc_wc(), with __GFP_NOWARN */
#define EDU_ATTR_NO_MAPPING	3	/* DMA_ATTR_NO_KERNEL_MAPPING */

struct soba_edu_call {
	__u32 op;		/* enum soba_edu_op */
	__u32 target;		/* enum soba_edu_target */
	__u32 form;
	__u32 gfp;
	__u32 wrong;
	__u32 context;
	__u32 object;		/* in, out */
	__u32 bits;
	__u64 size;
	__u64 offset;
	__u64 align;
	__u64 boundary;
	__u64 attrs;		/* EDU_ATTR_* */
	__u64 seed;
	__u64 count;
	/* out */
	__s64 value;
	__u64 handle;		/* the device's address */
	__u64 virt;		/* low 12 bits of the CPU's address */
	__u64 mask;
	__u64 irqs;		/* interrupts taken, with an allocation in each */
	__u64 entries;		/* of a scatter table */
	__u32 bound;
	__u32 zero;
};

#define SOBA_EDU_CALL	_IOWR(0xb6, 0, struct soba_edu_call)

#endif /* SOBA_EDU_H */
