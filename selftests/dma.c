// SPDX-License-Identifier: GPL-2.0
/*
 * dma.c - coherent memory on a platform device without hardware: addresses, masks,
 * the ledger, bad input, wrong frees. Pools are in dma_pool.c, drivers that come
 * and go in dma_driver.c, what needs a device that transfers in dma_edu.c.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "fixture.h"
#include "dmalib.h"

#define P		EDU_PLATFORM
#define NAME		"soba_dma_test.0"
#define COHERENT	EDU_FORM_COHERENT
#define POOL		EDU_FORM_POOL

static const __u64 sizes[] = {
	1, 8, 31, 32, 33, 64, 65, 100, 128, 200, 256, 257, 500, 512, 1000, 1024,
	1500, 2048, 2049, 3000, 4095, 4096, 4097, 8192, 10000, 65536, 200000,
};

static __u64 rounded(__u64 size)
{
	__u64 n = 32;

	while (n < size)
		n *= 2;
	return n;
}

TEST_F(soba, coherent_of_every_size)
{
	unsigned int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct soba_edu_call c = edu_alloc(P, sizes[i], COHERENT,
							   EDU_GFP_KERNEL);
			__u64 align = rounded(sizes[i]);

			ASSERT_NE(c.object, 0)
				TH_LOG("size %llu", sizes[i]);
			if (align > 4096)
				align = 4096;
			EXPECT_EQ(0, c.handle % align);
			EXPECT_EQ(0, c.virt % align);
			EXPECT_EQ(-1, edu_value(P, EDU_OP_ZEROED, c.object, 0))
				TH_LOG("size %llu, round %u", sizes[i], round);
			EXPECT_LE(c.handle + sizes[i], 1ULL << 32);
			if (sizes[i] <= 4096)
				EXPECT_EQ(c.handle / 4096,
					  (c.handle + sizes[i] - 1) / 4096);
			ASSERT_EQ(0, edu_on(P, EDU_OP_FILL, c.object, i, NULL));
			EXPECT_EQ(-1, edu_value(P, EDU_OP_CHECK, c.object, i));
			ASSERT_EQ(0, edu_free(P, c.object, EDU_RIGHT));
		}
	}
	EXPECT_EQ(0, dma_stat(NAME, "bytes"));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Neighbours do not overlap, neither for the CPU nor for the device. */
TEST_F(soba, objects_do_not_overlap)
{
	static struct soba_edu_call c[600];
	unsigned int i, k;

	for (i = 0; i < 600; i++) {
		c[i] = edu_alloc(P, 1 + i * 37 % 700, COHERENT, EDU_GFP_KERNEL);
		ASSERT_NE(c[i].object, 0);
		ASSERT_EQ(0, edu_on(P, EDU_OP_FILL, c[i].object, i, NULL));
		for (k = 0; k < i; k++)
			ASSERT_TRUE(c[i].handle >= c[k].handle + c[k].size ||
				    c[k].handle >= c[i].handle + c[i].size);
	}
	for (i = 0; i < 600; i++) {
		EXPECT_EQ(-1, edu_value(P, EDU_OP_CHECK, c[i].object, i));
		/* where the device sees it is where the CPU does */
		EXPECT_EQ(c[i].virt, c[i].handle % 4096);
		ASSERT_EQ(0, edu_free(P, c[i].object, EDU_RIGHT));
	}
}

/* To a process, and as a table for another device: whole pages alone. */
TEST_F(soba, shown_to_others)
{
	struct soba_edu_call c = edu_alloc(P, 3 * 4096, COHERENT, 0);
	struct soba_edu_call part = edu_alloc(P, 64, COHERENT, 0);
	struct soba_edu_call t = edu_init(P, EDU_OP_TABLE);
	long long before = soba_errors("wrong-size");
	char *at;

	ASSERT_NE(c.object, 0);
	ASSERT_NE(part.object, 0);
	at = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, edu,
		  c.object * 4096L);
	ASSERT_NE(at, MAP_FAILED);
	ASSERT_EQ(0, edu_on(P, EDU_OP_FILL, c.object, 5, NULL));
	EXPECT_EQ(at[4097], (char)(5 * 31 + 4097 * 7 + 16));
	at[2 * 4096] ^= 1;
	EXPECT_EQ(2 * 4096, edu_value(P, EDU_OP_CHECK, c.object, 5));
	ASSERT_EQ(0, munmap(at, 3 * 4096));
	t.object = c.object;
	ASSERT_EQ(0, edu_call(&t));
	EXPECT_EQ(3 * 4096, t.value);
	EXPECT_EQ(before, soba_errors("wrong-size"));

	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, edu,
				   part.object * 4096L));
	EXPECT_EQ(EINVAL, errno);
	t.object = part.object;
	EXPECT_EQ(-EINVAL, edu_call(&t));
	EXPECT_EQ(before + 2, soba_errors("wrong-size"));
	ASSERT_EQ(0, edu_free(P, part.object, EDU_RIGHT));
	ASSERT_EQ(0, edu_free(P, c.object, EDU_RIGHT));
}

