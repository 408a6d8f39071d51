/* SPDX-License-Identifier: GPL-2.0 */
/*
 * soba's tracepoints, under events/soba/ of tracefs. Pages: sizes are orders (log2
 * of frames), places are page frame numbers. Objects: sizes are bytes, places
 * are addresses, hashed as %p in text and plain in the raw records. A null
 * place is an allocation that failed.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM soba

#if !defined(SOBA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SOBA_TRACE_H

#include <linux/device.h>
#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>

/* While one of these four is on, calls leave the fast path: src/api/care.h. */
int soba_alloc_care_get(void);
void soba_alloc_care_put(void);
int soba_free_care_get(void);
void soba_free_care_put(void);
int soba_obj_alloc_care_get(void);
void soba_obj_alloc_care_put(void);
int soba_obj_free_care_get(void);
void soba_obj_free_care_put(void);

TRACE_EVENT_FN(soba_page_alloc,
	TP_PROTO(struct page *page, unsigned int order, gfp_t gfp,
		 unsigned long caller),
	TP_ARGS(page, order, gfp, caller),
	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned int, order)
		__field(unsigned long, gfp)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		__entry->pfn = page ? page_to_pfn(page) : -1UL;
		__entry->order = order;
		__entry->gfp = (__force unsigned long)gfp;
		__entry->caller = caller;
	),
	TP_printk("pfn=0x%lx order=%u gfp_flags=%s caller=%pS",
		  __entry->pfn, __entry->order, show_gfp_flags(__entry->gfp),
		  (void *)__entry->caller),
	soba_alloc_care_get, soba_alloc_care_put
);

TRACE_EVENT_FN(soba_page_free,
	TP_PROTO(struct page *page, unsigned int order, unsigned long caller),
	TP_ARGS(page, order, caller),
	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned int, order)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		__entry->pfn = page_to_pfn(page);
		__entry->order = order;
		__entry->caller = caller;
	),
	TP_printk("pfn=0x%lx order=%u caller=%pS",
		  __entry->pfn, __entry->order, (void *)__entry->caller),
	soba_free_care_get, soba_free_care_put
);

DECLARE_EVENT_CLASS(soba_chunk,
	TP_PROTO(int nid, unsigned int class, unsigned long pfn,
		 unsigned int order),
	TP_ARGS(nid, class, pfn, order),
	TP_STRUCT__entry(
		__field(int, nid)
		__field(unsigned int, class)
		__field(unsigned long, pfn)
		__field(unsigned int, order)
	),
	TP_fast_assign(
		__entry->nid = nid;
		__entry->class = class;
		__entry->pfn = pfn;
		__entry->order = order;
	),
	TP_printk("node=%d zone=%s pfn=0x%lx order=%u", __entry->nid,
		  __print_symbolic(__entry->class,
				   { 0, "DMA" }, { 1, "DMA32" },
				   { 2, "Normal" }),
		  __entry->pfn, __entry->order)
);

DEFINE_EVENT(soba_chunk, soba_chunk_take,
	TP_PROTO(int nid, unsigned int class, unsigned long pfn,
		 unsigned int order),
	TP_ARGS(nid, class, pfn, order));

DEFINE_EVENT(soba_chunk, soba_chunk_return,
	TP_PROTO(int nid, unsigned int class, unsigned long pfn,
		 unsigned int order),
	TP_ARGS(nid, class, pfn, order));

TRACE_EVENT_FN(soba_kmalloc,
	TP_PROTO(const void *ptr, size_t bytes_req, size_t bytes_alloc,
		 gfp_t gfp, int node, unsigned long caller),
	TP_ARGS(ptr, bytes_req, bytes_alloc, gfp, node, caller),
	TP_STRUCT__entry(
		__field(const void *, ptr)
		__field(size_t, bytes_req)
		__field(size_t, bytes_alloc)
		__field(unsigned long, gfp)
		__field(int, node)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		__entry->ptr = ptr;
		__entry->bytes_req = bytes_req;
		__entry->bytes_alloc = bytes_alloc;
		__entry->gfp = (__force unsigned long)gfp;
		__entry->node = node;
		__entry->caller = caller;
	),
	TP_printk("ptr=%p bytes_req=%zu bytes_alloc=%zu gfp_flags=%s node=%d caller=%pS",
		  __entry->ptr, __entry->bytes_req, __entry->bytes_alloc,
		  show_gfp_flags(__entry->gfp), __entry->node,
		  (void *)__entry->caller),
	soba_obj_alloc_care_get, soba_obj_alloc_care_put
);

TRACE_EVENT_FN(soba_kfree,
	TP_PROTO(const void *ptr, unsigned long caller),
	TP_ARGS(ptr, caller),
	TP_STRUCT__entry(
		__field(const void *, ptr)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		__entry->ptr = ptr;
		__entry->caller = caller;
	),
	TP_printk("ptr=%p caller=%pS", __entry->ptr, (void *)__entry->caller),
	soba_obj_free_care_get, soba_obj_free_care_put
);

