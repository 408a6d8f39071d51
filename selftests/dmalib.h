/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dmalib.h - what the tests of coherent memory share. Include after fixture.h.
 * A program that opens the device itself defines DMALIB_CLOSED before.
 *
 * Locking: none.
 */
#ifndef SOBA_DMALIB_H
#define SOBA_DMALIB_H

#include <fcntl.h>
#include <sys/ioctl.h>

#include "soba_edu.h"

#define EDU_PATH	"/dev/" SOBA_EDU_DEVICE
#define DMA_DIR		DEBUGFS "/dma"

static int edu = -1;

#ifndef DMALIB_CLOSED
/* The whole program is one skip without the module; see fixture.h. */
static void __attribute__((constructor)) need_edu(void)
{
	edu = open(EDU_PATH, O_RDWR | O_CLOEXEC);
	if (edu >= 0)
		return;
	ksft_print_header();
	ksft_exit_skip("no " EDU_PATH ": soba_edu.ko is not loaded\n");
}
#endif

static inline struct soba_edu_call edu_init(__u32 target, __u32 op)
{
	return (struct soba_edu_call){ .op = op, .target = target };
}

static inline int edu_call(struct soba_edu_call *c)
{
	return ioctl(edu, SOBA_EDU_CALL, c) ? -errno : 0;
}

static inline struct soba_edu_call edu_alloc(__u32 target, __u64 size,
					     __u32 form, __u32 gfp)
{
	struct soba_edu_call c = edu_init(target, EDU_OP_ALLOC);

	c.size = size;
	c.form = form;
	c.gfp = gfp;
	if (edu_call(&c))
		c.object = 0;
	return c;
}

static inline int edu_on(__u32 target, __u32 op, __u32 object, __u64 seed,
			 long long *value)
{
	struct soba_edu_call c = edu_init(target, op);
	int err;

	c.object = object;
	c.seed = seed;
	err = edu_call(&c);
	if (value)
		*value = c.value;
	return err;
}

static inline long long edu_value(__u32 target, __u32 op, __u32 object,
				  __u64 seed)
{
	long long value = -2;

	return edu_on(target, op, object, seed, &value) ? -3 : value;
}

static inline int edu_free(__u32 target, __u32 object, __u32 wrong)
{
	struct soba_edu_call c = edu_init(target, EDU_OP_FREE);

	c.object = object;
	c.wrong = wrong;
	return edu_call(&c);
}

static inline int edu_mask(__u32 target, __u32 bits)
{
	struct soba_edu_call c = edu_init(target, EDU_OP_MASK);

	c.bits = bits;
	return edu_call(&c);
}

static inline int edu_bind(__u32 target, bool bind)
{
	struct soba_edu_call c = edu_init(target, EDU_OP_BIND);

	c.value = bind;
	return edu_call(&c);
}

static inline struct soba_edu_call edu_info(__u32 target)
{
	struct soba_edu_call c = edu_init(target, EDU_OP_INFO);

	edu_call(&c);
	return c;
}

/* A figure of a device in debugfs; its directory is made by a worker. */
static inline long long dma_stat(const char *device, const char *name)
{
	long long value = -1;
	char path[128];
	int i;

	snprintf(path, sizeof(path), DMA_DIR "/%s/stats", device);
	for (i = 0; i < 100 && value < 0; i++) {
		value = file_number(path, name);
		if (value < 0)
			usleep(20000);
	}
	return value;
}

#endif /* SOBA_DMALIB_H */
