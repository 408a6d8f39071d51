/* SPDX-License-Identifier: GPL-2.0 */
/* export.h - harness: the core asks for it; the words are in sim/. */
#include "sim/mm.h"
