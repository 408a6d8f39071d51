/* SPDX-License-Identifier: GPL-2.0 */
/*
 * validate.h - floor 3: the validator of areas, their index and their caches.
 */
#ifndef SOBA_AREA_VALIDATE_H
#define SOBA_AREA_VALIDATE_H

#include "page/validate.h"
#include "varea/area.h"

/* The laws of one area; its shard's or depot's lock is held. */
void soba_area_check(struct soba_check *ck, const struct soba_area *a);

/* index.c, cache.c: the laws of their own */
void soba_index_validate(struct soba_check *ck);
void soba_varea_check_caches(struct soba_check *ck);

/**
 * soba_varea_validate() - check everything of this floor
 * @say: called once for each broken law, with a lock held
 * @arg: for @say
 *
 * Context: any but NMI; holds a shard's lock for a walk over all its areas and
 * their frames: a tool for tests.
 *
 * Return: broken laws.
 */
unsigned int soba_varea_validate(void (*say)(void *arg, const char *line),
				 void *arg);

#endif /* SOBA_AREA_VALIDATE_H */
