/* SPDX-License-Identifier: GPL-2.0 */
/*
 * grow.h - floor 2: the background worker, and giving memory back.
 */
#ifndef SOBA_GROW_H
#define SOBA_GROW_H

#include "page/req.h"

struct soba_zone;

int soba_grow_init(void);
void soba_grow_exit(void);
void soba_grow_wake(struct soba_zone *zone, const struct soba_req *req);
void soba_grow_trim_later(void);

/**
 * soba_shrink_all() - give back to the host whatever is free
 *
 * reserve= stays. Context: process, may sleep. Return: frames given back.
 */
unsigned long soba_shrink_all(void);

/**
 * soba_grow_make_room() - let idle chunks go that count against limit=
 * @frames: how many frames are needed
 *
 * They may be of another zone than the one that is short. Without a limit
 * nothing is done. Context: any that the host's __free_pages() allows.
 */
void soba_grow_make_room(unsigned long frames);

/* For the host's shrinker, see struct soba_port_ops. */
unsigned long soba_shrink_count(void);
unsigned long soba_shrink_scan(unsigned long nr, gfp_t gfp);

#endif /* SOBA_GROW_H */
