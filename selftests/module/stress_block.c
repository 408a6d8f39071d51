// SPDX-License-Identifier: GPL-2.0
/*
 * stress_block.c - one step of an actor: allocate and sign a block, or check
 * the signatures of one and free it, or swap one with the other actors.
 *
 * Every frame of a block is signed at its start and at its end with its own
 * PFN, the block's order and the seed of the run. An allocator that hands a
 * frame out twice, or a block that is too small, breaks a signature.
 *
 * Locking: see stress.h. Any context.
 */
#include <linux/mm.h>
#include <linux/string.h>

#include <soba/soba.h>

#include "stress.h"

#define SIGNATURE_MAGIC 0x736f6261736f6261ULL

struct signature {
	u64 magic, pfn, order, seed;
};

u32 actor_random(struct actor *actor)
{
	/* xorshift64*, its upper half */
	actor->random ^= actor->random >> 12;
	actor->random ^= actor->random << 25;
	actor->random ^= actor->random >> 27;
	return (actor->random * 0x2545f4914f6cdd1dULL) >> 32;
}

/* The first one's text is kept. */
void actor_error(struct actor *actor, const char *fmt, ...)
{
	struct stress *s = actor->stress;
	va_list args;

	atomic_long_inc(&s->errors);
	if (atomic_xchg(&s->told, 1))
		return;
	va_start(args, fmt);
	vsnprintf(s->first_error,
		  sizeof_field(struct soba_test_stress, first_error), fmt, args);
	va_end(args);
}

static struct signature signature_of(struct stress *s, unsigned long pfn,
				     unsigned int order)
{
	return (struct signature){
		.magic = SIGNATURE_MAGIC,
		.pfn = pfn,
		.order = order,
		.seed = s->seed,
	};
}

static void block_sign(struct stress *s, struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), i;

	for (i = 0; i < 1UL << order; i++) {
		struct signature sig = signature_of(s, pfn + i, order);
		void *at = page_address(page) + (i << PAGE_SHIFT);

		memcpy(at, &sig, sizeof(sig));
		memcpy(at + PAGE_SIZE - sizeof(sig), &sig, sizeof(sig));
	}
}

static void block_check(struct actor *actor, struct page *page,
			unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), i;

	for (i = 0; i < 1UL << order; i++) {
		struct signature sig = signature_of(actor->stress, pfn + i,
						    order);
		void *at = page_address(page) + (i << PAGE_SHIFT);

		if (!memcmp(at, &sig, sizeof(sig)) &&
		    !memcmp(at + PAGE_SIZE - sizeof(sig), &sig, sizeof(sig)))
			continue;
		actor_error(actor, "frame %lu of pfn %lu order %u was overwritten",
			    i, pfn, order);
		return;
	}
}

/* Signed frames that come back while somebody holds them are handed out twice. */
static void block_check_new(struct actor *actor, struct page *page,
			    unsigned int order, gfp_t gfp)
{
	unsigned long pfn = page_to_pfn(page);
	void *at = page_address(page);

	if (pfn & ((1UL << order) - 1))
		actor_error(actor, "pfn %lu is not aligned to order %u", pfn,
			    order);
	if (gfp & __GFP_ZERO && memchr_inv(at, 0, PAGE_SIZE << order))
		actor_error(actor, "pfn %lu order %u is not zeroed", pfn, order);
#ifdef CONFIG_ZONE_DMA32
	if (gfp & __GFP_DMA32 && PFN_PHYS(pfn + (1UL << order)) > 1ULL << 32)
		actor_error(actor, "pfn %lu order %u is not below 4 GiB", pfn,
			    order);
#endif
}

static gfp_t actor_gfp(struct actor *actor, unsigned int order)
{
	u32 r = actor_random(actor);
	gfp_t gfp;

	if (actor->kind != ACTOR_THREAD)
		gfp = r & 1 ? GFP_ATOMIC : GFP_NOWAIT;
	else if (r & 1)
		gfp = order ? GFP_KERNEL | __GFP_NORETRY : GFP_KERNEL;
	else
		gfp = GFP_NOWAIT;
	if ((r & 6) == 6)
		gfp |= __GFP_ZERO;
	if ((r & 0x38) == 0x38)
		gfp |= __GFP_DMA32;
	return gfp | __GFP_NOWARN;
}

static unsigned int actor_order(struct actor *actor)
{
	unsigned int max = actor->stress->max_order;
	u32 r = actor_random(actor);

	if (actor->kind != ACTOR_THREAD)
		max = min(max, 3U);
	if (r & 0xff00)			/* large orders are rare */
		max = min(max, r & 3 ? 1U : 4U);
	return (r >> 16) % (max + 1);
}

static unsigned long block_alloc(struct actor *actor)
{
	struct stress *s = actor->stress;
	unsigned int order = actor_order(actor);
	gfp_t gfp = actor_gfp(actor, order);
	struct page *page;

	if (atomic_long_add_return(1UL << order, &s->frames) > s->max_frames) {
		atomic_long_sub(1UL << order, &s->frames);
		return 0;
	}
	page = soba_alloc_pages(gfp, order);
	if (!page) {
		actor->fails++;
		atomic_long_sub(1UL << order, &s->frames);
		return 0;
	}
	actor->allocs++;
	atomic_long_add(1UL << order, &s->frames_alloc);
	block_check_new(actor, page, order, gfp);
	block_sign(s, page, order);
	return (unsigned long)page | order;
}

static void block_free(struct actor *actor, unsigned long block)
{
	struct page *page = (struct page *)(block & ~BLOCK_ORDER_MASK);
	unsigned int order = block & BLOCK_ORDER_MASK;
	struct stress *s = actor->stress;

	block_check(actor, page, order);
	soba___free_pages(page, order);
	actor->frees++;
	atomic_long_add(1UL << order, &s->frames_free);
	atomic_long_sub(1UL << order, &s->frames);
}

const struct stress_kind stress_blocks = { block_alloc, block_free };

void actor_step(struct actor *actor)
{
	const struct stress_kind *kind = actor->stress->kind;
	unsigned long *mine = &actor->blocks[actor_random(actor) % ACTOR_BLOCKS];
	u32 r = actor_random(actor);

	if (*mine && r & 1)
		*mine = xchg(&actor->stress->shared[(r >> 1) % SHARED_BLOCKS],
			     *mine);
	if (*mine) {
		kind->free(actor, *mine);
		*mine = 0;
	} else {
		*mine = kind->alloc(actor);
	}
}
