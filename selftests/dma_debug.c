// SPDX-License-Identifier: GPL-2.0
/*
 * dma_debug.c - with debug=ZP,dma: a device that writes past the end of a buffer, or
 * into one that is freed, is found and named. Skipped without it.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "dmalib.h"

#define COHERENT	EDU_FORM_COHERENT

static void __attribute__((constructor)) need_debug(void)
{
	char *text = file_text("/sys/module/soba/parameters/debug");

	if (edu < 0 || (text && strstr(text, "dma") && edu_info(EDU_PCI).bound))
		return;
	ksft_print_header();
	ksft_exit_skip("needs debug=ZP,dma and QEMU's edu device\n");
}

TEST_F(soba, device_writes_past_the_end)
{
	static const __u64 sizes[] = { 33, 64, 1000, 4096, 5000 };
	char line[512];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		long long before = soba_errors("out-of-bounds");
		struct soba_edu_call c = edu_alloc(EDU_PCI, sizes[i], COHERENT, 0);
		struct soba_edu_call t = edu_init(EDU_PCI, EDU_OP_TRANSFER);

		ASSERT_NE(c.object, 0);
		/* four bytes of it, and eight behind */
		t.object = c.object;
		t.offset = sizes[i] - 4;
		t.size = 12;
		ASSERT_EQ(0, edu_call(&t));
		ASSERT_EQ(0, edu_free(EDU_PCI, c.object, EDU_RIGHT));
		EXPECT_EQ(before + 1, soba_errors("out-of-bounds"))
			TH_LOG("%llu bytes", sizes[i]);
	}
	EXPECT_EQ(1, kmsg_count(self->kmsg, "soba: out-of-bounds:", line,
				sizeof(line)));
	EXPECT_NE(strstr(line, "[soba_edu]"), NULL)
		TH_LOG("%s", line);
}

TEST_F(soba, device_writes_late)
{
	long long before = soba_errors("use-after-free");
	struct soba_edu_call c = edu_alloc(EDU_PCI, 256, COHERENT, 0);
	struct soba_edu_call late = edu_init(EDU_PCI, EDU_OP_LATE);
	char line[512];

	late.object = c.object;
	late.size = 128;
	ASSERT_EQ(0, edu_call(&late));
	ASSERT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	EXPECT_EQ(before + 1, soba_errors("use-after-free"));
	EXPECT_EQ(1, kmsg_count(self->kmsg, "soba: use-after-free:", line,
				sizeof(line)));
	EXPECT_NE(strstr(line, "256 bytes"), NULL)
		TH_LOG("%s", line);
}

TEST_F(soba, right_use_is_silent)
{
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		struct soba_edu_call c = edu_alloc(EDU_PCI, 1 + i * 17 % 9000,
						   COHERENT, 0);

		ASSERT_NE(c.object, 0);
		EXPECT_EQ(-1, edu_value(EDU_PCI, EDU_OP_ZEROED, c.object, 0));
		edu_on(EDU_PCI, EDU_OP_FILL, c.object, i, NULL);
		ASSERT_EQ(0, edu_free(EDU_PCI, c.object, EDU_RIGHT));
	}
	ASSERT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	EXPECT_EQ(0, kmsg_count(self->kmsg, "soba:", NULL, 0));
}

TEST_HARNESS_MAIN
