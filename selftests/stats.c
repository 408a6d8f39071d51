// SPDX-License-Identifier: GPL-2.0
/*
 * stats.c - what people read is in the kernel's formats and agrees with what a
 * test knows that it allocated.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fixture.h"

#define K SOBA_GFP_KERNEL

/* Lines of buddyinfo, each checked; the sum of its free frames, or -1. */
static long long buddyinfo_frames(struct __test_metadata *_metadata)
{
	char *text = file_text(PROC "/buddyinfo"), *line, *save;
	long long frames = 0;

	if (!text)
		return -1;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned int node, order = 0;
		int at = 0, len;
		char zone[9];
		unsigned long n;

		EXPECT_EQ(2, sscanf(line, "Node %u, zone %8s %n", &node, zone, &at))
			TH_LOG("line: %s", line);
		EXPECT_EQ(line[22], ' ');	/* "Node %d, zone %8s " */
		for (; sscanf(line + at, "%lu%n", &n, &len) == 1; at += len)
			frames += (long long)n << order++;
		EXPECT_GE(order, 11)
			TH_LOG("%u orders in: %s", order, line);
	}
	free(text);
	return frames;
}

TEST_F(soba, buddyinfo_adds_up_to_free)
{
	cpu_pin(0);
	ASSERT_EQ(0, page_free(self->fd, page_alloc(self->fd, K, 3)));
	EXPECT_EQ(buddyinfo_frames(_metadata) * 4, soba_meminfo("Free"));
}

/* The trimmer and the grower may come between the readings: not each time. */
static bool meminfo_adds_up(void)
{
	unsigned int tries;

	for (tries = 0; tries < 50; tries++) {
		if (soba_meminfo("Held") == soba_meminfo("Free") +
		    soba_meminfo("PcpFree") + soba_meminfo("AreaCached") +
		    soba_meminfo("Used"))
			return true;
		usleep(20000);
	}
	return false;
}

/* Every frame is free, on a CPU's list, pinned, or in use. */
TEST_F(soba, meminfo_adds_up)
{
	static __u32 handles[700];
	unsigned int order;

	for (order = 0; order <= 5; order++) {
		long long used = soba_meminfo("Used");
		size_t nr = page_alloc_all(self->fd, K, order, handles, 100);

		EXPECT_EQ(soba_meminfo("Used") - used, (long long)nr << order << 2)
			TH_LOG("order %u", order);
		EXPECT_TRUE(meminfo_adds_up())
			TH_LOG("Held %lld", soba_meminfo("Held"));
		page_free_all(self->fd, handles, nr);
		EXPECT_EQ(soba_meminfo("Used"), used);
	}
	EXPECT_GT(soba_meminfo("Metadata"), 0);
}

TEST_F(soba, zoneinfo_format)
{
	static const char *const fields[] = {
		"\n  pages free     ", "\n        min      ",
		"\n        low      ", "\n        high     ",
		"\n        spanned  ", "\n        present  ",
		"\n        managed  ",
	};
	__u32 h = page_alloc(self->fd, K, 0);
	char *text = file_text(PROC "/zoneinfo"), *zone;
	unsigned long min, low, high;
	unsigned int i, zones = 0;

	ASSERT_NE(h, 0);
	ASSERT_NE(text, NULL);
	for (zone = text; (zone = strstr(zone, "Node ")); zone++, zones++) {
		char *next = strstr(zone + 1, "Node ");
		char *at = zone;

		for (i = 0; i < ARRAY_SIZE(fields); i++) {
			at = strstr(at, fields[i]);
			ASSERT_NE(at, NULL)
				TH_LOG("missing '%s'", fields[i] + 1);
			if (next)
				ASSERT_LT(at, next);
		}
		at = strstr(zone, fields[1]);
		ASSERT_EQ(3, sscanf(at, " min %lu low %lu high %lu", &min, &low,
				    &high));
		EXPECT_LE(min, low);
		EXPECT_LE(low, high);
	}
	EXPECT_GT(zones, 0);
	free(text);
}

