// SPDX-License-Identifier: GPL-2.0
/*
 * leak.c - a client goes and leaves pages or an area behind: soba names it and its call
 * site, counts the frames, and keeps them when it goes itself.
 *
 * This costs the machine LEAKED_KB for good, and the chunks they lie in.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "objlib.h"
#include "vmlib.h"

#define BLOCKS		256
#define ORDER		3
#define LEAKED_KB	(BLOCKS * (4LL << ORDER))
#define TOLERANCE	1024	/* kB, for what the host does meanwhile */

static void __attribute__((constructor)) need_files(void)
{
	skip_without_files();
}

static void leave_pages(struct __test_metadata *_metadata)
{
	int i, fd = device_open();

	ASSERT_GE(fd, 0);
	for (i = 0; i < BLOCKS; i++) {
		uint32_t h = page_alloc(fd, SOBA_GFP_KERNEL, ORDER);

		ASSERT_NE(h, 0);
		ASSERT_EQ(0, page_op(fd, SOBA_OP_LEAK, h, 0));
	}
	close(fd);
}

TEST(client_leaves_pages)
{
	char line[512], frames[32];
	const char *why = soba_reload("");
	long long before, after;
	int kmsg;

	ASSERT_EQ(why, NULL)
		TH_LOG("%s", why);
	kmsg = kmsg_open();
	/* like with like: both readings without the modules */
	why = soba_unload();
	ASSERT_EQ(why, NULL);
	before = host_free();
	why = soba_load("");
	ASSERT_EQ(why, NULL);
	leave_pages(_metadata);
	EXPECT_EQ(soba_meminfo("Used"), LEAKED_KB);
	EXPECT_EQ(0, kmsg_count(kmsg, "soba:", NULL, 0));

	/* soba_unload() takes the client, then soba: a report for each */
	why = soba_unload();
	EXPECT_EQ(why, NULL);
	EXPECT_FALSE(soba_loaded());
	EXPECT_GE(kmsg_count(kmsg, "soba: leak:", line, sizeof(line)), 2);
	snprintf(frames, sizeof(frames), "%d frames", BLOCKS << ORDER);
	EXPECT_NE(strstr(line, frames), NULL)
		TH_LOG("%s not in: %s", frames, line);
	after = host_free();
	EXPECT_LE(after, before - LEAKED_KB + TOLERANCE)
		TH_LOG("frames in use went back to the host");
	EXPECT_GE(after, before - LEAKED_KB - TOLERANCE)
		TH_LOG("more is gone than what was leaked");

	/* the next soba has nothing to do with them */
	why = soba_load("");
	ASSERT_EQ(why, NULL);
	EXPECT_EQ(soba_meminfo("Used"), 0);
	CHECK_VALID();
	EXPECT_EQ(NULL, soba_restore());
}

static uint32_t forget_cache(int fd, const char *name)
{
	struct soba_test_object call = obj_init(SOBA_OBJ_FORGET);

	call.cache = cache_create(fd, name, 4000, 0, 0, 0);
	return call.cache && !obj_run(fd, &call) ? call.cache : 0;
}

/* One is empty, and all of it goes back; of the other some objects live on. */
TEST(client_forgets_caches)
{
	const char *why = soba_reload("");
	char line[512];
	int fd, kmsg, kmsg_live;
	uint32_t c, h;

	ASSERT_EQ(why, NULL)
		TH_LOG("%s", why);
	kmsg = kmsg_open();
	kmsg_live = kmsg_open();
	fd = device_open();
	ASSERT_GE(fd, 0);
	c = forget_cache(fd, "forgotten_empty");
	ASSERT_NE(c, 0);
	h = obj_cache_alloc(fd, c, SOBA_GFP_KERNEL, 2000);
	ASSERT_NE(h, 0);
	ASSERT_EQ(0, obj_free(fd, h));
	c = forget_cache(fd, "forgotten_full");
	ASSERT_NE(c, 0);
	h = obj_cache_alloc(fd, c, SOBA_GFP_KERNEL, 50);
	ASSERT_NE(h, 0);
	ASSERT_EQ(0, obj_op(fd, SOBA_OBJ_LEAVE, h, 0));
	close(fd);
	why = soba_unload();
	EXPECT_EQ(why, NULL);
	EXPECT_EQ(1, kmsg_count(kmsg, "soba: leak: cache forgotten_empty, size 4000, was never destroyed",
				NULL, 0));
	EXPECT_EQ(1, kmsg_count(kmsg_live, "soba: leak: 50 objects", line,
				sizeof(line)));
	EXPECT_NE(strstr(line, "of cache forgotten_full"), NULL)
		TH_LOG("%s", line);
	why = soba_load("");
	EXPECT_EQ(why, NULL);
	EXPECT_EQ(soba_meminfo("Used"), 0);
	CHECK_VALID();
	EXPECT_EQ(NULL, soba_restore());
}

/* An area is one leak, by who asked for it; soba's own tables for it are none. */
TEST(client_leaves_an_area)
{
	struct soba_vm vm = vm_init(SOBA_VM_LEAK);
	const char *why = soba_reload("");
	char line[512];
	int fd, kmsg;

	ASSERT_EQ(why, NULL)
		TH_LOG("%s", why);
	kmsg = kmsg_open();
	fd = device_open();
	ASSERT_GE(fd, 0);
	vm.handle = vm_alloc(fd, SOBA_VM_VMALLOC, 64 * PAGE, 1);
	ASSERT_NE(vm.handle, 0);
	ASSERT_EQ(0, vm_run(fd, &vm));
	close(fd);
	why = soba_unload();
	EXPECT_EQ(why, NULL);
	EXPECT_EQ(kmsg_count(kmsg, "soba: leak:", line, sizeof(line)), 2);
	EXPECT_NE(strstr(line, "64 frames"), NULL)
		TH_LOG("not 64 frames: %s", line);
	why = soba_load("");
	ASSERT_EQ(why, NULL);
	EXPECT_EQ(soba_meminfo("Used"), 0);
	CHECK_VALID();
	EXPECT_EQ(NULL, soba_restore());
}

TEST(client_that_frees_is_not_named)
{
	const char *why = soba_reload("");
	int fd, kmsg;

	ASSERT_EQ(why, NULL)
		TH_LOG("%s", why);
	kmsg = kmsg_open();
	fd = device_open();
	ASSERT_GE(fd, 0);
	page_alloc(fd, SOBA_GFP_KERNEL, 4);
	/* Cached, or in a block that soba keeps at hand, is not left behind. */
	EXPECT_NE(0, vm_alloc(fd, SOBA_VM_VMALLOC, 50 * PAGE, 3));
	EXPECT_NE(0, vm_alloc(fd, SOBA_VM_NETDEV_FRAG, 256, 30));
	close(fd);
	why = soba_unload();
	EXPECT_EQ(why, NULL);
	EXPECT_EQ(0, kmsg_count(kmsg, "soba: leak:", NULL, 0));
	why = soba_load("");
	EXPECT_EQ(why, NULL);
	EXPECT_EQ(NULL, soba_restore());
}

TEST_HARNESS_MAIN
