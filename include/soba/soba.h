/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that soba offers: include this one.
 */
#ifndef SOBA_SOBA_H
#define SOBA_SOBA_H

#include <soba/dma.h>
#include <soba/frag.h>
#include <soba/kmalloc.h>
#include <soba/mempool.h>
#include <soba/pages.h>
#include <soba/slab.h>
#include <soba/vmalloc.h>

#endif /* SOBA_SOBA_H */
