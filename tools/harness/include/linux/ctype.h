/* SPDX-License-Identifier: GPL-2.0 */
/* ctype.h - harness: libc's will do. */
#include <ctype.h>
