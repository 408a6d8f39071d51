// SPDX-License-Identifier: GPL-2.0
/*
 * dma_edu.c - soba's DMA memory with a device that really transfers: QEMU's edu.
 * A transfer takes the emulated device a tenth of a second.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "dmalib.h"
#include "objlib.h"
#include "vmlib.h"

#define D		EDU_PCI
#define COHERENT	EDU_FORM_COHERENT

static const char *device_name(void)
{
	static char name[64];
	FILE *out = popen("ls /sys/bus/pci/drivers/soba_edu | grep :", "r");

	if (out) {
		if (!fgets(name, sizeof(name), out))
			name[0] = '\0';
		pclose(out);
	}
	name[strcspn(name, "\n")] = '\0';
	return name;
}

static void __attribute__((constructor)) need_device(void)
{
	if (edu < 0 || edu_info(D).bound)
		return;
	ksft_print_header();
	ksft_exit_skip("no edu device: give QEMU -device edu\n");
}

/* @size bytes at @offset of the object, to the device or from it. */
static int transfer(__u32 object, __u64 offset, __u64 size, bool to_device)
{
	struct soba_edu_call c = edu_init(D, EDU_OP_TRANSFER);

	c.object = object;
	c.offset = offset;
	c.size = size;
	c.count = to_device;
	return edu_call(&c);
}

TEST_F(soba, there_and_back)
{
	static const __u64 some[] = { 32, 64, 200, 1024, 4096, 8192 };
	unsigned long long irqs = edu_info(D).irqs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(some); i++) {
		__u64 n = some[i] > SOBA_EDU_BUFFER ? SOBA_EDU_BUFFER : some[i];
		struct soba_edu_call from, to;

		from = edu_alloc(D, some[i], COHERENT, 0);
		to = edu_alloc(D, some[i], COHERENT, 0);
		ASSERT_NE(from.object, 0);
		ASSERT_NE(to.object, 0);
		ASSERT_EQ(0, edu_on(D, EDU_OP_FILL, from.object, i, NULL));
		ASSERT_EQ(0, transfer(from.object, 0, n, true));
		ASSERT_EQ(0, transfer(to.object, 0, n, false));
		EXPECT_EQ(some[i] > n ? (long long)n : -1,
			  edu_value(D, EDU_OP_CHECK, to.object, i))
			TH_LOG("%llu bytes", some[i]);
		EXPECT_EQ(-1, edu_value(D, EDU_OP_CHECK, from.object, i));
		ASSERT_EQ(0, edu_free(D, from.object, EDU_RIGHT));
		ASSERT_EQ(0, edu_free(D, to.object, EDU_RIGHT));
	}
	/* each ended with an interrupt that could allocate */
	EXPECT_EQ(irqs + 2 * ARRAY_SIZE(some), edu_info(D).irqs);
	EXPECT_EQ(0, dma_stat(device_name(), "bytes"));
}

/* The device writes one of many small objects, and nothing else. */
TEST_F(soba, parts_of_a_page)
{
	static const __u64 some[] = { 32, 64, 256, 1024 };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(some); i++) {
		struct soba_edu_call c[60], source;

		source = edu_alloc(D, some[i], COHERENT, 0);
		ASSERT_EQ(0, edu_on(D, EDU_OP_FILL, source.object, 99, NULL));
		for (k = 0; k < 60; k++) {
			c[k] = edu_alloc(D, some[i], COHERENT, 0);
			ASSERT_NE(c[k].object, 0);
			edu_on(D, EDU_OP_FILL, c[k].object, k, NULL);
		}
		ASSERT_EQ(0, transfer(source.object, 0, some[i], true));
		ASSERT_EQ(0, transfer(c[17].object, 0, some[i], false));
		for (k = 0; k < 60; k++) {
			EXPECT_EQ(-1, edu_value(D, EDU_OP_CHECK, c[k].object,
						k == 17 ? 99 : k))
				TH_LOG("%llu bytes, object %u", some[i], k);
			ASSERT_EQ(0, edu_free(D, c[k].object, EDU_RIGHT));
		}
		ASSERT_EQ(0, edu_free(D, source.object, EDU_RIGHT));
	}
}

