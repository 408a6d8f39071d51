// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz.c - garbage for the device: requests that do not exist, pointers that
 * lead nowhere, every field random. The kernel answers with an error or does
 * what was asked; it never breaks, and soba's structures stay valid.
 *
 * usage: fuzz; SOBA_FUZZ_SEED and SOBA_FUZZ_CALLS choose another run, and
 * SOBA_FUZZ_LOG=1 prints each call that runs.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "fixture.h"
#include "objlib.h"

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static bool error_is_expected(int error)
{
	return error == EINVAL || error == EFAULT || error == ENOTTY ||
	       error == ENOMEM || error == ENOSPC || error == EOPNOTSUPP ||
	       error == EBUSY;
}

/* One bit, a few bits, small, near a power of two, or anything. */
static uint64_t odd_number(uint64_t *r)
{
	uint64_t x = random_next(r);

	switch (x >> 61) {
	case 0:
		return 0;
	case 1:
		return 1ULL << (x & 63);
	case 2:
		return (1ULL << (x & 63)) - 1;
	case 3:
	case 4:
		return x & 15;
	case 5:
		return ~(x & 15);
	default:
		return x;
	}
}

static bool is_known(unsigned long request, const unsigned long *known,
		     unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr && request != known[i]; i++)
		;
	return i < nr;
}

/* Unknown requests and bad pointers. */
TEST_F(soba, requests)
{
	uint64_t r = 1;
	unsigned int i;
	void *nowhere = mmap(NULL, 8192, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const unsigned long known[] = {
		SOBA_TEST_INFO, SOBA_TEST_CALL, SOBA_TEST_STRESS,
		SOBA_TEST_OBJECT, SOBA_TEST_TYPESAFE,
	};
	void *const bad[] = { NULL, (void *)8, nowhere, (char *)nowhere - 8,
			      (void *)(1UL << 47), (void *)~0UL,
			      (void *)0xffff888000000000UL };

	for (i = 0; i < 2000; i++) {
		unsigned long request = odd_number(&r);

		if (is_known(request, known, ARRAY_SIZE(known)))
			continue;
		/* small numbers are every file's own requests */
		EXPECT_EQ(-1, ioctl(self->fd, request, bad[i % ARRAY_SIZE(bad)]));
		EXPECT_TRUE(errno == ENOTTY || (uint32_t)request < 0x10000)
			TH_LOG("request %#lx: errno %d", request, errno);
	}
	for (i = 0; i < ARRAY_SIZE(known) * ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, ioctl(self->fd, known[i % ARRAY_SIZE(known)],
				    bad[i / ARRAY_SIZE(known)]));
		EXPECT_EQ(errno, EFAULT);
	}
}

/* Half of the fields make sense, so that the calls get somewhere. */
static void make_call(struct soba_test_call *call, uint64_t *r,
		      const uint32_t *handles, unsigned int nr)
{
	uint64_t x = random_next(r);

	memset(call, 0, sizeof(*call));
	call->op = x % 16 ? (x >> 4) % SOBA_NR_OPS : odd_number(r);
	/* leaks would stay after us */
	if (call->op == SOBA_OP_LEAK)
		call->op = SOBA_OP_QUERY;
	x = random_next(r);
	if (x % 2)
		call->context = x % 16 == 1 ? odd_number(r) :
				(x >> 4) % SOBA_NR_CONTEXTS;
	x = random_next(r);
	call->cpu = x % 16 ? -1 : (int)odd_number(r);
	call->node = x % 17 ? -1 : (int)odd_number(r);
	call->gfp = random_next(r) % 4 ? random_next(r) >> 41 : odd_number(r);
	/* what never gives up could wait for ever: not garbage, a promise */
	if (call->gfp & SOBA_GFP_RAW)
		call->gfp = odd_number(r) & 0xfff;
	call->gfp &= ~SOBA_GFP_NOFAIL;
	x = random_next(r);
	call->form = x % 16 ? (x >> 4) % SOBA_NR_FORMS : odd_number(r);
	call->wrong = random_next(r) % (SOBA_NR_WRONGS + 2);
	x = random_next(r);
	if (x % 2)
		call->order = x % 16 == 1 ? odd_number(r) : (x >> 4) % 8;
	call->flags = random_next(r) % 16 ? 0 : odd_number(r);
	call->size = random_next(r) % 2 ? random_next(r) % 100000 : odd_number(r);
	x = random_next(r);
	if (x % 2)
		call->index = x % 8 == 1 ? odd_number(r) : (x >> 4) % 8;
	call->seed = random_next(r);
	x = random_next(r);
	if (call->op != SOBA_OP_ALLOC)
		call->handle = x % 16 ? handles[(x >> 8) % nr] : odd_number(r);
	call->zero = random_next(r) % 32 ? 0 : odd_number(r);
}

