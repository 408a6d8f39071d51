// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc.c - mapped memory: what it promises about addresses, contents, sizes,
 * frames, guard pages and reuse.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "vmlib.h"

#define K	SOBA_GFP_KERNEL

static const struct {
	__u32 form;
	const char *name;
	bool zero;
} forms[] = {
	{ SOBA_VM_VMALLOC, "vmalloc", false },
	{ SOBA_VM_VZALLOC, "vzalloc", true },
	{ SOBA_VM_VMALLOC_NODE, "vmalloc_node", false },
	{ SOBA_VM_VZALLOC_NODE, "vzalloc_node", true },
	{ SOBA_VM_USER, "vmalloc_user", true },
	{ SOBA_VM_32, "vmalloc_32", false },
	{ SOBA_VM_32_USER, "vmalloc_32_user", true },
	{ SOBA_VM_HUGE, "vmalloc_huge", false },
	{ SOBA_VM_GFP, "__vmalloc", false },
	{ SOBA_VM_ARRAY, "vmalloc_array", false },
	{ SOBA_VM_VCALLOC, "vcalloc", true },
};

static const unsigned long sizes[] = {
	1, 8, 4095, 4096, 4097, 12288, 65536, 100000, 131072, 1 << 20, 3333333,
};

/* Dirty pages of every size first, so that zeroes are no accident. */
static void dirty(int fd)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		__u32 h = vm_alloc(fd, SOBA_VM_VMALLOC, sizes[i], 3);

		vm_fill(fd, h, 77);
		vm_free(fd, h);
	}
}

