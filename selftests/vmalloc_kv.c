// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc_kv.c - memory of either kind, kvmalloc() and its family; nodes that
 * there are and are not; and vmap() of pages that go, or stay.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "vmlib.h"

static const unsigned long sizes[] = {
	1, 8, 100, 3000, 4096, 5000, 100000, 1 << 20, 40 << 20,
};

/* -1 is any; the rest is not a node of any machine, and no preference either. */
static const int nodes[] = { -1, 0, 64, -2, 1023, 1 << 20, -1000 };

static __u32 alloc_near(int fd, __u32 form, unsigned long size, int node)
{
	struct soba_vm vm = vm_init(SOBA_VM_ALLOC);

	vm.form = form;
	vm.size = size;
	vm.count = 1;
	vm.node = node;
	return vm_run(fd, &vm) ? 0 : vm.handle;
}

static const struct {
	__u32 form;
	const char *name;
	bool zero;
} forms[] = {
	{ SOBA_VM_KVMALLOC, "kvmalloc", false },
	{ SOBA_VM_KVZALLOC, "kvzalloc", true },
	{ SOBA_VM_KVCALLOC, "kvcalloc", true },
	{ SOBA_VM_KVMALLOC_NODE, "kvmalloc_node", false },
	{ SOBA_VM_KVZALLOC_NODE, "kvzalloc_node", true },
};

/* Freed by either call, twice over so that the second finds dirty memory. */
TEST_F(soba, kvmalloc)
{
	unsigned int f, i;

	for (f = 0; f < 2 * ARRAY_SIZE(forms); f++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			__u32 h = vm_alloc(self->fd, forms[f / 2].form, sizes[i], 1);

			ASSERT_NE(h, 0)
				TH_LOG("%s(%lu)", forms[f / 2].name, sizes[i]);
			if (forms[f / 2].zero)
				EXPECT_EQ(SOBA_TEST_GOOD, vm_zeroed(self->fd, h))
					TH_LOG("%s(%lu) is not zero",
					       forms[f / 2].name, sizes[i]);
			vm_fill(self->fd, h, i);
			EXPECT_EQ(SOBA_TEST_GOOD, vm_check(self->fd, h, i));
			EXPECT_EQ(0, vm_free_in(self->fd, h,
						f % 2 ? SOBA_VM_SENSITIVE :
							SOBA_VM_FIT,
						SOBA_CTX_PROCESS));
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, nodes)
{
	static const __u32 near[] = {
		SOBA_VM_VMALLOC_NODE, SOBA_VM_VZALLOC_NODE, SOBA_VM_ALIGN,
		SOBA_VM_KVMALLOC_NODE, SOBA_VM_KVZALLOC_NODE,
	};
	unsigned int f, n, k;

	for (f = 0; f < ARRAY_SIZE(near); f++) {
		for (n = 0; n < ARRAY_SIZE(nodes); n++) {
			/* The second time the first one's area may be cached. */
			for (k = 0; k < 2; k++) {
				__u32 h = alloc_near(self->fd, near[f],
						     (k + 1) * 3 * PAGE, nodes[n]);

				EXPECT_NE(h, 0)
					TH_LOG("form %u, node %d", near[f],
					       nodes[n]);
				if (!h)
					continue;
				vm_fill(self->fd, h, n);
				EXPECT_EQ(SOBA_TEST_GOOD,
					  vm_check(self->fd, h, n));
				EXPECT_EQ(0, vm_free(self->fd, h));
			}
		}
	}
}

static long long freed_wrongly(void)
{
	return soba_errors("double-free") + soba_errors("invalid-free") +
	       soba_errors("foreign-free") + soba_errors("wrong-order") +
	       soba_errors("stray-put");
}

/* vfree() of a vmap() with VM_MAP_PUT_PAGES: mapping, pages and array go. */
TEST_F(soba, pages_go_with_the_map)
{
	long long errors = freed_wrongly(), used, k;
	__u32 h;

	file_write(DEBUGFS "/shrink", "1");
	used = soba_meminfo("Used");
	for (k = 0; k < 10; k++) {
		h = vm_alloc(self->fd, SOBA_VM_VMAP_PUT, 300 * PAGE, 1);
		ASSERT_NE(h, 0);
		vm_fill(self->fd, h, k);
		EXPECT_EQ(SOBA_TEST_GOOD, vm_check(self->fd, h, k));
		EXPECT_EQ(0, vm_free(self->fd, h));
	}
	file_write(DEBUGFS "/shrink", "1");
	/* A slab for the array may stay, less than the pages of one map. */
	EXPECT_LT(soba_meminfo("Used") - used, 300 * 4)
		TH_LOG("pages did not go");
	EXPECT_EQ(errors, freed_wrongly());
}

/* vunmap() of the same: they stay, and are their owner's to free. */
TEST_F(soba, pages_stay_without_the_map)
{
	static const __u32 kinds[] = {
		SOBA_VM_VMAP_PUT, SOBA_VM_VMAP, SOBA_VM_VMAP_USER,
	};
	long long errors = freed_wrongly();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		__u32 h = vm_alloc(self->fd, kinds[i], 300 * PAGE, 1), other;
		struct soba_vm vm = vm_init(SOBA_VM_UNMAP);

		ASSERT_NE(h, 0);
		vm_fill(self->fd, h, i + 3);
		vm.handle = h;
		vm.seed = i + 3;
		ASSERT_EQ(0, vm_run(self->fd, &vm));
		EXPECT_EQ(SOBA_TEST_GOOD, vm.value)
			TH_LOG("form %u: the pages changed", kinds[i]);
		other = vm_alloc(self->fd, SOBA_VM_VMALLOC, 300 * PAGE, 3);
		vm_fill(self->fd, other, 1);
		EXPECT_EQ(0, vm_free(self->fd, h));
		EXPECT_EQ(SOBA_TEST_GOOD, vm_check(self->fd, other, 1));
		EXPECT_EQ(0, vm_free(self->fd, other));
		EXPECT_EQ(errors, freed_wrongly())
			TH_LOG("form %u: vunmap() freed pages", kinds[i]);
	}
}

TEST_HARNESS_MAIN
