/* SPDX-License-Identifier: GPL-2.0 */
/*
 * port.h - floor 0: what soba needs of its host, with pre- and postconditions.
 *
 * Everything that differs between kernel releases is behind these functions
 * (src/port/host_*.c, src/port/compat.h) or, in the userspace harness, behind
 * tools/harness/port.c. No other file tests a kernel version.
 *
 * Locking: none of these may be called with a soba lock held, except the
 * inline ones and those marked "any context".
 */
#ifndef SOBA_PORT_H
#define SOBA_PORT_H

#include <soba/front.h>

#include "port_inline.h"

/* The address classes, in the order in which a request may fall back (down). */
enum soba_class {
	SOBA_CLASS_DMA,
	SOBA_CLASS_DMA32,
	SOBA_CLASS_NORMAL,
	SOBA_NR_CLASSES
};

/*
 * Frames carry two references while soba holds them: one stands for whoever
 * soba gives the page to, one is soba's own and keeps a stray put_page() from
 * handing the frame to the host. Neither changes on soba's alloc or free, so
 * nothing races with the host's own get_page_unless_zero() walkers.
 */
#define SOBA_PAGE_REFS 2

/**
 * soba_port_take() - take a naturally aligned run of frames from the host
 * @nid: node, or NUMA_NO_NODE for the host's own choice
 * @class: highest address class the frames may have
 * @order: log2 of the number of frames, 0..SOBA_MAX_ORDER
 * @gfp: caller's flags; only its reclaim, IO, FS, retry, COMP and ACCOUNT bits
 *	are passed on. Without __GFP_DIRECT_RECLAIM nothing sleeps.
 *
 * Post: every frame has SOBA_PAGE_REFS references (with __GFP_COMP: the head),
 * no owner in the host but soba, and is mapped in the direct map. The host's
 * atomic reserves are never used. Silent on failure.
 *
 * Context: any that the host's alloc_pages() allows with @gfp.
 * Return: the first page, or NULL.
 */
struct page *soba_port_take(int nid, enum soba_class class, unsigned int order,
			    gfp_t gfp);

/**
 * soba_port_give() - give a run of frames back to the host
 * @page: first page
 * @order: log2 of the number of frames, any aligned part of what was taken
 * @comp: the run was taken with __GFP_COMP
 *
 * Pre: nobody uses the frames. Post: they are the host's again, unless a frame
 * carries a foreign reference: then all of them are still soba's.
 *
 * Context: any that the host's __free_pages() allows.
 * Return: 0, or -EBUSY when a frame is pinned, or when the host's allocator may
 * not be called here (PREEMPT_RT, atomic).
 */
int soba_port_give(struct page *page, unsigned int order, bool comp);

/**
 * soba_port_zeroes() - does the host hand out cleared frames by itself?
 * @gfp: the flags that soba_port_take() is called with
 *
 * Return: true when frames taken with @gfp are known to be zero.
 */
bool soba_port_zeroes(gfp_t gfp);

/**
 * soba_port_class() - address class of the frames that the host gave
 * @page: a page from soba_port_take()
 */
enum soba_class soba_port_class(struct page *page);

/**
 * soba_port_lowest_class() - the lowest class that this kernel tells apart
 *
 * A kernel without ZONE_DMA, say, gives nothing more than DMA32 memory.
 */
enum soba_class soba_port_lowest_class(void);

/**
 * soba_port_home_class() - class that ordinary requests on a node should get
 * @nid: node in N_NORMAL_MEMORY
 *
 * Return: the highest class of which the host's node has frames.
 */
enum soba_class soba_port_home_class(int nid);

/**
 * soba_port_meta_alloc() - naturally aligned, zeroed memory for descriptors
 * @size: bytes; aligned to its size when that is a power of two
 * @gfp: as for soba_port_take()
 * @nid: node near which it is used
 *
 * Context: as the host's allocator with @gfp.
 */
void *soba_port_meta_alloc(size_t size, gfp_t gfp, int nid);

/** soba_port_meta_free() - undo soba_port_meta_alloc(); any context but NMI */
void soba_port_meta_free(void *p, size_t size);

/** soba_port_table_alloc() - zeroed, virtually contiguous table; may sleep */
void *soba_port_table_alloc(size_t size);

/** soba_port_table_free() - undo soba_port_table_alloc(); may sleep */
void soba_port_table_free(void *p);

/** soba_port_max_pfn() - one more than the highest PFN that is provided for */
unsigned long soba_port_max_pfn(void);

/** soba_port_host_frames() - frames that the host manages in all, any context */
unsigned long soba_port_host_frames(void);

/**
 * struct soba_port_ops - what the host calls back
 * @count: frames that could be given back now; any context, may not sleep
 * @scan: give back up to @nr frames, return how many; may sleep only if the
 *	flags say so
 * @cpu_online: a CPU is about to run; process context; never fails
 * @cpu_dead: a CPU has stopped; called elsewhere, process context
 * @soon: answers soba_port_soon(), in hardirq context
 */
struct soba_port_ops {
	unsigned long (*count)(void);
	unsigned long (*scan)(unsigned long nr, gfp_t gfp);
	int (*cpu_online)(unsigned int cpu);
	int (*cpu_dead)(unsigned int cpu);
	void (*soon)(void);
};

/** soba_port_register() - start the callbacks; process context. Return: errno */
int soba_port_register(const struct soba_port_ops *ops);

/** soba_port_unregister() - after return no callback runs; process context */
void soba_port_unregister(void);

/** soba_port_soon() - have ->soon called shortly; any context, NMI too */
void soba_port_soon(void);

/** soba_port_stack() - print the caller's stack; any context */
void soba_port_stack(void);

/**
 * soba_port_stack_save() - return addresses of the caller and its callers
 * @addrs: filled in, the innermost first
 * @nr: room in it
 *
 * Context: any. Return: how many there are; 0 on a host that cannot tell.
 */
unsigned int soba_port_stack_save(unsigned long *addrs, unsigned int nr);

/**
 * soba_port_in_image() - is an address in the host kernel's own image?
 * @p: any address
 *
 * Memory of soba's never is. Context: any.
 * Return: true when it is; false also where the host cannot tell.
 */
bool soba_port_in_image(const void *p);

/**
 * soba_port_constant() - is a string in constant data of the host kernel?
 * @s: a string that may be read
 *
 * Context: any. Return: true only when soba_port_in_image() is true, too; false
 * also where the host cannot tell.
 */
bool soba_port_constant(const char *s);

#endif /* SOBA_PORT_H */
