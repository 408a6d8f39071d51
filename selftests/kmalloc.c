// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc.c - the kmalloc family in process context: sizes, classes, alignment,
 * zeroing, products that overflow, strings, memory of each kind. Contexts are in
 * kmalloc_context.c, krealloc() in krealloc.c.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "objlib.h"

#define K	SOBA_GFP_KERNEL
#define Q	SOBA_GFP_NOWARN
#define ATOMIC	SOBA_GFP_ATOMIC
#define KIB	1024ULL
#define MIB	(1ULL << 20)
#define GIB	(1ULL << 30)
#define BIGGEST	(4 * MIB)

static const uint32_t plain_forms[] = {
	SOBA_OBJ_KMALLOC, SOBA_OBJ_KZALLOC, SOBA_OBJ_KMALLOC_NODE,
	SOBA_OBJ_KZALLOC_NODE, SOBA_OBJ_TRACK_CALLER,
	SOBA_OBJ_NODE_TRACK_CALLER, SOBA_OBJ_KREALLOC,
};

static const uint32_t array_forms[] = {
	SOBA_OBJ_KMALLOC_ARRAY, SOBA_OBJ_KCALLOC, SOBA_OBJ_KMALLOC_ARRAY_NODE,
	SOBA_OBJ_KCALLOC_NODE, SOBA_OBJ_KREALLOC_ARRAY,
};

static const uint64_t const_sizes[] = {
#define CONST_SIZE(n) n,
	SOBA_OBJ_CONSTS(CONST_SIZE)
#undef CONST_SIZE
};

static uint64_t roundup_of(int fd, uint64_t size)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_ROUNDUP);

	call.size = size;
	return obj_run(fd, &call) ? 0 : call.usable;
}

/* What every allocation of a size promises; @handle is freed. */
static void check_object(struct __test_metadata *_metadata,
			 FIXTURE_DATA(soba) *self, uint32_t handle,
			 uint64_t size)
{
	struct soba_test_object fill = obj_init(SOBA_OBJ_FILL);
	struct soba_test_object q = obj_query(self->fd, handle, 0);
	uint64_t align = size & (size - 1) ? 8 : size;

	ASSERT_NE(handle, 0)
		TH_LOG("%llu bytes: NULL", (unsigned long long)size);
	EXPECT_GE(q.usable, size);
	EXPECT_EQ(q.usable, roundup_of(self->fd, size))
		TH_LOG("size %llu", (unsigned long long)size);
	if (size <= 8192)
		EXPECT_LE(q.usable, kernel_class(size))
			TH_LOG("%llu bytes take more than the kernel's class",
			       (unsigned long long)size);
	EXPECT_EQ(q.virt & ((align < 8 ? 8 : align) - 1), 0)
		TH_LOG("%llu bytes at %#llx", (unsigned long long)size, q.virt);
	EXPECT_GE(q.run, size)
		TH_LOG("%llu bytes: only %llu are contiguous",
		       (unsigned long long)size, q.run);
	/* all that ksize() promises may be used */
	fill.handle = handle;
	fill.seed = size;
	fill.length = q.usable;
	ASSERT_EQ(0, obj_run(self->fd, &fill));
	EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, handle, size));
	EXPECT_EQ(0, obj_free(self->fd, handle));
}

TEST_F(soba, small_sizes)
{
	uint64_t size;

	for (size = 1; size <= 20000; size += size < 1100 ? 1 : 37)
		check_object(_metadata, self, obj_kmalloc(self->fd, size, K, 1),
			     size);
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, around_powers_of_two)
{
	uint64_t size, step;

	for (size = 8; size <= BIGGEST; size *= 2) {
		for (step = 0; step < 3; step++) {
			uint64_t at = size - 1 + step;

			if (at <= BIGGEST)
				check_object(_metadata, self,
					     obj_kmalloc(self->fd, at, K, 1), at);
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, constant_sizes)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(const_sizes); i++) {
		uint64_t size = const_sizes[i];

		check_object(_metadata, self,
			     obj_form(self->fd, SOBA_OBJ_KMALLOC_CONST, size, 0,
				      K, SOBA_CTX_PROCESS), size);
	}
}

