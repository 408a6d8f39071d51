/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pages.h - floor 4: shared by the page entry points.
 */
#ifndef SOBA_API_PAGES_H
#define SOBA_API_PAGES_H

#include "page/frame.h"
#include "base/report.h"

struct page *soba_pages_alloc_slow(gfp_t gfp, unsigned int order, int nid,
				   unsigned long caller);
void soba_pages_free(struct page *page, unsigned int order,
		     unsigned long caller);
struct soba_frame *soba_pages_check(unsigned long pfn, unsigned int order,
				    unsigned long caller);
enum soba_report_class soba_pages_class(unsigned long pfn);

#endif /* SOBA_API_PAGES_H */
