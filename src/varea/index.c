// SPDX-License-Identifier: GPL-2.0
/*
 * index.c - floor 3: the trees of areas, and their laws. See index.h.
 *
 * Locking: shard->lock guards the tree and its sums.
 */
#include "varea/index.h"
#include "varea/validate.h"

#define NR_SHARDS	(SOBA_INDEX_LEVELS * SOBA_INDEX_SHARDS)

/* log2 of the bytes of a region, by level; of the last, the whole space. */
static const u8 level_shift[SOBA_INDEX_LEVELS] = { 20, 26, 63 };

struct shard {
	raw_spinlock_t lock;
	struct rb_root root;
	unsigned long areas;
	unsigned long pages;
} ____cacheline_aligned_in_smp;

static struct shard shards[NR_SHARDS];
struct soba_area *soba_index_front[1 << SOBA_FRONT_BITS];

/* Where the last areas that were unmapped began, to tell a double free. */
static unsigned long gone[1 << SOBA_FRONT_BITS];

/* The longest that a reader held a shard's lock since it was asked for, ns. */
static unsigned long longest;

static unsigned long area_end(const struct soba_area *a)
{
	return a->addr + (a->nr_pages << PAGE_SHIFT);
}

static struct shard *shard_at(unsigned int level, unsigned long addr)
{
	unsigned long region = addr >> level_shift[level];

	return &shards[level * SOBA_INDEX_SHARDS + region % SOBA_INDEX_SHARDS];
}

/* The lowest level of which one region holds the whole area. */
static struct shard *shard_of(const struct soba_area *a)
{
	unsigned long last = area_end(a) - 1;
	unsigned int level;

	for (level = 0; level < SOBA_INDEX_LEVELS - 1; level++)
		if (a->addr >> level_shift[level] == last >> level_shift[level])
			break;
	return shard_at(level, a->addr);
}

static unsigned long *gone_slot(unsigned long addr)
{
	return &gone[soba_index_slot(addr) - soba_index_front];
}

bool soba_index_was(unsigned long addr)
{
	return addr && READ_ONCE(*gone_slot(addr)) == addr;
}

void soba_index_add(struct soba_area *a)
{
	struct rb_node **link, *parent = NULL;
	struct shard *s = shard_of(a);
	unsigned long flags;

	raw_spin_lock_irqsave(&s->lock, flags);
	link = &s->root.rb_node;
	while (*link) {
		parent = *link;
		if (a->addr < rb_entry(parent, struct soba_area, node)->addr)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&a->node, parent, link);
	rb_insert_color(&a->node, &s->root);
	s->areas++;
	s->pages += a->nr_pages;
	raw_spin_unlock_irqrestore(&s->lock, flags);
	if (soba_index_was(a->addr))
		WRITE_ONCE(*gone_slot(a->addr), 0);
	soba_index_bring(a);
}

void soba_index_del(struct soba_area *a)
{
	struct shard *s = shard_of(a);
	unsigned long flags;

	cmpxchg(soba_index_slot(a->addr), a, NULL);
	WRITE_ONCE(*gone_slot(a->addr), a->addr);
	raw_spin_lock_irqsave(&s->lock, flags);
	rb_erase(&a->node, &s->root);
	s->areas--;
	s->pages -= a->nr_pages;
	raw_spin_unlock_irqrestore(&s->lock, flags);
}

/* The first area that ends above @addr; shard->lock is held. */
static struct soba_area *at_or_above(struct shard *s, unsigned long addr)
{
	struct rb_node *node = s->root.rb_node;
	struct soba_area *best = NULL;

