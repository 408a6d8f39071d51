// SPDX-License-Identifier: GPL-2.0
/*
 * gfp_limit.c - the GFP table when soba has nothing left: it is loaded with a
 * limit that a test can exhaust.
 *
 * Locking: none; the second thread uses a descriptor of its own, because calls
 * on one are serialised.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "fixture.h"

#define K	SOBA_GFP_KERNEL
#define Q	SOBA_GFP_NOWARN
#define LIMIT	"limit=16M"
#define MAX	4096	/* frames in 16 MiB */

static void __attribute__((constructor)) need_files(void)
{
	skip_without_files();
	soba_restore_at_exit();
}

FIXTURE(exhausted) {
	int fd;
	int kmsg;
	struct soba_test_info info;
	__u32 handles[MAX + 1];
	size_t nr;
};

FIXTURE_SETUP(exhausted)
{
	const char *why = soba_reload_once(LIMIT);

	ASSERT_EQ(why, NULL)
		TH_LOG("%s", why);
	self->fd = device_open();
	ASSERT_GE(self->fd, 0);
	self->info = device_info(self->fd);
	self->kmsg = kmsg_open();
	/* one CPU's lists only, so that nothing hides in another's */
	ASSERT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	ASSERT_TRUE(cpu_pin(0));
	self->nr = page_exhaust(self->fd, SOBA_GFP_NOWAIT | Q, self->handles,
				ARRAY_SIZE(self->handles));
	ASSERT_GT(self->nr, MAX / 2);
	ASSERT_LE(self->nr, MAX);
}

FIXTURE_TEARDOWN(exhausted)
{
	close(self->fd);
	close(self->kmsg);
	CHECK_VALID();
}

static struct soba_test_call alloc_call(__u64 gfp, unsigned int order)
{
	struct soba_test_call call = call_init(SOBA_OP_ALLOC);

	call.form = SOBA_FORM_PAGES;
	call.gfp = gfp;
	call.order = order;
	return call;
}

/* NULL, and without waiting, from wherever it is asked for. */
TEST_F(exhausted, nowait_is_null_at_once)
{
	unsigned int context, order;

	for (context = 0; context < SOBA_NR_CONTEXTS; context++) {
		if (!context_usable(&self->info, context))
			continue;
		for (order = 0; order < 4; order++) {
			struct soba_test_call call;

			call = alloc_call(SOBA_GFP_NOWAIT | Q, order);
			call.context = context;
			ASSERT_EQ(0, call_run(self->fd, &call));
			EXPECT_EQ(call.handle, 0);
			if (context == SOBA_CTX_PROCESS)
				EXPECT_EQ(call.slept, 0);
		}
	}
}

/* Drains every reserve first. */
TEST_F(exhausted, atomic_is_null_at_once)
{
	unsigned int context;
	__u32 extra[MAX];

	page_alloc_all(self->fd, SOBA_GFP_ATOMIC | Q, 0, extra, MAX);
	for (context = 0; context < SOBA_NR_CONTEXTS; context++) {
		struct soba_test_call call = alloc_call(SOBA_GFP_ATOMIC | Q, 0);

		if (!context_usable(&self->info, context))
			continue;
		call.context = context;
		ASSERT_EQ(0, call_run(self->fd, &call));
		EXPECT_EQ(call.handle, 0);
		if (context == SOBA_CTX_PROCESS)
			EXPECT_EQ(call.slept, 0);
	}
}

