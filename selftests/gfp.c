// SPDX-License-Identifier: GPL-2.0
/*
 * gfp.c - the GFP table, row by row: each flag does what it promises while
 * there is memory. What happens at the limit is in gfp_limit.c.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <sys/mount.h>
#include <sys/stat.h>

#include "fixture.h"

#define K	SOBA_GFP_KERNEL
#define MIB	(1ULL << 20)
#define GIB	(1ULL << 30)

static struct soba_test_call alloc_call(__u64 gfp, unsigned int order)
{
	struct soba_test_call call = call_init(SOBA_OP_ALLOC);

	call.form = SOBA_FORM_PAGES;
	call.gfp = gfp;
	call.order = order;
	return call;
}

static void run_contexts(struct __test_metadata *_metadata,
			 FIXTURE_DATA(soba) *self, __u64 gfp)
{
	unsigned int context;

	for (context = 0; context < SOBA_NR_CONTEXTS; context++) {
		struct soba_test_call call = alloc_call(gfp, 0);

		call.context = context;
		if (!context_usable(&self->info, context))
			continue;
		ASSERT_EQ(0, call_run(self->fd, &call));
		EXPECT_NE(call.handle, 0)
			TH_LOG("NULL in %s", context_name(context));
		EXPECT_EQ(0, page_free(self->fd, call.handle));
	}
}

/* What never sleeps may be used everywhere, silently. */
TEST_F(soba, atomic_and_nowait_anywhere)
{
	run_contexts(_metadata, self, SOBA_GFP_ATOMIC);
	run_contexts(_metadata, self, SOBA_GFP_NOWAIT);
	run_contexts(_metadata, self, 0);
	run_contexts(_metadata, self, SOBA_GFP_HIGH | SOBA_GFP_ZERO);
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Also when it must take chunks from the host: 24 MiB is several of them. */
TEST_F(soba, atomic_never_sleeps)
{
	static __u32 handles[6144];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		struct soba_test_call call;

		call = alloc_call(SOBA_GFP_ATOMIC | SOBA_GFP_NOWARN, 0);
		ASSERT_EQ(0, call_run(self->fd, &call));
		if (!call.handle)
			break;
		handles[i] = call.handle;
		EXPECT_EQ(call.slept, 0);
	}
	EXPECT_GT(i, 0);
	page_free_all(self->fd, handles, i);
}

