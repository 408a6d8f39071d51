// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc_wrong.c - mistakes with mapped memory: what the kernel returns, one
 * report each, nothing harmed. And every context in which a free may come.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "vmlib.h"

static const struct {
	__u32 wrong;
	const char *name, *class;	/* NULL: no report */
	__u32 set;			/* form; 0: needs none */
} wrongs[] = {
	{ SOBA_VM_SIZE_0, "vmalloc(0)", "wrong-size", 0 },
	{ SOBA_VM_SIZE_MACHINE, "more than the machine", "alloc-failure", 0 },
	{ SOBA_VM_SIZE_OVERFLOW, "ULONG_MAX", "alloc-failure", 0 },
	{ SOBA_VM_ARRAY_OVERFLOW, "an array that overflows", NULL, 0 },
	{ SOBA_VM_FREE_NULL, "NULL", NULL, 0 },
	{ SOBA_VM_FREE_INTERIOR, "the middle of an area", "invalid-free", SOBA_VM_VMALLOC },
	{ SOBA_VM_FREE_FOREIGN, "the host's area", "foreign-free", 0 },
	{ SOBA_VM_FREE_KMALLOC, "the host's kmalloc()", "foreign-free", 0 },
	{ SOBA_VM_FREE_TEXT, "a function", "foreign-free", 0 },
	{ SOBA_VM_VUNMAP_AREA, "vunmap() of an area", "invalid-free", SOBA_VM_VMALLOC },
	{ SOBA_VM_VFREE_MAP, "vfree() of a vmap()", "invalid-free", 0 },
	{ SOBA_VM_PAGE_OF_AREA, "a page of an area", "invalid-free", SOBA_VM_VMALLOC },
	{ SOBA_VM_FRAG_FOREIGN, "no fragment of soba's", "foreign-free", 0 },
	{ SOBA_VM_FRAG_OF_PAGE, "a page as a fragment", "invalid-free", 0 },
	{ SOBA_VM_FRAG_TOO_LARGE, "a fragment of 100000", "wrong-size", 0 },
	{ SOBA_VM_KVREALLOC_FOREIGN, "kvrealloc() of the host's area",
	  "foreign-free", 0 },
	{ SOBA_VM_KVREALLOC_KMALLOC, "kvrealloc() of the host's kmalloc()",
	  "foreign-free", 0 },
	{ SOBA_VM_KVREALLOC_INTERIOR, "kvrealloc() of the middle of an area",
	  "invalid-free", SOBA_VM_VMALLOC },
	{ SOBA_VM_KVREALLOC_INTERIOR, "kvrealloc() of the middle of an object",
	  "invalid-free", SOBA_VM_KVMALLOC },
	{ SOBA_VM_FREE_TWICE, "twice", "double-free", SOBA_VM_VMALLOC },
};

static long long all_errors(void)
{
	static const char *const classes[] = {
		"double-free", "invalid-free", "foreign-free", "wrong-size",
		"wrong-order", "alloc-failure", "sleep-in-atomic", "pinned-page",
		"stray-put", "out-of-bounds", "bad-flags",
	};
	long long n = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(classes); i++)
		n += soba_errors(classes[i]);
	return n;
}

TEST_F(soba, each_is_reported_once_and_harms_nothing)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrongs); i++) {
		long long all = all_errors(), one = 0;
		__u32 h = 0;

		if (wrongs[i].class)
			one = soba_errors(wrongs[i].class);
		if (wrongs[i].set) {
			h = vm_alloc(self->fd, wrongs[i].set,
				     wrongs[i].set == SOBA_VM_VMALLOC ?
				     5 * PAGE : 3000, 1);
			ASSERT_NE(h, 0);
			vm_fill(self->fd, h, i);
		}
		ASSERT_EQ(0, vm_wrong(self->fd, wrongs[i].wrong, h,
				      SOBA_CTX_PROCESS))
			TH_LOG("%s", wrongs[i].name);
		EXPECT_EQ(all_errors() - all, wrongs[i].class ? 1 : 0)
			TH_LOG("%s: reports", wrongs[i].name);
		if (wrongs[i].class)
			EXPECT_EQ(soba_errors(wrongs[i].class) - one, 1)
				TH_LOG("%s: not %s", wrongs[i].name,
				       wrongs[i].class);
		if (h && wrongs[i].wrong != SOBA_VM_FREE_TWICE) {
			EXPECT_EQ(SOBA_TEST_GOOD, vm_check(self->fd, h, i))
				TH_LOG("%s harmed the area", wrongs[i].name);
			EXPECT_EQ(0, vm_free(self->fd, h));
		}
		CHECK_VALID();
	}
}

