// SPDX-License-Identifier: GPL-2.0
/*
 * sites.c - the same call from many places, because soba reports once per call
 * site.
 *
 * Locking: none.
 */
#include <linux/atomic.h>

#include <soba/soba.h>

#include "sites.h"
#include "test.h"

/* A site that was not used before, until all were; or the last one again. */
u32 site_choose(u32 flags)
{
	static atomic_t last;

	return (u32)(flags & SOBA_TEST_NEW_SITE ? atomic_inc_return(&last) :
		     atomic_read(&last)) % NR_SITES;
}

struct page *site_alloc_pages(u32 site, gfp_t gfp, unsigned int order)
{
	struct page *page = NULL;

	switch (site) {
#define SITE_ALLOC(n)						\
	case n:							\
		page = soba_alloc_pages(gfp, order);		\
		SITE_MARK(n);					\
		break;
	SITES(SITE_ALLOC)
#undef SITE_ALLOC
	}
	return page;
}

void site_free_page_block(u32 site, struct page *page, unsigned int order)
{
	switch (site) {
#define SITE_FREE(n)						\
	case n:							\
		soba___free_pages(page, order);			\
		SITE_MARK(n);					\
		break;
	SITES(SITE_FREE)
#undef SITE_FREE
	}
}

void site_free_address(u32 site, unsigned long address, unsigned int order)
{
	switch (site) {
#define SITE_FREE_ADDRESS(n)					\
	case n:							\
		soba_free_pages(address, order);		\
		SITE_MARK(n);					\
		break;
	SITES(SITE_FREE_ADDRESS)
#undef SITE_FREE_ADDRESS
	}
}
