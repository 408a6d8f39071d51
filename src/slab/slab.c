// SPDX-License-Identifier: GPL-2.0
/*
 * slab.c - floor 3: making slabs, taking objects out of them, ending them.
 *
 * Locking: a slab that is being made or ended belongs to its maker alone; the
 * pop functions are called with node->lock held once it is in a list. The
 * descriptors of its frames are published key last and withdrawn key first.
 */
#include "slab/slab.h"
#include "slab/debug.h"
#include "slab/large.h"
#include "slab/node.h"
#include "page/block.h"
#include "page/zone.h"

static unsigned int slab_bytes(const struct soba_cache *c)
{
	return struct_size_t(struct soba_slab, map, SOBA_SLAB_WORDS(c->nr));
}

/* Every frame says whose it is, and where the first object is. */
static void own_frames(struct soba_slab *slab)
{
	struct soba_frame *f = slab->frame;
	u32 i;

	for (i = 0; i < 1U << slab->order; i++) {
		f[i].caller = (unsigned long)slab;
		f[i].offset = (u32)(unsigned long)slab->base;
		/* Who compares the key reads the rest after that. */
		smp_store_release(&f[i].owner, soba_cache_key(slab->cache));
	}
	soba_block_own(f, SOBA_OWN_SLAB, slab->cache);
}

static void disown_frames(struct soba_slab *slab)
{
	u32 i;

	for (i = 1; i < 1U << slab->order; i++) {
		WRITE_ONCE(slab->frame[i].owner, NULL);
		slab->frame[i].caller = 0;
	}
	soba_block_disown(slab->frame);
	slab->frame->caller = 0;
}

static u32 next_colour(struct soba_cache *c)
{
	u32 n = READ_ONCE(c->colour_next);

	WRITE_ONCE(c->colour_next, n + 1 < c->colours ? n + 1 : 0);
	return n * c->align;
}

static void fill_map(struct soba_slab *slab)
{
	u32 i;

	for (i = 0; i < slab->words; i++)
		slab->map[i] = ~0UL;
	if (slab->nr % 64)
		slab->map[slab->words - 1] = ~0UL >> (64 - slab->nr % 64);
}

static struct soba_slab *slab_setup(struct soba_cache *c,
				    struct soba_slab *slab,
				    struct soba_frame *f)
{
	void *start = page_address(soba_frame_page(f));

	INIT_LIST_HEAD(&slab->link);
	slab->cache = c;
	slab->frame = f;
	slab->base = start + c->head + next_colour(c) + c->offset;
	slab->node = c->node[soba_node_index(f->chunk->zone->nid)];
	slab->nr = c->nr;
	slab->nr_free = c->nr;
	slab->order = c->order;
	slab->fill = 0;
	slab->words = SOBA_SLAB_WORDS(c->nr);
	slab->fresh = true;
	fill_map(slab);
	return slab;
}

/* Constructors run here, once for each object, with no lock held. */
static void construct(struct soba_slab *slab)
{
	struct soba_cache *c = slab->cache;
	u32 i;

	if (!c->ctor && !(c->own_flags & SOBA_CACHE_DEBUG))
		return;
	for (i = 0; i < slab->nr; i++) {
		void *object = soba_slab_object(slab, i);

		if (c->own_flags & SOBA_CACHE_DEBUG)
			soba_debug_slab_made(c, object);
		if (c->ctor)
			c->ctor(object);
	}
}

/* The block's clearing is mostly the object's business, at each allocation. */
static struct soba_frame *slab_block(struct soba_cache *c,
				     const struct soba_req *req)
{
	struct soba_req r = *req;

	r.order = c->order;
	r.class = c->class;
	r.zero = soba_cache_zero_blocks(c);
	r.gfp &= ~__GFP_ZERO;
	/* Charged to who makes the slab: its neighbours are its guests. */
	if (c->flags & SLAB_ACCOUNT) {
		r.gfp |= __GFP_ACCOUNT;
		r.direct = true;
	}
	return soba_block_alloc(&r);
}

