// SPDX-License-Identifier: GPL-2.0
/*
 * objlib.c - see objlib.h. Locking: none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "objlib.h"

struct soba_test_object obj_init(enum soba_object_op op)
{
	return (struct soba_test_object){
		.op = op,
		.cpu = SOBA_TEST_ANY_CPU,
		.node = SOBA_TEST_ANY_NODE,
	};
}

int obj_run(int fd, struct soba_test_object *call)
{
	return ioctl(fd, SOBA_TEST_OBJECT, call) ? -errno : 0;
}

uint32_t obj_kmalloc(int fd, uint64_t size, uint64_t gfp, uint32_t nr)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);

	call.form = SOBA_OBJ_KMALLOC;
	call.size = size;
	call.gfp = gfp;
	call.nr = nr;
	return obj_run(fd, &call) ? 0 : call.handle;
}

uint32_t obj_form(int fd, uint32_t form, uint64_t size, uint64_t count,
		  uint64_t gfp, uint32_t context)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);

	call.form = form;
	call.size = size;
	call.count = count;
	call.gfp = gfp;
	call.context = context;
	return obj_run(fd, &call) ? 0 : call.handle;
}

uint32_t obj_cache_alloc(int fd, uint32_t cache, uint64_t gfp, uint32_t nr)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);

	call.form = SOBA_OBJ_CACHE;
	call.cache = cache;
	call.gfp = gfp;
	call.nr = nr;
	return obj_run(fd, &call) ? 0 : call.handle;
}

int obj_free_form(int fd, uint32_t handle, uint32_t form, uint64_t index,
		  uint32_t context, int cpu)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_FREE);

	call.handle = handle;
	call.form = form;
	call.index = index;
	call.context = context;
	call.cpu = cpu;
	return obj_run(fd, &call);
}

int obj_free(int fd, uint32_t handle)
{
	return obj_free_form(fd, handle, SOBA_OBJ_FIT, SOBA_OBJ_ALL,
			     SOBA_CTX_PROCESS, SOBA_TEST_ANY_CPU);
}

int obj_op(int fd, enum soba_object_op op, uint32_t handle, uint64_t index)
{
	struct soba_test_object call = obj_init(op);

	call.handle = handle;
	call.index = index;
	return obj_run(fd, &call);
}

struct soba_test_object obj_query(int fd, uint32_t handle, uint64_t index)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_QUERY);

	call.handle = handle;
	call.index = index;
	if (obj_run(fd, &call))
		call.got = 0;
	return call;
}

int obj_fill(int fd, uint32_t handle, uint64_t seed)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_FILL);

	call.handle = handle;
	call.seed = seed;
	return obj_run(fd, &call);
}

int64_t obj_check(int fd, uint32_t handle, uint64_t seed)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_CHECK);
	int ret;

	call.handle = handle;
	call.seed = seed;
	ret = obj_run(fd, &call);
	return ret ? ret - 1 : call.value;
}

int64_t obj_zeroed(int fd, uint32_t handle, uint64_t offset, uint64_t length)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_ZEROED);
	int ret;

	call.handle = handle;
	call.offset = offset;
	call.length = length;
	ret = obj_run(fd, &call);
	return ret ? ret - 1 : call.value;
}

int64_t obj_value(int fd, enum soba_object_op op, uint32_t handle)
{
	struct soba_test_object call = obj_init(op);
	int ret;

	call.handle = handle;
	ret = obj_run(fd, &call);
	return ret ? ret - 1 : call.value;
}

int obj_poke(int fd, uint32_t handle, uint64_t index, uint64_t offset,
	     uint64_t length, uint8_t byte)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_POKE);

	call.handle = handle;
	call.index = index;
	call.offset = offset;
	call.length = length;
	call.seed = byte;
	return obj_run(fd, &call);
}

uint32_t cache_create(int fd, const char *name, uint32_t size, uint32_t align,
		      uint32_t slab_flags, uint32_t ctor)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_CREATE);

	call.form = SOBA_OBJ_PLAIN;
	call.size = size;
	call.align = align;
	call.slab_flags = slab_flags;
	call.ctor = ctor;
	snprintf(call.name, sizeof(call.name), "%s", name);
	return obj_run(fd, &call) ? 0 : call.cache;
}

int64_t cache_destroy(int fd, uint32_t cache)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_DESTROY);
	int ret;

	call.cache = cache;
	ret = obj_run(fd, &call);
	return ret ? ret : call.value;
}

int cache_shrink(int fd, uint32_t cache)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_SHRINK);

	call.cache = cache;
	return obj_run(fd, &call);
}

struct soba_test_object cache_info(int fd, uint32_t cache)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_INFO);

	call.cache = cache;
	if (obj_run(fd, &call))
		call.usable = 0;
	return call;
}

int64_t ctor_runs(int fd, uint32_t ctor)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_CTOR);

	call.ctor = ctor;
	return obj_run(fd, &call) ? -1 : call.value;
}

bool object_context_usable(const struct soba_test_info *info,
			   unsigned int context)
{
	switch (context) {
	case SOBA_CTX_TASKLET:
		return true;
	case SOBA_CTX_BH_WORK:
		return info->config & SOBA_TEST_BH_WORK;
	case SOBA_CTX_NMI:
		return false;	/* for the nolock calls only */
	}
	return context_usable(info, context);
}

const char *object_context_name(unsigned int context)
{
	switch (context) {
	case SOBA_CTX_TASKLET:
		return "tasklet";
	case SOBA_CTX_BH_WORK:
		return "BH work";
	case SOBA_CTX_NMI:
		return "NMI";
	}
	return context_name(context);
}

void soba_shrink(void)
{
	file_write(DEBUGFS "/shrink", "1");
}

uint64_t kernel_class(uint64_t size)
{
	uint64_t class = 8;

	if (size > 64 && size <= 96)
		return 96;
	if (size > 128 && size <= 192)
		return 192;
	while (class < size)
		class *= 2;
	return class;
}
