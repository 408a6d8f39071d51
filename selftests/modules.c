// SPDX-License-Identifier: GPL-2.0
/*
 * modules.c - loads and unloads soba.ko and soba_test.ko from inside a test.
 * Where the files are: SOBA_KO and SOBA_TEST_KO, else /modules.
 *
 * Locking: none; one test at a time may do this.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "testlib.h"

static char original[512];	/* parameters soba was loaded with at first */
static bool changed;

#define LOADED_WITH_MAX 128

static const char *module_path(const char *variable, const char *otherwise)
{
	const char *path = getenv(variable);

	return path && *path ? path : otherwise;
}

static const char *soba_path(void)
{
	return module_path("SOBA_KO", "/modules/soba.ko");
}

static const char *client_path(void)
{
	return module_path("SOBA_TEST_KO", "/modules/soba_test.ko");
}

static int module_insert(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return ret;
}

/* A reference may be held for a moment: by udev, by whoever reads a file. */
static int module_remove(const char *name)
{
	unsigned int i;

	for (i = 0; i < 50; i++) {
		if (!syscall(SYS_delete_module, name, O_NONBLOCK))
			return 0;
		if (errno == ENOENT)
			return 0;
		if (errno != EAGAIN && errno != EBUSY && errno != EWOULDBLOCK)
			return -errno;
		usleep(100000);
	}
	return -EBUSY;
}

bool soba_loaded(void)
{
	return !access("/sys/module/soba", F_OK);
}

bool soba_files(void)
{
	return !access(soba_path(), R_OK) && !access(client_path(), R_OK);
}

/*
 * What soba was loaded with last, for soba_reload_once(). Tests are processes of
 * their own: they share it.
 */
static char *loaded_with;

static void note_loaded(const char *parameters)
{
	if (loaded_with)
		snprintf(loaded_with, LOADED_WITH_MAX, "%s", parameters);
}

const char *soba_unload(void)
{
	note_loaded("?");
	if (module_remove("soba_test"))
		return "soba_test.ko cannot be unloaded";
	if (module_remove("soba"))
		return "soba.ko cannot be unloaded: it has other clients";
	return NULL;
}

const char *soba_load(const char *parameters)
{
	if (module_insert(soba_path(), parameters))
		return "soba.ko cannot be loaded";
	if (module_insert(client_path(), ""))
		return "soba_test.ko cannot be loaded";
	return NULL;
}

/* "reserve=4M limit=0 ...", as sysfs shows them. */
static void remember_parameters(void)
{
	static const char *const names[] = { "reserve", "limit", "chunk_order" };
	size_t i, len = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128], *text;

		snprintf(path, sizeof(path),
			 "/sys/module/soba/parameters/%s", names[i]);
		text = file_text(path);
		if (!text)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (*text)
			len += snprintf(original + len, sizeof(original) - len,
					"%s=%s ", names[i], text);
		free(text);
	}
}

const char *soba_reload(const char *parameters)
{
	const char *why;

	if (!changed)
		remember_parameters();
	why = soba_unload();
	if (why)
		return why;
	changed = true;
	return soba_load(parameters);
}

const char *soba_reload_once(const char *parameters)
{
	const char *why = NULL;

	if (!loaded_with || strcmp(loaded_with, parameters))
		why = soba_reload(parameters);
	if (!why)
		note_loaded(parameters);
	return why;
}

const char *soba_restore(void)
{
	const char *why = NULL;

	if (!changed)
		return NULL;
	why = soba_unload();
	if (!why)
		why = soba_load(original);
	changed = why;
	return why;
}

static pid_t first;

static void restore(void)
{
	const char *why;

	if (getpid() != first)
		return;
	changed = true;
	why = soba_restore();
	if (why)
		printf("# %s\n", why);
}

void soba_restore_at_exit(void)
{
	void *p = mmap(NULL, LOADED_WITH_MAX, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		loaded_with = p;
	note_loaded("?");
	remember_parameters();
	first = getpid();
	atexit(restore);
}