/* To find out which calls met on one frame. */
static void tell(int fd, uint64_t i, const struct soba_test_call *call,
		 uint32_t handle)
{
	struct soba_test_call q = page_query(fd, call->handle, 0);

	printf("# %llu op %u handle %u->%u form %u wrong %u order %u index %llu ctx %u gfp %llx pfn %llx+%llu\n",
	       (unsigned long long)i, call->op, handle, call->handle,
	       call->form, call->wrong, call->order,
	       (unsigned long long)call->index, call->context,
	       (unsigned long long)call->gfp, (unsigned long long)q.pfn,
	       (unsigned long long)q.frames);
}

TEST_F(soba, calls)
{
	bool log = from_environment("SOBA_FUZZ_LOG", 0);
	uint64_t seed = from_environment("SOBA_FUZZ_SEED", time(NULL));
	uint64_t calls = from_environment("SOBA_FUZZ_CALLS", 50000), i;
	uint64_t r = seed, done = 0;
	uint32_t handles[64] = { 0 };

	printf("# seed %llu\n", (unsigned long long)seed);
	for (i = 0; i < calls; i++) {
		struct soba_test_call call;
		uint32_t handle;
		int ret;

		make_call(&call, &r, handles, ARRAY_SIZE(handles));
		handle = call.handle;
		ret = call_run(self->fd, &call);
		done += !ret;
		if (log && !ret)
			tell(self->fd, i, &call, handle);
		ASSERT_TRUE(!ret || error_is_expected(-ret))
			TH_LOG("seed %llu call %llu: error %d",
			       (unsigned long long)seed,
			       (unsigned long long)i, -ret);
		if (!ret && call.op == SOBA_OP_ALLOC && call.handle) {
			uint32_t *slot = &handles[random_next(&r) % 64];

			if (*slot)
				page_free(self->fd, *slot);
			*slot = call.handle;
		}
		if (i % 10000 == 9999)
			CHECK_VALID();
	}
	printf("# %llu calls ran, %llu were refused\n",
	       (unsigned long long)done, (unsigned long long)(calls - done));
	EXPECT_GT(done, calls / 10);
	EXPECT_GT(calls - done, calls / 10);
}

/* What lies in the object, for the copies to and from userspace. */
static char landing[65536];

static uint32_t some_handle(uint64_t *r, const uint32_t *handles)
{
	uint64_t x = random_next(r);

	return x % 16 ? handles[(x >> 8) % 64] : odd_number(r);
}

static void make_numbers(struct soba_test_object *call, uint64_t *r)
{
	uint64_t x = random_next(r);

	call->nr = x % 4 ? x % 64 : x % 16 ? 0 : odd_number(r);
	call->size = random_next(r) % 4 ? random_next(r) % 9000 : odd_number(r);
	call->count = random_next(r) % 3 ? random_next(r) % 40 : odd_number(r);
	x = random_next(r);
	call->index = x % 8 == 1 ? odd_number(r) :
		      x % 8 == 2 ? SOBA_OBJ_ALL : (x >> 4) % 4;
	call->offset = random_next(r) % 2 ? random_next(r) % 64 : odd_number(r);
	call->length = random_next(r) % 2 ? random_next(r) % 64 : odd_number(r);
	call->seed = random_next(r);
	call->user = random_next(r) % 8 ? (uintptr_t)landing : odd_number(r);
	call->align = random_next(r) % 2 ? 1U << random_next(r) % 13 :
					   odd_number(r);
	call->useroffset = odd_number(r);
	call->usersize = odd_number(r);
	call->ctor = random_next(r) % 4 ? 0 : random_next(r) % 6;
}

/* Mistakes that leave their mark on memory are not for chance to make. */
static bool is_harmful(const struct soba_test_object *call)
{
	return call->op == SOBA_OBJ_POKE || call->op == SOBA_OBJ_LEAVE ||
	       call->op == SOBA_OBJ_FORGET ||
	       call->op == SOBA_OBJ_FREE_WRONG || call->flags & SOBA_OBJ_KEEP ||
	       (call->op == SOBA_OBJ_CREATE && call->slab_flags & SOBA_SLAB_PANIC);
}