/* min watermark > HIGH's part > MEMALLOC's all; NOMEMALLOC never. */
TEST_F(exhausted, reserves_in_steps)
{
	__u32 h, extra[MAX];
	size_t high, all;

	h = page_alloc(self->fd, SOBA_GFP_NOWAIT | SOBA_GFP_MEMALLOC |
				 SOBA_GFP_NOMEMALLOC | Q, 0);
	EXPECT_EQ(h, 0)
		TH_LOG("__GFP_NOMEMALLOC reached below the min watermark");
	high = page_alloc_all(self->fd, SOBA_GFP_ATOMIC | Q, 0, extra, MAX);
	EXPECT_GT(high, 0)
		TH_LOG("nothing was kept for __GFP_HIGH");
	h = page_alloc(self->fd, SOBA_GFP_NOWAIT | SOBA_GFP_MEMALLOC |
				 SOBA_GFP_NOMEMALLOC | Q, 0);
	EXPECT_EQ(h, 0);
	all = page_alloc_all(self->fd, SOBA_GFP_NOWAIT | SOBA_GFP_MEMALLOC | Q,
			     0, extra, MAX);
	EXPECT_GT(all, 0)
		TH_LOG("__GFP_HIGH took everything, or __GFP_MEMALLOC got nothing");
	EXPECT_EQ(0, page_alloc(self->fd, SOBA_GFP_ATOMIC | Q, 0));
	TH_LOG("of %d frames: %zu ordinary, %zu for HIGH, %zu for MEMALLOC",
	       MAX, self->nr, high, all);
	EXPECT_LE(self->nr + high + all, MAX);
}

/* May sleep, but not for ever. */
TEST_F(exhausted, kernel_gives_up)
{
	static const __u64 flags[] = {
		K, K | SOBA_GFP_NORETRY, K | SOBA_GFP_RETRY_MAYFAIL,
		SOBA_GFP_NOIO, SOBA_GFP_NOFS, SOBA_GFP_USER,
	};
	unsigned int i, order;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		for (order = 0; order <= 3; order++)
			EXPECT_EQ(0, page_alloc(self->fd, flags[i] | Q, order));
	EXPECT_LE(soba_meminfo("Held"), 16 * 1024);
}

/* What was freed can be had again, in one piece once it has merged. */
TEST_F(exhausted, recovers)
{
	__u32 h;

	EXPECT_EQ(0, page_alloc(self->fd, K | Q, 9));
	page_free_all(self->fd, self->handles, self->nr);
	h = page_alloc(self->fd, K | Q, 9);
	EXPECT_NE(h, 0);
}

struct waiter {
	int fd;
	unsigned int order;
	__u32 handle;
	bool done;
};

