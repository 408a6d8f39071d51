// SPDX-License-Identifier: GPL-2.0
/*
 * slabstat.c - slabinfo, meminfo, pagemap and the tracepoints tell of objects
 * what a test knows that it allocated, also while caches come and go.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "fixture.h"
#include "objlib.h"

#define K	SOBA_GFP_KERNEL
#define EVENTS	"/sys/kernel/tracing/events/soba/"
#define TRACE	"/sys/kernel/tracing/trace"

struct row {
	char name[80];
	unsigned long active, objects, size, per_slab, pages;
	unsigned long active_slabs, slabs;
};

/* One row, exactly as the kernel prints it. */
static bool parse_row(const char *line, struct row *r)
{
	char again[256];

	if (sscanf(line, "%79s %lu %lu %lu %lu %lu : tunables 0 0 0 : slabdata %lu %lu 0",
		   r->name, &r->active, &r->objects, &r->size, &r->per_slab,
		   &r->pages, &r->active_slabs, &r->slabs) != 8)
		return false;
	snprintf(again, sizeof(again),
		 "%-17s %6lu %6lu %6lu %4lu %4lu : tunables %4u %4u %4u : slabdata %6lu %6lu %6u",
		 r->name, r->active, r->objects, r->size, r->per_slab,
		 r->pages, 0, 0, 0, r->active_slabs, r->slabs, 0);
	return !strcmp(line, again);
}

/* Rows of @name in slabinfo, the first of them into @r; -1: a line is wrong. */
static int find_row(const char *name, struct row *r)
{
	char *text = file_text(PROC "/slabinfo"), *line, *save;
	struct row one;
	int found = 0, nr = 0;

	if (!text)
		return -1;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save), nr++) {
		if (nr < 2)
			continue;
		if (!parse_row(line, &one)) {
			fprintf(stderr, "# line %d: '%s'\n", nr, line);
			found = -1;
			break;
		}
		if (strcmp(one.name, name))
			continue;
		if (!found++)
			*r = one;
	}
	free(text);
	return found;
}

TEST_F(soba, slabinfo_header)
{
	static const char *const parts[] = {
		"slabinfo - version: 2.1\n",
		"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>",
		" : tunables <limit> <batchcount> <sharedfactor>",
		" : slabdata <active_slabs> <num_slabs> <sharedavail>\n",
	};
	char *text = file_text(PROC "/slabinfo"), *at = text;
	unsigned int i;
	struct row r;

	ASSERT_NE(text, NULL);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		EXPECT_EQ(0, strncmp(at, parts[i], strlen(parts[i])))
			TH_LOG("%.80s", at);
		at += strlen(parts[i]);
	}
	free(text);
	EXPECT_EQ(1, find_row("kmalloc-64", &r));
	EXPECT_EQ(r.size, 64);
}

TEST_F(soba, slabinfo_counts_objects)
{
	static const uint32_t nr[] = { 1, 2, 63, 64, 65, 1000, 4321 };
	uint32_t c = cache_create(self->fd, "slabstat_count", 200, 8, 0, 0);
	uint32_t handles[ARRAY_SIZE(nr)];
	unsigned long mine = 0;
	unsigned int i;
	struct row r;

	ASSERT_NE(c, 0);
	for (i = 0; i < ARRAY_SIZE(nr); i++) {
		handles[i] = obj_cache_alloc(self->fd, c, K, nr[i]);
		ASSERT_NE(handles[i], 0);
		mine += nr[i];
		ASSERT_EQ(1, find_row("slabstat_count", &r));
		EXPECT_EQ(r.active, mine);
		EXPECT_GE(r.objects, mine);
		EXPECT_EQ(r.size, 200);
		EXPECT_EQ(r.objects, r.slabs * r.per_slab);
		EXPECT_LE(r.per_slab * r.size, r.pages * 4096);
		EXPECT_GE(r.active_slabs * r.per_slab, mine);
		EXPECT_LE(r.active_slabs, r.slabs);
	}
	for (i = 0; i < ARRAY_SIZE(nr); i++) {
		ASSERT_EQ(0, obj_free(self->fd, handles[i]));
		mine -= nr[i];
		ASSERT_EQ(1, find_row("slabstat_count", &r));
		EXPECT_EQ(r.active, mine);
	}
	EXPECT_EQ(0, cache_shrink(self->fd, c));
	ASSERT_EQ(1, find_row("slabstat_count", &r));
	EXPECT_EQ(r.slabs, 0);
	EXPECT_EQ(0, cache_destroy(self->fd, c));
	EXPECT_EQ(0, find_row("slabstat_count", &r));
}

