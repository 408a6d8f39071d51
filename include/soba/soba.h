/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that soba offers: include this one.
 */
#ifndef SOBA_SOBA_H
#define SOBA_SOBA_H

#include <soba/pages.h>

#endif /* SOBA_SOBA_H */