/* Pages of a cache are for a while all its own: not too many caches. */
static void make_object_call(struct soba_test_object *call, uint64_t *r,
			     const uint32_t *handles, const uint32_t *caches)
{
	uint64_t x;

	do {
		memset(call, 0, sizeof(*call));
		x = random_next(r);
		call->op = x % 16 ? (x >> 4) % SOBA_NR_OBJECT_OPS : odd_number(r);
		if (x >> 62)
			call->op = SOBA_OBJ_ALLOC;
		x = random_next(r);
		if (x % 2)
			call->context = x % 16 == 1 ? odd_number(r) :
					(x >> 4) % SOBA_NR_OBJECT_CONTEXTS;
		call->cpu = random_next(r) % 16 ? -1 : (int)odd_number(r);
		call->node = random_next(r) % 17 ? -1 : (int)odd_number(r);
		call->gfp = SOBA_GFP_NOWARN | (random_next(r) % 4 ?
			    SOBA_GFP_ATOMIC : odd_number(r) & 0x7fffff);
		call->gfp &= ~SOBA_GFP_NOFAIL;
		x = random_next(r);
		call->form = x % 16 ? (x >> 4) % SOBA_NR_OBJECT_FORMS :
				      odd_number(r);
		call->wrong = odd_number(r);
		call->flags = random_next(r) % 16 ? 0 : odd_number(r);
		call->slab_flags = random_next(r) % 4 ? 0 :
				   random_next(r) % (2 << SOBA_SLAB_NR);
		make_numbers(call, r);
		if (call->op != SOBA_OBJ_ALLOC)
			call->handle = some_handle(r, handles);
		if (random_next(r) % 2)
			call->cache = some_handle(r, caches);
		call->zero = random_next(r) % 32 ? 0 : odd_number(r);
		memset(call->name, 'f', random_next(r) % SOBA_OBJ_NAME);
	} while (is_harmful(call));
}

static void keep_object_handle(int fd, const struct soba_test_object *call,
			       uint64_t *r, uint32_t *handles, uint32_t *caches)
{
	uint32_t *slot = &handles[random_next(r) % 64];

	if (call->op == SOBA_OBJ_ALLOC && call->handle) {
		if (*slot)
			obj_free(fd, *slot);
		*slot = call->handle;
	}
	slot = &caches[random_next(r) % 64];
	if (call->op == SOBA_OBJ_CREATE && call->cache) {
		if (*slot)
			cache_destroy(fd, *slot);
		*slot = call->cache;
	}
}

TEST_F(soba, object_calls)
{
	uint64_t seed = from_environment("SOBA_FUZZ_SEED", time(NULL));
	uint64_t calls = from_environment("SOBA_FUZZ_CALLS",
					  debug_kernel() ? 5000 : 20000), i;
	uint32_t handles[64] = { 0 }, caches[64] = { 0 };
	uint64_t r = seed, done = 0;

	printf("# seed %llu\n", (unsigned long long)seed);
	for (i = 0; i < calls; i++) {
		struct soba_test_object call;
		int ret;

		make_object_call(&call, &r, handles, caches);
		ret = obj_run(self->fd, &call);
		done += !ret;
		ASSERT_TRUE(!ret || error_is_expected(-ret))
			TH_LOG("seed %llu call %llu: op %u error %d",
			       (unsigned long long)seed, (unsigned long long)i,
			       call.op, -ret);
		if (!ret)
			keep_object_handle(self->fd, &call, &r, handles, caches);
		if (i % 5000 == 4999)
			CHECK_VALID();
	}
	printf("# %llu calls ran, %llu were refused\n",
	       (unsigned long long)done, (unsigned long long)(calls - done));
	EXPECT_GT(done, calls / 20);
	EXPECT_GT(calls - done, calls / 10);
}

TEST_F(soba, stress_arguments)
{
	uint64_t r = 3;
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		struct soba_test_stress s = {
			.milliseconds = odd_number(&r) % 3,
			.actors = odd_number(&r),
			.max_order = odd_number(&r),
			.max_frames = odd_number(&r),
		};

		if (s.milliseconds && s.actors && s.actors < 16 &&
		    s.max_order <= 10)
			continue;	/* it would run */
		EXPECT_EQ(-1, ioctl(self->fd, SOBA_TEST_STRESS, &s));
		EXPECT_TRUE(error_is_expected(errno));
	}
}

TEST_F(soba, mappings)
{
	uint64_t r = 4;
	unsigned int i;

	page_alloc(self->fd, SOBA_GFP_KERNEL, 2);
	for (i = 0; i < 3000; i++) {
		size_t len = odd_number(&r) % 65536;
		void *at = mmap(NULL, len, odd_number(&r) & 7,
				random_next(&r) & 1 ? MAP_SHARED : MAP_PRIVATE,
				self->fd, odd_number(&r) << 12);

		if (at != MAP_FAILED) {
			/* beyond the object nothing may appear */
			mremap(at, len, len + 4096, 0);
			munmap(at, len);
		}
	}
}

TEST_HARNESS_MAIN