/* Who splits a row at blanks must find its columns. */
TEST_F(soba, slabinfo_names_are_words)
{
	uint32_t c = cache_create(self->fd, "two words\tand\nmore", 64, 0, 0, 0);
	struct row r;

	ASSERT_NE(c, 0);
	EXPECT_EQ(1, find_row("two_words_and_more", &r));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* Objects keep a destroyed cache's row, and the same name begins anew. */
TEST_F(soba, slabinfo_of_a_tombstone)
{
	uint32_t c = cache_create(self->fd, "slabstat_tomb", 64, 0, 0, 0), h;
	struct row r;

	ASSERT_NE(c, 0);
	h = obj_cache_alloc(self->fd, c, K, 7);
	ASSERT_NE(h, 0);
	EXPECT_EQ(7, cache_destroy(self->fd, c));
	EXPECT_EQ(1, find_row("slabstat_tomb", &r));
	EXPECT_EQ(r.active, 7);
	c = cache_create(self->fd, "slabstat_tomb", 64, 0, 0, 0);
	ASSERT_NE(c, 0);
	EXPECT_EQ(2, find_row("slabstat_tomb", &r));
	EXPECT_EQ(r.active, 0);
	EXPECT_EQ(0, cache_destroy(self->fd, c));
	EXPECT_EQ(1, find_row("slabstat_tomb", &r));
	EXPECT_EQ(r.active, 7);
	EXPECT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, find_row("slabstat_tomb", &r));
}

/* Creates and destroys caches, and allocates in them, until it is killed. */
static void storm(void)
{
	int fd = device_open();
	unsigned int n;

	for (n = 0; getppid() != 1; n++) {
		uint32_t c[8];
		char name[32];
		unsigned int i;

		for (i = 0; i < ARRAY_SIZE(c); i++) {
			snprintf(name, sizeof(name), "storm-%u", (n + i) % 11);
			c[i] = cache_create(fd, name, 24 << i % 5, 0, 0, 0);
		}
		for (i = 0; i < ARRAY_SIZE(c); i++)
			obj_free(fd, obj_cache_alloc(fd, c[i], K, 50 + n % 50));
		for (i = 0; i < ARRAY_SIZE(c); i++)
			cache_destroy(fd, c[(i * 3 + n) % ARRAY_SIZE(c)]);
	}
	_exit(0);
}

