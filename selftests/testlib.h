/* SPDX-License-Identifier: GPL-2.0 */
/*
 * testlib.h - what soba's test programs share: the test device, the kernel's
 * log, soba's files, and loading modules.
 *
 * Locking: none. A descriptor may be used by several threads, the kernel
 * serialises its calls; other descriptors run at the same time.
 */
#ifndef SOBA_TESTLIB_H
#define SOBA_TESTLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "soba_test.h"

#define DEBUGFS		"/sys/kernel/debug/soba"
#define PROC		"/proc/soba"
#define DEVICE		"/dev/" SOBA_TEST_DEVICE

/* The device: each returns 0 or -errno, a handle or 0. */
int device_open(void);
struct soba_test_info device_info(int fd);
struct soba_test_call call_init(enum soba_test_op op);
int call_run(int fd, struct soba_test_call *call);
uint32_t page_alloc(int fd, uint64_t gfp, unsigned int order);
int page_free(int fd, uint32_t handle);
uint32_t page_alloc_form(int fd, uint32_t form, uint64_t gfp,
			 unsigned int order, uint32_t context, int cpu);
int page_free_in(int fd, uint32_t handle, uint32_t context, int cpu);
int page_op(int fd, enum soba_test_op op, uint32_t handle, uint64_t index);
struct soba_test_call page_query(int fd, uint32_t handle, uint64_t index);
int page_fill(int fd, uint32_t handle, uint64_t seed);
int64_t page_check(int fd, uint32_t handle, uint64_t seed);
int64_t page_zeroed(int fd, uint32_t handle);
/* Allocates until NULL or @max, into @handles; the number of blocks. */
size_t page_alloc_all(int fd, uint64_t gfp, unsigned int order,
		      uint32_t *handles, size_t max);
/*
 * As page_alloc_all() with order 0, until soba holds all that limit= allows. A
 * chunk on its way, taken by the background grower, gives one NULL, not an end.
 */
size_t page_exhaust(int fd, uint64_t gfp, uint32_t *handles, size_t max);
void page_free_all(int fd, const uint32_t *handles, size_t nr);
/* The k-th context in which this kernel lets soba be called. */
bool context_usable(const struct soba_test_info *info, unsigned int context);
const char *context_name(unsigned int context);

/* Text files: whole, to be freed; NULL when it cannot be read. */
char *file_text(const char *path);
int file_write(const char *path, const char *text);
/* "Name: 12 kB" and "name 12" lines alike; -1 when there is no such line. */
long long file_number(const char *path, const char *name);
long long soba_event(const char *name);
long long soba_errors(const char *class);
long long soba_meminfo(const char *name);
/* kB free in the host, its per-CPU lists included, caches dropped. */
long long host_free(void);
/* The validator's verdict; @why gets its first other line. */
bool soba_valid(char *why, size_t size);
/* A kernel with kmemleak: ten times as slow, and it gives up for want of memory. */
bool debug_kernel(void);
unsigned int online_cpus(void);
bool cpu_pin(unsigned int cpu);
void cpu_unpin(void);

/* The kernel's log from the moment of kmsg_open() on. */
int kmsg_open(void);
/* How many new records contain @text; the last of them into @line. */
unsigned int kmsg_count(int kmsg, const char *text, char *line, size_t size);

/* Are the files of both modules there? */
bool soba_files(void);
/* Modules. NULL when it worked, else why not. */
const char *soba_unload(void);
const char *soba_load(const char *parameters);
/* With these parameters, then with those it had; the device must be closed. */
const char *soba_reload(const char *parameters);
const char *soba_restore(void);
/* When this process ends, whatever its children have loaded. */
void soba_restore_at_exit(void);
/* After that: with these parameters, unless it has them since the last call. */
const char *soba_reload_once(const char *parameters);
bool soba_loaded(void);

uint64_t random_next(uint64_t *state);

#endif /* SOBA_TESTLIB_H */