	lockdep_assert_held(&s->lock);
	while (node) {
		struct soba_area *a = rb_entry(node, struct soba_area, node);

		if (area_end(a) > addr) {
			best = a;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return best;
}

struct soba_area *soba_index_find(unsigned long addr)
{
	unsigned int level;

	for (level = 0; level < SOBA_INDEX_LEVELS; level++) {
		struct shard *s = shard_at(level, addr);
		struct soba_area *a;
		unsigned long flags;

		raw_spin_lock_irqsave(&s->lock, flags);
		a = at_or_above(s, addr);
		raw_spin_unlock_irqrestore(&s->lock, flags);
		if (a && a->addr <= addr)
			return a;
	}
	return NULL;
}

static void info_nodes(struct soba_area_info *info, const struct soba_area *a)
{
	unsigned int nid, n = min_t(unsigned int, nr_node_ids,
				    ARRAY_SIZE(info->on_node));

	memset(info->on_node, 0, sizeof(info->on_node));
	for (nid = 0; nid < n; nid++)
		if (a->node_pages)
			info->on_node[nid] = a->node_pages[nid];
		else if (nid == (unsigned int)a->nid)
			info->on_node[nid] = a->nr_pages;
}

static void info_copy(struct soba_area_info *info, const struct soba_area *a)
{
	info->addr = a->addr;
	info->nr_pages = a->nr_pages;
	info->size = READ_ONCE(a->size);
	info->caller = READ_ONCE(a->caller);
	info->flags = a->flags;
	info->live = READ_ONCE(a->state) == SOBA_AREA_LIVE;
	info->array = a->array || (a->flags & SOBA_AREA_VPAGES);
	info->keeps_pages = a->flags & (SOBA_AREA_OWNS | SOBA_AREA_PUT);
	info->nid = a->nid;
	info_nodes(info, a);
}

/* One hold of one shard's lock. */
static unsigned int read_shard(struct shard *s, struct soba_index_pos *pos,
			       struct soba_area_info *info, unsigned int max)
{
	unsigned long flags, held;
	unsigned int n = 0;
	struct rb_node *node;
	struct soba_area *a;
	u64 from;

	raw_spin_lock_irqsave(&s->lock, flags);
	from = soba_port_clock();
	a = at_or_above(s, pos->addr);
	while (a && n < max) {
		info_copy(&info[n++], a);
		pos->addr = area_end(a);
		node = rb_next(&a->node);
		a = node ? rb_entry(node, struct soba_area, node) : NULL;
	}
	held = soba_port_clock() - from;
	raw_spin_unlock_irqrestore(&s->lock, flags);
	if (held > READ_ONCE(longest))
		WRITE_ONCE(longest, held);
	return n;
}

unsigned int soba_index_read(struct soba_index_pos *pos,
			     struct soba_area_info *info, unsigned int max)
{
	unsigned int n;

	for (; pos->shard < NR_SHARDS; pos->shard++, pos->addr = 0) {
		n = read_shard(&shards[pos->shard], pos, info, max);
		if (n)
			return n;
	}
	return 0;
}

void soba_index_stat(struct soba_index_stat *stat)
{
	unsigned int i;

	memset(stat, 0, sizeof(*stat));
	for (i = 0; i < NR_SHARDS; i++) {
		unsigned long areas = READ_ONCE(shards[i].areas);

		stat->areas += areas;
		stat->pages += READ_ONCE(shards[i].pages);
		stat->level[i / SOBA_INDEX_SHARDS] += areas;
		stat->fullest = max(stat->fullest, areas);
		stat->shards += areas > 0;
	}
	stat->longest = xchg(&longest, 0);
}

struct soba_area *soba_index_first(void)
{
	unsigned int i;

	for (i = 0; i < NR_SHARDS; i++) {
		struct rb_node *node = rb_first(&shards[i].root);

		if (node)
			return rb_entry(node, struct soba_area, node);
	}
	return NULL;
}

/* In order, apart, each in the shard of its level, and the sums right. */
static void check_shard(struct soba_check *ck, struct shard *s)
{
	unsigned long areas = 0, pages = 0, end = 0;
	struct rb_node *node;

	lockdep_assert_held(&s->lock);
	for (node = rb_first(&s->root); node; node = rb_next(node)) {
		struct soba_area *a = rb_entry(node, struct soba_area, node);

		if (a->addr < end || shard_of(a) != s)
			soba_law(ck, "area %#lx: overlaps, or is in the wrong tree",
				 a->addr);
		soba_area_check(ck, a);
		end = area_end(a);
		areas++;
		pages += a->nr_pages;
	}
	if (areas != s->areas || pages != s->pages)
		soba_law(ck, "shard %u: %lu areas, %lu pages; it says %lu, %lu",
			 (unsigned int)(s - shards), areas, pages,
			 s->areas, s->pages);
}

void soba_index_validate(struct soba_check *ck)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < NR_SHARDS; i++) {
		raw_spin_lock_irqsave(&shards[i].lock, flags);
		check_shard(ck, &shards[i]);
		raw_spin_unlock_irqrestore(&shards[i].lock, flags);
	}
}

void soba_index_init(void)
{
	unsigned int i;

	for (i = 0; i < NR_SHARDS; i++) {
		raw_spin_lock_init(&shards[i].lock);
		shards[i].root = RB_ROOT;
	}
}
