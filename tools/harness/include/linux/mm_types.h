/* SPDX-License-Identifier: GPL-2.0 */
/* mm_types.h - harness: soba/pages.h asks for it; the words are in sim/. */
#include "sim/mm.h"