/* The name is copied: a cache may go before its records are read. */
TRACE_EVENT_FN(soba_cache_alloc,
	TP_PROTO(const void *ptr, const char *name, size_t bytes, gfp_t gfp,
		 int node, unsigned long caller),
	TP_ARGS(ptr, name, bytes, gfp, node, caller),
	TP_STRUCT__entry(
		__field(const void *, ptr)
		__array(char, name, 32)
		__field(size_t, bytes)
		__field(unsigned long, gfp)
		__field(int, node)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		__entry->ptr = ptr;
		strscpy(__entry->name, name, sizeof(__entry->name));
		__entry->bytes = bytes;
		__entry->gfp = (__force unsigned long)gfp;
		__entry->node = node;
		__entry->caller = caller;
	),
	TP_printk("ptr=%p name=%s bytes=%zu gfp_flags=%s node=%d caller=%pS",
		  __entry->ptr, __entry->name, __entry->bytes,
		  show_gfp_flags(__entry->gfp), __entry->node,
		  (void *)__entry->caller),
	soba_obj_alloc_care_get, soba_obj_alloc_care_put
);

TRACE_EVENT_FN(soba_cache_free,
	TP_PROTO(const void *ptr, const char *name, unsigned long caller),
	TP_ARGS(ptr, name, caller),
	TP_STRUCT__entry(
		__field(const void *, ptr)
		__array(char, name, 32)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		__entry->ptr = ptr;
		strscpy(__entry->name, name, sizeof(__entry->name));
		__entry->caller = caller;
	),
	TP_printk("ptr=%p name=%s caller=%pS", __entry->ptr, __entry->name,
		  (void *)__entry->caller),
	soba_obj_free_care_get, soba_obj_free_care_put
);

TRACE_EVENT_FN(soba_vmalloc,
	TP_PROTO(const void *addr, unsigned long bytes, gfp_t gfp, int node,
		 unsigned long caller),
	TP_ARGS(addr, bytes, gfp, node, caller),
	TP_STRUCT__entry(
		__field(const void *, addr)
		__field(unsigned long, bytes)
		__field(unsigned long, gfp)
		__field(int, node)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		__entry->addr = addr;
		__entry->bytes = bytes;
		__entry->gfp = (__force unsigned long)gfp;
		__entry->node = node;
		__entry->caller = caller;
	),
	TP_printk("addr=%p bytes=%lu gfp_flags=%s node=%d caller=%pS",
		  __entry->addr, __entry->bytes, show_gfp_flags(__entry->gfp),
		  __entry->node, (void *)__entry->caller),
	soba_alloc_care_get, soba_alloc_care_put
);

TRACE_EVENT_FN(soba_vfree,
	TP_PROTO(const void *addr, unsigned long pages, unsigned long caller),
	TP_ARGS(addr, pages, caller),
	TP_STRUCT__entry(
		__field(const void *, addr)
		__field(unsigned long, pages)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		__entry->addr = addr;
		__entry->pages = pages;
		__entry->caller = caller;
	),
	TP_printk("addr=%p pages=%lu caller=%pS", __entry->addr,
		  __entry->pages, (void *)__entry->caller),
	soba_free_care_get, soba_free_care_put
);

TRACE_EVENT_FN(soba_dma_alloc,
	TP_PROTO(struct device *dev, size_t size, void *vaddr,
		 dma_addr_t handle, gfp_t gfp, unsigned long caller),
	TP_ARGS(dev, size, vaddr, handle, gfp, caller),
	TP_STRUCT__entry(
		__array(char, device, 32)
		__field(size_t, size)
		__field(void *, vaddr)
		__field(u64, handle)
		__field(unsigned long, gfp)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		strscpy(__entry->device, dev_name(dev), 32);
		__entry->size = size;
		__entry->vaddr = vaddr;
		__entry->handle = handle;
		__entry->gfp = (__force unsigned long)gfp;
		__entry->caller = caller;
	),
	TP_printk("device=%s size=%zu ptr=%p handle=0x%llx gfp_flags=%s caller=%pS",
		  __entry->device, __entry->size, __entry->vaddr,
		  __entry->handle, show_gfp_flags(__entry->gfp),
		  (void *)__entry->caller),
	soba_obj_alloc_care_get, soba_obj_alloc_care_put
);

TRACE_EVENT_FN(soba_dma_free,
	TP_PROTO(size_t size, void *vaddr, dma_addr_t handle,
		 unsigned long caller),
	TP_ARGS(size, vaddr, handle, caller),
	TP_STRUCT__entry(
		__field(size_t, size)
		__field(void *, vaddr)
		__field(u64, handle)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		__entry->size = size;
		__entry->vaddr = vaddr;
		__entry->handle = handle;
		__entry->caller = caller;
	),
	TP_printk("size=%zu ptr=%p handle=0x%llx caller=%pS", __entry->size,
		  __entry->vaddr, __entry->handle, (void *)__entry->caller),
	soba_obj_free_care_get, soba_obj_free_care_put
);

#endif /* SOBA_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH soba
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
