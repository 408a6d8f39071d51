// SPDX-License-Identifier: GPL-2.0
/*
 * cachestat.c - debugfs caches/<name>/: its files have the kernel's formats, its
 * counters are what a test has counted itself, and it goes with its cache
 * whoever is reading.
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "fixture.h"
#include "objlib.h"

#define K	SOBA_GFP_KERNEL
#define CACHES	DEBUGFS "/caches/"
/* The storm: caches that come and go, fewer where that is slow. */
#define STORM_CACHES	300
#define STORM_SECONDS	10

static const char *path_of(const char *dir, const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), CACHES "%s/%s", dir, file);
	return path;
}

/* `sum X0=a X1=b`: the sum, with the column of @index into @column. */
static long long figure(const char *dir, const char *file, char letter,
			int index, unsigned long long *column)
{
	char *text = file_text(path_of(dir, file)), *at;
	unsigned long long sum, rest = 0, n;
	char kind;
	int len, i;

	*column = 0;
	if (!text || sscanf(text, "%llu%n", &sum, &len) != 1) {
		free(text);
		return -1;
	}
	for (at = text + len; sscanf(at, " %c%d=%llu%n", &kind, &i, &n, &len) == 3;
	     at += len) {
		if (kind != letter || !n)
			break;
		rest += n;
		if (i == index)
			*column = n;
	}
	len = strcmp(at, "\n") || rest != sum;
	if (len)
		fprintf(stderr, "# %s: %s", file, text);
	free(text);
	return len ? -1 : (long long)sum;
}

static long long per_cpu(const char *dir, const char *file)
{
	unsigned long long column;

	return figure(dir, file, 'C', 0, &column);
}

static long long per_node(const char *dir, const char *file)
{
	unsigned long long column;

	return figure(dir, file, 'N', 0, &column);
}

static long long number(const char *dir, const char *file)
{
	char *text = file_text(path_of(dir, file));
	long long n = -1;
	char end = 0;

	if (!text || sscanf(text, "%lld%c", &n, &end) != 2 || end != '\n')
		n = -1;
	free(text);
	return n;
}

static long long allocs(const char *dir)
{
	return per_cpu(dir, "alloc_fastpath") + per_cpu(dir, "alloc_slowpath");
}

static long long frees(const char *dir)
{
	return per_cpu(dir, "free_fastpath") + per_cpu(dir, "free_slowpath");
}

