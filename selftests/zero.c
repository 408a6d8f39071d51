// SPDX-License-Identifier: GPL-2.0
/*
 * zero.c - __GFP_ZERO gives zeroed memory, by every way through soba, whoever
 * had it before.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"

#define K SOBA_GFP_KERNEL

/* Zeroed means zeroed, also where the last owner left its data. */
static void check_zeroed(struct __test_metadata *_metadata, int fd, __u32 form,
			 __u64 gfp, unsigned int order)
{
	unsigned int round;

	for (round = 0; round < 2; round++) {
		__u32 dirty = page_alloc_form(fd, form, gfp, order,
					      SOBA_CTX_PROCESS,
					      SOBA_TEST_ANY_CPU), clean;

		ASSERT_NE(dirty, 0);
		ASSERT_EQ(0, page_fill(fd, dirty, ~0ULL));
		ASSERT_EQ(0, page_free(fd, dirty));
		clean = page_alloc_form(fd, form, gfp | SOBA_GFP_ZERO, order,
					SOBA_CTX_PROCESS, SOBA_TEST_ANY_CPU);
		ASSERT_NE(clean, 0);
		EXPECT_EQ(SOBA_TEST_GOOD, page_zeroed(fd, clean))
			TH_LOG("form %u flags %#llx order %u is not zeroed",
			       form, gfp, order);
		ASSERT_EQ(0, page_free(fd, clean));
	}
}

TEST_F(soba, zeroed_after_dirty)
{
	/* the short ways through soba, and the long ones */
	static const struct { __u32 form; __u64 gfp; } rows[] = {
		{ SOBA_FORM_PAGES, K },
		{ SOBA_FORM_PAGES, SOBA_GFP_ATOMIC },
		{ SOBA_FORM_PAGES, K | SOBA_GFP_DMA32 },
		{ SOBA_FORM_PAGES, K | SOBA_GFP_MEMALLOC },
		{ SOBA_FORM_PAGES, K | SOBA_GFP_COMP },
		{ SOBA_FORM_PAGES, K | SOBA_GFP_ACCOUNT },
		{ SOBA_FORM_PAGES, K | SOBA_GFP_THISNODE },
		{ SOBA_FORM_PAGES, K | SOBA_GFP_NOFAIL },
		{ SOBA_FORM_PAGES, K | SOBA_GFP_RETRY_MAYFAIL },
		{ SOBA_FORM_FREE_PAGES, K },
	};
	unsigned int order, i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int max = rows[i].gfp & SOBA_GFP_NOFAIL ? 1 : 9;

		for (order = 0; order <= max; order++)
			check_zeroed(_metadata, self->fd, rows[i].form,
				     rows[i].gfp, order);
	}
}

TEST_F(soba, zero_in_every_context)
{
	unsigned int context, i;

	for (context = 0; context < SOBA_NR_CONTEXTS; context++) {
		for (i = 0; i < 8; i++) {
			__u32 clean, dirty = page_alloc(self->fd, K, i % 4);

			if (!context_usable(&self->info, context))
				continue;
			ASSERT_EQ(0, page_fill(self->fd, dirty, 1));
			ASSERT_EQ(0, page_free(self->fd, dirty));
			clean = page_alloc_form(self->fd, SOBA_FORM_PAGES,
						SOBA_GFP_ATOMIC | SOBA_GFP_ZERO,
						i % 4, context,
						SOBA_TEST_ANY_CPU);
			EXPECT_EQ(SOBA_TEST_GOOD, page_zeroed(self->fd, clean))
				TH_LOG("order %u in %s", i % 4,
				       context_name(context));
			page_free(self->fd, clean);
		}
	}
}

TEST_HARNESS_MAIN
