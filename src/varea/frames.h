/* SPDX-License-Identifier: GPL-2.0 */
/*
 * frames.h - floor 3: the frames of an area, and the array that names them.
 *
 * Locking: the caller holds the area alone.
 */
#ifndef SOBA_AREA_FRAMES_H
#define SOBA_AREA_FRAMES_H

#include "varea/area.h"

/**
 * soba_area_take_table() - room for ->pages
 * @a: ->nr_pages is set
 * @req: whose flags
 *
 * Context: process, may sleep. Return: false when there is none.
 */
bool soba_area_take_table(struct soba_area *a, const struct soba_req *req);

/** soba_area_give_table() - undo soba_area_take_table(); process context */
void soba_area_give_table(struct soba_area *a);

/**
 * soba_area_count_node() - note which node some pages are of
 * @a: ->pages is filled up to there
 * @req: for memory
 * @at: the first of them
 * @n: how many, all of one node
 *
 * Return: false when there is no memory to count them by node.
 */
bool soba_area_count_node(struct soba_area *a, const struct soba_req *req,
			  unsigned long at, unsigned long n);

/**
 * soba_area_take_frames() - fill ->pages with frames of its own
 * @a: has its table
 * @req: for order 0
 *
 * Context: process. Return: false, and none is held, when there were too few.
 */
bool soba_area_take_frames(struct soba_area *a, const struct soba_req *req);

/**
 * soba_area_give_frames() - give the first frames of ->pages back
 * @a: the area, not mapped
 * @nr: how many, whole blocks
 *
 * Context: process.
 */
void soba_area_give_frames(struct soba_area *a, unsigned long nr);

/** soba_area_sign_frames() - note in each block who allocated the area */
void soba_area_sign_frames(struct soba_area *a);

#endif /* SOBA_AREA_FRAMES_H */
