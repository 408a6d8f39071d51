// SPDX-License-Identifier: GPL-2.0
/*
 * frag.c - page fragments, and kvmalloc(): memory of either kind.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "vmlib.h"

#define K SOBA_GFP_KERNEL

static __u32 frags(int fd, __u32 form, unsigned long size, unsigned long align,
		   unsigned long count, __u32 context)
{
	struct soba_vm vm = vm_init(SOBA_VM_ALLOC);

	vm.form = form;
	vm.size = size;
	vm.align = align;
	vm.count = count;
	vm.gfp = SOBA_GFP_ATOMIC;
	vm.context = context;
	return vm_run(fd, &vm) ? 0 : vm.handle;
}

/* None overlaps another, each is aligned, all pages come back. */
TEST_F(soba, fragments_in_every_context)
{
	static const unsigned long sizes[] = { 1, 8, 100, 256, 1500, 4096, 9000, 32768 };
	static const __u32 forms[] = { SOBA_VM_FRAG, SOBA_VM_NETDEV_FRAG };
	unsigned int context, f, i, k;

	for (context = 0; context < SOBA_NR_CONTEXTS; context++) {
		if (!context_usable(&self->info, context))
			continue;
		for (f = 0; f < 2; f++) {
			for (i = 0; i < ARRAY_SIZE(sizes); i++) {
				__u32 h = frags(self->fd, forms[f], sizes[i], 64, 40,
						context);

				ASSERT_NE(h, 0)
					TH_LOG("%lu bytes in %s", sizes[i],
					       context_name(context));
				for (k = 0; k < 40; k++)
					EXPECT_EQ(0, vm_query(self->fd, h, k, 0).addr % 64);
				vm_fill(self->fd, h, i);
				EXPECT_EQ(SOBA_TEST_GOOD, vm_check(self->fd, h, i));
				EXPECT_EQ(0, vm_free_in(self->fd, h, SOBA_VM_FIT, context));
			}
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Fragments share blocks, and use them again. */
TEST_F(soba, fragments_share)
{
	long long blocks = soba_event("frag_block");
	long long freed = soba_event("frag_release");
	__u32 h;

	cpu_pin(0);
	h = frags(self->fd, SOBA_VM_FRAG, 256, 1, 1280, SOBA_CTX_PROCESS);
	ASSERT_NE(h, 0);
	/* 10 of 32 KiB. */
	EXPECT_EQ(soba_event("frag_block") - blocks, 10);
	EXPECT_EQ(0, vm_free(self->fd, h));
	EXPECT_EQ(soba_event("frag_release") - freed, 10);
}

/* Small: an object; large: an object if there is one, else an area. */
TEST_F(soba, kvmalloc)
{
	static const unsigned long sizes[] = { 8, 1000, 4096, 4097, 100000, 5 << 20 };
	static const __u32 forms[] = {
		SOBA_VM_KVMALLOC, SOBA_VM_KVZALLOC, SOBA_VM_KVCALLOC,
	};
	unsigned int f, i;

	for (f = 0; f < ARRAY_SIZE(forms); f++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			__u32 h = vm_alloc(self->fd, forms[f], sizes[i], 2);
			struct soba_vm q;

			ASSERT_NE(h, 0)
				TH_LOG("kvmalloc(%lu)", sizes[i]);
			q = vm_query(self->fd, h, 0, 0);
			/* Above the largest block there is only mapped memory. */
			if (sizes[i] <= 4096)
				EXPECT_EQ(0, q.pages);
			if (sizes[i] > 4 << 20)
				EXPECT_EQ((sizes[i] + PAGE - 1) / PAGE, q.pages);
			if (f)
				EXPECT_EQ(SOBA_TEST_GOOD, vm_zeroed(self->fd, h));
			vm_fill(self->fd, h, i);
			EXPECT_EQ(SOBA_TEST_GOOD, vm_check(self->fd, h, i));
			EXPECT_EQ(0, vm_free(self->fd, h));
		}
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_HARNESS_MAIN
