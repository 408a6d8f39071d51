// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc_load.c - the cases of the kernel's own vmalloc test, on all CPUs at
 * once; one very large area.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "vmlib.h"

static const struct {
	__u32 form;
	const char *name;
	unsigned long count;
} cases[] = {
	{ SOBA_VM_FIX_SIZE, "fix_size_alloc", 20000 },
	{ SOBA_VM_FULL_FIT, "full_fit_alloc", 5000 },
	{ SOBA_VM_LONG_BUSY_LIST, "long_busy_list_alloc", 1000 },
	{ SOBA_VM_RANDOM_SIZE, "random_size_alloc", 2000 },
	{ SOBA_VM_FIX_ALIGN, "fix_align_alloc", 500 },
	{ SOBA_VM_RANDOM_SIZE_ALIGN, "random_size_align_alloc", 300 },
	{ SOBA_VM_ALIGN_SHIFT, "align_shift_alloc", 100 },
	{ SOBA_VM_MAP_RAM_STRESS, "vm_map_ram", 2000 },
	{ SOBA_VM_KVFREE_RCU, "kvfree_rcu_vmalloc", 1000 },
};

/* Those that wait for a grace period go a little later. */
static long long areas_in_the_end(void)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		file_write(DEBUGFS "/shrink", "1");
		if (!file_number(DEBUGFS "/vmalloc", "areas"))
			break;
		usleep(100000);
	}
	return file_number(DEBUGFS "/vmalloc", "areas");
}

TEST_F(soba, the_kernels_list)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct soba_vm vm = vm_init(SOBA_VM_STRESS);

		vm.form = cases[i].form;
		vm.count = cases[i].count;
		vm.seed = i + 1;
		ASSERT_EQ(0, vm_run(self->fd, &vm));
		EXPECT_EQ(0, vm.value)
			TH_LOG("%s: %lld errors", cases[i].name,
			       (long long)vm.value);
		CHECK_VALID();
	}
	EXPECT_EQ(areas_in_the_end(), 0);
}

/* Half of the machine, at most 512 MiB, in one piece. */
TEST_F(soba, one_large_area)
{
	unsigned long bytes = self->info.host_frames * PAGE / 2 & ~(PAGE - 1);
	__u32 h;

	if (bytes > 512UL << 20)
		bytes = 512UL << 20;
	h = vm_alloc(self->fd, SOBA_VM_VMALLOC, bytes, 1);
	ASSERT_NE(h, 0);
	EXPECT_EQ(file_number(DEBUGFS "/vmalloc", "largest_bytes"), bytes);
	EXPECT_EQ(0, vm_probe(self->fd, h, 0));
	EXPECT_EQ(0, vm_probe(self->fd, h, bytes - 1));
	EXPECT_EQ(-EFAULT, vm_probe(self->fd, h, bytes));
	EXPECT_EQ(0, vm_free(self->fd, h));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_HARNESS_MAIN
