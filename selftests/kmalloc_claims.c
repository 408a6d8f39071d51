// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc_claims.c - what texts on driver programming say about kmalloc(), claim
 * by claim, each a test that carries the claim in its name.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "objlib.h"

#define K	SOBA_GFP_KERNEL
#define ATOMIC	SOBA_GFP_ATOMIC
#define MIB	(1ULL << 20)

/* "The smallest allocation that kmalloc can handle is as big as 8 bytes" */
TEST_F(soba, smallest_class_is_8_bytes)
{
	uint64_t size;

	for (size = 1; size <= 8; size++) {
		uint32_t h = obj_kmalloc(self->fd, size, K, 1);

		ASSERT_NE(h, 0);
		EXPECT_EQ(obj_query(self->fd, h, 0).usable, 8);
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
}

/* "kmalloc can give more memory than you ask for": of a fixed set of sizes */
TEST_F(soba, memory_comes_in_classes)
{
	unsigned int classes = 0;
	uint64_t size, last = 0;

	for (size = 1; size <= 8192; size++) {
		struct soba_test_object call = obj_init(SOBA_OBJ_ROUNDUP);

		call.size = size;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		ASSERT_GE(call.usable, last);
		classes += call.usable != last;
		last = call.usable;
	}
	printf("# %u classes up to 8192 bytes\n", classes);
	EXPECT_GE(classes, 13);		/* the kernel's own */
	EXPECT_LE(classes, 40);
}

/* "the upper limit to the size": 4 MiB on x86 with 4 KiB pages */
TEST_F(soba, largest_size_is_4_mib)
{
	uint32_t h = obj_kmalloc(self->fd, 4 * MIB, K, 1);
	struct soba_test_object q = obj_query(self->fd, h, 0);

	ASSERT_NE(h, 0);
	EXPECT_EQ(q.run, 4 * MIB);
	EXPECT_EQ(q.usable, 4 * MIB);
	ASSERT_EQ(0, obj_fill(self->fd, h, 1));
	EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, h, 1));
	EXPECT_EQ(0, obj_free(self->fd, h));
	/* beyond it kmalloc fails, and says so once */
	h = obj_kmalloc(self->fd, 64 * MIB + 1, K | SOBA_GFP_NOWARN, 1);
	EXPECT_EQ(h, 0);
}

/* "more than 128 KB" need not be expected everywhere: here it works often */
TEST_F(soba, blocks_of_128_kib_are_no_problem)
{
	uint32_t h = obj_kmalloc(self->fd, 128 << 10, K, 64);

	ASSERT_NE(h, 0);
	ASSERT_EQ(0, obj_fill(self->fd, h, 2));
	EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, h, 2));
	EXPECT_EQ(SOBA_TEST_GOOD, obj_value(self->fd, SOBA_OBJ_DISJOINT, h));
	EXPECT_EQ(0, obj_free(self->fd, h));
}

/* "the allocated region is contiguous in physical memory" */
TEST_F(soba, physically_contiguous)
{
	uint64_t size;

	for (size = 100; size <= 4 * MIB; size = size * 2 + 77) {
		uint32_t h = obj_kmalloc(self->fd, size, K, 1);

		ASSERT_NE(h, 0);
		EXPECT_EQ(obj_query(self->fd, h, 0).run, size);
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
}

/* "differ from the physical address by a constant offset" */
TEST_F(soba, fixed_offset_to_the_physical_address)
{
	uint64_t size, offset = 0;

	for (size = 8; size <= MIB; size *= 3) {
		uint32_t h = obj_kmalloc(self->fd, size, K, 1);
		struct soba_test_object q = obj_query(self->fd, h, 0);

		ASSERT_NE(h, 0);
		if (offset)
			EXPECT_EQ(q.virt - q.phys, offset)
				TH_LOG("%llu bytes", (unsigned long long)size);
		offset = q.virt - q.phys;
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
}

/* Dirty all of a class, then ask again: is anything of it to be seen? */
static unsigned int dirty_again(struct __test_metadata *_metadata,
				FIXTURE_DATA(soba) *self, uint32_t form,
				uint64_t size)
{
	unsigned int round, dirty = 0;

	cpu_pin(0);
	for (round = 0; round < 20; round++) {
		uint32_t h = obj_kmalloc(self->fd, size, K, 1);

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, obj_fill(self->fd, h, round + 1));
		ASSERT_EQ(0, obj_free(self->fd, h));
		h = obj_form(self->fd, form, size, 0, K, 0);
		ASSERT_NE(h, 0);
		dirty += obj_zeroed(self->fd, h, 0, 0) != SOBA_TEST_GOOD;
		ASSERT_EQ(0, obj_free(self->fd, h));
	}
	return dirty;
}

/* "doesn't clear the memory it obtains"; init_on_alloc makes it, when booted so */
TEST_F(soba, kmalloc_does_not_clear)
{
	static const uint64_t sizes[] = { 8, 64, 200, 1024, 4096 };
	bool cleared = self->info.config &
		       (SOBA_TEST_INIT_ON_ALLOC | SOBA_TEST_INIT_ON_FREE);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned int dirty = dirty_again(_metadata, self,
						 SOBA_OBJ_KMALLOC, sizes[i]);

		EXPECT_EQ(dirty > 0, !cleared)
			TH_LOG("%llu bytes, %u times dirty: %s",
			       (unsigned long long)sizes[i], dirty, cleared ?
			       "init_on_alloc is not honoured" :
			       "cleared without being asked");
	}
}