TEST_F(soba, what_a_cache_is)
{
	static const struct {
		char file[20];
		long long value;
	} is[] = {
		{ "object_size", 100 }, { "aliases", 0 }, { "usersize", 0 },
		{ "reclaim_account", 1 }, { "hwcache_align", 1 },
		{ "cache_dma", 0 }, { "red_zone", 0 }, { "poison", 0 },
		{ "store_user", 0 }, { "sanity_checks", 0 },
		{ "destroy_by_rcu", 1 },
	};
	uint32_t c = cache_create(self->fd, "cachestat_is", 100, 0,
				  SOBA_SLAB_HWCACHE_ALIGN |
				  SOBA_SLAB_RECLAIM_ACCOUNT |
				  SOBA_SLAB_TYPESAFE_BY_RCU, 1);
	long long order, size, nr, align;
	unsigned int i;
	char *ctor;

	ASSERT_NE(c, 0);
	for (i = 0; i < ARRAY_SIZE(is); i++)
		EXPECT_EQ(number("cachestat_is", is[i].file), is[i].value)
			TH_LOG("%s", is[i].file);
	order = number("cachestat_is", "order");
	size = number("cachestat_is", "slab_size");
	nr = number("cachestat_is", "objs_per_slab");
	align = number("cachestat_is", "align");
	EXPECT_GE(align, 8);
	EXPECT_GE(size, 100);
	EXPECT_EQ(size % align, 0);
	EXPECT_GT(nr, 0);
	EXPECT_LE(nr * size, 4096LL << order);
	EXPECT_GE(number("cachestat_is", "min_partial"), 0);
	EXPECT_GE(number("cachestat_is", "cpu_partial"), 0);
	EXPECT_GT(number("cachestat_is", "mag_size"), 0);
	ctor = file_text(path_of("cachestat_is", "ctor"));
	EXPECT_TRUE(ctor && strstr(ctor, "[soba_test]\n"));
	free(ctor);
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* Every object that was handed out, and came back, is counted once. */
TEST_F(soba, counters_add_up)
{
	const char *name = "cachestat_sum";
	uint32_t c = cache_create(self->fd, name, 48, 0, 0, 0);
	static uint32_t handles[40];
	long long mine = 0, live = 0;
	uint64_t seed = 7;
	unsigned int i, k;

	ASSERT_NE(c, 0);
	for (i = 0; i < 400; i++) {
		k = random_next(&seed) % ARRAY_SIZE(handles);
		if (handles[k]) {
			struct soba_test_object q =
				obj_query(self->fd, handles[k], 0);

			live -= q.got;
			ASSERT_EQ(0, obj_free(self->fd, handles[k]));
			handles[k] = 0;
		} else {
			uint32_t nr = 1 + random_next(&seed) % 300;

			handles[k] = obj_cache_alloc(self->fd, c, K, nr);
			ASSERT_NE(handles[k], 0);
			mine += nr;
			live += nr;
		}
		if (i % 20)
			continue;
		EXPECT_EQ(allocs(name), mine);
		EXPECT_EQ(frees(name), mine - live);
		EXPECT_EQ(per_node(name, "objects"), live);
	}
	for (k = 0; k < ARRAY_SIZE(handles); k++)
		if (handles[k])
			ASSERT_EQ(0, obj_free(self->fd, handles[k]));
	EXPECT_EQ(allocs(name), mine);
	EXPECT_EQ(frees(name), mine);
	EXPECT_EQ(per_node(name, "objects"), 0);
	EXPECT_EQ(per_node(name, "alloc_slab") - per_node(name, "free_slab"),
		  per_node(name, "slabs"));
	EXPECT_EQ(per_node(name, "total_objects"),
		  per_node(name, "slabs") * number(name, "objs_per_slab"));
	EXPECT_EQ(per_node(name, "slabs"), per_node(name, "partial") +
					   per_node(name, "slabs_full") +
					   per_node(name, "slabs_empty"));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* A column is the CPU that made the call. */
TEST_F(soba, counters_know_their_cpu)
{
	const char *name = "cachestat_cpu";
	uint32_t c = cache_create(self->fd, name, 64, 0, 0, 0);
	struct soba_test_object call = obj_init(SOBA_OBJ_ALLOC);
	unsigned long long fast, slow, other = online_cpus() - 1;

	ASSERT_NE(c, 0);
	call.form = SOBA_OBJ_CACHE;
	call.cache = c;
	call.gfp = K;
	call.nr = 1000;
	call.cpu = 0;
	ASSERT_EQ(0, obj_run(self->fd, &call));
	ASSERT_NE(call.handle, 0);
	figure(name, "alloc_fastpath", 'C', 0, &fast);
	figure(name, "alloc_slowpath", 'C', 0, &slow);
	EXPECT_EQ(fast + slow, 1000);
	EXPECT_EQ(0, obj_free_form(self->fd, call.handle, SOBA_OBJ_FIT,
				   SOBA_OBJ_ALL, SOBA_CTX_PROCESS, other));
	figure(name, "free_fastpath", 'C', other, &fast);
	figure(name, "free_slowpath", 'C', other, &slow);
	EXPECT_EQ(fast + slow, 1000);
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

TEST_F(soba, counters_can_be_cleared)
{
	const char *name = "cachestat_clear";
	uint32_t c = cache_create(self->fd, name, 64, 0, 0, 0);
	uint32_t h = obj_cache_alloc(self->fd, c, K, 100);

	ASSERT_NE(h, 0);
	EXPECT_NE(0, file_write(path_of(name, "alloc_fastpath"), "1"));
	EXPECT_EQ(allocs(name), 100);
	EXPECT_EQ(0, file_write(path_of(name, "alloc_fastpath"), "0"));
	EXPECT_EQ(0, file_write(path_of(name, "alloc_slowpath"), "0"));
	EXPECT_EQ(allocs(name), 0);
	EXPECT_EQ(per_node(name, "objects"), 100);
	ASSERT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(frees(name), 100);
	h = obj_cache_alloc(self->fd, c, K, 3);
	EXPECT_EQ(allocs(name), 3);
	EXPECT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

TEST_F(soba, shrink_gives_back)
{
	const char *name = "cachestat_shrink";
	uint32_t c = cache_create(self->fd, name, 512, 0, 0, 0);
	uint32_t h = obj_cache_alloc(self->fd, c, K, 1000);

	ASSERT_NE(h, 0);
	ASSERT_EQ(0, obj_free(self->fd, h));
	EXPECT_NE(0, file_write(path_of(name, "shrink"), "0"));
	EXPECT_EQ(0, file_write(path_of(name, "shrink"), "1"));
	EXPECT_EQ(per_node(name, "slabs"), 0);
	EXPECT_EQ(per_node(name, "objects_cached"), 0);
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

TEST_F(soba, names_may_repeat)
{
	static const char *const dirs[] = {
		"cachestat_twin", "cachestat_twin:2", "cachestat_twin:3",
	};
	uint32_t c[3], h[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		c[i] = cache_create(self->fd, dirs[0], 64, 0, 0, 0);
		ASSERT_NE(c[i], 0);
		h[i] = obj_cache_alloc(self->fd, c[i], K, i + 1);
		EXPECT_EQ(per_node(dirs[i], "objects"), i + 1);
	}
	EXPECT_EQ(0, obj_free(self->fd, h[1]));
	EXPECT_EQ(0, cache_destroy(self->fd, c[1]));
	EXPECT_NE(0, access(path_of(dirs[1], "objects"), F_OK));
	EXPECT_EQ(per_node(dirs[2], "objects"), 3);
	c[1] = cache_create(self->fd, dirs[0], 64, 0, 0, 0);
	EXPECT_EQ(per_node(dirs[1], "objects"), 0);
	for (i = 0; i < 3; i++) {
		if (i != 1)
			EXPECT_EQ(0, obj_free(self->fd, h[i]));
		EXPECT_EQ(0, cache_destroy(self->fd, c[i]));
	}
}

TEST_F(soba, names_may_be_odd)
{
	static const char *const names[][2] = {
		{ "cachestat/a/b", "cachestat!a!b" }, { ".", "!." },
		{ "..", "!.." }, { "two words", "two words" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		uint32_t c = cache_create(self->fd, names[i][0], 64, 0, 0, 0);

		ASSERT_NE(c, 0);
		EXPECT_EQ(number(names[i][1], "object_size"), 64)
			TH_LOG("%s", names[i][1]);
		EXPECT_EQ(0, cache_destroy(self->fd, c));
	}
}

/* The files are gone with the cache, for those as well who have them open. */
TEST_F(soba, open_files_of_a_cache_that_goes)
{
	const char *name = "cachestat_open";
	uint32_t c = cache_create(self->fd, name, 64, 0, 0, 0);
	int half, fresh;
	char text[64];

	ASSERT_NE(c, 0);
	half = open(path_of(name, "alloc_fastpath"), O_RDWR);
	fresh = open(path_of(name, "objects"), O_RDONLY);
	ASSERT_GE(half, 0);
	ASSERT_GE(fresh, 0);
	EXPECT_EQ(1, read(half, text, 1));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
	EXPECT_EQ(-1, read(half, text, sizeof(text)));
	EXPECT_EQ(errno, EIO);
	EXPECT_EQ(-1, read(fresh, text, sizeof(text)));
	EXPECT_EQ(-1, write(half, "0", 1));
	EXPECT_EQ(0, close(half));
	EXPECT_EQ(0, close(fresh));
}

/* The records are as the kernel prints them; their sum is all live objects. */
TEST_F(soba, traces_of_a_watched_cache)
{
	const char *name = "cachestat_trace";
	uint32_t c = cache_create(self->fd, name, 64, 0, SOBA_SLAB_STORE_USER, 0);
	uint32_t h, other;
	char *text, *line, *save;
	long sum = 0;

	ASSERT_NE(c, 0);
	text = file_text(path_of(name, "alloc_traces"));
	EXPECT_STREQ(text, "No data\n");
	free(text);
	h = obj_cache_alloc(self->fd, c, K, 30);
	other = obj_form(self->fd, SOBA_OBJ_KMALLOC, 64, 0, K, 0);
	ASSERT_NE(h, 0);
	text = file_text(path_of(name, "alloc_traces"));
	ASSERT_NE(text, NULL);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char site[128];
		long n, pid;

		if (!strncmp(line, "        ", 8))
			continue;
		EXPECT_EQ(3, sscanf(line, "%7ld %127s [soba_test] age=%*[0-9/] pid=%ld",
				    &n, site, &pid))
			TH_LOG("%s", line);
		sum += n;
	}
	EXPECT_EQ(sum, 30);
	free(text);
	text = file_text(path_of(name, "free_traces"));
	ASSERT_NE(text, NULL);
	EXPECT_NE(strstr(text, "<not-available>"), NULL);
	free(text);
	EXPECT_EQ(0, obj_free(self->fd, h));
	EXPECT_EQ(0, obj_free(self->fd, other));
	EXPECT_EQ(0, cache_destroy(self->fd, c));
}

/* Reads every file of every directory there is; they may be gone on the way. */
static unsigned int read_all(void)
{
	DIR *top = opendir(CACHES);
	struct dirent *d, *f;
	unsigned int files = 0;

	while (top && (d = readdir(top))) {
		char path[600];
		DIR *dir;

		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), CACHES "%s", d->d_name);
		dir = opendir(path);
		while (dir && (f = readdir(dir))) {
			char part[200];
			int fd;

			if (f->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), CACHES "%s/%s", d->d_name,
				 f->d_name);
			fd = open(path, O_RDONLY);
			if (fd < 0)
				continue;
			while (read(fd, part, sizeof(part)) > 0)
				files++;
			close(fd);
		}
		if (dir)
			closedir(dir);
	}
	if (top)
		closedir(top);
	return files;
}

TEST_F(soba, files_in_a_storm)
{
	time_t end = time(NULL) + STORM_SECONDS;
	unsigned int i;
	int status;
	pid_t pid = fork();

	if (!pid) {
		for (;;)
			read_all();
	}
	ASSERT_GT(pid, 0);
	for (i = 0; i < STORM_CACHES && (i < 20 || time(NULL) < end); i++) {
		uint32_t c = cache_create(self->fd, "cachestat_storm", 64, 0,
					  i % 2 ? SOBA_SLAB_STORE_USER : 0, 0);

		ASSERT_NE(c, 0);
		obj_free(self->fd, obj_cache_alloc(self->fd, c, K, 100));
		EXPECT_EQ(0, cache_destroy(self->fd, c));
	}
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_GT(read_all(), 1000);
}

TEST_HARNESS_MAIN
