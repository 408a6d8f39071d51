/* SPDX-License-Identifier: GPL-2.0 */
/* mm.h - harness: public headers ask for it; the words are in sim/. */
#include "sim/mm.h"
