// SPDX-License-Identifier: GPL-2.0
/*
 * frag.c - floor 3: the blocks that fragments are cut from.
 *
 * Locking: see frag.h.
 */
#include "frag/frag.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/map.h"
#include "base/counter.h"

#define LEVELS 3		/* task, softirq, hardirq */

struct cpu_caches {
	struct soba_frag_cache level[LEVELS];
};

static struct cpu_caches __percpu *cpu_caches;

/* Is it one that soba_frag_this_cpu() returned, so that preemption is off? */
static bool is_own(const struct soba_frag_cache *c)
{
	const struct cpu_caches *caches = raw_cpu_ptr(cpu_caches);

	return c >= caches->level && c < caches->level + LEVELS;
}

/* Large first, without effort; one page with all that the caller allows. */
static struct soba_frame *take_block(const struct soba_req *req)
{
	struct soba_req large = *req;
	struct soba_frame *f;

	large.order = SOBA_FRAG_ORDER;
	large.rounds = 0;
	large.sleep = false;
	large.nofail = false;
	large.gfp = (req->gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NORETRY;
	f = soba_block_alloc(&large);
	if (f)
		return f;
	soba_count(SOBA_C_FRAG_SINGLE);
	return soba_block_alloc(req);
}

static void own_block(struct soba_frame *f)
{
	void *tag = soba_owner_tag(f, SOBA_OWN_FRAG);
	unsigned int i;

	for (i = 1; i < 1U << f->order; i++)
		WRITE_ONCE(f[i].owner, tag);
	soba_block_own(f, SOBA_OWN_FRAG, f);
}

static void begin(struct soba_frag_cache *c, struct soba_frame *f)
{
	atomic_set(soba_frag_refs(f), SOBA_FRAG_STOCK);
	c->va = page_address(soba_frame_page(f));
	c->offset = PAGE_SIZE << f->order;
	c->stock = SOBA_FRAG_STOCK;
}

static struct soba_frame *block_of(const struct soba_frag_cache *c)
{
	return soba_map_frame_of_page(virt_to_page(c->va));
}

void soba_frag_release(struct soba_frame *head, unsigned long caller)
{
	struct page *page = soba_frame_page(head);
	unsigned int i;

	for (i = 1; i < 1U << head->order; i++)
		WRITE_ONCE(head[i].owner, NULL);
	soba_block_disown(head);
	soba_count(SOBA_C_FRAG_RELEASE);
	if (unlikely(!soba_block_refs_ok(page, head->order)))
		soba_stray_put(head, caller);
	if (unlikely(soba_frame_state(head) == SOBA_F_LOST))
		return;
	if (likely(soba_block_refs_ok(page, head->order)))
		soba_block_free_warm(head);
	else
		soba_pinned_add(head, caller);
}

void soba_frag_drain(struct soba_frag_cache *c, unsigned long caller)
{
	struct soba_frame *f;

	if (!c->va)
		return;
	f = block_of(c);
	if (atomic_sub_and_test(c->stock, soba_frag_refs(f)))
		soba_frag_release(f, caller);
	c->va = NULL;
	c->offset = 0;
	c->stock = 0;
}

/* All fragments came back, and nobody has a page: the block begins anew. */
static bool reuse(struct soba_frag_cache *c)
{
	struct soba_frame *f = block_of(c);

	if (atomic_read(soba_frag_refs(f)) != (int)c->stock ||
	    !soba_block_refs_ok(soba_frame_page(f), f->order))
		return false;
	soba_count(SOBA_C_FRAG_REUSE);
	begin(c, f);
	return true;
}

bool soba_frag_refill(struct soba_frag_cache *c, const struct soba_req *req)
{
	struct soba_frame *f;

	if (c->va && reuse(c))
		return true;
	soba_frag_drain(c, req->caller);
	f = take_block(req);
	if (!f)
		return false;
	/* It serves many: who came first has not leaked it. */
	if (is_own(c))
		f->caller = 0;
	own_block(f);
	soba_count(SOBA_C_FRAG_BLOCK);
	begin(c, f);
	return true;
}

struct soba_frag_cache *soba_frag_this_cpu(void)
{
	struct cpu_caches *caches = this_cpu_ptr(cpu_caches);

	if (in_hardirq())
		return &caches->level[2];
	return &caches->level[in_softirq() ? 1 : 0];
}

int soba_frag_init(void)
{
	cpu_caches = alloc_percpu(struct cpu_caches);
	return cpu_caches ? 0 : -ENOMEM;
}

void soba_frag_exit(void)
{
	unsigned int cpu, i;

	for_each_possible_cpu(cpu)
		for (i = 0; i < LEVELS; i++)
			soba_frag_drain(&per_cpu_ptr(cpu_caches, cpu)->level[i],
					0);
	free_percpu(cpu_caches);
	cpu_caches = NULL;
}
