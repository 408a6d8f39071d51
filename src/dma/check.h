/* SPDX-License-Identifier: GPL-2.0 */
/*
 * check.h - floor 3: is a free right, and what debugging adds.
 *
 * With `debug=ZP` or `debug=ZP,dma`, each object ends in a band of SOBA_DMA_BAND
 * bytes or more that nobody may write, and a freed one is filled with poison and
 * waits in a quarantine before it is used again. A device that writes past the
 * end, or late, is found when the object is freed or leaves the quarantine.
 *
 * Locking: check.h's callers are under rcu_read_lock() or have preemption off;
 * the quarantine has a raw lock of its own, a leaf (debug.c).
 */
#ifndef SOBA_DMA_CHECK_H
#define SOBA_DMA_CHECK_H

#include "dma/dma.h"

#define SOBA_DMA_BAND 16

/* Set at load, before the first heap. */
extern bool soba_dma_debug;

/* A free as the caller meant it. */
struct soba_dma_free {
	struct device *dev;		/* or a pool: */
	struct soba_dma_cache *pool;
	void *vaddr;
	dma_addr_t handle;
	size_t size;			/* bytes; a pool's need none */
	unsigned long attrs;
	unsigned long caller;
};

/**
 * soba_dma_check() - find the object of a free, or say what is wrong with it
 * @f: the free
 * @e: the object, when it is right
 *
 * Context: any but NMI, in a section that RCU waits for.
 * Return: its slab; or NULL after one report. Nothing is changed.
 */
struct soba_dma_slab *soba_dma_check(const struct soba_dma_free *f,
				     struct soba_dma_entry *e);

/**
 * soba_dma_owner() - the slab of an address anywhere in live coherent memory
 * @addr: the address
 *
 * Slow. Context: as soba_dma_check(). Return: the slab or NULL.
 */
struct soba_dma_slab *soba_dma_owner(unsigned long addr);

/* An object goes out with this size: write its band. */
void soba_dma_debug_out(struct soba_dma_slab *s, const struct soba_dma_entry *e,
			size_t size);

/**
 * soba_dma_debug_in() - an object comes back
 * @s: its slab
 * @e: the object, its mark still set; the one to be used again, when true
 * @caller: who frees it
 *
 * Return: true when @e is to be put into its slab now.
 */
bool soba_dma_debug_in(struct soba_dma_slab *s, struct soba_dma_entry *e,
		       unsigned long caller);

/**
 * soba_dma_debug_flush() - look at what is in quarantine, and end it
 * @heap: that of this heap; NULL: all
 *
 * Context: any but NMI.
 */
void soba_dma_debug_flush(const struct soba_dma_heap *heap);

/* Is what was allocated from there looked for? */
typedef bool (*soba_dma_leak_match)(unsigned long caller, void *arg);

/* What one call site has out. */
struct soba_dma_site {
	unsigned long caller;		/* 0: no slot was left */
	unsigned long objects;
	unsigned long bytes;
	u64 first;			/* the device's address of one of them */
	char device[SOBA_DMA_NAME];	/* that it is of */
};

/**
 * soba_dma_sites() - the ledger by call site
 * @heap: of this heap; NULL: of all
 * @match: of these call sites, called under rcu_read_lock(); NULL: of all
 * @say: called for each site that has something out
 * @arg: for @match and @say
 *
 * Context: process, one at a time.
 */
void soba_dma_sites(const struct soba_dma_heap *heap, soba_dma_leak_match match,
		    void (*say)(void *arg, const struct soba_dma_site *site),
		    void *arg);

/**
 * soba_dma_leak_report() - say by call site what is out
 * @heap: of this heap
 * @who: begins the line
 *
 * Context: process.
 */
void soba_dma_leak_report(const struct soba_dma_heap *heap, char *who);

/* A slab as people are told of it. */
struct soba_dma_info {
	unsigned long addr;
	size_t bytes;
	unsigned long caller;		/* 0: nobody has anything of it */
};

struct soba_dma_pos {
	unsigned long bucket;
	unsigned long addr;		/* not below this one */
};

/**
 * soba_dma_read() - copy the next slabs
 * @pos: begins as all zero; moved on
 * @info: room for @max
 * @max: how many at most
 *
 * A slab that is there all the time is met exactly once. In no order.
 *
 * Context: any but NMI; no lock held.
 * Return: how many; 0 at the end.
 */
unsigned int soba_dma_read(struct soba_dma_pos *pos, struct soba_dma_info *info,
			   unsigned int max);

/**
 * soba_dma_validate() - check all slabs against their caches
 * @say: called with one line for each broken law
 * @arg: for @say
 *
 * Context: process.
 * Return: number of broken laws.
 */
unsigned int soba_dma_validate(void (*say)(void *arg, const char *line),
			       void *arg);

/* The same for caches and their lists. Pre: nobody allocates or frees. */
unsigned int soba_dma_validate_quiet(void (*say)(void *arg, const char *line),
				     void *arg);

/* Objects of a cache in quarantine. */
unsigned int soba_dma_debug_held(const struct soba_dma_cache *c);

#endif /* SOBA_DMA_CHECK_H */
