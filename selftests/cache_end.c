// SPDX-License-Identifier: GPL-2.0
/*
 * cache_end.c - caches that come and go: shrunk, destroyed, destroyed with live
 * objects, a thousand of them, very many objects, CPUs that leave meanwhile;
 * memory of a SLAB_TYPESAFE_BY_RCU cache under its readers; pools.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "fixture.h"
#include "objlib.h"

#define K	SOBA_GFP_KERNEL
#define Q	SOBA_GFP_NOWARN

/* Empty slabs go at once when asked for. */
TEST_F(soba, shrunk_when_asked)
{
	uint32_t c = cache_create(self->fd, "shrunk", 1000, 0, 0, 0), h;
	long long used, full;

	soba_shrink();
	used = soba_meminfo("Used");
	h = obj_cache_alloc(self->fd, c, K, 8000);
	ASSERT_NE(h, 0);
	full = soba_meminfo("Used");
	EXPECT_GE(full, used + 8000 * 1000 / 1024);
	/* at most an eighth is lost to the shape of the slabs */
	EXPECT_LE(full, used + 8000 * 1000 / 1024 * 9 / 8 + 512);
	ASSERT_EQ(0, obj_free(self->fd, h));
	ASSERT_EQ(0, cache_shrink(self->fd, c));
	EXPECT_LE(soba_meminfo("Used"), used + 256);
	h = obj_cache_alloc(self->fd, c, K, 100);
	EXPECT_NE(h, 0);
	EXPECT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* Without being asked: little is kept above what is in use. */
TEST_F(soba, empty_slabs_return)
{
	uint32_t c = cache_create(self->fd, "returned", 512, 0, 0, 0), h;
	long long used;
	unsigned int i;

	soba_shrink();
	used = soba_meminfo("Used");
	h = obj_cache_alloc(self->fd, c, K, 40000);
	ASSERT_NE(h, 0);
	ASSERT_EQ(0, obj_free(self->fd, h));
	/* what magazines and the depot hold, idleness takes: at once or in time */
	for (i = 0; i < 300 && soba_meminfo("Used") > used + 2048; i++)
		usleep(100000);
	printf("# after %u ms\n", i * 100);
	EXPECT_LE(soba_meminfo("Used"), used + 2048);
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* A report, no crash; the objects stay; freeing late works; so does the name. */
TEST_F(soba, destroy_with_live_objects)
{
	uint32_t c = cache_create(self->fd, "unfinished", 88, 0, 0, 0), again;
	uint32_t h = obj_cache_alloc(self->fd, c, K, 70), other;
	long long before = soba_errors("live-objects");
	char line[512];

	ASSERT_NE(h, 0);
	ASSERT_EQ(0, obj_fill(self->fd, h, 5));
	EXPECT_EQ(70, cache_destroy(self->fd, c));
	EXPECT_EQ(1, kmsg_count(self->kmsg, "soba: live-objects:", line,
				sizeof(line)));
	EXPECT_NE(strstr(line, "unfinished"), NULL)
		TH_LOG("%s", line);
	EXPECT_NE(strstr(line, "70"), NULL)
		TH_LOG("the count is not told: %s", line);
	EXPECT_NE(strstr(line, "soba_test"), NULL)
		TH_LOG("the client is not named: %s", line);
	EXPECT_EQ(soba_errors("live-objects"), before + 1);
	CHECK_VALID();

	again = cache_create(self->fd, "unfinished", 88, 0, 0, 0);
	ASSERT_NE(again, 0);
	other = obj_cache_alloc(self->fd, again, K, 500);
	ASSERT_NE(other, 0);
	ASSERT_EQ(0, obj_fill(self->fd, other, 6));
	EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, h, 5));
	EXPECT_EQ(0, obj_free_form(self->fd, h, KFREE, 3, 0, -1));
	EXPECT_EQ(0, obj_free(self->fd, h));
	CHECK_VALID();
	EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, other, 6));
	EXPECT_EQ(0, obj_free(self->fd, other));
	EXPECT_EQ(0, cache_destroy(self->fd, again));
}

/* With owners recorded, whoever allocated them is told. */
TEST_F(soba, live_objects_name_their_owner)
{
	uint32_t c = cache_create(self->fd, "owned", 88, 0,
				  SOBA_SLAB_STORE_USER, 0);
	struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);

	call.form = SOBA_OBJ_CACHE;
	call.cache = c;
	call.gfp = K;
	call.nr = 3;
	call.flags = SOBA_TEST_NEW_SITE;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_EQ(3, cache_destroy(self->fd, c));
	EXPECT_GE(kmsg_count(self->kmsg, "site_cache_alloc", NULL, 0), 1)
		TH_LOG("the allocating call site is not in the report");
	EXPECT_EQ(0, obj_free(self->fd, call.handle));
}

