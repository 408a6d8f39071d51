/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fixture.h - the fixture of soba's kselftest_harness.h programs. Every test
 * has the device to itself, and must leave soba's structures valid.
 *
 * Locking: none.
 */
#ifndef SOBA_FIXTURE_H
#define SOBA_FIXTURE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testlib.h"

/* An emulated machine is slow, and a limit that is met proves nothing. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 600

#define CHECK_VALID()							\
	do {								\
		char why_[160];						\
									\
		EXPECT_TRUE(soba_valid(why_, sizeof(why_)))		\
			TH_LOG("validator: %s", why_);			\
	} while (0)

/*
 * Before main(): with nothing to test, the whole program is one skip. A SKIP()
 * in a fixture's setup does not keep a 6.1 harness from running the test.
 */
static void __attribute__((constructor)) skip_without_device(void)
{
	if (!access(DEVICE, R_OK | W_OK))
		return;
	ksft_print_header();
	ksft_exit_skip("no " DEVICE ": soba_test.ko is not loaded, or not root\n");
}

/* The same, for the constructor of a program that loads the modules itself. */
static inline void skip_without_files(void)
{
	if (soba_files())
		return;
	ksft_print_header();
	ksft_exit_skip("no module files: set SOBA_KO and SOBA_TEST_KO\n");
}

FIXTURE(soba) {
	int fd;
	int kmsg;
	struct soba_test_info info;
};

FIXTURE_SETUP(soba)
{
	self->fd = device_open();
	ASSERT_GE(self->fd, 0);
	self->info = device_info(self->fd);
	ASSERT_EQ(self->info.version, SOBA_TEST_VERSION);
	self->kmsg = kmsg_open();
	ASSERT_GE(self->kmsg, 0);
}

FIXTURE_TEARDOWN(soba)
{
	close(self->fd);
	close(self->kmsg);
	CHECK_VALID();
}

#endif /* SOBA_FIXTURE_H */
