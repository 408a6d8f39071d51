/* SPDX-License-Identifier: GPL-2.0 */
/*
 * model.h - harness: the buddy beside a naive model of it (model.c).
 */
#ifndef MODEL_H
#define MODEL_H

#include "tests/test.h"
#include "page/buddy.h"
#include "page/chunk.h"

#define MODEL_CHUNKS	5
#define MODEL_FRAMES	2048	/* of all chunks, at most */

struct model_frame {
	bool free;
	bool known;		/* free, and soba must know that it is zero */
	bool clean;		/* its bytes are really zero */
	s16 head;		/* held: index of the block's first frame */
	u8 order;		/* held, in the head */
};

struct model {
	struct soba_buddy b;
	struct soba_chunk chunk[MODEL_CHUNKS];
	unsigned int first[MODEL_CHUNKS];	/* index of its first frame */
	struct model_frame frame[MODEL_FRAMES];
	unsigned int nr_frames;
	void *arrays[MODEL_CHUNKS];
	unsigned long nr_free;
	unsigned int orders[SOBA_NR_KINDS][SOBA_NR_ORDERS];	/* free blocks */
};

struct model *model_new(void);
void model_delete(struct model *m);
/* One operation: 0..255 choose what, @x which. Checked against the model. */
void model_step(struct model *m, unsigned int op, u32 x);
struct soba_frame *model_alloc(struct model *m, unsigned int order, bool want_zero);
void model_free(struct model *m, struct soba_frame *f);
void model_write(struct model *m, struct soba_frame *f);
void model_clear(struct model *m, struct soba_frame *f);
void model_check(struct model *m);

#endif /* MODEL_H */
