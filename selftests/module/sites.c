// SPDX-License-Identifier: GPL-2.0
/*
 * sites.c - the same call from many places, because soba reports once per call
 * site. The empty asm has the site's number in its text: it keeps the compiler
 * from folding the cases into one call, and from making a tail call of it.
 *
 * Locking: none.
 */
#include <linux/atomic.h>
#include <linux/stringify.h>

#include <soba/soba.h>

#include "test.h"

#define SITE_MARK(n) asm volatile("# soba_test site " __stringify(n))

#define SITES_4(X, n)	X(n##0) X(n##1) X(n##2) X(n##3)
#define SITES_8(X, n)	SITES_4(X, n) X(n##4) X(n##5) X(n##6) X(n##7)
#define SITES_64(X, n)	SITES_8(X, n##0) SITES_8(X, n##1) SITES_8(X, n##2) \
			SITES_8(X, n##3) SITES_8(X, n##4) SITES_8(X, n##5) \
			SITES_8(X, n##6) SITES_8(X, n##7)
/* octal numbers, 0000 to 0177 */
#define SITES(X)	SITES_64(X, 00) SITES_64(X, 01)

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