/* Objects on their way through RCU are not live: destroy waits for them. */
TEST_F(soba, destroy_waits_for_rcu)
{
	unsigned int i;

	for (i = 0; i < 5; i++) {
		uint32_t c = cache_create(self->fd, "waiting", 64, 0,
				i & 1 ? SOBA_SLAB_TYPESAFE_BY_RCU : 0, 0);
		uint32_t h = obj_cache_alloc(self->fd, c, K, 1000);

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, obj_free_form(self->fd, h, SOBA_OBJ_KFREE_RCU,
					   SOBA_OBJ_ALL, 0, -1));
		EXPECT_EQ(0, cache_destroy(self->fd, c));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, thousand_caches)
{
	static uint32_t caches[1000], batches[1000];
	unsigned int nr = debug_kernel() ? 100 : ARRAY_SIZE(caches);
	unsigned int i, round;
	char name[32];

	for (round = 0; round < 2; round++) {
		for (i = 0; i < nr; i++) {
			snprintf(name, sizeof(name), "cache-%u", i);
			caches[i] = cache_create(self->fd, name, 8 + i * 3, 0, 0,
						 0);
			ASSERT_NE(caches[i], 0)
				TH_LOG("number %u", i);
			batches[i] = obj_cache_alloc(self->fd, caches[i], K, 5);
			ASSERT_NE(batches[i], 0);
			ASSERT_EQ(0, obj_fill(self->fd, batches[i], i));
		}
		CHECK_VALID();
		for (i = 0; i < nr; i++) {
			unsigned int k = (i * 7) % nr;

			EXPECT_EQ(SOBA_TEST_GOOD,
				  obj_check(self->fd, batches[k], k));
			ASSERT_EQ(0, obj_free(self->fd, batches[k]));
			ASSERT_EQ(0, cache_destroy(self->fd, caches[k]));
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Every one of them holds its own word, and all of the memory comes back. */
static void many_objects(struct __test_metadata *_metadata,
			 FIXTURE_DATA(soba) *self, uint32_t cache,
			 uint64_t number)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_CHAIN);
	long long used, full;

	soba_shrink();
	used = soba_meminfo("Used");
	call.count = number;
	call.size = 8;
	call.cache = cache;
	call.gfp = K | SOBA_GFP_NORETRY | Q;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_EQ(call.got, number);
	full = soba_meminfo("Used") - used;
	printf("# %llu objects of 8 bytes in %lld kB\n", call.got, full);
	EXPECT_LE(full, (long long)(number * 8 / 1024 * 9 / 8 + 2048));
	call = obj_init(SOBA_OBJ_CHAIN_FREE);
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_EQ(call.got, number);
	EXPECT_EQ(call.value, SOBA_TEST_GOOD);
	soba_shrink();
	EXPECT_LE(soba_meminfo("Used"), used + 2048);
}

/* Ten million where there is room: 80 MB, and what the rest of the suite needs. */
TEST_F(soba, ten_million_objects)
{
	uint64_t memory = self->info.host_frames << self->info.page_shift;
	uint64_t number = memory < (400ULL << 20) || debug_kernel() ? 1000000 :
								      10000000;
	uint32_t c = cache_create(self->fd, "million", 8, 0, 0, 0);

	if (number < 10000000)
		printf("# %llu MB of memory, or a debug kernel: a million will do\n",
		       (unsigned long long)memory >> 20);
	many_objects(_metadata, self, c, number);
	EXPECT_EQ(0, cache_destroy(self->fd, c));
	many_objects(_metadata, self, 0, number / 10);
}

/* Its memory stays of its type as long as a reader is there. */
TEST_F(soba, typesafe_memory_waits_for_readers)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_RCU);
	uint32_t c = cache_create(self->fd, "typed", 136, 0,
				  SOBA_SLAB_TYPESAFE_BY_RCU, 1);

	call.handle = obj_cache_alloc(self->fd, c, K, 5000);
	ASSERT_NE(call.handle, 0);
	call.form = SOBA_OBJ_CACHE_FREE;
	call.count = 3000;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_EQ(call.value, SOBA_TEST_GOOD)
		TH_LOG("a reader saw byte %lld of somebody else's", call.value);
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

