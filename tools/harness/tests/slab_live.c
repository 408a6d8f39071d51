// SPDX-License-Identifier: GPL-2.0
/*
 * slab_live.c - harness: objects that a test holds, see slab_live.h.
 */
#include "tests/slab_live.h"

#include "base/report.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/limits.h"
#include "slab/node.h"
#include "slab/validate.h"

#include <sys/mman.h>

#define MAX_PFN		(6UL << 18)
#define DMA_END		(16UL << 20)
#define DMA32_END	(4UL << 30)
#define MAGIC		0xc0115ec7ed0b1ec7ULL

long obj_large_frames, obj_constructed;
static u8 *held;		/* a byte for each 8 bytes of memory */

void obj_init(struct obj_set *s, u64 seed)
{
	memset(s, 0, sizeof(*s));
	s->rand = seed;
	if (held)
		return;
	held = mmap(NULL, MAX_PFN << (PAGE_SHIFT - 3), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(held != MAP_FAILED);
}

static u8 *held_byte(const void *p)
{
	unsigned long at = (unsigned long)p - PAGE_OFFSET;

	CHECKF(at < MAX_PFN << PAGE_SHIFT, "%p is no memory of the host", p);
	return &held[at / 8];
}

static void add(long *n, long by)
{
	__atomic_add_fetch(n, by, __ATOMIC_RELAXED);
}

/* Two words: who it is for, and how often it ran for this object. */
void obj_construct(void *object)
{
	u64 *w = object;

	CHECKF(!*held_byte(object), "%p is constructed while somebody has it", object);
	w[0] = MAGIC ^ (unsigned long)object;
	w[1] = 1;
	add(&obj_constructed, 1);
}

/* Which words are written and checked: all of small objects, some of large. */
static u32 next_word(u32 i, u32 words)
{
	if (i < 16 || words <= 128)
		return i + 1;
	return i + 61 < words || i == words - 1 ? i + 61 : words - 1;
}

static u32 first_word(const struct obj_kind *k)
{
	return k->ctor ? 2 : 0;
}

static void dirty(struct obj *o)
{
	u64 *w = (u64 *)o->p;
	u32 i, words = o->size / 8;

	for (i = first_word(o->kind); i < words; i = next_word(i, words))
		w[i] = o->tag + i;
	for (i = words * 8; i < o->size; i++)
		o->p[i] = (u8)(o->tag + i);
}

static void check_kept(const struct obj *o, u32 size)
{
	const u64 *w = (const u64 *)o->p;
	u32 i, words = o->size / 8;

	for (i = first_word(o->kind); i < min(words, size / 8); i = next_word(i, words))
		CHECKF(w[i] == o->tag + i, "%s: somebody wrote word %u of object %p, which we hold",
		       o->kind->name, i, (void *)o->p);
	for (i = words * 8; i < min(o->size, size); i++)
		CHECKF(o->p[i] == (u8)(o->tag + i), "%s: somebody wrote byte %u of object %p",
		       o->kind->name, i, (void *)o->p);
	if (o->kind->ctor)
		CHECKF(w[0] == (MAGIC ^ (unsigned long)o->p) && w[1] == 1,
		       "%s: the constructor's words of %p are gone", o->kind->name, (void *)o->p);
}

static void check_place(const struct obj_kind *k, const u8 *p, size_t size, gfp_t gfp, int nid)
{
	unsigned long at = (unsigned long)p - PAGE_OFFSET;
	bool dma = (k->flags & SLAB_CACHE_DMA) || (!k->s && (gfp & __GFP_DMA));
	bool dma32 = (k->flags & SLAB_CACHE_DMA32) || (!k->s && (gfp & __GFP_DMA32));
	unsigned long align = max(k->align, 8U);

	if (!k->s)
		align = max(align, size & -size);
	CHECKF(!(at & (align - 1)), "%s: %p is not aligned to %lu", k->name, (const void *)p,
	       align);
	CHECKF(!dma || at + size <= DMA_END, "%s: %p is no DMA memory", k->name, (const void *)p);
	CHECKF(!dma32 || at + size <= DMA32_END, "%s: %p is above 4 GiB", k->name, (const void *)p);
	if ((gfp & __GFP_THISNODE) && nid >= 0)
		CHECKF(page_to_nid(virt_to_page(p)) == nid, "%s: %p is on node %d, not %d",
		       k->name, (const void *)p, page_to_nid(virt_to_page(p)), nid);
}

static void check_fresh(const struct obj *o, gfp_t gfp)
{
	const u64 *w = (const u64 *)o->p;
	u32 i;

	if (o->kind->ctor) {
		CHECKF(w[0] == (MAGIC ^ (unsigned long)o->p), "%s: %p is not constructed",
		       o->kind->name, (void *)o->p);
		CHECKF(w[1] == 1, "%s: %p: the constructor's second word is %llu", o->kind->name,
		       (void *)o->p, (unsigned long long)w[1]);
	}
	if ((gfp & __GFP_ZERO) || (init_on_alloc && !o->kind->ctor &&
				   !(o->kind->flags & SLAB_TYPESAFE_BY_RCU)))
		for (i = 0; i < o->size; i++)
			CHECKF(!o->p[i], "%s: byte %u of %p is not zero (gfp %#x)", o->kind->name,
			       i, (void *)o->p, gfp);
}

static void hold(void *p, const struct obj_kind *k)
{
	CHECKF(!__atomic_exchange_n(held_byte(p), 1, __ATOMIC_RELAXED),
	       "%s: %p is handed out, but somebody has it", k->name, p);
}

static struct obj *take_in(struct obj_set *s, struct obj_kind *k, void *p, size_t size, gfp_t gfp,
			   int nid)
{
	struct obj *o;
	size_t room = soba_ksize(p);

	hold(p, k);
	CHECKF(room >= size, "%s: %zu bytes asked, %p has %zu", k->name, size, p, room);
	check_place(k, p, size, gfp, nid);
	o = &s->o[s->n++];
	*o = (struct obj){ .kind = k, .p = p, .size = k->s ? size : room,
			   .tag = sim_rand(&s->rand),
			   .large = ((gfp & __GFP_ACCOUNT) && !(k->flags & SLAB_TYPESAFE_BY_RCU)) ||
				    (!k->s && room > SOBA_KMALLOC_MAX_CACHE) };
	if (o->large)
		add(&obj_large_frames, 1L << get_order(o->size));
	else
		add(&k->allocs, 1);
	add(&k->live, k->s || !o->large);
	dirty(o);
	return o;
}

static struct obj *take_fresh(struct obj_set *s, struct obj_kind *k, void *p, size_t size,
			      gfp_t gfp, int nid)
{
	struct obj o = { .kind = k, .p = p, .size = k->s ? size : soba_ksize(p) };

	check_fresh(&o, gfp);
	return take_in(s, k, p, size, gfp, nid);
}

struct obj *obj_alloc(struct obj_set *s, struct obj_kind *k, size_t size, gfp_t gfp, int nid)
{
	void *p;

	if (s->n + 64 >= OBJ_MAX)
		return NULL;
	s->asked++;
	if (!k->s)
		p = nid < 0 ? soba_kmalloc(size, gfp) : soba_kmalloc_node(size, gfp, nid);
	else
		p = nid < 0 ? soba_kmem_cache_alloc(k->s, gfp) :
			      soba_kmem_cache_alloc_node(k->s, gfp, nid);
	if (p)
		return take_fresh(s, k, p, k->s ? k->size : size, gfp, nid);
	s->failed++;
	return NULL;
}

unsigned int obj_alloc_bulk(struct obj_set *s, struct obj_kind *k, gfp_t gfp, unsigned int n)
{
	void *p[64] = { };
	unsigned int i;
	int got;

	n = min(n, 64U);
	if (!k->s || s->n + 64 >= OBJ_MAX)
		return 0;
	s->asked++;
	got = soba_kmem_cache_alloc_bulk(k->s, gfp, n, p);
	CHECKF(!got || got == n, "bulk: %d of %u", got, n);
	if (!got && n) {
		s->failed++;
		add(&k->undone, n);
	}
	for (i = 0; i < got; i++)
		take_fresh(s, k, p[i], k->size, gfp, -1);
	return got;
}

/* Before soba is called: an interrupt may come in there. */
static void let_go(const struct obj *o)
{
	check_kept(o, o->size);
	CHECK(__atomic_exchange_n(held_byte(o->p), 0, __ATOMIC_RELAXED));
	if (o->large)
		add(&obj_large_frames, -(1L << get_order(o->size)));
	else
		add(&o->kind->frees, 1);
	add(&o->kind->live, -(o->kind->s || !o->large));
}

static struct obj remove_obj(struct obj_set *s, unsigned int i)
{
	struct obj o = s->o[i];

	s->o[i] = s->o[--s->n];
	let_go(&o);
	return o;
}

void obj_free(struct obj_set *s, unsigned int i)
{
	struct obj o = remove_obj(s, i);

	if (o.kind->s && (o.tag & 3))
		soba_kmem_cache_free(o.kind->s, o.p);
	else if (!o.kind->ctor && (o.tag & 12) == 12)
		soba_kfree_sensitive(o.p);
	else
		soba_kfree(o.p);
}

void obj_free_rcu(struct obj_set *s, unsigned int i)
{
	struct obj o = remove_obj(s, i);

	CHECK(o.size >= sizeof(struct rcu_head) && !o.kind->ctor);
	soba_kvfree_call_rcu((struct rcu_head *)o.p, o.p);
}

void obj_free_bulk(struct obj_set *s, struct obj_kind *k, unsigned int n)
{
	void *p[64];
	unsigned int i, got = 0;

	for (i = s->n; i-- > 0 && got < min(n, 64U);)
		if (!k || s->o[i].kind == k)
			p[got++] = remove_obj(s, i).p;
	if (k && k->s)
		soba_kmem_cache_free_bulk(k->s, got, p);
	else if (n & 1)
		soba_kfree_bulk(got, p);
	else
		soba_kmem_cache_free_bulk(NULL, got, p);
}

void obj_free_all(struct obj_set *s)
{
	while (s->n)
		obj_free(s, s->n - 1);
}

/* kmalloc() memory of a class. It stays, or moves with what was in it. */
void obj_resize(struct obj_set *s, unsigned int i, size_t size, gfp_t gfp)
{
	struct obj o = s->o[i], at;
	size_t k, room;
	u8 *p;

	if (o.kind->s || o.large)
		return;
	let_go(&o);
	p = soba_krealloc(o.p, size, gfp);
	room = p ? soba_ksize(p) : 0;
	if (!p || p == o.p) {	/* neither freed nor allocated */
		hold(o.p, o.kind);
		add(&o.kind->frees, -1);
		add(&o.kind->live, 1);
	} else {
		CHECKF(size > o.size, "krealloc to %zu moved %u bytes", size, o.size);
		s->o[i] = s->o[--s->n];
		at = o;
		at.p = p;
		check_kept(&at, o.size);
	}
	for (k = p == o.p ? size : o.size; (gfp & __GFP_ZERO) && k < room; k++)
		CHECKF(!p[k], "krealloc with __GFP_ZERO: byte %zu is not zero", k);
	if (p == o.p)
		dirty(&o);
	else if (p)
		take_in(s, o.kind, p, size, gfp, -1);
}

void obj_kind_create(struct obj_kind *k)
{
	k->s = soba_kmem_cache_create(k->name, k->size, k->align, k->flags,
				      k->ctor ? obj_construct : NULL);
	CHECK(k->s);
	k->live = 0;
	k->allocs = 0;
	k->frees = 0;
	k->undone = 0;
}

void obj_kind_destroy(struct obj_kind *k)
{
	unsigned long before = soba_report_total(SOBA_R_LIVE_OBJECTS);

	CHECK_EQ(k->live, 0);
	soba_kmem_cache_destroy(k->s);
	CHECK_EQ(soba_report_total(SOBA_R_LIVE_OBJECTS), before);
	k->s = NULL;
}

void obj_counts(struct kmem_cache *s, long *allocs, long *frees)
{
	struct soba_cpu_stat st;
	unsigned int cpu;

	*allocs = 0;
	*frees = 0;
	for_each_possible_cpu(cpu) {
		soba_cache_cpu_stat(soba_cache_private(s), cpu, &st);
		*allocs += st.alloc_hits + st.alloc_misses;
		*frees += st.free_hits + st.free_misses;
	}
}

static void say(void *arg, const char *line)
{
	test_note("broken law (%s): %s", (const char *)arg, line);
}

static void check_kind(const struct obj_kind *k, const char *when)
{
	struct soba_cpu_cache *l;
	long allocs, frees;
	int cpu;

	for_each_possible_cpu(cpu) {
		l = per_cpu_ptr(soba_cache_private(k->s)->cpu, cpu);
		CHECKF(l->loaded->cap || !l->spare->cap, "%s: %s: CPU %d has a spare magazine alone",
		       when, k->name, cpu);
	}
	CHECKF(soba_cache_live(soba_cache_private(k->s)) == k->live,
	       "%s: %s has %ld live objects, soba says %lu", when, k->name, k->live,
	       soba_cache_live(soba_cache_private(k->s)));
	obj_counts(k->s, &allocs, &frees);
	CHECKF(allocs - k->allocs == frees - k->frees && allocs >= k->allocs &&
	       allocs - k->allocs <= k->undone,
	       "%s: %s: soba counts %ld allocations, %ld frees; %ld and %ld it were", when,
	       k->name, allocs, frees, k->allocs, k->frees);
}

/* Frames of all slabs that caches know. */
static unsigned long slab_frames(void)
{
	struct soba_cache_stat st;
	unsigned long frames = 0;
	struct soba_cache *c;

	list_for_each_entry(c, &soba_cache_list, link) {
		soba_cache_stat(c, NUMA_NO_NODE, &st);
		frames += st.nr_slabs << c->order;
	}
	list_for_each_entry(c, &soba_cache_tombs, tomb) {
		soba_cache_stat(c, NUMA_NO_NODE, &st);
		frames += st.nr_slabs << c->order;
	}
	return frames;
}

void obj_settle(struct obj_kind *kinds, unsigned int nr, const char *when)
{
	unsigned long held, sum;
	unsigned int i, broken;

	if (!cpu_online(sim_ctx.cpu))
		sim_set_cpu(0);
	rcu_barrier();		/* slabs of SLAB_TYPESAFE_BY_RCU */
	soba_must_be_valid(when);
	broken = soba_cache_validate_all(say, (void *)(unsigned long)when);
	CHECKF(!broken, "%u laws are broken %s", broken, when);
	for (i = 0; i < nr; i++)
		if (kinds[i].s)
			check_kind(&kinds[i], when);
	held = atomic_long_read(&soba_held_frames);
	sum = soba_frames_free() + slab_frames() + obj_large_frames + soba_pinned_frames();
	CHECKF(sum == held, "%s: held %lu = free %lu + slabs %lu + large %ld does not come out",
	       when, held, soba_frames_free(), slab_frames(), obj_large_frames);
}
