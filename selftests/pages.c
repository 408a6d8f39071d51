// SPDX-License-Identifier: GPL-2.0
/*
 * pages.c - every page call, every order, every context: what comes back is
 * aligned, contiguous, nobody else's, holds what is written, and goes back.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"

#define K SOBA_GFP_KERNEL

static const struct form_row {
	const char *name;
	__u32 form;
	bool single;	/* one page only */
} form_rows[] = {
	{ "alloc_pages", SOBA_FORM_PAGES, false },
	{ "alloc_pages_node", SOBA_FORM_PAGES_NODE, false },
	{ "alloc_page", SOBA_FORM_PAGE, true },
	{ "__get_free_pages", SOBA_FORM_FREE_PAGES, false },
	{ "__get_free_page", SOBA_FORM_FREE_PAGE, true },
	{ "get_zeroed_page", SOBA_FORM_ZEROED_PAGE, true },
	{ "__get_dma_pages", SOBA_FORM_DMA_PAGES, false },
};

/* Checks a fresh block: law by law, so that a failure names one. */
static void check_block(struct __test_metadata *_metadata, int fd,
			__u32 handle, unsigned int order, const char *what)
{
	struct soba_test_call q = page_query(fd, handle, 0);

	EXPECT_EQ(q.frames, 1ULL << order);
	EXPECT_EQ(q.run, q.frames)
		TH_LOG("%s order %u: frames do not follow each other", what, order);
	EXPECT_EQ(q.pfn & ((1ULL << order) - 1), 0)
		TH_LOG("%s order %u: pfn %llu is not aligned", what, order, q.pfn);
	EXPECT_NE(q.virt, 0);
	EXPECT_GE(q.refs, 1);
	EXPECT_EQ(q.out_flags & SOBA_TEST_SLAB, 0);
	EXPECT_EQ(0, page_fill(fd, handle, handle));
	EXPECT_EQ(SOBA_TEST_GOOD, page_check(fd, handle, handle))
		TH_LOG("%s order %u: does not hold what was written", what, order);
}

