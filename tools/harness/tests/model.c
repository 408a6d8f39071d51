// SPDX-License-Identifier: GPL-2.0
/*
 * model.c - harness: a naive model of the buddy: an array of frames that says
 * free or held, and whether the bytes are zero. From it alone follow the free
 * blocks that there must be (every maximal aligned free run), which of them is
 * the best fit, and which must be known to be zero; soba_buddy is compared with
 * all of it after each operation, and its own validator is run.
 */
#include "tests/model.h"

static const struct {
	u8 order;
	u8 array;		/* chunks with the same number share a region */
	unsigned int offset;	/* frames */
} shape[MODEL_CHUNKS] = {
	{ SOBA_MAX_ORDER, 0, 0 },
	{ 6, 1, 0 },
	{ 6, 1, 64 },		/* buddies by address, but two chunks */
	{ 0, 1, 512 },
	{ 0, 1, 513 },
};

static u64 say_key;

static void say(void *arg, const char *line)
{
	test_note("seed %llu step %lu (%s): broken law, by soba_buddy_validate(): %s",
		  (unsigned long long)sim_seed, sim_step, sim_doing, line);
}

static struct soba_frame *frame_of(struct model *m, unsigned int i)
{
	unsigned int c;

	for (c = MODEL_CHUNKS - 1; c && i < m->first[c];)
		c--;
	return m->chunk[c].frames + (i - m->first[c]);
}

static unsigned int chunk_index(struct model *m, struct soba_frame *f)
{
	unsigned int c = f->chunk - m->chunk;

	CHECKF(c < MODEL_CHUNKS, "a block of no chunk");
	return c;
}

static unsigned int index_of(struct model *m, struct soba_frame *f)
{
	unsigned int c = chunk_index(m, f);

	CHECKF(f >= m->chunk[c].frames &&
	       f < m->chunk[c].frames + (1UL << m->chunk[c].order),
	       "a block outside its chunk");
	return m->first[c] + (f - m->chunk[c].frames);
}

/* Order of the largest aligned free run of its chunk that begins at @i. */
static int run_at(struct model *m, unsigned int c, unsigned int i)
{
	unsigned int rel = i - m->first[c], n = 0;
	int order;

	for (order = m->chunk[c].order; order >= 0; order--) {
		if (rel & ((1U << order) - 1))
			continue;
		for (n = 0; n < 1U << order; n++)
			if (!m->frame[i + n].free)
				break;
		if (n == 1U << order)
			return order;
	}
	return -1;
}

/* Free run that contains @i: its first frame, and order. */
static unsigned int run_of(struct model *m, unsigned int c, unsigned int i, int *order)
{
	unsigned int rel = i - m->first[c], at;
	int o;

	for (o = m->chunk[c].order; o >= 0; o--) {
		at = m->first[c] + (rel & ~((1U << o) - 1));
		if (run_at(m, c, at) >= o) {
			*order = o;
			return at;
		}
	}
	CHECKF(0, "frame %u is not free", i);
}

/* What the free lists must look like. */
static void predict(struct model *m)
{
	unsigned int c, i;

	memset(m->orders, 0, sizeof(m->orders));
	m->nr_free = 0;
	for (c = 0; c < MODEL_CHUNKS; c++) {
		for (i = m->first[c]; i < m->first[c] + (1U << m->chunk[c].order);) {
			int order = m->frame[i].free ? run_at(m, c, i) : -1;

			if (order < 0) {
				i++;
				continue;
			}
			m->orders[m->frame[i].known][order]++;
			m->nr_free += 1U << order;
			i += 1U << order;
		}
	}
}

static void check_block(struct model *m, unsigned int i, unsigned int order, u8 state)
{
	struct soba_frame *f = frame_of(m, i);
	unsigned int n;

	CHECKF(f->order == order, "frame %u: block of order %u says order %u", i, order,
	       f->order);
	CHECKF(f->state == state, "frame %u: state %#x, must be %#x", i, f->state, state);
	for (n = 1; n < 1U << order; n++)
		CHECKF(f[n].state == SOBA_F_TAIL,
		       "frame %u: inside the block at %u of order %u, state %#x is not tail",
		       i + n, i, order, f[n].state);
}

