/* SPDX-License-Identifier: GPL-2.0 */
/* page_ref.h - harness: port_inline.h asks for it; the words are in sim/. */
#include "sim/mm.h"
