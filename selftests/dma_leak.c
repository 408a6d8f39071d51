// SPDX-License-Identifier: GPL-2.0
/*
 * dma_leak.c - a client goes and leaves coherent memory behind: soba names the
 * device when its driver is unbound, and the client when its text goes.
 *
 * What is left stays so until soba goes.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#define DMALIB_CLOSED
#include "fixture.h"
#include "dmalib.h"

#define NAME	"soba_dma_test.0"
#define OBJECTS	5

/* The module is loaded by whoever runs this; it must be ours to reload. */
static void __attribute__((constructor)) need_module(void)
{
	const char *file = getenv("SOBA_EDU_KO");

	if (file && !access(file, R_OK) && !access(EDU_PATH, R_OK | W_OK))
		return;
	ksft_print_header();
	ksft_exit_skip("no " EDU_PATH ", or SOBA_EDU_KO does not name its module\n");
}

static int reload(void)
{
	int rc = system("rmmod soba_edu");

	return rc ? rc : system("insmod \"$SOBA_EDU_KO\"");
}

/* The test module's own device holds no reference of it. */
static void leave(struct __test_metadata *_metadata)
{
	struct soba_edu_call ground = edu_init(EDU_PLATFORM, EDU_OP_GROUND);
	unsigned int i;

	edu = open(EDU_PATH, O_RDWR | O_CLOEXEC);
	ASSERT_GE(edu, 0);
	for (i = 0; i < OBJECTS; i++)
		ASSERT_NE(0, edu_alloc(EDU_PLATFORM, 100, EDU_FORM_COHERENT,
				       0).object);
	ASSERT_EQ(0, edu_call(&ground));
	close(edu);
}

TEST_F(soba, client_leaves_coherent_memory)
{
	int kmsg = kmsg_open();
	unsigned int objects = 0;
	char line[512] = "";

	leave(_metadata);
	ASSERT_EQ(0, reload());
	EXPECT_EQ(1, kmsg_count(self->kmsg, "soba: leak: device " NAME " was unbound and left 5 coherent objects",
				line, sizeof(line)));
	/* With what tests before this one have left. */
	EXPECT_EQ(1, kmsg_count(kmsg, "of device " NAME, line, sizeof(line)));
	EXPECT_EQ(1, sscanf(line, "soba: leak: module soba_edu leaves %u coherent objects",
			    &objects))
		TH_LOG("%s", line);
	EXPECT_GE(objects, OBJECTS);
	EXPECT_NE(strstr(line, "[soba_edu]"), NULL)
		TH_LOG("%s", line);

	/* it is said once, and a client that leaves nothing is not named */
	ASSERT_EQ(0, reload());
	EXPECT_EQ(0, kmsg_count(kmsg, "soba: leak:", line, sizeof(line)));
	close(kmsg);
}

TEST_HARNESS_MAIN
