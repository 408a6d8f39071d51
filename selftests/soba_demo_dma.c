// SPDX-License-Identifier: GPL-2.0
/*
 * soba_demo_dma.c - shows coherent memory with QEMU's edu device: where it lies
 * for the device, and that the device really reads and writes it. For
 * guest/demo.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "soba_edu.h"

static int device;
static __u32 target = EDU_PCI;

static int run(struct soba_edu_call *c)
{
	c->target = target;
	return ioctl(device, SOBA_EDU_CALL, c) ? -errno : 0;
}

static struct soba_edu_call on(__u32 op, __u32 object, __u64 seed)
{
	struct soba_edu_call c = { .op = op, .object = object, .seed = seed };

	run(&c);
	return c;
}

/* To the device from one buffer, and back into another. */
static void show(const char *what, __u32 form, __u64 size)
{
	struct soba_edu_call from = { .op = EDU_OP_ALLOC, .form = form };
	struct soba_edu_call to, move = { .op = EDU_OP_TRANSFER };

	from.size = size;
	to = from;
	if (run(&from) || run(&to) || !from.object || !to.object) {
		printf("  %-32s NULL\n", what);
		return;
	}
	on(EDU_OP_FILL, from.object, 7);
	move.size = size;
	move.object = from.object;
	move.count = 1;
	run(&move);
	move.object = to.object;
	move.count = 0;
	run(&move);
	printf("  %-32s %6llu %#12llx -> %#12llx  %s\n", what,
	       (unsigned long long)size, (unsigned long long)from.handle,
	       (unsigned long long)to.handle,
	       on(EDU_OP_CHECK, to.object, 7).value == -1 ? "yes" : "NO");
}

static void stream(const char *what, __u32 form, __u64 size)
{
	struct soba_edu_call c = { .op = EDU_OP_STREAM, .form = form };

	c.size = size;
	c.seed = 9;
	if (run(&c))
		c.value = 0;
	printf("  %-32s %6llu %12llu runs of frames   %s\n", what,
	       (unsigned long long)size, (unsigned long long)c.entries,
	       c.value == -1 ? "yes" : "NO");
}

int main(void)
{
	struct soba_edu_call info = { .op = EDU_OP_INFO };
	struct soba_edu_call pool = { .op = EDU_OP_POOL, .size = 96, .align = 32 };

	device = open("/dev/" SOBA_EDU_DEVICE, O_RDWR);
	if (device < 0 || run(&info) || !info.bound) {
		fprintf(stderr, "soba_demo_dma: no edu device\n");
		return 1;
	}
	printf("  the device reaches addresses up to %#llx\n\n",
	       (unsigned long long)info.mask);
	printf("  %-32s %6s %12s    %12s  %s\n", "call", "bytes", "read at",
	       "written at", "bytes hold?");
	show("dma_alloc_coherent(64)", EDU_FORM_COHERENT, 64);
	show("dma_alloc_coherent(256)", EDU_FORM_COHERENT, 256);
	show("dma_alloc_coherent(2048)", EDU_FORM_COHERENT, 2048);
	show("dmam_alloc_coherent(1000)", EDU_FORM_MANAGED, 1000);
	run(&pool);
	show("dma_pool_alloc(pool of 96)", EDU_FORM_POOL, 96);
	stream("dma_map_single(block)", EDU_STREAM_SINGLE, 2048);
	stream("dma_map_single(kmalloc)", EDU_STREAM_KMALLOC, 2000);
	stream("vmalloc_to_sgt(vmalloc)", EDU_STREAM_VMALLOC, 16384);
	stream("vmalloc_to_sgt(area)", EDU_STREAM_AREA, 16384);
	run(&info);
	printf("\n  %llu transfers ended with an interrupt that allocated with GFP_ATOMIC\n",
	       (unsigned long long)info.irqs);
	return 0;
}
