/* SPDX-License-Identifier: GPL-2.0 */
/*
 * soba's tracepoints, under events/soba/ of tracefs. Sizes are orders (log2 of
 * frames), places are page frame numbers.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM soba

#if !defined(SOBA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SOBA_TRACE_H

#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>

/* While one of these two is on, calls leave the fast path: src/api/care.h. */
int soba_alloc_care_get(void);
void soba_alloc_care_put(void);
int soba_free_care_get(void);
void soba_free_care_put(void);

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

#endif /* SOBA_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH soba
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
