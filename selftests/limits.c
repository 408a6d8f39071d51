// SPDX-License-Identifier: GPL-2.0
/*
 * limits.c - the module's parameters: limit= is a hard bound, reserve= is there
 * from the start and stays, chunk_order= sizes what is taken from the host.
 *
 * Locking: none; soba is loaded anew for every variant, and at the end as it was.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "fixture.h"
#include "objlib.h"

#define K	SOBA_GFP_KERNEL
#define Q	SOBA_GFP_NOWARN
#define N	SOBA_GFP_NORETRY
#define MAX	16384

static void __attribute__((constructor)) need_files(void)
{
	skip_without_files();
	soba_restore_at_exit();
}

FIXTURE(loaded) {
	int fd;
};

FIXTURE_VARIANT(loaded) {
	const char *parameters;
	long long limit;	/* kB, 0: none */
	long long reserve;
	int chunk_order;	/* -1: the host's largest */
};

#define VARIANT(name, text, limit_, reserve_, order_)			\
FIXTURE_VARIANT_ADD(loaded, name) {					\
	.parameters = text,						\
	.limit = limit_,						\
	.reserve = reserve_,						\
	.chunk_order = order_,						\
}

VARIANT(plain, "", 0, 0, -1);
VARIANT(limit_16m, "limit=16M", 16384, 0, -1);
VARIANT(limit_odd, "limit=5000K", 5000, 0, -1);
VARIANT(reserve_16m, "reserve=16M", 0, 16384, -1);
VARIANT(reserve_is_limit, "reserve=8M limit=8M", 8192, 8192, -1);
VARIANT(chunks_of_one, "chunk_order=0 limit=2M", 2048, 0, 0);
VARIANT(small_chunks, "chunk_order=5 reserve=4M limit=16777216", 16384, 4096, 5);

FIXTURE_SETUP(loaded)
{
	const char *why;

	/* The reserve lies on the node where the module was loaded. */
	ASSERT_TRUE(cpu_pin(0));
	why = soba_reload_once(variant->parameters);
	cpu_unpin();
	ASSERT_EQ(why, NULL)
		TH_LOG("%s", why);
	self->fd = device_open();
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(loaded)
{
	close(self->fd);
	CHECK_VALID();
}

TEST_F(loaded, reserve_is_taken_at_load)
{
	EXPECT_EQ(soba_meminfo("Limit"), variant->limit);
	EXPECT_EQ(soba_meminfo("Reserve"), variant->reserve);
	EXPECT_GE(soba_meminfo("Held"), variant->reserve);
	if (variant->limit)
		EXPECT_LE(soba_meminfo("Held"), variant->limit);
	EXPECT_EQ(soba_meminfo("Used"), 0);
}

/* On its own node, what is reserved can be had without a word to the host. */
TEST_F(loaded, reserve_can_be_used)
{
	static __u32 handles[MAX];
	long long taken = soba_event("chunk_take");
	size_t want, nr;

	ASSERT_TRUE(cpu_pin(0));
	want = variant->reserve / 4 / 2;
	nr = page_alloc_all(self->fd, SOBA_GFP_HIGH | Q, 0, handles, want);
	EXPECT_EQ(nr, want);
	EXPECT_EQ(soba_event("chunk_take"), taken);
	page_free_all(self->fd, handles, nr);
}

TEST_F(loaded, limit_is_hard)
{
	static const unsigned int orders[] = { 3, 9, 0, 0 };
	static const __u64 extra[] = { SOBA_GFP_COMP, SOBA_GFP_ACCOUNT,
				       SOBA_GFP_MEMALLOC, 0 };
	static __u32 handles[MAX];
	unsigned int i;

	if (!variant->limit)
		SKIP(return, "no limit in this variant");
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		size_t nr = page_alloc_all(self->fd, K | N | Q | extra[i],
					   orders[i], handles, MAX);

		EXPECT_LT(nr, MAX);
		EXPECT_LE((long long)nr << orders[i], variant->limit / 4)
			TH_LOG("order %u, extra flags %#llx", orders[i], extra[i]);
		EXPECT_LE(soba_meminfo("Held"), variant->limit);
		page_free_all(self->fd, handles, nr);
		file_write(DEBUGFS "/shrink", "1");
	}
}