TEST_F(soba, ten_thousand_descriptors)
{
	static __u32 objects[10000];
	unsigned int i;

	for (i = 0; i < 10000; i++) {
		objects[i] = edu_alloc(P, 64, COHERENT, EDU_GFP_KERNEL).object;
		ASSERT_NE(objects[i], 0);
	}
	EXPECT_EQ(640000, dma_stat(NAME, "bytes"));
	EXPECT_EQ(10000, dma_stat(NAME, "blocks"));
	EXPECT_LE(dma_stat(NAME, "held_bytes"), 10000LL * 4096 / 32)
		TH_LOG("%lld bytes held", dma_stat(NAME, "held_bytes"));
	for (i = 0; i < 10000; i++)
		ASSERT_EQ(0, edu_free(P, objects[i], EDU_RIGHT));
	EXPECT_EQ(0, dma_stat(NAME, "bytes"));
	EXPECT_GE(dma_stat(NAME, "peak_bytes"), 640000);
}

TEST_F(soba, cached_blocks_are_bounded_and_shrink)
{
	static __u32 objects[200];
	unsigned int i;

	for (i = 0; i < 200; i++)
		objects[i] = edu_alloc(P, 16384, COHERENT, 0).object;
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, edu_free(P, objects[i], EDU_RIGHT));
	EXPECT_LE(dma_stat(NAME, "idle_bytes"), 1 << 20);
	EXPECT_GT(dma_stat(NAME, "idle_bytes"), 0);
	ASSERT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	EXPECT_EQ(0, dma_stat(NAME, "idle_bytes"));
}

TEST_F(soba, ledger_names_the_site)
{
	__u32 a = edu_alloc(P, 100, COHERENT, 0).object;
	__u32 b = edu_alloc(P, 10000, COHERENT, 0).object;
	char *text;

	EXPECT_EQ(10100, dma_stat(NAME, "bytes"));
	EXPECT_EQ(2, dma_stat(NAME, "blocks"));
	text = file_text(DMA_DIR "/" NAME "/sites");
	ASSERT_NE(text, NULL);
	EXPECT_NE(strstr(text, "[soba_edu]"), NULL)
		TH_LOG("%s", text);
	EXPECT_NE(strstr(text, "10100"), NULL)
		TH_LOG("%s", text);
	free(text);
	ASSERT_EQ(0, edu_free(P, a, EDU_RIGHT));
	ASSERT_EQ(0, edu_free(P, b, EDU_RIGHT));
	EXPECT_EQ(0, dma_stat(NAME, "bytes"));
}

/* The mask decides, whatever zone the flags name, and also when it changes. */
TEST_F(soba, masks)
{
	static const __u32 bits[] = { 64, 32, 28, 24, 32, 24, 64 };
	static const __u32 gfps[] = { EDU_GFP_KERNEL, EDU_GFP_ATOMIC,
				      EDU_GFP_DMA, EDU_GFP_DMA32 };
	__u32 kept[ARRAY_SIZE(bits)];
	unsigned int i, k, g;

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		__u64 top = bits[i] == 64 ? ~0ULL : (1ULL << bits[i]) - 1;
		/* Without ZONE_DMA the host may have nothing so far down. */
		bool low = bits[i] >= 32 ||
			   self->info.config & SOBA_TEST_ZONE_DMA;

		ASSERT_EQ(0, edu_mask(P, bits[i]));
		for (k = 0; k < ARRAY_SIZE(sizes) - 1; k++) {
			for (g = 0; g < ARRAY_SIZE(gfps); g++) {
				struct soba_edu_call c;

				c = edu_alloc(P, sizes[k], COHERENT, gfps[g]);
				/* atomic: below 16 MiB there may be none */
				if (!c.object &&
				    (gfps[g] == EDU_GFP_ATOMIC || !low))
					continue;
				ASSERT_NE(c.object, 0)
					TH_LOG("%u bits, %llu bytes, gfp %u",
					       bits[i], sizes[k], gfps[g]);
				EXPECT_LE(c.handle + sizes[k] - 1, top)
					TH_LOG("%u bits, %llu bytes: %#llx",
					       bits[i], sizes[k], c.handle);
				ASSERT_EQ(0, edu_free(P, c.object, EDU_RIGHT));
			}
		}
		kept[i] = edu_alloc(P, 64, COHERENT, 0).object;
		if (low)
			ASSERT_NE(kept[i], 0);
		/* what another mask allowed comes back now */
		if (i > 1 && kept[i - 2])
			ASSERT_EQ(0, edu_free(P, kept[i - 2], EDU_RIGHT));
	}
	ASSERT_EQ(0, edu_free(P, kept[i - 1], EDU_RIGHT));
	if (kept[i - 2])
		ASSERT_EQ(0, edu_free(P, kept[i - 2], EDU_RIGHT));
	ASSERT_EQ(0, edu_mask(P, 32));
}