TEST_F(soba, slabinfo_in_a_storm)
{
	uint32_t c = cache_create(self->fd, "slabstat_calm", 96, 0, 0, 0);
	uint32_t h = obj_cache_alloc(self->fd, c, K, 123);
	unsigned int i;
	struct row r;
	int status;
	pid_t pid;

	ASSERT_NE(h, 0);
	pid = fork();
	if (!pid)
		storm();
	ASSERT_GT(pid, 0);
	for (i = 0; i < 60; i++) {
		ASSERT_EQ(1, find_row("slabstat_calm", &r))
			TH_LOG("reading %u", i);
		EXPECT_EQ(r.active, 123);
		EXPECT_GT(soba_meminfo("Slab"), 0);
	}
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* slabtop reads /proc/slabinfo: it is shown ours in a namespace of its own. */
TEST_F(soba, slabtop_shows_it)
{
	uint32_t c = cache_create(self->fd, "slabstat_top", 512, 0, 0, 0);
	uint32_t h = obj_cache_alloc(self->fd, c, K, 20000);
	char line[256];
	bool seen = false;
	FILE *top;

	ASSERT_NE(h, 0);
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount(PROC "/slabinfo", "/proc/slabinfo", NULL, MS_BIND,
			   NULL));
	top = popen("TERM=linux slabtop -o -s c 2>&1", "r");
	ASSERT_NE(top, NULL);
	while (fgets(line, sizeof(line), top)) {
		unsigned long objects, active;

		if (!strstr(line, "slabstat_top"))
			continue;
		seen = true;
		EXPECT_EQ(2, sscanf(line, "%lu %lu", &objects, &active));
		EXPECT_EQ(active, 20000);
		EXPECT_GE(objects, 20000);
	}
	if (WEXITSTATUS(pclose(top)) == 127)
		SKIP(goto out, "the guest has no slabtop");
	EXPECT_TRUE(seen);
out:
	EXPECT_EQ(0, umount2("/proc/slabinfo", MNT_DETACH));
	EXPECT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

TEST_F(soba, meminfo_slab_rows)
{
	uint32_t c = cache_create(self->fd, "slabstat_mem", 1024, 0,
				  SOBA_SLAB_RECLAIM_ACCOUNT, 0);
	long long reclaim = soba_meminfo("SReclaimable");
	long long fixed = soba_meminfo("SUnreclaim");
	struct row r;
	uint32_t h;

	ASSERT_NE(c, 0);
	EXPECT_EQ(soba_meminfo("Slab"), reclaim + fixed);
	h = obj_cache_alloc(self->fd, c, K, 1000);
	ASSERT_NE(h, 0);
	ASSERT_EQ(1, find_row("slabstat_mem", &r));
	EXPECT_EQ(soba_meminfo("SReclaimable"), reclaim + 4 * r.slabs * r.pages);
	EXPECT_EQ(soba_meminfo("Slab"), soba_meminfo("SReclaimable") +
					soba_meminfo("SUnreclaim"));
	EXPECT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
	EXPECT_EQ(soba_meminfo("SReclaimable"), reclaim);
}

/* Every frame of a cache's slabs has its name in pagemap. */
TEST_F(soba, pagemap_names_caches)
{
	uint32_t c = cache_create(self->fd, "slabstat map", 300, 0, 0, 0);
	uint32_t h = obj_cache_alloc(self->fd, c, K, 500);
	char *text, *line, *save;
	unsigned long frames = 0;
	struct row r;

	ASSERT_NE(h, 0);
	text = file_text(DEBUGFS "/pagemap");
	ASSERT_NE(text, NULL);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (strstr(line, " slab:slabstat_map ")) {
			frames++;
			EXPECT_NE(strstr(line, " owned "), NULL)
				TH_LOG("%s", line);
		}
	free(text);
	ASSERT_EQ(1, find_row("slabstat_map", &r));
	EXPECT_EQ(frames, r.slabs * r.pages);
	EXPECT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* Lines of the trace with all three words. */
static unsigned int traced(const char *event, const char *word,
			   const char *other)
{
	char *text = file_text(TRACE), *line, *save;
	unsigned int n = 0;

	if (!text)
		return 0;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		n += strstr(line, event) && strstr(line, word) &&
		     strstr(line, other);
	free(text);
	return n;
}

static void switch_events(struct __test_metadata *_metadata, const char *value)
{
	static const char *const names[] = {
		"soba_kmalloc", "soba_kfree", "soba_cache_alloc",
		"soba_cache_free",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char path[96];

		snprintf(path, sizeof(path), EVENTS "%s/enable", names[i]);
		ASSERT_EQ(0, file_write(path, value))
			TH_LOG("%s", path);
	}
}

TEST_F(soba, tracepoints_of_objects)
{
	static const char here[] = "[soba_test]";
	uint32_t c = cache_create(self->fd, "slabstat_trace", 40, 0, 0, 0);
	uint32_t h, o;

	ASSERT_NE(c, 0);
	ASSERT_EQ(0, file_write(TRACE, "\n"));
	switch_events(_metadata, "1");
	h = obj_kmalloc(self->fd, 77, K, 12);
	EXPECT_EQ(0, obj_free(self->fd, h));
	o = obj_cache_alloc(self->fd, c, K, 9);
	EXPECT_EQ(0, obj_free(self->fd, o));
	switch_events(_metadata, "0");
	EXPECT_EQ(12, traced("soba_kmalloc: ptr=", " bytes_req=77 bytes_alloc=80 ",
			     here));
	EXPECT_EQ(12, traced("soba_kmalloc: ptr=", "gfp_flags=GFP_KERNEL", here));
	EXPECT_EQ(12, traced("soba_kfree: ptr=", " caller=", here));
	EXPECT_EQ(9, traced("soba_cache_alloc: ptr=",
			    " name=slabstat_trace bytes=40 ", here));
	EXPECT_EQ(9, traced("soba_cache_free: ptr=", " name=slabstat_trace ",
			    here));
	/* off again: nothing more */
	EXPECT_EQ(0, obj_free(self->fd, obj_kmalloc(self->fd, 77, K, 5)));
	EXPECT_EQ(12, traced("soba_kmalloc: ptr=", "bytes_req=77", here));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

TEST_HARNESS_MAIN