/* Most of the limit can be had: the rest is watermarks and rounding. */
TEST_F(loaded, limit_is_usable)
{
	static __u32 handles[MAX];
	size_t nr;

	if (variant->limit < 8192)
		SKIP(return, "no limit in this variant, or a very small one");
	nr = page_exhaust(self->fd, K | Q, handles, MAX);
	EXPECT_GE((long long)nr, variant->limit / 4 * 3 / 4);
	EXPECT_LE((long long)nr, variant->limit / 4);
}

struct racer {
	pthread_t thread;
	int fd;
	unsigned int order;
	size_t nr;
	__u32 handles[MAX / 4];
};

static void *race(void *arg)
{
	struct racer *r = arg;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		r->nr = page_alloc_all(r->fd, K | N | Q, r->order, r->handles,
				       ARRAY_SIZE(r->handles));
		if (i < 4)
			page_free_all(r->fd, r->handles, r->nr);
	}
	return NULL;
}

/* Several at the bound at once: together they do not pass it either. */
TEST_F(loaded, limit_holds_in_a_race)
{
	static struct racer racers[4];
	long long frames = 0;
	unsigned int i;

	if (!variant->limit)
		SKIP(return, "no limit in this variant");
	for (i = 0; i < ARRAY_SIZE(racers); i++) {
		racers[i].order = i % 3;
		racers[i].fd = device_open();
		ASSERT_GE(racers[i].fd, 0);
		ASSERT_EQ(0, pthread_create(&racers[i].thread, NULL, race,
					    &racers[i]));
	}
	for (i = 0; i < 200; i++)
		EXPECT_LE(soba_meminfo("Held"), variant->limit);
	for (i = 0; i < ARRAY_SIZE(racers); i++) {
		ASSERT_EQ(0, pthread_join(racers[i].thread, NULL));
		frames += (long long)racers[i].nr << racers[i].order;
	}
	EXPECT_LE(frames * 4, variant->limit);
	EXPECT_LE(soba_meminfo("Held"), variant->limit);
	/* not before all have been counted */
	for (i = 0; i < ARRAY_SIZE(racers); i++)
		close(racers[i].fd);
}

/* Free chunks go back on demand, the reserve stays. */
TEST_F(loaded, shrink_keeps_the_reserve)
{
	static __u32 handles[MAX];
	long long returned = soba_event("chunk_return"), held;
	size_t nr;

	nr = page_alloc_all(self->fd, K | N | Q, 0, handles, 8192);
	held = soba_meminfo("Held");
	EXPECT_GT(nr, 0);
	page_free_all(self->fd, handles, nr);
	ASSERT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	EXPECT_GE(soba_meminfo("Held"), variant->reserve);
	/* at most one chunk more than the reserve */
	EXPECT_LE(soba_meminfo("Held"), variant->reserve + 4096);
	if (held > variant->reserve + 4096)
		EXPECT_GT(soba_event("chunk_return"), returned);
	EXPECT_EQ(soba_meminfo("Used"), 0);
}

/* "0x100-0x1ff" in a line of chunks: 256 frames. */
static long long chunk_frames(const char *line)
{
	unsigned long first, last;

	if (sscanf(line, "%*s %*s 0x%lx-0x%lx", &first, &last) != 2)
		return -1;
	return last - first + 1;
}

TEST_F(loaded, chunks_have_the_order)
{
	__u32 h = page_alloc(self->fd, K, 0);
	char *text = file_text(DEBUGFS "/chunks"), *line, *save;
	unsigned int lines = 0;

	ASSERT_NE(h, 0);
	ASSERT_NE(text, NULL);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (*line == '#')
			continue;
		lines++;
		EXPECT_GT(chunk_frames(line), 0)
			TH_LOG("line: %s", line);
		/* smaller where the host has nothing larger or limit= ends */
		if (variant->chunk_order >= 0)
			EXPECT_LE(chunk_frames(line), 1 << variant->chunk_order)
				TH_LOG("line: %s", line);
	}
	EXPECT_GT(lines, 0);
	free(text);
}