static void *nofail_thread(void *arg)
{
	struct waiter *w = arg;

	w->handle = page_alloc(w->fd, K | SOBA_GFP_NOFAIL, w->order);
	__atomic_store_n(&w->done, true, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Never NULL: it waits until somebody frees. */
TEST_F(exhausted, nofail_waits)
{
	unsigned int order;
	pthread_t thread;
	__u32 extra[MAX];

	page_exhaust(self->fd, SOBA_GFP_NOWAIT | SOBA_GFP_MEMALLOC | Q, extra,
		     MAX);
	for (order = 0; order <= 1; order++) {
		struct waiter w = { .fd = device_open(), .order = order };
		unsigned int i;

		ASSERT_GE(w.fd, 0);
		ASSERT_EQ(0, pthread_create(&thread, NULL, nofail_thread, &w));
		/* a moment to go wrong in; being slow is not going wrong */
		usleep(300000);
		EXPECT_FALSE(__atomic_load_n(&w.done, __ATOMIC_SEQ_CST))
			TH_LOG("order %u: there was nothing to be had", order);
		for (i = 0; i < 1024; i++)
			page_free(self->fd, self->handles[--self->nr]);
		ASSERT_EQ(0, pthread_join(thread, NULL));
		EXPECT_NE(w.handle, 0)
			TH_LOG("order %u: __GFP_NOFAIL gave NULL", order);
		close(w.fd);
		self->nr += page_exhaust(self->fd, SOBA_GFP_NOWAIT |
					 SOBA_GFP_MEMALLOC | Q,
					 self->handles + self->nr,
					 MAX - self->nr);
	}
	EXPECT_LE(soba_meminfo("Held"), 16 * 1024);
}

/* What cannot be promised is refused with a warning, not waited for. */
TEST_F(exhausted, nofail_refused)
{
	static const struct { __u64 gfp; unsigned int order; } rows[] = {
		{ K | SOBA_GFP_NOFAIL | Q, 2 },
		{ K | SOBA_GFP_NOFAIL | Q, 9 },
		{ SOBA_GFP_NOWAIT | SOBA_GFP_NOFAIL | Q, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct soba_test_call call;

		call = alloc_call(rows[i].gfp, rows[i].order);
		call.flags = SOBA_TEST_NEW_SITE;
		ASSERT_EQ(0, call_run(self->fd, &call));
		EXPECT_EQ(call.handle, 0);
		EXPECT_EQ(1, kmsg_count(self->kmsg, "soba: bad-flags:", NULL, 0))
			TH_LOG("row %u", i);
	}
}

/* Silent with __GFP_NOWARN; else one clear report, and a bounded number. */
TEST_F(exhausted, failure_report)
{
	long long before = soba_errors("alloc-failure");
	unsigned int i, lines;
	char line[512];

	kmsg_count(self->kmsg, "soba:", NULL, 0);
	for (i = 0; i < 20; i++)
		EXPECT_EQ(0, page_alloc(self->fd, SOBA_GFP_NOWAIT | Q, 3));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
	EXPECT_EQ(0, page_alloc(self->fd, SOBA_GFP_NOWAIT, 3));
	EXPECT_EQ(1, kmsg_count(self->kmsg, "soba: alloc-failure:", line,
				sizeof(line)));
	EXPECT_NE(strstr(line, "order 3"), NULL)
		TH_LOG("order not named: %s", line);
	/* GFP_NOWAIT has another flag since 6.12 */
	EXPECT_TRUE(strstr(line, "GFP_NOWAIT") ||
		    strstr(line, "__GFP_KSWAPD_RECLAIM"))
		TH_LOG("flags not decoded: %s", line);
	for (i = 0; i < 200; i++)
		EXPECT_EQ(0, page_alloc(self->fd, SOBA_GFP_NOWAIT, 3));
	lines = kmsg_count(self->kmsg, "soba: alloc-failure:", NULL, 0);
	EXPECT_LT(lines, 100)
		TH_LOG("200 failures made %u reports", lines);
	EXPECT_GE(soba_errors("alloc-failure") - before, 201);
}

/* NORMAL requests that took all they could left the DMA zone something. */
TEST_F(exhausted, dma_is_not_drained)
{
	__u32 first, h;
	size_t nr;

	if (!(self->info.config & SOBA_TEST_ZONE_DMA))
		SKIP(return, "no DMA zone in this kernel");
	/* make room for one chunk of DMA memory, then exhaust again */
	page_free_all(self->fd, self->handles, self->nr);
	file_write(DEBUGFS "/shrink", "1");
	first = page_alloc(self->fd, K | SOBA_GFP_DMA, 0);
	ASSERT_NE(first, 0);
	nr = page_exhaust(self->fd, SOBA_GFP_NOWAIT | Q, self->handles, MAX);
	EXPECT_GT(nr, 0);
	self->nr = nr;
	h = page_alloc(self->fd, SOBA_GFP_NOWAIT | SOBA_GFP_DMA | Q, 0);
	EXPECT_NE(h, 0)
		TH_LOG("NORMAL requests drained the DMA zone");
}

/* The neighbours' memory is used before NULL, unless THISNODE forbids it. */
TEST_F(exhausted, every_form_is_null)
{
	static const __u32 forms[] = {
		SOBA_FORM_PAGES, SOBA_FORM_PAGES_NODE, SOBA_FORM_PAGE,
		SOBA_FORM_FREE_PAGES, SOBA_FORM_FREE_PAGE,
		SOBA_FORM_ZEROED_PAGE, SOBA_FORM_EXACT, SOBA_FORM_BULK,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		struct soba_test_call call = alloc_call(SOBA_GFP_NOWAIT | Q, 0);

		call.form = forms[i];
		call.size = forms[i] == SOBA_FORM_EXACT ? 12288 : 16;
		ASSERT_EQ(0, call_run(self->fd, &call));
		EXPECT_EQ(call.handle, 0)
			TH_LOG("form %u", forms[i]);
		EXPECT_EQ(call.value, 0);
	}
}

TEST_HARNESS_MAIN