TEST_F(soba, pool_object)
{
	struct soba_edu_call pool = edu_init(D, EDU_OP_POOL), a, b;

	pool.size = 96;
	pool.align = 32;
	ASSERT_EQ(0, edu_call(&pool));
	a = edu_alloc(D, 0, EDU_FORM_POOL, 0);
	b = edu_alloc(D, 0, EDU_FORM_POOL_ZEROED, 0);
	ASSERT_NE(b.object, 0);
	ASSERT_EQ(0, edu_on(D, EDU_OP_FILL, a.object, 5, NULL));
	ASSERT_EQ(0, transfer(a.object, 0, 96, true));
	ASSERT_EQ(0, transfer(b.object, 0, 96, false));
	EXPECT_EQ(-1, edu_value(D, EDU_OP_CHECK, b.object, 5));
	ASSERT_EQ(0, edu_free(D, a.object, EDU_RIGHT));
	ASSERT_EQ(0, edu_free(D, b.object, EDU_RIGHT));
	pool.op = EDU_OP_POOL_END;
	ASSERT_EQ(0, edu_call(&pool));
}

TEST_F(soba, streaming)
{
	static const struct {
		__u32 form;
		__u64 size;
		const char *what;
	} ways[] = {
		{ EDU_STREAM_SINGLE, 2048, "block by address" },
		{ EDU_STREAM_SINGLE, 100, "part of a block by address" },
		{ EDU_STREAM_PAGE, 1000, "part of a block by page" },
		{ EDU_STREAM_SG, 16384, "list of pages" },
		{ EDU_STREAM_AREA, 16384, "area" },
		{ EDU_STREAM_AREA, 9000, "part of an area" },
		{ EDU_STREAM_KMALLOC, 2000, "object" },
		{ EDU_STREAM_VMALLOC, 16384, "memory of vmalloc" },
		{ EDU_STREAM_VMALLOC, 9000, "part of memory of vmalloc" },
	};
	long long used;
	unsigned int i;

	soba_shrink();
	used = soba_meminfo("Used");
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		struct soba_edu_call c = edu_init(D, EDU_OP_STREAM);

		c.form = ways[i].form;
		c.size = ways[i].size;
		c.seed = 40 + i;
		c.value = -2;
		ASSERT_EQ(0, edu_call(&c))
			TH_LOG("%s", ways[i].what);
		EXPECT_EQ(-1, c.value)
			TH_LOG("%s, %llu bytes", ways[i].what, ways[i].size);
		/* the first two pages of an area are neighbours */
		if (ways[i].form == EDU_STREAM_AREA ||
		    ways[i].form == EDU_STREAM_VMALLOC)
			EXPECT_LE(c.entries, 3);
	}
	EXPECT_EQ(0, dma_stat(device_name(), "streaming_mappings"));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
	/* but for what the caches of objects keep */
	soba_shrink();
	EXPECT_LE(soba_meminfo("Used"), used + 64);
}

/* A block that is freed while the device may write it waits. */
TEST_F(soba, freed_while_mapped)
{
	long long before = soba_errors("pinned-page");
	struct soba_edu_call c = edu_init(D, EDU_OP_STREAM);
	long long used;

	soba_shrink();
	used = soba_meminfo("Used");
	c.form = EDU_STREAM_FREED;
	ASSERT_EQ(0, edu_call(&c));
	EXPECT_EQ(before + 1, soba_errors("pinned-page"));
	soba_shrink();
	EXPECT_EQ(0, soba_meminfo("Pinned"));
	EXPECT_LE(soba_meminfo("Used"), used);
}

TEST_F(soba, mask_of_the_device)
{
	__u64 top = (1ULL << edu_info(D).value) - 1;
	static __u32 objects[2000];
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		struct soba_edu_call c = edu_alloc(D, 1 + i * 13 % 5000,
						   COHERENT, 0);

		ASSERT_NE(c.object, 0);
		EXPECT_LE(c.handle + c.size - 1, top);
		objects[i] = c.object;
	}
	for (i = 0; i < 2000; i++)
		ASSERT_EQ(0, edu_free(D, objects[i], EDU_RIGHT));
}