TEST_F(loaded, parameters_are_shown)
{
	static const char *const names[] = { "reserve", "limit", "chunk_order" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char path[96], given[32], *text;
		const char *at = strstr(variant->parameters, names[i]);

		snprintf(path, sizeof(path), "/sys/module/soba/parameters/%s",
			 names[i]);
		text = file_text(path);
		ASSERT_NE(text, NULL);
		if (at) {
			snprintf(given, sizeof(given), "%s\n",
				 strchr(at, '=') + 1);
			given[strcspn(given, " \n")] = '\0';
			text[strcspn(text, "\n")] = '\0';
			EXPECT_STREQ(text, given);
		}
		free(text);
	}
}

static struct soba_test_object take(int fd, uint32_t form, uint32_t cache,
				    uint32_t nr)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);

	call.form = form;
	call.cache = cache;
	call.gfp = SOBA_GFP_NOWAIT | Q;
	call.nr = nr;
	if (obj_run(fd, &call))
		call.got = ~0ULL;
	return call;
}

/* Nothing is left under limit=, but the pool has its minimum, and no more. */
TEST(pool_keeps_its_minimum)
{
	struct soba_test_object pool = obj_init(SOBA_OBJ_CREATE), last, got;
	static uint32_t handles[MAX];
	const char *why = soba_reload("limit=16M");
	uint32_t cache;
	size_t nr;
	int fd;

	ASSERT_EQ(why, NULL);
	fd = device_open();
	cache = cache_create(fd, "pooled", 256, 0, 0, 0);
	pool.form = SOBA_OBJ_SLAB_POOL;
	pool.cache = cache;
	pool.nr = 40;
	ASSERT_EQ(0, obj_run(fd, &pool));
	ASSERT_NE(pool.cache, 0);
	nr = page_exhaust(fd, K | Q | N, handles, MAX);
	EXPECT_GT(nr, 3000);
	last = take(fd, SOBA_OBJ_CACHE, cache, 5000);
	EXPECT_LT(last.got, 5000);
	EXPECT_EQ(take(fd, SOBA_OBJ_CACHE, cache, 1).got, 0);
	got = take(fd, SOBA_OBJ_POOL, pool.cache, 100);
	EXPECT_EQ(got.got, 40);
	if (got.handle) {
		EXPECT_EQ(0, obj_fill(fd, got.handle, 1));
		EXPECT_EQ(SOBA_TEST_GOOD, obj_check(fd, got.handle, 1));
		EXPECT_EQ(0, obj_free(fd, got.handle));
	}
	/* given back to the pool, they are its minimum again */
	got = take(fd, SOBA_OBJ_POOL, pool.cache, 100);
	EXPECT_EQ(got.got, 40);
	if (got.handle)
		EXPECT_EQ(0, obj_free(fd, got.handle));
	page_free_all(fd, handles, nr);
	close(fd);
	CHECK_VALID();
	EXPECT_EQ(NULL, soba_restore());
}

/*
 * As much as a test may have, half of the memory, from one CPU: of two nodes that
 * is more than its own has free. What comes from the other is taken as it is
 * used, not a chunk for each request.
 */
TEST(more_than_its_node_has)
{
	const char *why = soba_reload("");
	static uint32_t handles[MAX];
	long long held, used, want;
	unsigned int order = 4;
	size_t nr;
	int fd;

	ASSERT_EQ(why, NULL);
	fd = device_open();
	want = device_info(fd).max_frames - 1;
	while (want >> order > MAX)
		order++;
	ASSERT_TRUE(cpu_pin(0));
	nr = page_alloc_all(fd, K | N | Q, order, handles, want >> order);
	cpu_unpin();
	used = soba_meminfo("Used");
	held = soba_meminfo("Held");
	printf("# %zu of %lld blocks of order %u: %lld kB used, %lld kB held\n", nr,
	       want >> order, order, used, held);
	EXPECT_EQ(nr, want >> order);
	EXPECT_GE(used, (long long)nr << (order + 2));
	EXPECT_LE(held - used, 48 * 1024);
	page_free_all(fd, handles, nr);
	close(fd);
	CHECK_VALID();
	EXPECT_EQ(NULL, soba_restore());
}

TEST_HARNESS_MAIN