/* "kzalloc ... the memory is set to zero" */
TEST_F(soba, kzalloc_clears)
{
	static const uint64_t sizes[] = { 8, 64, 200, 1024, 4096, 40000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		EXPECT_EQ(dirty_again(_metadata, self, SOBA_OBJ_KZALLOC,
				      sizes[i]), 0);
}

static void atomic_in(struct __test_metadata *_metadata,
		      FIXTURE_DATA(soba) *self, uint32_t context)
{
	static const uint64_t sizes[] = { 8, 100, 2048, 16384 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);

		call.form = SOBA_OBJ_KMALLOC;
		call.size = sizes[i];
		call.gfp = ATOMIC;
		call.context = context;
		call.nr = 32;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		EXPECT_EQ(call.got, 32);
		ASSERT_EQ(0, obj_fill(self->fd, call.handle, i));
		EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, call.handle, i));
		EXPECT_EQ(0, obj_free_form(self->fd, call.handle, KFREE,
					   SOBA_OBJ_ALL, context, -1));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* "GFP_ATOMIC: allocate from code outside of a process context" */
TEST_F(soba, atomic_from_a_timer)
{
	atomic_in(_metadata, self, SOBA_CTX_SOFTIRQ);
}

TEST_F(soba, atomic_from_a_tasklet)
{
	atomic_in(_metadata, self, SOBA_CTX_TASKLET);
}

TEST_F(soba, atomic_from_a_bh_workqueue)
{
	if (!(self->info.config & SOBA_TEST_BH_WORK))
		SKIP(return, "this kernel has no BH workqueues");
	atomic_in(_metadata, self, SOBA_CTX_BH_WORK);
}

TEST_F(soba, atomic_from_an_interrupt)
{
	if (self->info.config & SOBA_TEST_RT)
		SKIP(return, "PREEMPT_RT: hard interrupts allocate nothing");
	atomic_in(_metadata, self, SOBA_CTX_HARDIRQ);
	atomic_in(_metadata, self, SOBA_CTX_HRTIMER);
}

TEST_F(soba, atomic_under_a_spinlock)
{
	atomic_in(_metadata, self, SOBA_CTX_SPINLOCK);
}

/* "GFP_KERNEL ... can put the current process to sleep": and it succeeds */
TEST_F(soba, kernel_in_process_context)
{
	uint32_t h = obj_kmalloc(self->fd, 4096, K, 3000);

	ASSERT_NE(h, 0);
	EXPECT_EQ(obj_query(self->fd, h, 0).got, 3000);
	EXPECT_EQ(0, obj_free(self->fd, h));
}

/* "GFP_DMA: memory in the DMA-capable zone" of ISA devices */
TEST_F(soba, dma_flag_gives_dma_capable_memory)
{
	uint32_t h;

	if (!(self->info.config & SOBA_TEST_ZONE_DMA))
		SKIP(return, "no DMA zone in this kernel");
	h = obj_kmalloc(self->fd, 1000, K | SOBA_GFP_DMA, 1);
	ASSERT_NE(h, 0);
	EXPECT_LE(obj_query(self->fd, h, 0).phys + 1000, 16 * MIB);
	EXPECT_EQ(0, obj_free(self->fd, h));
}

/* "safe for DMA": aligned to ARCH_KMALLOC_MINALIGN, nothing shared with others */
TEST_F(soba, natural_alignment_of_powers_of_two)
{
	uint64_t size;

	for (size = 8; size <= MIB; size *= 2) {
		uint32_t nr = size > 65536 ? 2 : 50, h, i;

		h = obj_kmalloc(self->fd, size, K, nr);
		ASSERT_NE(h, 0);
		for (i = 0; i < nr; i++)
			EXPECT_EQ(obj_query(self->fd, h, i).virt & (size - 1), 0);
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
}

/* "can be used for DMA transfers": a device finds it where it lies */
TEST_F(soba, dma_mapping)
{
	uint64_t size;

	for (size = 64; size <= 65536; size *= 4) {
		uint32_t h = obj_kmalloc(self->fd, size, K, 1);
		struct soba_test_object call = obj_init(SOBA_OBJ_DMA);

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, obj_fill(self->fd, h, 3));
		call.handle = h;
		ASSERT_EQ(0, obj_run(self->fd, &call));
		EXPECT_EQ(call.value, 0);
		EXPECT_EQ(call.phys, obj_query(self->fd, h, 0).phys);
		EXPECT_EQ(SOBA_TEST_GOOD, obj_check(self->fd, h, 3));
		EXPECT_EQ(0, obj_free(self->fd, h));
	}
}

/* "kfree(NULL) is legal" */
TEST_F(soba, freeing_null_is_legal)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_NOTHING);

	ASSERT_EQ(0, obj_run(self->fd, &call));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_HARNESS_MAIN