void model_check(struct model *m)
{
	unsigned int c, i, kind, order;

	predict(m);
	CHECKF(!soba_buddy_validate(&m->b, say, &say_key), "soba_buddy_validate() complains");
	CHECKF(m->b.nr_free == m->nr_free, "nr_free is %lu, must be %lu", m->b.nr_free,
	       m->nr_free);
	for (kind = 0; kind < SOBA_NR_KINDS; kind++)
		for (order = 0; order < SOBA_NR_ORDERS; order++)
			CHECKF(m->b.list[kind][order].nr == m->orders[kind][order],
			       "order %u kind %u: %lu free blocks, must be %u (merge)", order,
			       kind, m->b.list[kind][order].nr, m->orders[kind][order]);
	for (c = 0; c < MODEL_CHUNKS; c++) {
		unsigned int free = 0;

		for (i = m->first[c]; i < m->first[c] + (1U << m->chunk[c].order);) {
			struct model_frame *f = &m->frame[i];
			int o = f->free ? run_at(m, c, i) : f->order;

			check_block(m, i, o, f->free ? SOBA_F_FREE | (f->known ? SOBA_F_ZERO : 0) :
						       SOBA_F_ALLOC);
			if (f->free)
				free += 1U << o;
			i += 1U << o;
		}
		CHECKF(m->chunk[c].nr_free == free, "chunk %u: nr_free is %u, must be %u", c,
		       m->chunk[c].nr_free, free);
	}
}

struct soba_frame *model_alloc(struct model *m, unsigned int order, bool want_zero)
{
	unsigned int best, i, n, c;
	struct soba_frame *f;
	int was;
	bool zero;

	sim_doing = "alloc";
	predict(m);
	for (best = order; best < SOBA_NR_ORDERS; best++)
		if (m->orders[0][best] || m->orders[1][best])
			break;
	f = soba_buddy_alloc(&m->b, order, want_zero);
	CHECKF(!f == (best == SOBA_NR_ORDERS), "alloc of order %u: %s, but the best fit is %u",
	       order, f ? "a block" : "NULL", best);
	if (!f)
		return NULL;
	i = index_of(m, f);
	c = chunk_index(m, f);
	CHECKF(!((i - m->first[c]) & ((1U << order) - 1)), "block at %u not aligned to order %u", i,
	       order);
	CHECKF(m->frame[i].free, "frame %u is handed out twice", i);
	run_of(m, c, i, &was);
	CHECKF(was == (int)best, "taken from a block of order %d, best fit is %u", was, best);
	zero = f->state & SOBA_F_ZERO;
	CHECKF(zero == m->frame[i].known, "frame %u: zero flag %u, must be %u", i, zero,
	       m->frame[i].known);
	CHECKF(zero == want_zero || !m->orders[want_zero][best],
	       "a block of the wanted kind was there");
	for (n = 0; n < 1U << order; n++) {
		CHECKF(!zero || m->frame[i + n].clean, "frame %u said zero, is not", i + n);
		m->frame[i + n].free = false;
		m->frame[i + n].known = false;
		m->frame[i + n].head = i;
	}
	m->frame[i].order = order;
	f->state = SOBA_F_ALLOC;
	return f;
}

static bool all_clean(struct model *m, unsigned int i, unsigned int order)
{
	unsigned int n;

	for (n = 0; n < 1U << order; n++)
		if (!m->frame[i + n].clean)
			return false;
	return true;
}

/* Held frames become free; all that merges is known to be zero only as a whole. */
static void model_freed(struct model *m, unsigned int c, unsigned int i, unsigned int order,
			bool zero)
{
	unsigned int n, at;
	bool known = true;
	int o;

	for (n = 0; n < 1U << order; n++) {
		m->frame[i + n].free = true;
		m->frame[i + n].known = zero;
	}
	at = run_of(m, c, i, &o);
	for (n = 0; n < 1U << o; n++)
		known &= m->frame[at + n].known;
	for (n = 0; n < 1U << o; n++)
		m->frame[at + n].known = known;
}

