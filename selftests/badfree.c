// SPDX-License-Identifier: GPL-2.0
/*
 * badfree.c - every way to free wrongly: reported once with the class and the
 * caller, counted, the memory left alone, and everything works afterwards.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"

#define K SOBA_GFP_KERNEL

static struct soba_test_call wrong_call(__u32 handle, __u32 wrong, __u32 form)
{
	struct soba_test_call call = call_init(SOBA_OP_FREE_WRONG);

	call.handle = handle;
	call.wrong = wrong;
	call.form = form;
	call.flags = SOBA_TEST_NEW_SITE;
	return call;
}

/* Runs @call: exactly one report of @class from this site, and one count. */
static void expect_report(struct __test_metadata *_metadata,
			  FIXTURE_DATA(soba) *self,
			  struct soba_test_call *call, const char *class)
{
	long long before = soba_errors(class);
	char text[64], line[512];

	kmsg_count(self->kmsg, "soba:", NULL, 0);
	ASSERT_EQ(0, call_run(self->fd, call));
	snprintf(text, sizeof(text), "soba: %s:", class);
	EXPECT_EQ(1, kmsg_count(self->kmsg, text, line, sizeof(line)))
		TH_LOG("expected one '%s' (wrong %u form %u order %u)", text,
		       call->wrong, call->form, call->order);
	EXPECT_EQ(strncmp(line, text, strlen(text)), 0)
		TH_LOG("not the first words: %s", line);
	EXPECT_NE(strstr(line, "soba_test"), NULL)
		TH_LOG("the client is not named: %s", line);
	EXPECT_EQ(soba_errors(class), before + 1)
		TH_LOG("%s: %lld before", class, before);
}

/* The block is as it was, is freed in silence, and pages still come and go. */
static void expect_unharmed(struct __test_metadata *_metadata,
			    FIXTURE_DATA(soba) *self, __u32 handle)
{
	__u32 other;

	EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, handle, 77));
	kmsg_count(self->kmsg, "soba:", NULL, 0);
	EXPECT_EQ(0, page_free(self->fd, handle));
	other = page_alloc(self->fd, K, 0);
	EXPECT_NE(other, 0);
	EXPECT_EQ(0, page_free(self->fd, other));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0))
		TH_LOG("the right free after the wrong one was reported");
	CHECK_VALID();
}

TEST_F(soba, wrong_order)
{
	static const unsigned int pairs[][2] = {
		{ 0, 1 }, { 1, 0 }, { 2, 1 }, { 2, 3 }, { 4, 0 }, { 0, 4 },
		{ 5, 9 }, { 3, 63 }, { 9, 10 },
	};
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(pairs); i++) {
		__u32 h = page_alloc(self->fd, K, pairs[i / 2][0]);
		struct soba_test_call call = wrong_call(h, SOBA_WRONG_ORDER,
			i & 1 ? SOBA_FORM_FREE_PAGES : SOBA_FORM_PAGES);

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, page_fill(self->fd, h, 77));
		call.order = pairs[i / 2][1];
		expect_report(_metadata, self, &call, "wrong-order");
		expect_unharmed(_metadata, self, h);
	}
}

TEST_F(soba, double_free)
{
	unsigned int order, context;

	for (order = 0; order <= 9; order++) {
		__u32 h = page_alloc(self->fd, K, order);
		struct soba_test_call call = wrong_call(h, SOBA_WRONG_DOUBLE,
			order & 1 ? SOBA_FORM_FREE_PAGES : SOBA_FORM_PAGES);

		ASSERT_NE(h, 0);
		expect_report(_metadata, self, &call, "double-free");
	}
	for (context = 0; context < SOBA_NR_CONTEXTS; context++) {
		struct soba_test_call call;

		if (!context_usable(&self->info, context))
			continue;
		call = wrong_call(page_alloc(self->fd, K, 0), SOBA_WRONG_DOUBLE,
				  SOBA_FORM_PAGES);
		call.context = context;
		expect_report(_metadata, self, &call, "double-free");
	}
}

