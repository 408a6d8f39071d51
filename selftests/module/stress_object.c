// SPDX-License-Identifier: GPL-2.0
/*
 * stress_object.c - objects for the stress run: allocated by kmalloc() in any
 * size or from one of some caches, signed, checked, and freed by any call that
 * fits.
 *
 * An object travels as one word: its physical address, the source it is from,
 * and its size. The pattern in it depends on that word and on the seed.
 *
 * Locking: see stress.h. Any context.
 */
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>

#include <soba/soba.h>

#include "object.h"
#include "stress.h"

/* 46 bits of address, 3 of source, 13 of size, and one that is always set */
#define SOURCE_SHIFT	46
#define SIZE_SHIFT	49
#define MARK		BIT(62)
#define ADDRESS_MASK	(BIT(SOURCE_SHIFT) - 1)
#define KMALLOC		STRESS_CACHES	/* the source that is no cache */

#define CTOR_CACHE	3
#define CTOR_WORD	0x5b0ba57e550b1ec7ULL
#define WHOLE		512U		/* up to here all of it is signed */

static const struct {
	const char *name;
	unsigned int size, align;
	slab_flags_t flags;
} sources[STRESS_CACHES] = {
	{ "soba_test_8", 8, 0, 0 },
	{ "soba_test_line", 72, 0, SLAB_HWCACHE_ALIGN },
	{ "soba_test_700", 700, 0, SLAB_RECLAIM_ACCOUNT },
	{ "soba_test_ctor", 136, 0, 0 },
	{ "soba_test_rcu", 328, 0, SLAB_TYPESAFE_BY_RCU },
};

static void stress_ctor(void *object)
{
	*(u64 *)object = CTOR_WORD;
}

int stress_caches_create(struct stress *s)
{
	unsigned int i;

	for (i = 0; i < STRESS_CACHES; i++) {
		void (*ctor)(void *) = i == CTOR_CACHE ? stress_ctor : NULL;

		s->caches[i] = soba_kmem_cache_create(sources[i].name,
						      sources[i].size,
						      sources[i].align,
						      sources[i].flags, ctor);
		if (s->caches[i])
			continue;
		stress_caches_destroy(s);
		return -ENOMEM;
	}
	return 0;
}

void stress_caches_destroy(struct stress *s)
{
	unsigned int i;

	for (i = 0; i < STRESS_CACHES; i++) {
		if (s->caches[i])
			soba_kmem_cache_destroy(s->caches[i]);
		s->caches[i] = NULL;
	}
}

/* 9 bits of mantissa, 4 of exponent: every size up to 512, then steps. */
static unsigned int size_code(size_t size)
{
	unsigned int e = size > 512 ? ilog2(size - 1) - 8 : 0;

	return (DIV_ROUND_UP(size, 1UL << e) - 1) << 4 | e;
}

static size_t size_of_code(unsigned int code)
{
	return ((size_t)(code >> 4) + 1) << (code & 15);
}

static unsigned long word_of(void *p, unsigned int source, unsigned int code)
{
	return MARK | (unsigned long)code << SIZE_SHIFT |
	       (unsigned long)source << SOURCE_SHIFT | virt_to_phys(p);
}

/* Part of the object that is signed: a constructor's word is left alone. */
static size_t sign_from(unsigned int source)
{
	return source == CTOR_CACHE ? sizeof(u64) : 0;
}

static void object_sign(struct stress *s, unsigned long word, void *p,
			size_t from, size_t size)
{
	if (size <= WHOLE) {
		pattern_fill(p + from, s->seed ^ word, from, size - from);
		return;
	}
	pattern_fill(p + from, s->seed ^ word, from, WHOLE / 2);
	pattern_fill(p + size - WHOLE / 2, s->seed ^ word, WHOLE, WHOLE / 2);
}

static bool object_signed(struct stress *s, unsigned long word, void *p,
			  size_t from, size_t size)
{
	u64 seed = s->seed ^ word;

	if (size <= WHOLE)
		return pattern_check(p + from, seed, from, size - from) ==
		       SOBA_TEST_GOOD;
	return pattern_check(p + from, seed, from, WHOLE / 2) == SOBA_TEST_GOOD &&
	       pattern_check(p + size - WHOLE / 2, seed, WHOLE, WHOLE / 2) ==
	       SOBA_TEST_GOOD;
}

static gfp_t object_gfp(struct actor *actor, unsigned int source)
{
	u32 r = actor_random(actor);
	gfp_t gfp = __GFP_NOWARN;

	if (actor->kind != ACTOR_THREAD)
		gfp |= r & 1 ? GFP_ATOMIC : GFP_NOWAIT;
	else
		gfp |= r & 1 ? GFP_KERNEL | __GFP_NORETRY : GFP_NOWAIT;
	if ((r & 6) == 6 && source != CTOR_CACHE)
		gfp |= __GFP_ZERO;
	if ((r & 0xf8) == 0xf8 && source == KMALLOC)
		gfp |= r & 0x100 ? __GFP_DMA32 : __GFP_RECLAIMABLE;
	return gfp;
}