/* Counters of calls against the test's own count. */
TEST_F(soba, events_count_every_block)
{
	static __u32 handles[1000];
	long long allocs = soba_event("page_alloc");
	long long frees = soba_event("page_free");
	long long mine = 0;
	unsigned int order;

	ASSERT_GE(allocs, 0);
	for (order = 0; order <= 6; order++) {
		size_t nr = page_alloc_all(self->fd, K, order, handles, 150);

		mine += nr;
		page_free_all(self->fd, handles, nr);
	}
	EXPECT_EQ(soba_event("page_alloc") - allocs, mine);
	EXPECT_EQ(soba_event("page_free") - frees, mine);
}

TEST_F(soba, events_names)
{
	static const char names[][20] = {
		"page_alloc", "page_free", "chunk_take", "chunk_return",
		"chunk_take_fail", "pcp_refill", "pcp_drain", "pcp_nested", "pcp_missing",
		"grow_wake", "alloc_fail", "pinned", "stray_put",
	};
	char *text = file_text(DEBUGFS "/events"), *line, *save;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_GE(soba_event(names[i]), 0)
			TH_LOG("no counter %s", names[i]);
	ASSERT_NE(text, NULL);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char name[64], again[96];
		unsigned long long value;

		ASSERT_EQ(2, sscanf(line, "%63s %llu", name, &value));
		snprintf(again, sizeof(again), "%-24s %llu", name, value);
		EXPECT_STREQ(again, line);
	}
	free(text);
}

/*
 * A file while no chunk came or went: the background worker still trims what
 * earlier tests have freed.
 */
static char *settled_text(const char *path, long long *held, long long *unused)
{
	char *text = NULL;

	do {
		free(text);
		usleep(20000);
		*held = soba_meminfo("Held");
		*unused = soba_meminfo("Free");
		text = file_text(path);
	} while (text && (soba_meminfo("Held") != *held ||
			  soba_meminfo("Free") != *unused));
	return text;
}

/* The frames of a block that a test holds, as pagemap tells them. */
TEST_F(soba, pagemap_names_our_frames)
{
	__u32 h = page_alloc(self->fd, K, 3);
	struct soba_test_call q = page_query(self->fd, h, 0);
	unsigned int lines = 0, alloc = 0;
	char *text, *line, *save;
	long long held, unused;

	ASSERT_NE(h, 0);
	text = settled_text(DEBUGFS "/pagemap", &held, &unused);
	ASSERT_NE(text, NULL);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned long long pfn;

		if (sscanf(line, "0x%llx", &pfn) != 1)
			continue;
		lines++;
		if (pfn < q.pfn || pfn >= q.pfn + 8)
			continue;
		if (strstr(line, " alloc 3 "))
			alloc++;
		else
			TH_LOG("line: %s", line);
	}
	EXPECT_EQ(alloc, 8);
	EXPECT_EQ(lines, held / 4);
	free(text);
	ASSERT_EQ(0, page_free(self->fd, h));
}

TEST_F(soba, chunks_cover_what_is_held)
{
	static __u32 handles[3000];
	size_t nr = page_alloc_all(self->fd, K, 0, handles, ARRAY_SIZE(handles));
	struct soba_test_call q = page_query(self->fd, handles[0], 0);
	long long frames = 0, free_frames = 0, held, total_free;
	char *text, *line, *save;
	bool found = false;

	ASSERT_GT(nr, 0);
	text = settled_text(DEBUGFS "/chunks", &held, &total_free);
	ASSERT_NE(text, NULL);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned long long first, last;
		long long unused;
		int node;

		if (*line == '#')
			continue;
		ASSERT_EQ(4, sscanf(line, "%d %*s 0x%llx-0x%llx %*d %lld",
				    &node, &first, &last, &unused))
			TH_LOG("line: %s", line);
		frames += last - first + 1;
		free_frames += unused;
		if (q.pfn >= first && q.pfn <= last) {
			found = true;
			EXPECT_EQ(node, q.nid);
		}
	}
	EXPECT_EQ(frames * 4, held);
	EXPECT_EQ(free_frames * 4, total_free);
	EXPECT_TRUE(found);
	free(text);
	page_free_all(self->fd, handles, nr);
}

