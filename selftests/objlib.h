/* SPDX-License-Identifier: GPL-2.0 */
/*
 * objlib.h - caches and objects for soba's test programs: short names for what
 * SOBA_TEST_OBJECT does, and reports that are expected.
 *
 * Locking: none; as testlib.h.
 */
#ifndef SOBA_OBJLIB_H
#define SOBA_OBJLIB_H

#include "soba_object.h"
#include "testlib.h"

#define KFREE	SOBA_OBJ_KFREE

struct soba_test_object obj_init(enum soba_object_op op);
int obj_run(int fd, struct soba_test_object *call);
/* A batch of @nr objects of one kmalloc size; 0 when soba said NULL. */
uint32_t obj_kmalloc(int fd, uint64_t size, uint64_t gfp, uint32_t nr);
uint32_t obj_form(int fd, uint32_t form, uint64_t size, uint64_t count,
		  uint64_t gfp, uint32_t context);
uint32_t obj_cache_alloc(int fd, uint32_t cache, uint64_t gfp, uint32_t nr);
int obj_free(int fd, uint32_t handle);
int obj_free_form(int fd, uint32_t handle, uint32_t form, uint64_t index,
		  uint32_t context, int cpu);
int obj_op(int fd, enum soba_object_op op, uint32_t handle, uint64_t index);
struct soba_test_object obj_query(int fd, uint32_t handle, uint64_t index);
int obj_fill(int fd, uint32_t handle, uint64_t seed);
/* Offset of the first wrong byte, SOBA_TEST_GOOD, or below that -errno - 1. */
int64_t obj_check(int fd, uint32_t handle, uint64_t seed);
int64_t obj_zeroed(int fd, uint32_t handle, uint64_t offset, uint64_t length);
int64_t obj_value(int fd, enum soba_object_op op, uint32_t handle);
/* As SOBA_OBJ_POKE. */
int obj_poke(int fd, uint32_t handle, uint64_t index, uint64_t offset,
	     uint64_t length, uint8_t byte);

/* A cache, plainest form; 0 when soba said NULL. */
uint32_t cache_create(int fd, const char *name, uint32_t size, uint32_t align,
		      uint32_t slab_flags, uint32_t ctor);
/* Objects that were live, or -errno. */
int64_t cache_destroy(int fd, uint32_t cache);
int cache_shrink(int fd, uint32_t cache);
struct soba_test_object cache_info(int fd, uint32_t cache);
/* How often the constructor ran since it was last asked. */
int64_t ctor_runs(int fd, uint32_t ctor);

/* The contexts of objects, NMI and bottom halves included. */
bool object_context_usable(const struct soba_test_info *info,
			   unsigned int context);
const char *object_context_name(unsigned int context);
/* Empties what soba keeps for speed, as far as it is empty. */
void soba_shrink(void);

/* The kernel's kmalloc class of a size: what soba's may not exceed. */
uint64_t kernel_class(uint64_t size);

#endif /* SOBA_OBJLIB_H */
