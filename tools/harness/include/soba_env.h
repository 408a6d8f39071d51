/* SPDX-License-Identifier: GPL-2.0 */
/*
 * soba_env.h - the userspace harness's: all that the core (floors 1 to 3 and
 * api/gfp.c) includes of its surroundings, simulated. The kernel's is
 * src/port/soba_env.h; -I decides which one is seen. See tools/harness/README.
 */
#ifndef SOBA_ENV_H
#define SOBA_ENV_H

#include "sim/base.h"
#include "sim/list.h"
#include "sim/cpu.h"
#include "sim/lock.h"
#include "sim/defer.h"
#include "sim/mm.h"
#include "sim/print.h"
#include "sim/slab.h"
#include "sim/rbtree.h"

#include "port/port.h"
#include "port/port_dma.h"
#include "port/port_map.h"

/* The tracepoints are not simulated. */
#define SOBA_PORT_TRACE_H
#define soba_trace_page_alloc(page, order, gfp, caller) \
	((void)(page), (void)(order), (void)(gfp), (void)(caller))
#define soba_trace_page_free(page, order, caller) \
	((void)(page), (void)(order), (void)(caller))
#define soba_trace_page_alloc_enabled()	false
#define soba_trace_page_free_enabled()	false
#define soba_trace_chunk_take(nid, class, pfn, order)	((void)(pfn))
#define soba_trace_chunk_return(nid, class, pfn, order)	((void)(pfn))
#define soba_trace_kmalloc(ptr, bytes_req, bytes_alloc, gfp, node, caller) \
	((void)(ptr), (void)(bytes_req), (void)(bytes_alloc), (void)(gfp), \
	 (void)(node), (void)(caller))
#define soba_trace_kfree(ptr, caller)	((void)(ptr), (void)(caller))
#define soba_trace_cache_alloc(ptr, name, bytes, gfp, node, caller) \
	((void)(ptr), (void)(name), (void)(bytes), (void)(gfp), (void)(node), \
	 (void)(caller))
#define soba_trace_cache_free(ptr, name, caller) \
	((void)(ptr), (void)(name), (void)(caller))

#define soba_trace_vmalloc(addr, bytes, gfp, node, caller) \
	((void)(addr), (void)(bytes), (void)(gfp), (void)(node), (void)(caller))
#define soba_trace_vfree(addr, pages, caller) \
	((void)(addr), (void)(pages), (void)(caller))
#define soba_trace_dma_alloc(dev, size, vaddr, handle, gfp, caller) \
	((void)(gfp), (void)(handle))
#define soba_trace_dma_free(size, vaddr, handle, caller)	((void)(size))
#define soba_trace_dma_alloc_enabled()	false
#define soba_trace_dma_free_enabled()	false

#endif /* SOBA_ENV_H */
