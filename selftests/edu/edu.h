/* SPDX-License-Identifier: GPL-2.0 */
/*
 * edu.h - what the files of soba_edu.ko know of each other.
 *
 * Locking: edu_lock (a mutex) is held around every operation, and so by the probe
 * and remove that one causes. Those by sysfs take none: nobody else may operate.
 */
#ifndef SOBA_EDU_MODULE_H
#define SOBA_EDU_MODULE_H

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include <soba/soba.h>

#include "../soba_edu.h"

struct vm_area_struct;

struct target {
	struct device *dev;	/* NULL: there is none */
	bool bound;
	struct soba_dma_pool *pool;
	size_t pool_size;
	bool pool_managed;	/* it goes with the driver */
};

extern struct target targets[EDU_NR_TARGETS];

/* device.c */
int devices_register(void);
void devices_unregister(void);
int device_bind(struct target *t, bool bind);
int device_second(bool there);
unsigned int edu_bits(void);
unsigned long edu_irqs(void);
/* Pre: [handle, handle + size) is mapped; at most SOBA_EDU_BUFFER bytes. */
int edu_transfer(dma_addr_t handle, u32 offset, size_t size, bool to_device);

/* objects.c */
int object_op(struct soba_edu_call *c);
int object_mmap(unsigned long number, struct vm_area_struct *vma);
void objects_drop(struct target *t);

/* stream.c */
int stream_op(struct soba_edu_call *c);

/* pairs.c */
int pairs_op(struct soba_edu_call *c);

static inline u8 edu_pattern(u64 seed, size_t i)
{
	return (seed * 31 + i * 7 + (i >> 8)) & 0xff;
}

void edu_fill(void *to, u64 seed, size_t from, size_t size);
s64 edu_check(const void *at, u64 seed, size_t from, size_t size);

#endif /* SOBA_EDU_MODULE_H */