/* Lines of coherent memory of so many bytes, and the guard page behind them. */
static int coherent_lines(struct __test_metadata *_metadata, const char *path,
			  unsigned long bytes)
{
	unsigned long nr, i, n = 0;
	char bad[160];
	struct vm_line *lines = vm_lines(path, &nr, bad, sizeof(bad));

	EXPECT_NE(lines, NULL)
		TH_LOG("%s is not of the format: %s", path, bad);
	for (i = 0; lines && i < nr; i++)
		n += lines[i].dma && lines[i].size == bytes + PAGE;
	free(lines);
	return n;
}

/* Behind an IOMMU blocks are mapped; elsewhere neither file has a line of them. */
TEST_F(soba, vmallocinfo_has_what_the_kernel_has)
{
	static const char *const files[] = { "/proc/vmallocinfo",
					     PROC "/vmallocinfo" };
	struct soba_edu_call c[3];
	int before[2], after[2];
	unsigned int i;

	/* Addresses in clear, for those who may. */
	file_write("/proc/sys/kernel/kptr_restrict", "1");
	for (i = 0; i < 2; i++)
		before[i] = coherent_lines(_metadata, files[i], 13 * PAGE);
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = edu_alloc(D, 13 * PAGE, COHERENT, 0);
		ASSERT_NE(c[i].object, 0);
	}
	for (i = 0; i < 2; i++)
		after[i] = coherent_lines(_metadata, files[i], 13 * PAGE);
	EXPECT_EQ(before[0], before[1]);
	EXPECT_EQ(after[0], after[1]);
	TH_LOG("%d of %zu blocks are mapped", after[1] - before[1],
	       ARRAY_SIZE(c));
	for (i = 0; i < ARRAY_SIZE(c); i++)
		ASSERT_EQ(0, edu_free(D, c[i].object, EDU_RIGHT));
	file_write("/proc/sys/kernel/kptr_restrict", "0");
}

/* A million pairs on all CPUs while the device writes. */
TEST_F(soba, pairs_while_it_transfers)
{
	struct soba_edu_call pool = edu_init(D, EDU_OP_POOL);
	struct soba_edu_call c = edu_init(D, EDU_OP_PAIRS);

	pool.size = 192;
	ASSERT_EQ(0, edu_call(&pool));
	c.count = 1000000;
	c.seed = 3;
	ASSERT_EQ(0, edu_call(&c));
	EXPECT_EQ(0, c.value);
	EXPECT_EQ(0, dma_stat(device_name(), "bytes"));
	pool.op = EDU_OP_POOL_END;
	ASSERT_EQ(0, edu_call(&pool));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_F(soba, rebind_a_hundred_times)
{
	unsigned int i, k;

	for (i = 0; i < 100; i++) {
		for (k = 0; k < 10; k++)
			ASSERT_NE(0, edu_alloc(D, 1 + k * 600, k & 1 ? COHERENT :
					       EDU_FORM_MANAGED, 0).object);
		ASSERT_EQ(0, edu_bind(D, false));
		ASSERT_EQ(0, edu_bind(D, true));
	}
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
	EXPECT_EQ(0, transfer(edu_alloc(D, 64, COHERENT, 0).object, 0, 64, true));
	ASSERT_EQ(0, edu_bind(D, false));
	ASSERT_EQ(0, edu_bind(D, true));
}

/* By a driver that has no coherent memory. */
/* CONFIG_DMA_API_DEBUG warns of the same: of this driver it shall not, meanwhile. */
static void dma_debug_only(const char *driver)
{
	file_write("/sys/kernel/debug/dma-api/driver_filter", driver);
}

TEST_F(soba, mapping_left_at_unbind)
{
	struct soba_edu_call c = edu_init(D, EDU_OP_STREAM);
	char line[512];

	c.form = EDU_STREAM_LEFT;
	ASSERT_EQ(0, edu_call(&c));
	dma_debug_only("another");
	ASSERT_EQ(0, edu_bind(D, false));
	dma_debug_only("\n");
	EXPECT_EQ(1, kmsg_count(self->kmsg, "soba: leak:", line, sizeof(line)));
	EXPECT_NE(strstr(line, "1 streaming mappings"), NULL)
		TH_LOG("%s", line);
	ASSERT_EQ(0, edu_bind(D, true));
}

TEST_HARNESS_MAIN