TEST_F(soba, shrink_and_validate)
{
	char why[160];

	EXPECT_EQ(0, file_write(DEBUGFS "/shrink", "1"));
	EXPECT_NE(0, file_write(DEBUGFS "/shrink", "2"));
	EXPECT_NE(0, file_write(DEBUGFS "/shrink", "garbage"));
	EXPECT_TRUE(soba_valid(why, sizeof(why)));
}

/* What lies idle goes when the host's reclaim comes round, unless soba is faster. */
TEST_F(soba, host_reclaim_is_served)
{
	long long called = soba_event("shrink_call"), asked, reserve;
	long long returned = soba_event("chunk_return");
	static __u32 handles[64];
	unsigned int tries;

	reserve = soba_meminfo("Reserve");
	for (tries = 0; tries < 5; tries++) {
		asked = soba_event("shrink_ask");
		page_free_all(self->fd, handles,
			      page_alloc_all(self->fd, K, 6, handles,
					     ARRAY_SIZE(handles)));
		ASSERT_EQ(0, file_write("/proc/sys/vm/drop_caches", "2"));
		EXPECT_GT(soba_event("shrink_ask"), asked);
		EXPECT_GE(soba_meminfo("Held"), reserve);
		if (soba_event("shrink_call") > called &&
		    soba_event("chunk_return") > returned)
			break;
	}
	EXPECT_GT(soba_event("shrink_call"), called);
	EXPECT_GT(soba_event("chunk_return"), returned);
}

static const char *const all_files[] = {
	PROC "/buddyinfo", PROC "/zoneinfo", PROC "/meminfo",
	DEBUGFS "/events", DEBUGFS "/errors", DEBUGFS "/chunks",
	DEBUGFS "/pagemap", DEBUGFS "/validate",
};

TEST_F(soba, root_only)
{
	struct stat st;
	unsigned int i;
	int status = 0;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(all_files); i++) {
		ASSERT_EQ(0, stat(all_files[i], &st))
			TH_LOG("%s is missing", all_files[i]);
		EXPECT_EQ(st.st_mode & 07777, 0400)
			TH_LOG("%s has mode %o", all_files[i], st.st_mode & 07777);
	}
	ASSERT_EQ(0, stat(DEBUGFS "/shrink", &st));
	EXPECT_EQ(st.st_mode & 0177, 0);
	ASSERT_EQ(0, stat(DEBUGFS "/zones", &st));
	EXPECT_TRUE(S_ISDIR(st.st_mode));
	pid = fork();
	if (!pid) {
		for (i = 0; setuid(65534) == 0 && i < ARRAY_SIZE(all_files); i++)
			if (open(all_files[i], O_RDONLY) >= 0)
				_exit(1);
		_exit(open(DEVICE, O_RDWR) >= 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(status, 0);
}

/* Files are read from any offset and by halves while pages come and go. */
TEST_F(soba, readers_while_pages_move)
{
	pid_t pid = fork();
	unsigned int i, k;
	int status;

	if (!pid) {
		static __u32 handles[2000];
		int fd = device_open();

		for (;;) {
			size_t nr = page_alloc_all(fd, K | SOBA_GFP_NOWARN,
						   rand() % 4, handles, 500);

			page_free_all(fd, handles, nr);
			file_write(DEBUGFS "/shrink", "1");
			if (getppid() == 1)
				_exit(0);
		}
	}
	ASSERT_GT(pid, 0);
	for (i = 0; i < 10; i++) {
		for (k = 0; k < ARRAY_SIZE(all_files); k++) {
			char part[97];
			int fd = open(all_files[k], O_RDONLY);
			unsigned int n = 0;

			ASSERT_GE(fd, 0);
			while (read(fd, part, 1 + n % sizeof(part)) > 0 && n < 3000)
				n++;
			lseek(fd, 100000, SEEK_SET);
			EXPECT_GE(read(fd, part, sizeof(part)), 0);
			close(fd);
		}
		CHECK_VALID();
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

TEST_HARNESS_MAIN