TEST_F(soba, every_form)
{
	static const uint64_t sizes[] = { 1, 24, 100, 4096, 5000, 70000 };
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(sizes); k++) {
		for (i = 0; i < ARRAY_SIZE(plain_forms); i++)
			check_object(_metadata, self,
				     obj_form(self->fd, plain_forms[i], sizes[k],
					      0, K, 0), sizes[k]);
		for (i = 0; i < ARRAY_SIZE(array_forms); i++)
			check_object(_metadata, self,
				     obj_form(self->fd, array_forms[i], sizes[k],
					      3, K, 0), 3 * sizes[k]);
	}
}

/* Not NULL, nothing to write to, and freed in silence by each call. */
TEST_F(soba, size_zero)
{
	static const uint32_t frees[] = {
		SOBA_OBJ_KFREE, SOBA_OBJ_KFREE_CONST, SOBA_OBJ_KFREE_SENSITIVE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(plain_forms) + ARRAY_SIZE(array_forms); i++) {
		bool array = i >= ARRAY_SIZE(plain_forms);
		uint32_t form = array ? array_forms[i - ARRAY_SIZE(plain_forms)] :
					plain_forms[i];
		uint32_t h = obj_form(self->fd, form, 0, array ? 5 : 0, K, 0);

		ASSERT_NE(h, 0)
			TH_LOG("form %u: NULL for 0 bytes", form);
		EXPECT_EQ(obj_query(self->fd, h, 0).virt, 16);
		EXPECT_EQ(0, obj_free_form(self->fd, h, frees[i % 3],
					   SOBA_OBJ_ALL, 0, -1));
	}
	EXPECT_EQ(roundup_of(self->fd, 0), 0);
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* NULL, ZERO_SIZE_PTR and the kernel's constants: no call minds. */
TEST_F(soba, freeing_nothing)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_NOTHING);

	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_EQ(call.value, 0);
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, too_large)
{
	static const uint64_t sizes[] = {
		64 * MIB + 1, GIB, 1ULL << 40, 1ULL << 62, ~0ULL, ~0ULL - 4095,
		1ULL << 63,
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (k = 0; k < ARRAY_SIZE(plain_forms); k++)
			EXPECT_EQ(0, obj_form(self->fd, plain_forms[k], sizes[i],
					      0, K | Q, 0))
				TH_LOG("form %u gave %#llx bytes", plain_forms[k],
				       (unsigned long long)sizes[i]);
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
	/* sizes that no class has stay as they are */
	EXPECT_GE(roundup_of(self->fd, ~0ULL), ~0ULL - 4095);
}

/* The product of what userspace sent must not come round to something small. */
TEST_F(soba, products_overflow)
{
	static const uint64_t pairs[][2] = {
		{ 1ULL << 32, 1ULL << 32 }, { ~0ULL, 2 }, { 2, ~0ULL },
		{ (1ULL << 61) + 1, 8 }, { 0x100000001ULL, 0x100000001ULL },
		{ ~0ULL, ~0ULL }, { 1ULL << 63, 2 },
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(pairs); i++)
		for (k = 0; k < ARRAY_SIZE(array_forms); k++)
			EXPECT_EQ(0, obj_form(self->fd, array_forms[k],
					      pairs[i][0], pairs[i][1], K | Q, 0))
				TH_LOG("form %u gave %#llx * %#llx bytes",
				       array_forms[k], (unsigned long long)pairs[i][0],
				       (unsigned long long)pairs[i][1]);
}

/* Zeroed to the last usable byte, whoever had it before. */
TEST_F(soba, zeroed)
{
	static const struct { uint32_t form; uint64_t gfp; } rows[] = {
		{ SOBA_OBJ_KZALLOC, K }, { SOBA_OBJ_KZALLOC, ATOMIC },
		{ SOBA_OBJ_KZALLOC_NODE, K },
		{ SOBA_OBJ_KMALLOC, K | SOBA_GFP_ZERO },
		{ SOBA_OBJ_KMALLOC_NODE, K | SOBA_GFP_ZERO },
		{ SOBA_OBJ_TRACK_CALLER, K | SOBA_GFP_ZERO },
		{ SOBA_OBJ_KCALLOC, K }, { SOBA_OBJ_KCALLOC_NODE, K },
	};
	uint64_t size;
	unsigned int i;

	for (size = 1; size < 300000; size += size / 3 + 5) {
		for (i = 0; i < ARRAY_SIZE(rows); i++) {
			uint32_t dirty = obj_kmalloc(self->fd, size, K, 4), h;
			struct soba_test_object fill = obj_init(SOBA_OBJ_FILL);
			uint64_t usable;

			ASSERT_NE(dirty, 0);
			fill.handle = dirty;
			fill.seed = size;
			fill.length = obj_query(self->fd, dirty, 0).usable;
			ASSERT_EQ(0, obj_run(self->fd, &fill));
			ASSERT_EQ(0, obj_free(self->fd, dirty));
			h = obj_form(self->fd, rows[i].form, size, 1, rows[i].gfp,
				     0);
			ASSERT_NE(h, 0);
			usable = obj_query(self->fd, h, 0).usable;
			EXPECT_EQ(SOBA_TEST_GOOD,
				  obj_zeroed(self->fd, h, 0, usable))
				TH_LOG("form %u flags %#llx size %llu",
				       rows[i].form,
				       (unsigned long long)rows[i].gfp,
				       (unsigned long long)size);
			EXPECT_EQ(0, obj_free(self->fd, h));
		}
	}
}

/* No byte belongs to two, and nobody writes what is not his. */
TEST_F(soba, objects_are_apart)
{
	static const uint64_t sizes[] = {
		8, 13, 24, 32, 56, 96, 130, 192, 250, 512, 700, 1024, 1500,
		4000, 8192, 9000,
	};
	uint32_t batches[2 * ARRAY_SIZE(sizes)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(batches); i++) {
		batches[i] = obj_kmalloc(self->fd, sizes[i / 2], K,
					 i & 1 ? 700 : 37);
		ASSERT_NE(batches[i], 0);
		ASSERT_EQ(0, obj_fill(self->fd, batches[i], i));
		/* holes between the batches of the other kind */
		if (i & 1) {
			ASSERT_EQ(0, obj_free(self->fd, batches[i - 1]));
			batches[i - 1] = obj_kmalloc(self->fd, sizes[i / 2], K, 37);
			ASSERT_EQ(0, obj_fill(self->fd, batches[i - 1], i - 1));
		}
	}
	for (i = 0; i < ARRAY_SIZE(batches); i++) {
		EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, batches[i], i));
		EXPECT_EQ(SOBA_TEST_GOOD,
			  obj_value(self->fd, SOBA_OBJ_DISJOINT, batches[i]));
		EXPECT_EQ(0, obj_free(self->fd, batches[i]));
	}
}

