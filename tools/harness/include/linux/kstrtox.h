/* SPDX-License-Identifier: GPL-2.0 */
/* kstrtox.h - harness: the parsers are with the module parameters. */
#include <linux/moduleparam.h>
