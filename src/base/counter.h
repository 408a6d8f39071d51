/* SPDX-License-Identifier: GPL-2.0 */
/*
 * counter.h - floor 1: the event counters and their names.
 *
 * Every counter counts events (unit: 1) or frames (unit: 1 frame = PAGE_SIZE
 * bytes) since insmod, and says when it counts. Per CPU, no lock: an increment
 * is one this_cpu instruction, a sum is exact when nothing runs.
 */
#ifndef SOBA_COUNTER_H
#define SOBA_COUNTER_H

#include "soba_env.h"

/* X(id, name, unit, when it counts); the file `events` prints this text. */
#define SOBA_COUNTERS(X)						      \
	X(PAGE_ALLOC_SLOW, "page_alloc_slow", "blocks",			      \
	  "handed out past the per-CPU lists")				      \
	X(PAGE_FREE_SLOW, "page_free_slow", "blocks",			      \
	  "taken back past the per-CPU lists")				      \
	X(LARGE_ALLOC, "large_alloc", "objects",			      \
	  "kmalloc() of whole blocks, and objects charged to a memcg")	      \
	X(LARGE_FREE, "large_free", "objects", "of these, given back")	      \
	X(PAGE_ALLOC_FAIL, "alloc_fail", "requests",			      \
	  "answered with NULL after all was tried")			      \
	X(CHUNK_TAKE, "chunk_take", "chunks", "taken from the host")	      \
	X(CHUNK_TAKE_FRAMES, "chunk_take_frames", "frames",		      \
	  "taken from the host, in chunks")				      \
	X(CHUNK_TAKE_FAIL, "chunk_take_fail", "attempts",		      \
	  "at which neither the host nor limit= gave a chunk")		      \
	X(CHUNK_RETURN, "chunk_return", "chunks", "given back to the host")   \
	X(CHUNK_RETURN_FRAMES, "chunk_return_frames", "frames",		      \
	  "given back to the host, in chunks")				      \
	X(CHUNK_RETURN_PINNED, "chunk_return_pinned", "attempts",	      \
	  "to give a chunk back that a foreign page reference stopped")	      \
	X(DIRECT_TAKE, "direct_take", "blocks",				      \
	  "taken for one caller only (__GFP_COMP, __GFP_ACCOUNT)")	      \
	X(PCP_REFILL, "pcp_refill", "batches", "moved from a zone to a CPU")  \
	X(PCP_DRAIN, "pcp_drain", "batches", "moved from a CPU to a zone")    \
	X(PCP_NESTED, "pcp_nested", "calls",				      \
	  "that found the CPU's list in use below them, or none, and went round it") \
	X(PCP_SHRINK, "pcp_shrink", "CPUs", "asked to empty their lists")     \
	X(PCP_MISSING, "pcp_missing", "CPUs",				      \
	  "that came up without memory for all of their lists")		      \
	X(GROW_WAKE, "grow_wake", "wake-ups", "of the background grower")     \
	X(GROW_CHUNK, "grow_chunk", "chunks", "taken by the grower")	      \
	X(RECLAIM, "reclaim", "rounds",					      \
	  "in which a sleeping request drained and gathered")		      \
	X(NOFAIL_WAIT, "nofail_wait", "waits", "of a __GFP_NOFAIL request")   \
	X(ZERO_SKIPPED, "zero_skipped", "frames",			      \
	  "asked for zeroed and known to be zero")			      \
	X(ZERO_CLEARED, "zero_cleared", "frames", "cleared on request")	      \
	X(PINNED, "pinned", "blocks",					      \
	  "freed while somebody else held a page reference")		      \
	X(GATHERED, "gathered", "blocks",				      \
	  "taken back after their last foreign reference was dropped")	      \
	X(STRAY_PUT, "stray_put", "frames",				      \
	  "whose reference was dropped by put_page() or the host's kfree()")  \
	X(SHRINK_ASK, "shrink_ask", "questions",			      \
	  "of the host's reclaim, how many frames could go")		      \
	X(SHRINK_CALL, "shrink_call", "calls",				      \
	  "of the host's reclaim, to give frames back")			      \
	X(AREA_HIT, "area_hit", "areas", "handed out mapped, from a cache")   \
	X(AREA_MAP, "area_map", "areas", "mapped anew (vmalloc and vmap)")    \
	X(AREA_UNMAP, "area_unmap", "areas", "unmapped")		      \
	X(AREA_DEFER, "area_defer", "times",				      \
	  "that unmapping was left to the worker")			      \
	X(AREA_AGE, "area_age", "rounds", "of the worker over cached areas")  \
	X(AREA_PURGE, "area_purge", "times",				      \
	  "that cached areas were dropped because memory was short")	      \
	X(FRAG_BLOCK, "frag_block", "blocks", "taken for page fragments")     \
	X(FRAG_SINGLE, "frag_single", "times",				      \
	  "that no large block was to be had for page fragments")	      \
	X(FRAG_REUSE, "frag_reuse", "times",				      \
	  "that a block of fragments began anew in its cache")		      \
	X(FRAG_RELEASE, "frag_release", "blocks", "of fragments given up")

enum soba_counter {
#define SOBA_COUNTER_ENUM(id, name, unit, when) SOBA_C_##id,
	SOBA_COUNTERS(SOBA_COUNTER_ENUM)
#undef SOBA_COUNTER_ENUM
	SOBA_NR_COUNTERS
};

struct soba_counters {
	unsigned long n[SOBA_NR_COUNTERS];
};

extern struct soba_counters __percpu *soba_counters;

static __always_inline void soba_count_add(enum soba_counter c, unsigned long n)
{
	this_cpu_add(soba_counters->n[c], n);
}

static __always_inline void soba_count(enum soba_counter c)
{
	soba_count_add(c, 1);
}

int soba_counter_init(void);
void soba_counter_exit(void);
unsigned long soba_counter_sum(enum soba_counter c);
const char *soba_counter_name(enum soba_counter c);
const char *soba_counter_unit(enum soba_counter c);
const char *soba_counter_when(enum soba_counter c);

#endif /* SOBA_COUNTER_H */