static void check_below(struct __test_metadata *_metadata,
			FIXTURE_DATA(soba) *self, uint64_t gfp, uint64_t bound)
{
	static const uint64_t sizes[] = { 8, 64, 100, 1000, 4096, 8192, 65536 };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint32_t h = obj_kmalloc(self->fd, sizes[i], gfp,
					 sizes[i] > 4096 ? 4 : 130);

		ASSERT_NE(h, 0)
			TH_LOG("%llu bytes, flags %#llx: NULL",
			       (unsigned long long)sizes[i],
			       (unsigned long long)gfp);
		for (k = 0; k < (sizes[i] > 4096 ? 4 : 130); k++)
			EXPECT_LE(obj_query(self->fd, h, k).phys + sizes[i], bound);
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
	/* the constant's short way must not miss the flag */
	for (i = 0; i < ARRAY_SIZE(const_sizes); i++) {
		uint32_t h;

		if (const_sizes[i] > 65536)
			continue;
		h = obj_form(self->fd, SOBA_OBJ_KMALLOC_CONST, const_sizes[i], 0,
			     gfp, 0);
		ASSERT_NE(h, 0);
		EXPECT_LE(obj_query(self->fd, h, 0).phys + const_sizes[i], bound)
			TH_LOG("constant %llu bytes",
			       (unsigned long long)const_sizes[i]);
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
}

TEST_F(soba, dma_below_16_mib)
{
	if (!(self->info.config & SOBA_TEST_ZONE_DMA))
		SKIP(return, "no DMA zone in this kernel");
	check_below(_metadata, self, K | SOBA_GFP_DMA, 16 * MIB);
	check_below(_metadata, self, ATOMIC | SOBA_GFP_DMA, 16 * MIB);
}

TEST_F(soba, dma32_below_4_gib)
{
	bool large = self->info.host_frames << self->info.page_shift > 4 * GIB;
	uint32_t h;

	if (!(self->info.config & SOBA_TEST_ZONE_DMA32))
		SKIP(return, "no DMA32 zone in this kernel");
	check_below(_metadata, self, K | SOBA_GFP_DMA32, 4 * GIB);
	if (!large)
		SKIP(return, "no memory above 4 GiB: all is below anyway");
	h = obj_kmalloc(self->fd, 512, K, 1);
	EXPECT_GE(obj_query(self->fd, h, 0).phys, 4 * GIB)
		TH_LOG("what needs no low memory should leave it");
	obj_free(self->fd, h);
}

/* Objects of the kinds do not meet in one page. */
TEST_F(soba, kinds_are_apart)
{
	uint32_t plain = obj_kmalloc(self->fd, 64, K, 200);
	uint32_t other = obj_kmalloc(self->fd, 64, K | SOBA_GFP_RECLAIMABLE, 200);
	uint64_t seen[200];
	unsigned int i, k;

	ASSERT_NE(plain, 0);
	ASSERT_NE(other, 0);
	for (i = 0; i < 200; i++)
		seen[i] = obj_query(self->fd, plain, i).phys >> 12;
	for (i = 0; i < 200; i++) {
		uint64_t frame = obj_query(self->fd, other, i).phys >> 12;

		for (k = 0; k < 200; k++)
			ASSERT_NE(frame, seen[k]);
	}
	EXPECT_EQ(0, obj_free(self->fd, plain));
	EXPECT_EQ(0, obj_free(self->fd, other));
}

TEST_F(soba, nodes)
{
	char path[64];
	int node;

	if (access("/sys/devices/system/node/node1", F_OK))
		SKIP(return, "one node only");
	for (node = 0; node < 8; node++) {
		struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);

		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d",
			 node);
		if (access(path, F_OK))
			break;
		for (call.size = 16; call.size < 100000; call.size *= 3) {
			call.form = SOBA_OBJ_KMALLOC_NODE;
			call.handle = 0;
			call.gfp = K | SOBA_GFP_THISNODE;
			call.node = node;
			call.nr = 100;
			ASSERT_EQ(0, obj_run(self->fd, &call));
			ASSERT_NE(call.handle, 0);
			EXPECT_EQ(obj_query(self->fd, call.handle, 0).distinct,
				  1U << node)
				TH_LOG("%llu bytes, node %d", call.size, node);
			EXPECT_EQ(0, obj_free(self->fd, call.handle));
		}
	}
}

TEST_F(soba, strings)
{
	static const uint64_t lengths[] = { 0, 1, 7, 8, 9, 100, 4095, 8000 };
	unsigned int i;
	uint32_t form;

	for (form = SOBA_OBJ_KMEMDUP; form <= SOBA_OBJ_KVASPRINTF; form++) {
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			uint32_t h = obj_form(self->fd, form, lengths[i], 0, K, 0);

			ASSERT_NE(h, 0)
				TH_LOG("form %u length %llu: NULL", form,
				       (unsigned long long)lengths[i]);
			EXPECT_EQ(SOBA_TEST_GOOD,
				  obj_value(self->fd, SOBA_OBJ_TEXT, h))
				TH_LOG("form %u length %llu", form,
				       (unsigned long long)lengths[i]);
			EXPECT_EQ(0, obj_free_form(self->fd, h, i & 1 ?
						   SOBA_OBJ_KFREE_CONST : KFREE,
						   SOBA_OBJ_ALL, 0, -1));
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_HARNESS_MAIN