struct soba_slab *soba_slab_new(struct soba_cache *c,
				const struct soba_req *req)
{
	struct soba_slab *slab;
	struct soba_frame *f;

	f = slab_block(c, req);
	if (!f)
		return NULL;
	if (c->own_flags & SOBA_CACHE_ON_SLAB)
		slab = page_address(soba_frame_page(f));
	else
		slab = soba_meta_alloc(slab_bytes(c), req);
	if (!slab) {
		soba_block_free(f);
		return NULL;
	}
	slab_setup(c, slab, f);
	construct(slab);
	own_frames(slab);
	return slab;
}

static void slab_release(struct soba_slab *slab)
{
	struct soba_frame *f = slab->frame;
	bool apart = !(slab->cache->own_flags & SOBA_CACHE_ON_SLAB);

	disown_frames(slab);
	if (apart)
		soba_meta_free(slab);
	soba_block_release(f, 0);
}

/* The list's link has served; the two are of a size. */
static struct rcu_head *slab_rcu(struct soba_slab *slab)
{
	BUILD_BUG_ON(sizeof(struct rcu_head) > sizeof(slab->link));
	return (struct rcu_head *)&slab->link;
}

static void slab_release_rcu(struct rcu_head *head)
{
	slab_release(container_of((struct list_head *)head, struct soba_slab,
				  link));
}

void soba_slab_end(struct soba_slab *slab)
{
	if (slab->cache->flags & SLAB_TYPESAFE_BY_RCU)
		call_rcu(slab_rcu(slab), slab_release_rcu);
	else
		slab_release(slab);
}

/* A number below @nr; node->lock held, which guards the seed. */
static u32 random_below(struct soba_cache_node *n, u32 nr)
{
	u32 seed = n->seed;

	/* Marsaglia, "Xorshift RNGs", 2003. */
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	n->seed = seed;
	return ((u64)seed * nr) >> 32;
}

/*
 * Some order that nobody outside can foresee, until all of a slab's objects have
 * been handed out once: after that it is as they were freed.
 */
static void shuffle(struct soba_cache_node *n, void **objects, unsigned int nr)
{
	for (; nr > 1; nr--) {
		u32 pick = random_below(n, nr);

		swap(objects[pick], objects[nr - 1]);
	}
}

unsigned int soba_slab_pop_many(struct soba_slab *slab, unsigned int nr,
				void **objects)
{
	u32 w = slab->fresh ? random_below(slab->node, slab->words) : 0;
	size_t size = slab->cache->size;
	unsigned int done = 0, i;

	for (i = 0; i < slab->words && done < nr; i++, w++) {
		unsigned long bits;
		void *base;

		if (w == slab->words)
			w = 0;
		base = slab->base + 64 * size * w;
		bits = slab->map[w];

		while (bits && done < nr) {
			objects[done++] = base + __ffs(bits) * size;
			bits &= bits - 1;
		}
		slab->map[w] = bits;
	}
	slab->nr_free -= done;
	if (unlikely(slab->fresh)) {
		slab->fresh = slab->nr_free != 0;
		shuffle(slab->node, objects, done);
	}
	return done;
}

bool soba_object_find(const void *addr, struct soba_object *o)
{
	struct soba_frame *f;
	void *owner = NULL;
	bool found = false;
	u32 i;

	rcu_read_lock();
	f = soba_addr_frame(addr);
	if (f)
		owner = READ_ONCE(f->owner);
	if (soba_owner_kind(owner) == SOBA_OWN_SLAB) {
		u32 distance = soba_slab_distance(f, addr);

		o->cache = soba_owner_ptr(owner);
		i = soba_slab_number(o->cache, distance);
		o->start = (void *)addr - (distance - i * o->cache->size);
		o->size = o->cache->object_size;
		found = i < o->cache->nr && addr < o->start + o->size;
	}
	rcu_read_unlock();
	return found || soba_large_find(addr, o);
}