TEST_F(soba, every_call_every_order)
{
	unsigned int row, order;

	for (row = 0; row < ARRAY_SIZE(form_rows); row++) {
		const struct form_row *r = &form_rows[row];
		/* the DMA zone is 16 MiB, and the host's own drivers want some */
		unsigned int max = r->form == SOBA_FORM_DMA_PAGES ? 6 :
				   self->info.host_max_order;

		/* without the zone it is NULL or any page, as the host does */
		if (r->form == SOBA_FORM_DMA_PAGES &&
		    !(self->info.config & SOBA_TEST_ZONE_DMA))
			continue;
		for (order = 0; order <= (r->single ? 0 : max); order++) {
			__u32 h = page_alloc_form(self->fd, r->form, K, order,
						  SOBA_CTX_PROCESS,
						  SOBA_TEST_ANY_CPU);

			ASSERT_NE(h, 0)
				TH_LOG("%s order %u gave NULL", r->name, order);
			if (r->form == SOBA_FORM_ZEROED_PAGE)
				EXPECT_EQ(SOBA_TEST_GOOD, page_zeroed(self->fd, h));
			check_block(_metadata, self->fd, h, order, r->name);
			ASSERT_EQ(0, page_free(self->fd, h));
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* What one call allocated, the other kind frees: they are the same pages. */
TEST_F(soba, page_and_address_forms_mix)
{
	unsigned int order;

	for (order = 0; order <= 5; order++) {
		struct soba_test_call f = call_init(SOBA_OP_FREE);

		f.handle = page_alloc(self->fd, K, order);
		f.form = SOBA_FORM_FREE_PAGES;
		ASSERT_NE(f.handle, 0);
		EXPECT_EQ(0, call_run(self->fd, &f));
		f = call_init(SOBA_OP_FREE);
		f.handle = page_alloc_form(self->fd, SOBA_FORM_FREE_PAGES, K,
					   order, SOBA_CTX_PROCESS,
					   SOBA_TEST_ANY_CPU);
		f.form = SOBA_FORM_PAGES;
		ASSERT_NE(f.handle, 0);
		EXPECT_EQ(0, call_run(self->fd, &f));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Allocated in one context, freed in another, on every CPU. */
TEST_F(soba, every_pair_of_contexts)
{
	unsigned int from, to, order, nr = 0, cpus = online_cpus();

	for (from = 0; from < SOBA_NR_CONTEXTS; from++) {
		for (to = 0; to < SOBA_NR_CONTEXTS; to++) {
			if (!context_usable(&self->info, from) ||
			    !context_usable(&self->info, to))
				continue;
			for (order = 0; order <= 5; order++, nr++) {
				__u32 h = page_alloc_form(self->fd, SOBA_FORM_PAGES,
							  SOBA_GFP_ATOMIC,
							  order, from,
							  nr % cpus);

				ASSERT_NE(h, 0)
					TH_LOG("order %u in %s gave NULL", order,
					       context_name(from));
				check_block(_metadata, self->fd, h, order,
					    context_name(from));
				ASSERT_EQ(0, page_free_in(self->fd, h, to,
							  (nr / cpus) % cpus));
			}
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Pages of CPU 0 flow to CPU 1 and home, more than any per-CPU list holds. */
TEST_F(soba, pages_travel_between_cpus)
{
	unsigned int cpus = online_cpus(), round, i;
	__u32 handles[1500];

	if (cpus < 2)
		SKIP(return, "one CPU only");
	for (round = 0; round < 2 * cpus; round++) {
		ASSERT_TRUE(cpu_pin(round % cpus));
		ASSERT_EQ(ARRAY_SIZE(handles),
			  page_alloc_all(self->fd, K, 0, handles,
					 ARRAY_SIZE(handles)));
		ASSERT_TRUE(cpu_pin((round + 1) % cpus));
		for (i = 0; i < ARRAY_SIZE(handles); i++)
			ASSERT_EQ(0, page_free(self->fd, handles[i]));
	}
}

static int by_pfn(const void *a, const void *b)
{
	const struct soba_test_call *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* A crowd of blocks of random orders: no two share a frame, all keep data. */
TEST_F(soba, blocks_do_not_overlap)
{
	enum { NR = 1000 };
	struct soba_test_call *q = calloc(NR, sizeof(*q));
	unsigned int i, held = 0;
	uint64_t random = 1;

	ASSERT_NE(q, NULL);
	for (i = 0; i < NR; i++) {
		__u64 r = random_next(&random);
		unsigned int order = r % 4 ? r / 4 % 3 : r / 4 % 7;
		__u32 h = page_alloc(self->fd, K | SOBA_GFP_NOWARN, order);

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, page_fill(self->fd, h, h));
		q[held++] = page_query(self->fd, h, 0);
		if (r >> 62 == 3) {	/* some go early, so that holes open */
			held--;
			ASSERT_EQ(0, page_free(self->fd, h));
		}
	}
	qsort(q, held, sizeof(*q), by_pfn);
	for (i = 0; i < held; i++) {
		EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, q[i].handle,
						     q[i].handle));
		if (i)
			EXPECT_GE(q[i].pfn, q[i - 1].pfn + q[i - 1].frames)
				TH_LOG("pfn %llu has two owners", q[i].pfn);
	}
	for (i = 0; i < held; i++)
		EXPECT_EQ(0, page_free(self->fd, q[i].handle));
	free(q);
}

/* More than the host's largest block: NULL at once, whatever the context. */
TEST_F(soba, order_too_large)
{
	static const unsigned int too_much[] = { 1, 2, 5, 20, 21, 42, 52, 53 };
	unsigned int i, max = self->info.host_max_order;
	struct soba_test_call call;

	for (i = 0; i < ARRAY_SIZE(too_much); i++) {
		call = call_init(SOBA_OP_ALLOC);
		call.form = i & 1 ? SOBA_FORM_FREE_PAGES : SOBA_FORM_PAGES;
		call.gfp = K | SOBA_GFP_NOWARN;
		call.order = max + too_much[i];
		EXPECT_EQ(0, call_run(self->fd, &call));
		EXPECT_EQ(0, call.handle)
			TH_LOG("order %u was handed out", call.order);
	}
	call = call_init(SOBA_OP_ALLOC);
	call.form = SOBA_FORM_EXACT;
	call.gfp = K | SOBA_GFP_NOWARN;
	call.size = SOBA_TEST_MAX_SIZE;
	EXPECT_EQ(0, call_run(self->fd, &call));
	EXPECT_EQ(0, call.handle);
}

/* alloc_pages_exact gives back what the power of two has too much. */
TEST_F(soba, exact_sizes)
{
	static const __u64 sizes[] = {
		1, 8, 4095, 4096, 4097, 3 * 4096, 5 * 4096 + 1, 33 * 4096,
		1 << 20, (1 << 20) + 1, 257 * 4096
	};
	unsigned int i;

	cpu_pin(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		long long frames = (sizes[i] + 4095) / 4096;
		struct soba_test_call call = call_init(SOBA_OP_ALLOC);
		long long before = soba_meminfo("Used");

		call.form = SOBA_FORM_EXACT;
		call.gfp = K;
		call.size = sizes[i];
		ASSERT_EQ(0, call_run(self->fd, &call));
		ASSERT_NE(call.handle, 0);
		EXPECT_EQ(soba_meminfo("Used") - before, frames * 4)
			TH_LOG("%llu bytes", sizes[i]);
		EXPECT_EQ(page_query(self->fd, call.handle, 0).run, frames);
		EXPECT_EQ(0, page_fill(self->fd, call.handle, i));
		EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, call.handle, i));
		ASSERT_EQ(0, page_free(self->fd, call.handle));
		EXPECT_EQ(soba_meminfo("Used"), before);
	}
}

static __u32 bulk_alloc(int fd, __u64 nr, __u64 gfp, __u32 context,
			long long *filled)
{
	struct soba_test_call call = call_init(SOBA_OP_ALLOC);
	int ret;

	call.form = SOBA_FORM_BULK;
	call.gfp = gfp;
	call.size = nr;
	call.context = context;
	ret = call_run(fd, &call);
	*filled = ret ? ret : call.value;
	return ret ? 0 : call.handle;
}

TEST_F(soba, bulk)
{
	static const __u64 counts[] = { 1, 2, 31, 128, 129, 1000 };
	unsigned int i, context;
	long long filled;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		for (context = 0; context < SOBA_NR_CONTEXTS; context++) {
			__u32 h;

			if (!context_usable(&self->info, context))
				continue;
			h = bulk_alloc(self->fd, counts[i], SOBA_GFP_ATOMIC,
				       context, &filled);
			ASSERT_NE(h, 0);
			EXPECT_EQ(filled, counts[i]);
			EXPECT_EQ(0, page_fill(self->fd, h, i));
			EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, h, i));
			ASSERT_EQ(0, page_free_in(self->fd, h, context, -1));
		}
	}
}

/* Slots that are not NULL are left alone, and counted. */
TEST_F(soba, bulk_fills_holes)
{
	struct soba_test_call refill = call_init(SOBA_OP_REFILL);
	__u64 pfns[64];
	long long filled;
	unsigned int i;
	__u32 h;

	h = bulk_alloc(self->fd, 64, K, SOBA_CTX_PROCESS, &filled);
	ASSERT_NE(h, 0);
	ASSERT_EQ(filled, 64);
	for (i = 0; i < 64; i++)
		pfns[i] = page_query(self->fd, h, i).pfn;
	for (i = 0; i < 64; i += 3)
		ASSERT_EQ(0, page_op(self->fd, SOBA_OP_FREE_ONE, h, i));
	refill.handle = h;
	refill.gfp = K | SOBA_GFP_ZERO;
	ASSERT_EQ(0, call_run(self->fd, &refill));
	EXPECT_EQ(refill.value, 64);
	for (i = 0; i < 64; i++) {
		__u64 pfn = page_query(self->fd, h, i).pfn;

		EXPECT_NE(pfn, 0);
		if (i % 3)
			EXPECT_EQ(pfn, pfns[i]);
	}
	ASSERT_EQ(0, page_free(self->fd, h));
}

/* After split_page() each frame is an allocation of its own. */
TEST_F(soba, split)
{
	unsigned int order, i;

	for (order = 1; order <= 6; order++) {
		struct soba_test_call call = call_init(SOBA_OP_SPLIT);
		__u32 h = page_alloc(self->fd, K, order);

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, page_fill(self->fd, h, order));
		call.handle = h;
		call.order = order;
		ASSERT_EQ(0, call_run(self->fd, &call));
		EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, h, order));
		/* odd ones first, so that nothing can merge at once */
		for (i = 1; i < 1U << order; i += 2)
			EXPECT_EQ(0, page_op(self->fd, SOBA_OP_FREE_ONE, h, i));
		EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, h, order));
		ASSERT_EQ(0, page_free(self->fd, h));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* get_page() and put_page() in pairs change nothing, on any frame. */