TEST_F(soba, sleeping_flags_in_process_context)
{
	static const __u64 flags[] = {
		K, SOBA_GFP_NOIO, SOBA_GFP_NOFS, SOBA_GFP_USER,
		SOBA_GFP_DIRECT_RECLAIM, K | SOBA_GFP_NORETRY,
		K | SOBA_GFP_RETRY_MAYFAIL, K | SOBA_GFP_NOFAIL,
		K | SOBA_GFP_HIGHMEM, K | SOBA_GFP_MOVABLE,
		K | SOBA_GFP_RECLAIMABLE, K | SOBA_GFP_WRITE,
		K | SOBA_GFP_HIGH, K | SOBA_GFP_MEMALLOC,
		K | SOBA_GFP_MEMALLOC | SOBA_GFP_NOMEMALLOC,
	};
	unsigned int i, order;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		for (order = 0; order <= 1; order++) {
			__u32 h = page_alloc(self->fd, flags[i], order);

			EXPECT_NE(h, 0)
				TH_LOG("flags %#llx gave NULL", flags[i]);
			EXPECT_EQ(0, page_free(self->fd, h));
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Reported once per call site with the caller, counted always, and it works. */
TEST_F(soba, kernel_from_atomic_is_reported)
{
	static const __u32 contexts[] = {
		SOBA_CTX_SOFTIRQ, SOBA_CTX_HARDIRQ, SOBA_CTX_HRTIMER,
		SOBA_CTX_PREEMPT_OFF, SOBA_CTX_SPINLOCK, SOBA_CTX_IRQS_OFF,
		SOBA_CTX_BH_OFF, SOBA_CTX_RCU,
	};
	long long before = soba_errors("sleep-in-atomic");
	unsigned int i, calls = 0, times;
	char line[512];

	if (!(self->info.config & SOBA_TEST_PREEMPT_COUNT))
		SKIP(return, "this kernel has no preempt count to look at");
	for (i = 0; i < ARRAY_SIZE(contexts); i++) {
		/* there a lock or a timer may sleep, or nothing is allowed */
		if (self->info.config & SOBA_TEST_RT)
			continue;
		for (times = 0; times < 3; times++) {
			struct soba_test_call call = alloc_call(K, 0);

			call.context = contexts[i];
			call.flags = times ? SOBA_TEST_SAME_SITE :
					     SOBA_TEST_NEW_SITE;
			ASSERT_EQ(0, call_run(self->fd, &call));
			calls++;
			EXPECT_NE(call.handle, 0)
				TH_LOG("NULL in %s", context_name(contexts[i]));
			page_free(self->fd, call.handle);
			EXPECT_EQ(kmsg_count(self->kmsg, "soba: sleep-in-atomic:",
					     line, sizeof(line)), !times)
				TH_LOG("call %u in %s", times,
				       context_name(contexts[i]));
			if (!times)
				EXPECT_NE(strstr(line, "soba_test"), NULL)
					TH_LOG("caller not named: %s", line);
		}
	}
	if (self->info.config & SOBA_TEST_RT)
		SKIP(return, "PREEMPT_RT: these contexts are not soba's there");
	EXPECT_EQ(soba_errors("sleep-in-atomic") - before, calls);
}

/* Compound pages are the host's: it can be asked without sleeping. */
TEST_F(soba, atomic_reaches_the_host)
{
	unsigned int context;

	for (context = 0; context < SOBA_NR_CONTEXTS; context++) {
		struct soba_test_call call;

		if (!context_usable(&self->info, context))
			continue;
		call = alloc_call(SOBA_GFP_ATOMIC | SOBA_GFP_COMP, 1);
		call.context = context;
		ASSERT_EQ(0, call_run(self->fd, &call));
		EXPECT_NE(call.handle, 0)
			TH_LOG("NULL in %s", context_name(context));
		if (call.handle)
			EXPECT_EQ(0, page_free(self->fd, call.handle));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* The same flags from a context that may sleep are nobody's mistake. */
TEST_F(soba, kernel_from_process_is_silent)
{
	struct soba_test_call call = alloc_call(K, 0);

	call.flags = SOBA_TEST_NEW_SITE;
	ASSERT_EQ(0, call_run(self->fd, &call));
	EXPECT_NE(call.handle, 0);
	call = alloc_call(K, 0);
	call.cpu = 0;	/* a kthread */
	ASSERT_EQ(0, call_run(self->fd, &call));
	EXPECT_NE(call.handle, 0);
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Every frame of it, by physical address. */
static void below(struct __test_metadata *_metadata, int fd, __u64 gfp,
		  unsigned int order, __u64 bound)
{
	__u32 h = page_alloc(fd, gfp, order);
	struct soba_test_call q = page_query(fd, h, 0);

	ASSERT_NE(h, 0)
		TH_LOG("flags %#llx order %u gave NULL", gfp, order);
	EXPECT_LE(q.phys + (4096ULL << order), bound)
		TH_LOG("flags %#llx order %u at %#llx", gfp, order, q.phys);
	EXPECT_EQ(0, page_free(fd, h));
}

TEST_F(soba, dma_below_16_mib)
{
	struct soba_test_call call = call_init(SOBA_OP_ALLOC);
	unsigned int order, context;
	__u32 handles[256];
	size_t i, nr;

	if (!(self->info.config & SOBA_TEST_ZONE_DMA))
		SKIP(return, "no DMA zone in this kernel");
	for (order = 0; order <= 6; order++)
		below(_metadata, self->fd, K | SOBA_GFP_DMA, order, 16 * MIB);
	for (context = 0; context < SOBA_NR_CONTEXTS; context++)
		if (context_usable(&self->info, context))
			below(_metadata, self->fd,
			      SOBA_GFP_ATOMIC | SOBA_GFP_DMA, 0, 16 * MIB);
	/* more than one batch of a per-CPU list */
	nr = page_alloc_all(self->fd, K | SOBA_GFP_DMA, 0, handles, 256);
	EXPECT_EQ(nr, 256);
	for (i = 0; i < nr; i++)
		EXPECT_LT(page_query(self->fd, handles[i], 0).phys, 16 * MIB);
	page_free_all(self->fd, handles, nr);
	call.form = SOBA_FORM_DMA_PAGES;
	call.gfp = K;
	call.order = 2;
	ASSERT_EQ(0, call_run(self->fd, &call));
	EXPECT_LT(page_query(self->fd, call.handle, 0).phys, 16 * MIB);
}

TEST_F(soba, dma32_below_4_gib)
{
	bool large = self->info.host_frames << self->info.page_shift > 4 * GIB;
	unsigned int order;

	if (!(self->info.config & SOBA_TEST_ZONE_DMA32))
		SKIP(return, "no DMA32 zone in this kernel");
	for (order = 0; order <= 9; order++)
		below(_metadata, self->fd, K | SOBA_GFP_DMA32, order, 4 * GIB);
	if (!large)
		SKIP(return, "no memory above 4 GiB: all is below anyway");
}

/* Pages without a zone flag come from the top, and keep the low ones free. */
TEST_F(soba, normal_comes_from_above)
{
	__u32 h = page_alloc(self->fd, K, 0);

	ASSERT_NE(h, 0);
	EXPECT_GE(page_query(self->fd, h, 0).phys,
		  self->info.host_frames << self->info.page_shift > 5 * GIB ?
		  4 * GIB : 16 * MIB);
}

/* "0-1,3" to a bit mask. */
static __u64 nodes_with_memory(void)
{
	char *text = file_text("/sys/devices/system/node/has_memory");
	char *at = text ? text : "0", *end;
	__u64 mask = 0;

	while (*at >= '0' && *at <= '9') {
		unsigned long from = strtoul(at, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (; from <= to && from < 64; from++)
			mask |= 1ULL << from;
		at = *end == ',' ? end + 1 : end;
	}
	free(text);
	return mask ? mask : 1;
}

TEST_F(soba, node_arguments)
{
	__u64 nodes = nodes_with_memory();
	unsigned int nid, i;

	for (nid = 0; nid < 64; nid++) {
		for (i = 0; i < 40 && nodes & 1ULL << nid; i++) {
			struct soba_test_call call = alloc_call(K, i % 5);

			call.form = SOBA_FORM_PAGES_NODE;
			call.node = nid;
			call.cpu = i % online_cpus();
			if (i & 1)
				call.gfp |= SOBA_GFP_THISNODE;
			ASSERT_EQ(0, call_run(self->fd, &call));
			ASSERT_NE(call.handle, 0);
			EXPECT_EQ(page_query(self->fd, call.handle, 0).nid, nid)
				TH_LOG("asked for node %u", nid);
		}
	}
	if (!(nodes & (nodes - 1)))
		SKIP(return, "one memory node only");
}

/* A compound page is a real one; without the flag there is none. */
TEST_F(soba, comp)
{
	unsigned int order;

	for (order = 0; order <= 9; order++) {
		__u32 h = page_alloc(self->fd, K | SOBA_GFP_COMP, order);
		struct soba_test_call q = page_query(self->fd, h, 0);

		ASSERT_NE(h, 0);
		EXPECT_EQ(q.out_order, order);
		EXPECT_EQ(!!(q.out_flags & SOBA_TEST_HEAD), order > 0);
		EXPECT_EQ(q.run, 1ULL << order);
		if (order) {
			q = page_query(self->fd, h, 1);
			EXPECT_EQ(q.out_flags, SOBA_TEST_COMPOUND);
		}
		EXPECT_EQ(0, page_fill(self->fd, h, 9));
		EXPECT_EQ(SOBA_TEST_GOOD, page_check(self->fd, h, 9));
		EXPECT_EQ(0, page_free(self->fd, h));
		h = page_alloc(self->fd, K, order);
		q = page_query(self->fd, h, 0);
		EXPECT_EQ(q.out_flags, 0);
		EXPECT_EQ(0, page_free(self->fd, h));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

#define CGROUP "/sys/fs/cgroup/soba_gfp_test"

static long long charged(void)
{
	char *text = file_text(CGROUP "/memory.current");
	long long bytes = text ? atoll(text) : -1;

	free(text);
	return bytes;
}

/* __GFP_ACCOUNT is charged to the caller's cgroup, nothing else is. */
TEST_F(soba, account)
{
	enum { NR = 64, ORDER = 4 };	/* 4 MiB */
	long long before, with, after;
	__u32 handles[NR];
	size_t nr;

	if (!(self->info.config & SOBA_TEST_MEMCG))
		SKIP(return, "no memory cgroups in this kernel");
	file_write("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	rmdir(CGROUP);
	if (mkdir(CGROUP, 0755) || charged() < 0) {
		rmdir(CGROUP);
		SKIP(return, "no cgroup2 memory controller under /sys/fs/cgroup");
	}
	ASSERT_EQ(0, file_write(CGROUP "/cgroup.procs", "0"));
	before = charged();
	nr = page_alloc_all(self->fd, K | SOBA_GFP_ACCOUNT, ORDER, handles, NR);
	with = charged();
	page_free_all(self->fd, handles, nr);
	after = charged();
	EXPECT_EQ(nr, NR);
	EXPECT_GE(with - before, 4 << 20);
	EXPECT_LE(after - before, 1 << 20);
	before = charged();
	nr = page_alloc_all(self->fd, K, ORDER, handles, NR);
	EXPECT_LE(charged() - before, 1 << 20)
		TH_LOG("pages of the shared pool were charged to one cgroup");
	page_free_all(self->fd, handles, nr);
	file_write("/sys/fs/cgroup/cgroup.procs", "0");
	EXPECT_EQ(0, rmdir(CGROUP));
}

/* One warning that names the flags, and the nearest legal meaning. */
static void bad_flags(struct __test_metadata *_metadata,
		      FIXTURE_DATA(soba) *self, __u64 gfp,
		      unsigned int order, __u64 bound)
{
	long long before = soba_errors("bad-flags");
	unsigned int times;
	char line[512];

	for (times = 0; times < 3; times++) {
		struct soba_test_call call = alloc_call(gfp, order);

		call.flags = times ? SOBA_TEST_SAME_SITE : SOBA_TEST_NEW_SITE;
		ASSERT_EQ(0, call_run(self->fd, &call));
		EXPECT_NE(call.handle, 0)
			TH_LOG("flags %#llx gave NULL", gfp);
		EXPECT_LT(page_query(self->fd, call.handle, 0).phys, bound);
		page_free(self->fd, call.handle);
		EXPECT_EQ(kmsg_count(self->kmsg, "soba: bad-flags:", line,
				     sizeof(line)), !times)
			TH_LOG("flags %#llx, call %u", gfp, times);
		if (!times && !(gfp & SOBA_GFP_RAW))
			EXPECT_NE(strstr(line, "GFP_"), NULL)
				TH_LOG("flags not decoded: %s", line);
	}
	EXPECT_EQ(soba_errors("bad-flags") - before, 3);
}

TEST_F(soba, illegal_mixtures)
{
	const __u64 raw_unknown = SOBA_GFP_RAW | 1U << 31;

	if (self->info.config & SOBA_TEST_ZONE_DMA) {
		bad_flags(_metadata, self, K | SOBA_GFP_DMA | SOBA_GFP_DMA32, 0,
			  16 * MIB);
		bad_flags(_metadata, self, K | SOBA_GFP_DMA | SOBA_GFP_HIGHMEM,
			  0, 16 * MIB);
	}
	bad_flags(_metadata, self, SOBA_GFP_NOWAIT | SOBA_GFP_NOFAIL, 0, ~0ULL);
	bad_flags(_metadata, self, K | SOBA_GFP_NOFAIL, 3, ~0ULL);
	bad_flags(_metadata, self, raw_unknown, 0, ~0ULL);
}

/* Below the low watermark the background grower is woken, unless not asked. */
TEST_F(soba, kswapd_reclaim_wakes_the_grower)
{
	static __u32 handles[4096];
	long long before;
	size_t nr;

	ASSERT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	before = soba_event("grow_wake");
	ASSERT_GE(before, 0);
	nr = page_alloc_all(self->fd, SOBA_GFP_HIGH | SOBA_GFP_NOWARN, 0,
			    handles, ARRAY_SIZE(handles));
	EXPECT_EQ(soba_event("grow_wake"), before);
	page_free_all(self->fd, handles, nr);
	ASSERT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	nr = page_alloc_all(self->fd, SOBA_GFP_NOWAIT | SOBA_GFP_NOWARN, 0,
			    handles, ARRAY_SIZE(handles));
	EXPECT_GT(nr, 0);
	EXPECT_GT(soba_event("grow_wake"), before);
	page_free_all(self->fd, handles, nr);
}

TEST_HARNESS_MAIN