/* Twice on the list would be handed out twice. */
TEST_F(soba, double_free_gives_nothing_twice)
{
	__u32 handles[300];
	unsigned int i, k;
	__u64 pfns[300];

	for (i = 0; i < 20; i++) {
		struct soba_test_call call;

		call = wrong_call(page_alloc(self->fd, K, 0), SOBA_WRONG_DOUBLE,
				  SOBA_FORM_PAGES);
		ASSERT_EQ(0, call_run(self->fd, &call));
	}
	ASSERT_EQ(300, page_alloc_all(self->fd, K, 0, handles, 300));
	for (i = 0; i < 300; i++) {
		pfns[i] = page_query(self->fd, handles[i], 0).pfn;
		for (k = 0; k < i; k++)
			ASSERT_NE(pfns[i], pfns[k]);
	}
	page_free_all(self->fd, handles, 300);
}

TEST_F(soba, interior)
{
	unsigned int order, index;

	for (order = 1; order <= 6; order++) {
		for (index = 1; index < 1U << order; index *= 2) {
			__u32 h = page_alloc(self->fd, K, order);
			struct soba_test_call call;

			ASSERT_NE(h, 0);
			ASSERT_EQ(0, page_fill(self->fd, h, 77));
			call = wrong_call(h, SOBA_WRONG_INTERIOR,
					  index & 2 ? SOBA_FORM_FREE_PAGES :
					  SOBA_FORM_PAGES);
			call.index = index;
			call.order = index & 4 ? order : 0;
			expect_report(_metadata, self, &call, "invalid-free");
			expect_unharmed(_metadata, self, h);
		}
	}
}

/* The host's memory is not soba's to free: its owner finds it unchanged. */
TEST_F(soba, foreign)
{
	static const __u32 wrongs[] = {
		SOBA_WRONG_HOST_PAGE, SOBA_WRONG_KMALLOC, SOBA_WRONG_VMALLOC,
		SOBA_WRONG_TEXT, SOBA_WRONG_USER, SOBA_WRONG_WILD,
		SOBA_WRONG_WILD_PAGE,
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(wrongs); i++) {
		for (k = 0; k < 4; k++) {
			struct soba_test_call call = wrong_call(0, wrongs[i],
				k & 1 ? SOBA_FORM_FREE_PAGES : SOBA_FORM_PAGES);

			call.order = k & 2 ? 3 : 0;
			expect_report(_metadata, self, &call, "foreign-free");
			EXPECT_EQ(call.value, SOBA_TEST_GOOD)
				TH_LOG("wrong %u: the host's memory changed", i);
		}
	}
}

/* Freeing nothing is no mistake. */
TEST_F(soba, null)
{
	struct soba_test_call call = wrong_call(0, SOBA_WRONG_NULL_ADDRESS,
						SOBA_FORM_FREE_PAGES);

	ASSERT_EQ(0, call_run(self->fd, &call));
	call = wrong_call(0, SOBA_WRONG_NULL_PAGE, SOBA_FORM_PAGES);
	ASSERT_EQ(0, call_run(self->fd, &call));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* From every context, because a driver's mistakes come from there. */
TEST_F(soba, reported_in_every_context)
{
	unsigned int context;

	for (context = 0; context < SOBA_NR_CONTEXTS; context++) {
		__u32 h = page_alloc(self->fd, K, 2);
		struct soba_test_call call;

		if (!context_usable(&self->info, context))
			continue;
		ASSERT_EQ(0, page_fill(self->fd, h, 77));
		call = wrong_call(h, SOBA_WRONG_ORDER, SOBA_FORM_PAGES);
		call.context = context;
		expect_report(_metadata, self, &call, "wrong-order");
		expect_unharmed(_metadata, self, h);
		call = wrong_call(0, SOBA_WRONG_HOST_PAGE, SOBA_FORM_PAGES);
		call.context = context;
		expect_report(_metadata, self, &call, "foreign-free");
	}
}

/* Once per call site, counted each time. */
TEST_F(soba, once_per_call_site)
{
	long long before = soba_errors("wrong-order");
	__u32 h = page_alloc(self->fd, K, 1);
	unsigned int i;

	for (i = 0; i < 10; i++) {
		struct soba_test_call call = wrong_call(h, SOBA_WRONG_ORDER,
							SOBA_FORM_PAGES);

		if (i)
			call.flags = SOBA_TEST_SAME_SITE;
		ASSERT_EQ(0, call_run(self->fd, &call));
	}
	EXPECT_EQ(1, kmsg_count(self->kmsg, "soba: wrong-order:", NULL, 0));
	EXPECT_EQ(soba_errors("wrong-order"), before + 10);
}

/* A reference that nobody had: noticed at the free at the latest. */
TEST_F(soba, stray_put)
{
	long long errors = soba_errors("stray-put");
	long long events = soba_event("stray_put");
	unsigned int i;

	for (i = 0; i < 28; i++) {
		unsigned int order = i / 2 % 7;
		__u64 gfp = i < 14 ? K : K | SOBA_GFP_ACCOUNT;
		__u32 h = page_alloc(self->fd, gfp, order), other;

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, page_fill(self->fd, h, 77));
		/* the first frame of the block, or its last */
		ASSERT_EQ(0, page_op(self->fd, SOBA_OP_STRAY_PUT, h,
				     i & 1 ? (1U << order) - 1 : 0));
		/* soba's own reference keeps the frame from the host */
		EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, h, 77));
		other = page_alloc(self->fd, K, 0);
		EXPECT_EQ(0, page_free(self->fd, other));
		EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, h, 77));
		EXPECT_EQ(0, page_free(self->fd, h));
		EXPECT_EQ(soba_errors("stray-put"), errors + 1)
			TH_LOG("order %u, %s frame%s", order,
			       i & 1 ? "last" : "first",
			       i < 14 ? "" : ", accounted");
		EXPECT_EQ(soba_event("stray_put"), events + 1);
		errors = soba_errors("stray-put");
		events = soba_event("stray_put");
		CHECK_VALID();
	}
	EXPECT_GE(kmsg_count(self->kmsg, "soba: stray-put:", NULL, 0), 1);
}

