/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmlib.h - what the programs about mapped memory share.
 *
 * Locking: none.
 */
#ifndef SOBA_VMLIB_H
#define SOBA_VMLIB_H

#include <stdbool.h>
#include <stdint.h>

#include "soba_vm.h"

#define PAGE	4096UL

struct soba_vm vm_init(enum soba_vm_op op);
int vm_run(int fd, struct soba_vm *vm);		/* 0 or -errno */
uint32_t vm_alloc(int fd, uint32_t form, unsigned long size, unsigned long count);
int vm_free(int fd, uint32_t handle);
int vm_free_in(int fd, uint32_t handle, uint32_t form, uint32_t context);
struct soba_vm vm_query(int fd, uint32_t handle, uint64_t index, uint64_t page);
int vm_fill(int fd, uint32_t handle, uint64_t seed);
int64_t vm_check(int fd, uint32_t handle, uint64_t seed);
int64_t vm_zeroed(int fd, uint32_t handle);
int64_t vm_zeroed_from(int fd, uint32_t handle, uint64_t from);
int64_t vm_probe(int fd, uint32_t handle, uint64_t offset);
int vm_wrong(int fd, uint32_t wrong, uint32_t handle, uint32_t context);
bool vm_cache_on(void);

/* One line of a vmallocinfo. */
struct vm_line {
	unsigned long start, end, size, pages;
	unsigned long nodes;		/* sum of N0=, N1= ... */
	bool vmalloc, vmap, user, dma, vpages, unpurged, ioremap;
	char caller[96];
};

/* Parses both the kernel's and soba's; -1 when the line is not of the format. */
int vm_parse(const char *line, struct vm_line *out);
/* All lines of a file, to be freed; NULL when one of them is wrong. */
struct vm_line *vm_lines(const char *path, unsigned long *nr, char *bad,
			 size_t size);

#endif /* SOBA_VMLIB_H */