TEST_F(soba, typesafe_readers_and_writers)
{
	struct soba_test_typesafe run = { .milliseconds = 3000 };

	ASSERT_EQ(0, ioctl(self->fd, SOBA_TEST_TYPESAFE, &run));
	printf("# %llu looks, %llu frees\n", run.reads, run.frees);
	EXPECT_GT(run.reads, 100);
	EXPECT_GT(run.frees, 100);
	EXPECT_EQ(run.wrong, 0);
}

static void check_pool(struct __test_metadata *_metadata,
		       FIXTURE_DATA(soba) *self, uint32_t form, uint32_t cache)
{
	struct soba_test_object pool = obj_init(SOBA_OBJ_CREATE);
	struct soba_test_object take = obj_init(SOBA_OBJ_ALLOC);
	unsigned int round;

	pool.form = form;
	pool.nr = 40;
	pool.size = 256;
	pool.cache = cache;
	ASSERT_EQ(0, obj_run(self->fd, &pool));
	ASSERT_NE(pool.cache, 0);
	for (round = 0; round < 3; round++) {
		take.form = SOBA_OBJ_POOL;
		take.cache = pool.cache;
		take.handle = 0;
		take.gfp = SOBA_GFP_NOWAIT | Q;
		take.nr = 100;
		ASSERT_EQ(0, obj_run(self->fd, &take));
		EXPECT_GE(take.got, 40);
		ASSERT_EQ(0, obj_fill(self->fd, take.handle, 1));
		EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, take.handle, 1));
		EXPECT_EQ(0, obj_free(self->fd, take.handle));
	}
	EXPECT_EQ(0, cache_destroy(self->fd, pool.cache));
}

TEST_F(soba, pools)
{
	uint32_t c = cache_create(self->fd, "pooled", 256, 0, 0, 0);

	check_pool(_metadata, self, SOBA_OBJ_SLAB_POOL, c);
	check_pool(_metadata, self, SOBA_OBJ_KMALLOC_POOL, 0);
	EXPECT_EQ(0, cache_destroy(self->fd, c));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Several at once make, use, shrink and end caches of one name. */
static void make_and_end(unsigned int seed)
{
	int fd = device_open();
	unsigned int i;

	for (i = 0; i < 60; i++) {
		uint32_t c = cache_create(fd, "raced", 16 + (seed + i) % 200, 0,
				i % 5 ? 0 : SOBA_SLAB_TYPESAFE_BY_RCU, 0);
		uint32_t h = obj_cache_alloc(fd, c, K, 150);

		if (!c || !h || obj_fill(fd, h, i) ||
		    obj_check(fd, h, i) != SOBA_TEST_GOOD)
			_exit(1);
		cache_shrink(fd, c);
		if (obj_free_form(fd, h, i & 1 ? KFREE : SOBA_OBJ_CACHE_FREE_BULK,
				  SOBA_OBJ_ALL, 0, -1) || cache_destroy(fd, c))
			_exit(2);
	}
	_exit(0);
}

TEST_F(soba, ends_race)
{
	pid_t children[4];
	unsigned int i;
	int status;

	fflush(stdout);
	for (i = 0; i < 4; i++) {
		children[i] = fork();
		if (!children[i])
			make_and_end(i * 31);
	}
	for (i = 0; i < 20; i++) {
		soba_shrink();
		free(file_text(PROC "/slabinfo"));
		CHECK_VALID();
		usleep(20000);
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(children[i], waitpid(children[i], &status, 0));
		EXPECT_EQ(status, 0);
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* What a CPU kept for speed is not lost when it goes. */
TEST_F(soba, cpu_goes)
{
	static const char path[] = "/sys/devices/system/cpu/cpu1/online";
	uint32_t c = cache_create(self->fd, "left", 256, 0, 0, 0), round;

	if (access(path, W_OK))
		SKIP(return, "no CPU can go");
	for (round = 0; round < 5; round++) {
		struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);

		call.form = SOBA_OBJ_CACHE;
		call.cache = c;
		call.gfp = K;
		call.nr = 2000;
		call.cpu = 1;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		ASSERT_NE(call.handle, 0);
		ASSERT_EQ(0, obj_free_form(self->fd, call.handle, 0,
					   SOBA_OBJ_ALL, 0, 1));
		ASSERT_EQ(0, file_write(path, "0"));
		EXPECT_EQ(0, cache_shrink(self->fd, c));
		CHECK_VALID();
		call.handle = 0;
		call.cpu = SOBA_TEST_ANY_CPU;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		ASSERT_NE(call.handle, 0);
		ASSERT_EQ(0, file_write(path, "1"));
		EXPECT_EQ(0, obj_free(self->fd, call.handle));
	}
	EXPECT_EQ(0, cache_destroy(self->fd, c));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_HARNESS_MAIN