/* Is any of the frames of @q in a block that can be had now? */
static bool handed_out(int fd, const struct soba_test_call *q,
		       unsigned int order)
{
	__u32 others[100];
	bool found = false;
	size_t i, nr;

	nr = page_alloc_all(fd, K | SOBA_GFP_NOWARN, order, others, 100);
	for (i = 0; i < nr; i++) {
		struct soba_test_call o = page_query(fd, others[i], 0);

		found |= o.pfn < q->pfn + q->frames && q->pfn < o.pfn + o.frames;
		page_fill(fd, others[i], 5);
	}
	page_free_all(fd, others, nr);
	return found;
}

/* Freed while somebody holds a reference: kept until it is dropped. */
static void check_pinned(struct __test_metadata *_metadata,
			 FIXTURE_DATA(soba) *self, __u64 gfp,
			 unsigned int order, bool last)
{
	long long errors = soba_errors("pinned-page");
	__u32 h = page_alloc(self->fd, gfp, order);
	struct soba_test_call q = page_query(self->fd, h, 0);
	__u64 index = last ? q.frames - 1 : 0;

	ASSERT_NE(h, 0);
	ASSERT_EQ(0, page_fill(self->fd, h, 77));
	ASSERT_EQ(0, page_op(self->fd, SOBA_OP_GET, h, index));
	ASSERT_EQ(0, page_free(self->fd, h));
	EXPECT_EQ(soba_errors("pinned-page"), errors + 1)
		TH_LOG("order %u flags %#llx frame %llu", order, gfp, index);
	EXPECT_FALSE(handed_out(self->fd, &q, order))
		TH_LOG("order %u flags %#llx frame %llu: a pinned frame was handed out",
		       order, gfp, index);
	EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, h, 77));
	ASSERT_EQ(0, page_op(self->fd, SOBA_OP_PUT, h, index));
	CHECK_VALID();
}

TEST_F(soba, pinned)
{
	unsigned int order;

	for (order = 0; order <= 6; order++) {
		check_pinned(_metadata, self, K, order, false);
		check_pinned(_metadata, self, K, order, true);
		check_pinned(_metadata, self, K | SOBA_GFP_COMP, order, true);
		check_pinned(_metadata, self, K | SOBA_GFP_ACCOUNT, order, true);
	}
	EXPECT_GE(kmsg_count(self->kmsg, "soba: pinned-page:", NULL, 0), 1);
	/* nothing holds them any more: they go where all free pages go */
	ASSERT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	EXPECT_EQ(soba_meminfo("Used"), 0);
	EXPECT_EQ(soba_meminfo("Pinned"), 0);
	EXPECT_EQ(soba_meminfo("Held"), soba_meminfo("Reserve"));
}

TEST_HARNESS_MAIN