TEST_F(soba, atomic_contexts)
{
	static const __u32 contexts[] = { EDU_IRQS_OFF, EDU_SPINLOCK };
	bool rt = self->info.config & SOBA_TEST_RT;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(contexts); i++) {
		for (k = 0; k < 40; k++) {
			struct soba_edu_call c = edu_init(P, EDU_OP_ALLOC);

			c.size = 16 << k % 9;
			c.gfp = EDU_GFP_ATOMIC;
			c.context = contexts[i];
			ASSERT_EQ(0, edu_call(&c));
			/* there the host may not be asked from here */
			if (rt && !c.object)
				continue;
			ASSERT_NE(c.object, 0);
			EXPECT_EQ(-1, edu_value(P, EDU_OP_ZEROED, c.object, 0));
			c.op = EDU_OP_FREE;
			ASSERT_EQ(0, edu_call(&c));
		}
	}
	EXPECT_EQ(0, dma_stat(NAME, "bytes"));
}

TEST_F(soba, sleeping_in_atomic_is_reported)
{
	long long before = soba_errors("sleep-in-atomic");
	struct soba_edu_call c = edu_init(P, EDU_OP_ALLOC);
	__u32 warm = edu_alloc(P, 64, COHERENT, 0).object;

	ASSERT_EQ(0, edu_free(P, warm, EDU_RIGHT));
	c.size = 64;
	c.context = EDU_SPINLOCK;
	ASSERT_EQ(0, edu_call(&c));
	EXPECT_EQ(before + 1, soba_errors("sleep-in-atomic"));
	EXPECT_EQ(1, kmsg_count(self->kmsg, "soba: sleep-in-atomic:", NULL, 0));
	if (c.object)
		ASSERT_EQ(0, edu_free(P, c.object, EDU_RIGHT));
}

/* NULL, one more of this class, and all goes on. */
static void refused(struct __test_metadata *_metadata, __u32 target, __u64 size,
		    __u32 form, __u32 gfp, const char *class)
{
	long long before = soba_errors(class);
	struct soba_edu_call c = edu_alloc(target, size, form, gfp);

	EXPECT_EQ(c.object, 0)
		TH_LOG("target %u size %llu form %u gfp %u", target, size, form,
		       gfp);
	EXPECT_EQ(before + 1, soba_errors(class))
		TH_LOG("target %u size %llu form %u gfp %u: %s", target, size,
		       form, gfp, class);
}

TEST_F(soba, bad_input)
{
	unsigned int form;

	/* first, because a call site is reported once for each class */
	ASSERT_EQ(0, edu_mask(P, 0));
	refused(_metadata, P, 64, EDU_FORM_MANAGED, 0, "bad-parameter");
	ASSERT_EQ(0, edu_mask(P, 32));
	EXPECT_EQ(1, kmsg_count(self->kmsg, "which has no coherent DMA mask",
				NULL, 0));
	for (form = EDU_FORM_COHERENT; form <= EDU_FORM_MANAGED; form++) {
		refused(_metadata, EDU_NO_DEVICE, 64, form, 0, "bad-parameter");
		refused(_metadata, P, 0, form, 0, "bad-parameter");
		refused(_metadata, P, 64, form, EDU_GFP_COMP, "bad-flags");
		refused(_metadata, P, 1ULL << 33, form, 0, "alloc-failure");
		refused(_metadata, P, 1ULL << 44, form, 0, "alloc-failure");
		refused(_metadata, P, -1ULL, form, 0, "alloc-failure");
		refused(_metadata, P, -4096ULL, form, 0, "alloc-failure");
		ASSERT_EQ(0, edu_mask(P, 0));
		refused(_metadata, P, 64, form, 0, "bad-parameter");
		refused(_metadata, P, 8192, form, 0, "bad-parameter");
		ASSERT_EQ(0, edu_mask(P, 32));
	}
	EXPECT_GE(dma_stat(NAME, "failures"), 12);
	EXPECT_EQ(0, dma_stat(NAME, "bytes"));
}