/* Small ones mostly: as many of 8 to 16 as of 4096 to 8192, then a few more. */
static size_t object_size(struct actor *actor)
{
	unsigned int top = actor_random(actor) % 10 + 3;
	u32 r = actor_random(actor);

	if (actor->kind == ACTOR_THREAD && !(r & 0xff))
		top = 13 + (r >> 8) % 8;
	return (1UL << top) + r % (1UL << top) - (r & 0x100 ? 0 : r % 8);
}

static void object_check_new(struct actor *actor, void *p, size_t size,
			     unsigned int source, gfp_t gfp)
{
	unsigned long address = (unsigned long)p;

	if (!virt_addr_valid(p))
		actor_error(actor, "%zu bytes of source %u lie at %lx", size,
			    source, address);
	if (address & 7 || (source == KMALLOC && is_power_of_2(size) &&
			    address & (size - 1)))
		actor_error(actor, "%zu bytes of source %u, at %lx, not aligned",
			    size, source, address);
	if (gfp & __GFP_ZERO && memchr_inv(p, 0, size))
		actor_error(actor, "%zu bytes of source %u are not zeroed", size,
			    source);
	if (source == CTOR_CACHE && *(u64 *)p != CTOR_WORD)
		actor_error(actor, "an object without its constructor's word");
#ifdef CONFIG_ZONE_DMA32
	if (gfp & __GFP_DMA32 && virt_to_phys(p) + size > 1ULL << 32)
		actor_error(actor, "%zu bytes not below 4 GiB", size);
#endif
}

static unsigned long object_alloc(struct actor *actor)
{
	unsigned int source = actor_random(actor) % (2 * STRESS_CACHES);
	struct stress *s = actor->stress;
	unsigned int code;
	unsigned long word;
	size_t size;
	gfp_t gfp;
	void *p;

	source = min_t(unsigned int, source, KMALLOC);
	code = size_code(source == KMALLOC ? object_size(actor) :
					     sources[source].size);
	size = size_of_code(code);
	/* the code rounds up: past the end of what a cache has, it must not */
	if (source != KMALLOC)
		size = sources[source].size;
	gfp = object_gfp(actor, source);
	if (atomic_long_add_return(size, &s->frames) > s->max_frames) {
		atomic_long_sub(size, &s->frames);
		return 0;
	}
	p = source == KMALLOC ? soba_kmalloc(size, gfp) :
				soba_kmem_cache_alloc(s->caches[source], gfp);
	if (!p) {
		actor->fails++;
		atomic_long_sub(size, &s->frames);
		return 0;
	}
	actor->allocs++;
	atomic_long_add(size, &s->frames_alloc);
	object_check_new(actor, p, size, source, gfp);
	word = word_of(p, source, code);
	object_sign(s, word, p, sign_from(source), size);
	return word;
}

static void free_by_any_call(struct actor *actor, unsigned int source, void *p,
			     size_t size)
{
	u32 way = actor_random(actor) & 15;
	struct rcu_object *rcu = p;

	/* rcu_head and clearing would harm what the constructor made */
	if (source == CTOR_CACHE)
		way = 15;
	if (way == 0 && size >= sizeof(*rcu))
		soba_kfree_rcu(rcu, rcu);
	else if (way == 1)
		soba_kfree_bulk(1, &p);
	else if (way == 2)
		soba_kfree_sensitive(p);
	else if (source == KMALLOC || way < 6)
		soba_kfree(p);
	else if (way == 6)
		soba_kmem_cache_free_bulk(actor->stress->caches[source], 1, &p);
	else
		soba_kmem_cache_free(actor->stress->caches[source], p);
}

static void object_free_word(struct actor *actor, unsigned long word)
{
	unsigned int source = (word >> SOURCE_SHIFT) & 7;
	size_t size = size_of_code((word >> SIZE_SHIFT) & 0x1fff);
	void *p = phys_to_virt(word & ADDRESS_MASK);
	struct stress *s = actor->stress;

	if (source != KMALLOC)
		size = sources[source].size;
	if (!object_signed(s, word, p, sign_from(source), size))
		actor_error(actor, "%zu bytes of source %u, at %px, were overwritten",
			    size, source, p);
	if (source == CTOR_CACHE && *(u64 *)p != CTOR_WORD)
		actor_error(actor, "a constructor's word was overwritten");
	free_by_any_call(actor, source, p, size);
	actor->frees++;
	atomic_long_add(size, &s->frames_free);
	atomic_long_sub(size, &s->frames);
}

const struct stress_kind stress_objects = { object_alloc, object_free_word };