TEST_F(soba, references_in_pairs)
{
	unsigned int order, i;

	for (order = 0; order <= 3; order++) {
		__u32 h = page_alloc(self->fd, K, order);

		ASSERT_NE(h, 0);
		for (i = 0; i < 1U << order; i++) {
			int refs = page_query(self->fd, h, i).refs;

			EXPECT_GE(refs, 1);
			ASSERT_EQ(0, page_op(self->fd, SOBA_OP_GET, h, i));
			EXPECT_EQ(page_query(self->fd, h, i).refs, refs + 1);
			ASSERT_EQ(0, page_op(self->fd, SOBA_OP_PUT, h, i));
			EXPECT_EQ(page_query(self->fd, h, i).refs, refs);
		}
		ASSERT_EQ(0, page_free(self->fd, h));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* vmap, kmap_local_page and scatter lists show the same bytes, both ways. */
TEST_F(soba, host_views)
{
	static const enum soba_test_op ops[] = {
		SOBA_OP_VMAP, SOBA_OP_KMAP, SOBA_OP_SG
	};
	unsigned int order, i;

	for (order = 0; order <= 5; order++) {
		__u32 h = page_alloc(self->fd, K, order);

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, page_fill(self->fd, h, 100));
		for (i = 0; i < ARRAY_SIZE(ops); i++) {
			struct soba_test_call call = call_init(ops[i]);

			call.handle = h;
			call.seed = 100 + i;
			ASSERT_EQ(0, call_run(self->fd, &call));
			EXPECT_EQ(call.value, SOBA_TEST_GOOD)
				TH_LOG("view %u order %u", i, order);
		}
		ASSERT_EQ(0, page_free(self->fd, h));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Everything freed and shrunk, blocks merge to whole chunks and go home. */
TEST_F(soba, merges_back_to_nothing)
{
	enum { NR = 2048 };
	static __u32 handles[NR];
	unsigned int i;
	size_t nr;

	nr = page_alloc_all(self->fd, K, 0, handles, NR);
	ASSERT_EQ(nr, NR);
	for (i = 0; i < NR; i += 2)
		ASSERT_EQ(0, page_free(self->fd, handles[i]));
	for (i = 1; i < NR; i += 2)
		ASSERT_EQ(0, page_free(self->fd, handles[i]));
	ASSERT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	EXPECT_EQ(soba_meminfo("Used"), 0);
	EXPECT_EQ(soba_meminfo("Held"), soba_meminfo("Reserve"))
		TH_LOG("free chunks were kept");
}

TEST_HARNESS_MAIN