TEST_F(soba, every_form_and_size)
{
	unsigned int f, i;

	dirty(self->fd);
	for (f = 0; f < ARRAY_SIZE(forms); f++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			__u32 h = vm_alloc(self->fd, forms[f].form, sizes[i], 2);
			struct soba_vm q;

			ASSERT_NE(h, 0)
				TH_LOG("%s(%lu)", forms[f].name, sizes[i]);
			q = vm_query(self->fd, h, 1, 0);
			EXPECT_EQ(q.addr % PAGE, 0);
			EXPECT_EQ(q.pages, (sizes[i] + PAGE - 1) / PAGE);
			EXPECT_GE(q.bytes, sizes[i]);
			EXPECT_LT(q.bytes, sizes[i] + 8);
			if (forms[f].zero)
				EXPECT_EQ(SOBA_TEST_GOOD, vm_zeroed(self->fd, h))
					TH_LOG("%s(%lu) is not zero",
					       forms[f].name, sizes[i]);
			vm_fill(self->fd, h, i + 5);
			EXPECT_EQ(SOBA_TEST_GOOD, vm_check(self->fd, h, i + 5));
			EXPECT_EQ(0, vm_free(self->fd, h));
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Contiguous for the CPU, scattered in memory; yet of few, large blocks. */
TEST_F(soba, frames_lie_where_they_are)
{
	static __u32 handles[64];
	unsigned int i, nr = 0;
	struct soba_vm q;
	__u32 h;

	/* Holes of one page. */
	for (i = 0; i < 64; i++)
		handles[i] = page_alloc(self->fd, K, 0);
	for (i = 0; i < 64; i += 2)
		page_free(self->fd, handles[i]);
	h = vm_alloc(self->fd, SOBA_VM_VMALLOC, 45 * PAGE, 1);
	q = vm_query(self->fd, h, 0, 0);
	EXPECT_GE(q.runs, 2);
	EXPECT_LE(q.runs, 45);
	for (i = 0; i < 45; i++)
		nr += vm_query(self->fd, h, 0, i).pfn != 0;
	EXPECT_EQ(nr, 45);
	vm_free(self->fd, h);
	for (i = 1; i < 64; i += 2)
		page_free(self->fd, handles[i]);

	h = vm_alloc(self->fd, SOBA_VM_VMALLOC, 4096 * PAGE, 1);
	q = vm_query(self->fd, h, 0, 0);
	EXPECT_LE(q.runs, 64)
		TH_LOG("4096 pages in %llu runs", (unsigned long long)q.runs);
	vm_free(self->fd, h);
}

TEST_F(soba, frames_below_4g)
{
	__u32 h = vm_alloc(self->fd, SOBA_VM_32, 300 * PAGE, 1);
	unsigned int i;

	ASSERT_NE(h, 0);
	for (i = 0; i < 300; i++)
		EXPECT_LT(vm_query(self->fd, h, 0, i).pfn, 1UL << 20);
	vm_free(self->fd, h);
}

/* Reading behind an area faults; so does reading one that was freed. */
TEST_F(soba, guard_page)
{
	static const unsigned long pages[] = { 1, 2, 16, 300, 4096 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		__u32 h = vm_alloc(self->fd, SOBA_VM_VMALLOC, pages[i] * PAGE, 1);

		ASSERT_NE(h, 0);
		EXPECT_EQ(0, vm_probe(self->fd, h, 0));
		EXPECT_EQ(0, vm_probe(self->fd, h, pages[i] * PAGE - 1));
		EXPECT_EQ(-EFAULT, vm_probe(self->fd, h, pages[i] * PAGE))
			TH_LOG("%lu pages: no guard page", pages[i]);
		vm_free(self->fd, h);
	}
}

/* A repeated size edits no page table; another size does. */
TEST_F(soba, repetition_reuses)
{
	static const unsigned long pages[] = { 1, 7, 64, 256 };
	unsigned int i, k;

	if (!vm_cache_on())
		SKIP(return, "vmalloc_cache=0");
	cpu_pin(0);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		__u32 h = vm_alloc(self->fd, SOBA_VM_VMALLOC, pages[i] * PAGE, 1);
		__u64 addr = vm_query(self->fd, h, 0, 0).addr;
		long long maps, hits;

		vm_free(self->fd, h);
		maps = soba_event("area_map");
		hits = soba_event("area_hit");
		for (k = 0; k < 10; k++) {
			h = vm_alloc(self->fd, SOBA_VM_VMALLOC, pages[i] * PAGE, 1);
			EXPECT_EQ(addr, vm_query(self->fd, h, 0, 0).addr);
			vm_fill(self->fd, h, k);
			vm_free(self->fd, h);
		}
		EXPECT_EQ(maps, soba_event("area_map"));
		EXPECT_EQ(hits + 10, soba_event("area_hit"));
		h = vm_alloc(self->fd, SOBA_VM_VZALLOC, pages[i] * PAGE, 1);
		EXPECT_EQ(SOBA_TEST_GOOD, vm_zeroed(self->fd, h))
			TH_LOG("old contents in a cleared area of %lu pages",
			       pages[i]);
		vm_free(self->fd, h);
	}
}

/* Freed areas go away when asked, and by themselves. */
TEST_F(soba, cache_lets_go)
{
	__u32 h = vm_alloc(self->fd, SOBA_VM_VMALLOC, 100 * PAGE, 4);
	int i;

	if (!vm_cache_on())
		SKIP(return, "vmalloc_cache=0");
	vm_free(self->fd, h);
	EXPECT_GE(file_number(DEBUGFS "/vmalloc", "cached_bytes"),
		  400 * (long long)PAGE);
	EXPECT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	EXPECT_EQ(file_number(DEBUGFS "/vmalloc", "cached_bytes"), 0);
	h = vm_alloc(self->fd, SOBA_VM_VMALLOC, 100 * PAGE, 4);
	vm_free(self->fd, h);
	for (i = 0; i < 30; i++) {
		if (!file_number(DEBUGFS "/vmalloc", "cached_bytes"))
			break;
		sleep(1);
	}
	EXPECT_EQ(file_number(DEBUGFS "/vmalloc", "cached_bytes"), 0)
		TH_LOG("still cached after %d s", i);
}

/* Without a word of zero, and out of the cache of what was dirty. */
TEST_F(soba, init_on_alloc)
{
	static const unsigned long pages[] = { 1, 7, 64, 256 };
	static const __u32 plain[] = {
		SOBA_VM_VMALLOC, SOBA_VM_HUGE, SOBA_VM_GFP, SOBA_VM_VMALLOC_NODE,
	};
	unsigned int i, k;

	if (!(self->info.config & SOBA_TEST_INIT_ON_ALLOC))
		SKIP(return, "booted without init_on_alloc");
	cpu_pin(0);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		for (k = 0; k < ARRAY_SIZE(plain); k++) {
			__u32 h = vm_alloc(self->fd, SOBA_VM_VMALLOC,
					   pages[i] * PAGE, 1);
			long long hits;

			vm_fill(self->fd, h, 5);
			vm_free(self->fd, h);
			hits = soba_event("area_hit");
			h = vm_alloc(self->fd, plain[k], pages[i] * PAGE, 1);
			if (vm_cache_on())
				EXPECT_EQ(hits + 1, soba_event("area_hit"));
			EXPECT_EQ(SOBA_TEST_GOOD, vm_zeroed(self->fd, h))
				TH_LOG("form %u, %lu pages: old contents",
				       plain[k], pages[i]);
			vm_free(self->fd, h);
		}
	}
	cpu_unpin();
}

/*
 * What is kept is what was written, all beyond is zero: to the end of the last
 * page of an area, whose whole last size was written before each step.
 */
