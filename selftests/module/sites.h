/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sites.h - makes 128 cases of a call, each with a return address of its own.
 * The empty asm has the site's number in its text: it keeps the compiler from
 * folding the cases into one call, and from making a tail call of it.
 *
 * Locking: none.
 */
#ifndef SOBA_TEST_SITES_H
#define SOBA_TEST_SITES_H

#include <linux/stringify.h>

#define SITE_MARK(n) asm volatile("# soba_test site " __stringify(n))

#define SITES_4(X, n)	X(n##0) X(n##1) X(n##2) X(n##3)
#define SITES_8(X, n)	SITES_4(X, n) X(n##4) X(n##5) X(n##6) X(n##7)
#define SITES_64(X, n)	SITES_8(X, n##0) SITES_8(X, n##1) SITES_8(X, n##2) \
			SITES_8(X, n##3) SITES_8(X, n##4) SITES_8(X, n##5) \
			SITES_8(X, n##6) SITES_8(X, n##7)
/* octal numbers, 0000 to 0177 */
#define SITES(X)	SITES_64(X, 00) SITES_64(X, 01)

#endif /* SOBA_TEST_SITES_H */
