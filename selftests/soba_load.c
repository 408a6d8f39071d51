// SPDX-License-Identifier: GPL-2.0
/*
 * soba_load.c - asks the kernel once to load a module. busybox's insmod asks
 * twice, in two ways, when the first is refused: two reports for one mistake.
 *
 * usage: soba_load FILE [PARAMETER...]
 *
 * Locking: none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
	char parameters[1024] = "";
	int fd, i;

	if (argc < 2) {
		fprintf(stderr, "usage: soba_load FILE [PARAMETER...]\n");
		return 2;
	}
	for (i = 2; i < argc; i++) {
		size_t len = strlen(parameters);

		snprintf(parameters + len, sizeof(parameters) - len, "%s ",
			 argv[i]);
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		perror(argv[1]);
		return 2;
	}
	if (syscall(SYS_finit_module, fd, parameters, 0)) {
		perror("finit_module");
		return 1;
	}
	return 0;
}