static void realloc_steps(struct __test_metadata *_metadata, int fd, __u32 form,
			  const unsigned long *steps, unsigned int nr)
{
	__u32 h = vm_alloc(fd, form, steps[0], 1);
	unsigned int i;

	ASSERT_NE(h, 0);
	for (i = 1; i < nr; i++) {
		struct soba_vm vm = vm_init(SOBA_VM_REALLOC);
		unsigned long old = steps[i - 1], size = steps[i];
		unsigned long kept = size < old ? size : old;
		int64_t wrong;

		vm_fill(fd, h, i);
		vm.handle = h;
		vm.size = size;
		vm.gfp = K | SOBA_GFP_ZERO;
		ASSERT_EQ(0, vm_run(fd, &vm));
		/* Fits: the address stays. */
		if (form == SOBA_VM_VZALLOC &&
		    (size + PAGE - 1) / PAGE <= (old + PAGE - 1) / PAGE)
			EXPECT_EQ(1, vm.value);
		if (form == SOBA_VM_VZALLOC)
			EXPECT_EQ(size, vm_query(fd, h, 0, 0).bytes);
		wrong = vm_check(fd, h, i);
		if (wrong != SOBA_TEST_GOOD)
			EXPECT_GE(wrong, (int64_t)kept)
				TH_LOG("%lu to %lu bytes: contents lost", old,
				       size);
		EXPECT_EQ(SOBA_TEST_GOOD, vm_zeroed_from(fd, h, kept))
			TH_LOG("%lu to %lu bytes: not zero behind %lu", old,
			       size, kept);
	}
	EXPECT_EQ(0, vm_free(fd, h));
}

TEST_F(soba, realloc_keeps_contents)
{
	static const unsigned long steps[] = {
		5000, 5001, 8192, 8193, 100000, 90000, 100000, 300000, 10, 4096,
		3000, 3500, 70000, 4097, 69999,
	};

	dirty(self->fd);
	realloc_steps(_metadata, self->fd, SOBA_VM_VZALLOC, steps,
		      ARRAY_SIZE(steps));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Within an object, from object to object, to mapped memory, and inside of it. */
TEST_F(soba, kvrealloc_keeps_contents)
{
	static const unsigned long steps[] = {
		100, 50, 100, 120, 3000, 2100, 4096, 5000, 4500, 5000, 100000,
		70000, 100000, 40 << 20, 30 << 20, 40 << 20, 1000, 100000,
		41 << 20, 10, 4096,
	};

	dirty(self->fd);
	realloc_steps(_metadata, self->fd, SOBA_VM_KVZALLOC, steps,
		      ARRAY_SIZE(steps));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Flags that say no sleeping do not stop a call in process context. */
TEST_F(soba, flags)
{
	static const __u64 gfps[] = {
		K, SOBA_GFP_NOIO, SOBA_GFP_NOFS, SOBA_GFP_USER,
		K | SOBA_GFP_ZERO, K | SOBA_GFP_NORETRY | SOBA_GFP_NOWARN,
		K | SOBA_GFP_RETRY_MAYFAIL, K | SOBA_GFP_NOFAIL,
		K | SOBA_GFP_ACCOUNT, K | SOBA_GFP_HIGHMEM, K | SOBA_GFP_COMP,
		K | SOBA_GFP_DMA32, SOBA_GFP_NOWAIT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gfps); i++) {
		struct soba_vm vm = vm_init(SOBA_VM_ALLOC);

		vm.form = SOBA_VM_GFP;
		vm.size = 37 * PAGE;
		vm.count = 2;
		vm.gfp = gfps[i];
		ASSERT_EQ(0, vm_run(self->fd, &vm));
		ASSERT_NE(0, vm.handle)
			TH_LOG("gfp %#llx", (unsigned long long)gfps[i]);
		vm_fill(self->fd, vm.handle, i);
		EXPECT_EQ(SOBA_TEST_GOOD, vm_check(self->fd, vm.handle, i));
		vm_free(self->fd, vm.handle);
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, alignment)
{
	unsigned int shift;

	for (shift = 0; shift <= 20; shift++) {
		struct soba_vm vm = vm_init(SOBA_VM_ALLOC), q;

		vm.form = SOBA_VM_ALIGN;
		vm.size = 3 * PAGE;
		vm.align = 1UL << shift;
		vm.count = 3;
		vm.gfp = K;
		ASSERT_EQ(0, vm_run(self->fd, &vm));
		ASSERT_NE(0, vm.handle)
			TH_LOG("align %llu", (unsigned long long)vm.align);
		q = vm_query(self->fd, vm.handle, 2, 0);
		EXPECT_EQ(q.addr % (1UL << shift), 0);
		vm_free(self->fd, vm.handle);
	}
}

TEST_HARNESS_MAIN
