/* SPDX-License-Identifier: GPL-2.0 */
/*
 * port_map.h - floor 0: virtually contiguous mappings, in the host's vmalloc
 * range and in userspace. Pre- and postconditions as in port.h: none of these
 * may be called with a soba lock held.
 */
#ifndef SOBA_PORT_MAP_H
#define SOBA_PORT_MAP_H

#include "port.h"

struct vm_area_struct;

/**
 * soba_port_map() - map pages one behind the other
 * @pages: the pages; not used after return
 * @nr: how many, at least 1
 * @prot: of the mapping
 * @gfp: caller's flags; page tables are allocated within __GFP_IO and __GFP_FS
 * @user: the host's remap_vmalloc_range() may map the range to userspace
 * @align: of the address: a power of two, at most the size of the range unless
 *	it is at most PAGE_SIZE
 *
 * Post: an unmapped guard page follows the range.
 *
 * Context: process, may sleep.
 * Return: address in the vmalloc range, or NULL.
 */
void *soba_port_map(struct page **pages, unsigned long nr, pgprot_t prot,
		    gfp_t gfp, bool user, unsigned long align);

/**
 * soba_port_unmap() - undo soba_port_map()
 * @addr: what it returned
 * @flush: no CPU may reach the range any more after return; otherwise a CPU
 *	may, through its TLB, until the host reuses the addresses
 *
 * Context: process, may sleep.
 */
void soba_port_unmap(const void *addr, bool flush);

/**
 * soba_port_mapped_page() - the page at an address of the vmalloc range
 * @addr: any address; of another range it yields NULL
 *
 * Context: any. Return: the page, or NULL when nothing is mapped there.
 */
struct page *soba_port_mapped_page(const void *addr);

/**
 * soba_port_array_alloc() - a large table, virtually contiguous
 * @size: bytes
 * @gfp: caller's flags: of them __GFP_IO and __GFP_FS count
 * @nid: node near which it is used
 *
 * Context: process, may sleep. Return: the table, not cleared; or NULL.
 */
void *soba_port_array_alloc(size_t size, gfp_t gfp, int nid);

/** soba_port_array_free() - undo soba_port_array_alloc(); process context */
void soba_port_array_free(void *p);

/** soba_port_killed() - must the task stop what it is doing and die? */
bool soba_port_killed(void);

/** soba_port_clock() - nanoseconds of a clock of this CPU; any context */
u64 soba_port_clock(void);

/**
 * soba_port_vma() - where a user mapping is
 * @vma: the mapping, mmap_lock held for writing
 * @start: set to its address
 *
 * Return: its size in bytes.
 */
unsigned long soba_port_vma(const struct vm_area_struct *vma,
			    unsigned long *start);

/**
 * soba_port_vma_insert() - show pages in a user mapping
 * @vma: the mapping, mmap_lock held for writing
 * @at: user address of the first, within @vma
 * @pages: the pages; each gets one reference more while it is mapped
 * @nr: how many
 *
 * Post: the mapping cannot be expanded and is left out of core dumps.
 *
 * Context: process, may sleep. Return: 0 or an errno.
 */
int soba_port_vma_insert(struct vm_area_struct *vma, unsigned long at,
			 struct page **pages, unsigned long nr);

#endif /* SOBA_PORT_MAP_H */