/* One report of @class that names the client; the object is as it was. */
static void wrong(struct __test_metadata *_metadata, FIXTURE_DATA(soba) *self,
		  __u64 size, __u32 form, __u32 how, const char *class)
{
	struct soba_edu_call c = edu_alloc(P, size, form, 0);
	long long before = soba_errors(class);

	ASSERT_NE(c.object, 0);
	ASSERT_EQ(0, edu_on(P, EDU_OP_FILL, c.object, 3, NULL));
	ASSERT_EQ(0, edu_free(P, c.object, how));
	EXPECT_EQ(before + 1, soba_errors(class))
		TH_LOG("%s: size %llu form %u how %u", class, size, form, how);
	if (how == EDU_WRONG_TWICE)
		return;
	EXPECT_EQ(-1, edu_value(P, EDU_OP_CHECK, c.object, 3));
	ASSERT_EQ(0, edu_free(P, c.object, EDU_RIGHT));
	EXPECT_EQ(before + 1, soba_errors(class));
}

TEST_F(soba, wrong_frees)
{
	static const __u64 some[] = { 64, 4096, 20000 };
	struct soba_edu_call pool = edu_init(P, EDU_OP_POOL);
	char line[512];
	unsigned int i;

	pool.size = 96;
	pool.align = 32;
	ASSERT_EQ(0, edu_call(&pool));
	ASSERT_EQ(1, pool.value);
	for (i = 0; i < ARRAY_SIZE(some); i++) {
		wrong(_metadata, self, some[i], COHERENT, EDU_WRONG_DEVICE,
		      "wrong-device");
		wrong(_metadata, self, some[i], COHERENT, EDU_WRONG_SIZE,
		      "wrong-size");
		wrong(_metadata, self, some[i], COHERENT, EDU_WRONG_HANDLE,
		      "invalid-free");
		wrong(_metadata, self, some[i], COHERENT, EDU_WRONG_INSIDE,
		      "invalid-free");
		wrong(_metadata, self, some[i], COHERENT, EDU_WRONG_FOREIGN,
		      "foreign-free");
		wrong(_metadata, self, some[i], COHERENT, EDU_WRONG_POOL,
		      "wrong-cache");
		wrong(_metadata, self, some[i], COHERENT, EDU_WRONG_ATTRS,
		      "bad-flags");
	}
	wrong(_metadata, self, 64, COHERENT, EDU_WRONG_TWICE, "double-free");
	wrong(_metadata, self, 4096, COHERENT, EDU_WRONG_TWICE, "double-free");
	wrong(_metadata, self, 0, POOL, EDU_WRONG_POOL, "wrong-cache");
	kmsg_count(self->kmsg, "soba: wrong-device:", line, sizeof(line));
	EXPECT_NE(strstr(line, NAME), NULL)
		TH_LOG("the owner is not named: %s", line);
	EXPECT_NE(strstr(line, "soba_edu"), NULL)
		TH_LOG("the client is not named: %s", line);
	pool.op = EDU_OP_POOL_END;
	ASSERT_EQ(0, edu_call(&pool));
	EXPECT_EQ(0, dma_stat(NAME, "bytes"));
}

/* With attributes, all out at the same time, and given back. */
TEST_F(soba, attributes)
{
	static const unsigned int sizes[] = { 64, 4096, 5000, 300000 };
	unsigned int i, attrs, nr = 0, objects[16];

	for (attrs = EDU_ATTR_WC; attrs <= EDU_ATTR_NO_MAPPING; attrs++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct soba_edu_call c = edu_init(P, EDU_OP_ALLOC);

			c.size = sizes[i];
			c.form = EDU_FORM_ATTRS;
			c.attrs = attrs;
			ASSERT_EQ(0, edu_call(&c));
			ASSERT_NE(0, c.object)
				TH_LOG("attrs %u, %u bytes", attrs, sizes[i]);
			objects[nr++] = c.object;
		}
	}
	for (i = 0; i < nr; i++)
		EXPECT_EQ(0, edu_free(P, objects[i], EDU_RIGHT));
	EXPECT_EQ(0, dma_stat(NAME, "bytes"));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

/* Wrongly freed twice, and handed out once all the same. */
TEST_F(soba, double_free_gives_nothing_twice)
{
	__u64 handles[200];
	__u32 objects[200];
	unsigned int i, k;

	for (i = 0; i < 20; i++) {
		__u32 o = edu_alloc(P, 64, COHERENT, 0).object;

		ASSERT_EQ(0, edu_free(P, o, EDU_WRONG_TWICE));
	}
	for (i = 0; i < 200; i++) {
		struct soba_edu_call c = edu_alloc(P, 64, COHERENT, 0);

		objects[i] = c.object;
		handles[i] = c.handle;
		for (k = 0; k < i; k++)
			ASSERT_NE(handles[i], handles[k]);
	}
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, edu_free(P, objects[i], EDU_RIGHT));
}

TEST_HARNESS_MAIN