void model_free(struct model *m, struct soba_frame *f)
{
	unsigned int i = index_of(m, f), order = m->frame[i].order, c = chunk_index(m, f), at;
	bool zero = all_clean(m, i, order);
	struct soba_frame *head;
	int o;

	sim_doing = "free";
	head = soba_buddy_free(&m->b, f, order, zero);
	model_freed(m, c, i, order, zero);
	at = run_of(m, c, i, &o);
	CHECKF(index_of(m, head) == at, "free: merged block begins at %u, must at %u",
	       index_of(m, head), at);
}

void model_write(struct model *m, struct soba_frame *f)
{
	unsigned int i = index_of(m, f), n;

	for (n = 0; n < 1U << m->frame[i].order; n += 1 + n / 2)
		m->frame[i + n].clean = false;
}

void model_clear(struct model *m, struct soba_frame *f)
{
	unsigned int i = index_of(m, f), n;

	for (n = 0; n < 1U << m->frame[i].order; n++)
		m->frame[i + n].clean = true;
}

/* Take one free block, whole, off the lists, and hold it. */
static void model_take(struct model *m, unsigned int i)
{
	struct soba_frame *f = frame_of(m, i);
	unsigned int c = chunk_index(m, f), n;
	int order;

	if (!m->frame[i].free)
		return;
	sim_doing = "take";
	i = run_of(m, c, i, &order);
	f = frame_of(m, i);
	soba_buddy_take(&m->b, f);
	for (n = 0; n < 1U << order; n++) {
		m->frame[i + n].free = false;
		m->frame[i + n].known = false;
		m->frame[i + n].head = i;
	}
	m->frame[i].order = order;
	f->state = SOBA_F_ALLOC;
}

void model_step(struct model *m, unsigned int op, u32 x)
{
	unsigned int i = x % m->nr_frames, order;
	struct soba_frame *f = NULL;

	if (!m->frame[i].free)
		f = frame_of(m, m->frame[i].head);
	if (op < 110) {
		order = op % 10 < 6 ? op % 4 : (op + x / m->nr_frames) % SOBA_NR_ORDERS;
		f = model_alloc(m, order, x & 1);
		if (f && op & 1)
			model_write(m, f);
	} else if (op < 235) {
		if (f)
			model_free(m, f);
	} else if (op < 242) {
		model_take(m, i);
	} else if (f) {
		sim_doing = "write";
		if (op & 1)
			model_clear(m, f);
		else
			model_write(m, f);
	}
	model_check(m);
}

struct model *model_new(void)
{
	struct model *m = calloc(1, sizeof(*m));
	unsigned int c, i, at = 0;

	soba_buddy_init(&m->b);
	for (c = 0; c < MODEL_CHUNKS; c++) {
		struct soba_chunk *ch = &m->chunk[c];
		struct soba_frame *array = m->arrays[shape[c].array];

		if (!array) {
			array = soba_port_meta_alloc(SOBA_REGION_FRAMES * sizeof(*array),
						     GFP_KERNEL, 0);
			m->arrays[shape[c].array] = array;
		}
		ch->frames = array + shape[c].offset;
		ch->pfn = (4UL << 20) + shape[c].array * SOBA_REGION_FRAMES + shape[c].offset;
		ch->page = pfn_to_page(ch->pfn);
		ch->order = shape[c].order;
		m->first[c] = at;
		for (i = 0; i < 1U << ch->order; i++) {
			ch->frames[i].chunk = ch;
			ch->frames[i].state = SOBA_F_TAIL;
			m->frame[at + i].clean = c & 1;
		}
		at += 1U << ch->order;
		m->nr_frames = at;
	}
	/* A new chunk joins as one free block, known to be zero or not. */
	for (c = 0; c < MODEL_CHUNKS; c++) {
		soba_buddy_free(&m->b, m->chunk[c].frames, m->chunk[c].order, c & 1);
		model_freed(m, c, m->first[c], m->chunk[c].order, c & 1);
	}
	sim_doing = "setup";
	model_check(m);
	return m;
}

void model_delete(struct model *m)
{
	unsigned int c;

	for (c = 0; c < MODEL_CHUNKS; c++)
		soba_port_meta_free(m->arrays[c], 0);
	free(m);
}