/*
 * Allocating sleeps: elsewhere it is refused, where the kernel can tell, and
 * with PREEMPT_RT what a lock keeps from sleeping is another matter. Freeing may
 * come from anywhere.
 */
TEST_F(soba, contexts)
{
	bool told = (self->info.config & SOBA_TEST_PREEMPT_COUNT) &&
		    !(self->info.config & SOBA_TEST_RT);
	unsigned int context;

	for (context = 0; context < SOBA_NR_CONTEXTS; context++) {
		long long errors = soba_errors("sleep-in-atomic") + told;
		struct soba_vm vm = vm_init(SOBA_VM_ALLOC);
		__u32 h;

		if (context == SOBA_CTX_PROCESS ||
		    !context_usable(&self->info, context))
			continue;
		vm.form = SOBA_VM_VMALLOC;
		vm.size = 3 * PAGE;
		vm.count = 1;
		vm.context = context;
		if (told) {
			ASSERT_EQ(0, vm_run(self->fd, &vm));
			EXPECT_EQ(vm.handle, 0)
				TH_LOG("%s: memory from a context that cannot sleep",
				       context_name(context));
		}
		EXPECT_EQ(soba_errors("sleep-in-atomic"), errors)
			TH_LOG("%s", context_name(context));
		/* Sizes that no cache takes, too: then a worker unmaps. */
		h = vm_alloc(self->fd, SOBA_VM_VMALLOC, 3 * PAGE, 50);
		ASSERT_NE(h, 0);
		EXPECT_EQ(0, vm_free_in(self->fd, h, SOBA_VM_FIT, context));
		h = vm_alloc(self->fd, SOBA_VM_USER, 3 * PAGE, 5);
		ASSERT_NE(h, 0);
		EXPECT_EQ(0, vm_free_in(self->fd, h, SOBA_VM_ATOMIC, context));
		EXPECT_EQ(soba_errors("sleep-in-atomic"), errors);
	}
}

/* A page that somebody holds is not handed out again, and is named. */
TEST_F(soba, page_with_a_reference)
{
	__u32 h = vm_alloc(self->fd, SOBA_VM_VMALLOC, 40 * PAGE, 1);
	struct soba_vm vm = vm_init(SOBA_VM_GET);
	long long errors = soba_errors("pinned-page");

	ASSERT_NE(h, 0);
	vm.handle = h;
	vm.page = 17;
	ASSERT_EQ(0, vm_run(self->fd, &vm));
	EXPECT_EQ(3, vm.refs);
	vm.op = SOBA_VM_PUT;
	ASSERT_EQ(0, vm_run(self->fd, &vm));
	EXPECT_EQ(2, vm.refs);
	EXPECT_EQ(0, vm_free(self->fd, h));
	EXPECT_EQ(soba_errors("pinned-page"), errors);
}

/* With caching off a freed area is gone for all who would read it. */
TEST_F(soba, freed_area_faults)
{
	struct soba_vm vm = vm_init(SOBA_VM_PROBE_FREED);
	const char *why;
	__u32 h;

	close(self->fd);
	why = soba_reload("vmalloc_cache=debug");
	ASSERT_EQ(NULL, why)
		TH_LOG("%s", why);
	self->fd = device_open();
	ASSERT_GE(self->fd, 0);
	h = vm_alloc(self->fd, SOBA_VM_VMALLOC, 7 * PAGE, 3);
	vm.handle = h;
	ASSERT_EQ(0, vm_run(self->fd, &vm));
	EXPECT_EQ(-EFAULT, vm.value)
		TH_LOG("a freed area can be read");
	EXPECT_EQ(0, file_number(DEBUGFS "/vmalloc", "cached_bytes"));
	EXPECT_EQ(0, vm_free(self->fd, h));
	close(self->fd);
	why = soba_restore();
	EXPECT_EQ(NULL, why)
		TH_LOG("%s", why);
	self->fd = device_open();
}

TEST_HARNESS_MAIN
