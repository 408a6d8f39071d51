// SPDX-License-Identifier: GPL-2.0
/*
 * buddy.c - harness: the laws of the buddy, one test each, and the random test
 * against the naive model (model.c).
 */
#include "tests/model.h"

static unsigned int blocks_in_all(struct model *m)
{
	unsigned int n = 0, kind, order;

	for (kind = 0; kind < SOBA_NR_KINDS; kind++)
		for (order = 0; order < SOBA_NR_ORDERS; order++)
			n += m->b.list[kind][order].nr;
	return n;
}

/* A split leaves one block of each order between. */
static void buddy_split(void)
{
	struct model *m = model_new();
	unsigned int order;

	/* The two chunks of order 0 go first: best fit. */
	CHECK(model_alloc(m, 0, false)->chunk->order == 0);
	CHECK(model_alloc(m, 0, false)->chunk->order == 0);
	CHECK(model_alloc(m, 0, false)->chunk->order == 6);
	model_check(m);
	for (order = 0; order < 6; order++)
		CHECK_EQ(m->orders[0][order] + m->orders[1][order], 1);
	model_delete(m);
}

/* Any order of frees ends in the same whole blocks. */
static void buddy_merge_any_order(void)
{
	struct model *m = model_new();
	unsigned int n, i, k, round;
	u64 rand = options.seed;

	for (round = 0; round < 20; round++) {
		struct soba_frame *held[MODEL_FRAMES], *f;

		for (n = 0; (f = model_alloc(m, 0, n & 1)); n++)
			held[n] = f;
		CHECK_EQ(n, m->nr_frames);
		CHECK_EQ(m->b.nr_free, 0);
		for (i = n; i > 1; i--) {
			k = sim_below(&rand, i);
			swap(held[i - 1], held[k]);
		}
		for (i = 0; i < n; i++)
			model_free(m, held[i]);
		model_check(m);
		CHECK_EQ(blocks_in_all(m), MODEL_CHUNKS);
	}
	model_delete(m);
}

/* Neighbours by address in different chunks never become one block. */
static void buddy_no_merge_across_chunks(void)
{
	struct model *m = model_new();
	struct soba_frame *a, *b;

	CHECK_EQ(m->b.list[0][6].nr + m->b.list[1][6].nr, 2);
	a = model_alloc(m, 6, false);
	b = model_alloc(m, 6, false);
	CHECK(soba_frame_buddy(a, 6) == b);
	model_free(m, a);
	model_free(m, b);
	model_check(m);
	CHECK_EQ(m->b.list[0][7].nr + m->b.list[1][7].nr, 0);
	model_delete(m);
}

/* Zero and dirty halves make a dirty whole; two zero ones a zero whole. */
static void buddy_zero(void)
{
	struct model *m = model_new();
	struct soba_frame *a, *b;
	unsigned int pass;

	for (pass = 0; pass < 4; pass++) {
		while (model_alloc(m, SOBA_MAX_ORDER, true))
			;
		a = model_alloc(m, 5, true);
		b = model_alloc(m, 5, true);
		CHECK(soba_frame_buddy(a, 5) == b);
		model_clear(m, a);
		model_clear(m, b);
		if (pass & 1)
			model_write(m, a);
		if (pass & 2)
			model_write(m, b);
		model_free(m, a);
		model_free(m, b);
		model_check(m);
		a = model_alloc(m, 6, !pass);
		if (!pass)
			CHECK_EQ(m->frame[m->first[1]].free, false);
		model_free(m, a);
		model_delete(m);
		m = model_new();
	}
	model_delete(m);
}

static void buddy_wants_kind(void)
{
	struct model *m = model_new();
	struct soba_frame *z, *d;

	z = model_alloc(m, 0, true);
	d = model_alloc(m, 0, false);
	CHECK(z != d);
	CHECK_EQ(m->frame[m->nr_frames - 2].free, false);
	CHECK(model_alloc(m, SOBA_MAX_ORDER, false));
	CHECK(!model_alloc(m, SOBA_MAX_ORDER, false));
	model_check(m);
	model_delete(m);
}

