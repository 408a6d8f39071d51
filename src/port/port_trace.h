/* SPDX-License-Identifier: GPL-2.0 */
/*
 * port_trace.h - floor 0: the names by which the core reaches the tracepoints.
 * Off, each is one static branch. The harness has empty ones.
 */
#ifndef SOBA_PORT_TRACE_H
#define SOBA_PORT_TRACE_H

#include <soba/trace.h>

#define soba_trace_page_alloc	trace_soba_page_alloc
#define soba_trace_page_free	trace_soba_page_free
#define soba_trace_chunk_take	trace_soba_chunk_take
#define soba_trace_chunk_return	trace_soba_chunk_return
#define soba_trace_kmalloc	trace_soba_kmalloc
#define soba_trace_kfree	trace_soba_kfree
#define soba_trace_cache_alloc	trace_soba_cache_alloc
#define soba_trace_cache_free	trace_soba_cache_free
#define soba_trace_vmalloc	trace_soba_vmalloc
#define soba_trace_vfree	trace_soba_vfree

#define soba_trace_dma_alloc	trace_soba_dma_alloc
#define soba_trace_dma_free	trace_soba_dma_free
#define soba_trace_dma_alloc_enabled	trace_soba_dma_alloc_enabled
#define soba_trace_dma_free_enabled	trace_soba_dma_free_enabled

#endif /* SOBA_PORT_TRACE_H */