/* Blocks of chunks that are mostly used go first, so that others drain. */
static void buddy_prefers_full_chunks(void)
{
	struct model *m = model_new();
	struct soba_frame *f, *one[2], *full[64];
	unsigned int n;

	while ((f = model_alloc(m, 0, false)) && f->chunk->order == 0)
		;
	model_free(m, f);
	one[0] = model_alloc(m, 6, false);
	one[1] = model_alloc(m, 6, false);
	model_free(m, one[0]);
	for (n = 0; n < 64; n++)
		full[n] = model_alloc(m, 0, false);
	CHECK(full[0]->chunk == full[63]->chunk);
	model_free(m, one[1]);
	f = model_alloc(m, 0, false);		/* splits the idle chunk */
	CHECK(f->chunk != full[0]->chunk);
	model_free(m, full[7]);			/* goes in front: its chunk is full */
	CHECK(model_alloc(m, 0, false) == full[7]);
	model_delete(m);
}

/* The validator sees each kind of damage: one test for each of its laws. */
static unsigned int said;
static void count_line(void *arg, const char *line)
{
	said++;
}

static void must_say(struct model *m, const char *what)
{
	unsigned int n;

	said = 0;
	n = soba_buddy_validate(&m->b, count_line, NULL);
	CHECKF(n && n == said, "the validator does not see: %s", what);
}

static void buddy_validator_sees(void)
{
	struct model *m = model_new();
	struct soba_frame *f, *g;

	f = m->chunk[0].frames;
	m->b.nr_free++;
	must_say(m, "nr_free");
	m->b.nr_free--;
	m->b.nonempty[0] ^= 1UL << 3;
	must_say(m, "nonempty");
	m->b.nonempty[0] ^= 1UL << 3;
	f->order--;
	must_say(m, "order");
	f->order++;
	f->state = SOBA_F_ALLOC;
	must_say(m, "state");
	f->state = SOBA_F_FREE | SOBA_F_ZERO;
	must_say(m, "kind");
	f->state = SOBA_F_FREE;
	m->b.list[0][SOBA_MAX_ORDER].nr++;
	must_say(m, "nr_blocks");
	m->b.list[0][SOBA_MAX_ORDER].nr--;
	model_check(m);
	/* Two halves, both free, not merged. */
	while (model_alloc(m, 6, false))
		;
	model_free(m, m->chunk[1].frames);
	f = model_alloc(m, 5, false);
	g = soba_frame_buddy(f, 5);
	f->order = 5;
	f->state = g->state;
	list_add(&f->link, &m->b.list[!!(g->state & SOBA_F_ZERO)][5].blocks);
	m->b.list[!!(g->state & SOBA_F_ZERO)][5].nr++;
	m->b.nr_free += 32;
	must_say(m, "not merged");
	model_delete(m);
}

static void buddy_random(void)
{
	double begin = test_cpu_seconds();
	struct model *m = model_new();
	u64 rand = options.seed * 77;

	for (sim_step = 0; test_go_on(sim_step, begin, 0.15); sim_step++) {
		u64 r = sim_rand(&rand);

		/* Phases: fill up, and drain. */
		if ((sim_step / 2000) & 1 && (r & 0xff) < 110 && (r >> 60) < 8)
			r += 120;
		model_step(m, r & 0xff, r >> 8);
	}
	test_note("buddy_random: %lu steps, seed %llu", sim_step,
		  (unsigned long long)options.seed);
	model_delete(m);
}

const struct test buddy_tests[] = {
	{ "buddy_split", buddy_split },
	{ "buddy_merge_any_order", buddy_merge_any_order },
	{ "buddy_no_merge_across_chunks", buddy_no_merge_across_chunks },
	{ "buddy_zero", buddy_zero },
	{ "buddy_wants_kind", buddy_wants_kind },
	{ "buddy_prefers_full_chunks", buddy_prefers_full_chunks },
	{ "buddy_validator_sees", buddy_validator_sees },
	{ "buddy_random", buddy_random },
	{ }
};
