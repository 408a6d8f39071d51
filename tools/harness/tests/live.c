// SPDX-License-Identifier: GPL-2.0
/*
 * live.c - harness: blocks that a test holds, see live.h.
 */
#include "tests/live.h"

#include "page/frame.h"

long live_frames;
static u8 *held;		/* a byte for each frame: who holds it */

#define MAX_PFN		(6UL << 18)
#define DMA_END		(16UL << 8)
#define DMA32_END	(4UL << 18)

void live_init(struct live_set *s, u64 seed)
{
	memset(s, 0, sizeof(*s));
	s->rand = seed;
	if (!held)
		held = calloc(1, MAX_PFN);
}

static void hold(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), i;

	for (i = 0; i < 1UL << order; i++)
		CHECKF(!__atomic_exchange_n(&held[pfn + i], 1, __ATOMIC_RELAXED),
		       "pfn %#lx (order %u) is handed out, but somebody has it", pfn + i, order);
	__atomic_add_fetch(&live_frames, 1L << order, __ATOMIC_RELAXED);
}

static void unhold(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), i;

	for (i = 0; i < 1UL << order; i++)
		CHECK(__atomic_exchange_n(&held[pfn + i], 0, __ATOMIC_RELAXED));
	__atomic_sub_fetch(&live_frames, 1L << order, __ATOMIC_RELAXED);
}

static void check_place(struct page *page, gfp_t gfp, unsigned int order, int nid)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);

	CHECKF(!(pfn & ((1UL << order) - 1)), "pfn %#lx is not aligned to order %u", pfn, order);
	CHECKF(!(gfp & __GFP_DMA) || end <= DMA_END, "pfn %#lx for __GFP_DMA", pfn);
	CHECKF(!(gfp & __GFP_DMA32) || end <= DMA32_END, "pfn %#lx for __GFP_DMA32", pfn);
	if ((gfp & __GFP_THISNODE) && nid >= 0)
		CHECKF(page_to_nid(page) == nid, "pfn %#lx is on node %d, __GFP_THISNODE asked for %d",
		       pfn, page_to_nid(page), nid);
}

static void check_fresh(struct page *page, gfp_t gfp, unsigned int order)
{
	unsigned int i, n = (gfp & __GFP_COMP) && order ? 1 : 1U << order;

	for (i = 0; i < 1U << order; i++)
		CHECKF(page[i].owner == SIM_SOBA, "pfn %#lx is not soba's", page_to_pfn(page + i));
	for (i = 0; i < n; i++)
		CHECKF(page_count(page + i) == SOBA_PAGE_REFS, "pfn %#lx has %d references",
		       page_to_pfn(page + i), page_count(page + i));
	if ((gfp & __GFP_ZERO) || init_on_alloc)
		CHECKF(sim_page_is_zero(page, order), "pfn %#lx order %u is not zero (gfp %#x)",
		       page_to_pfn(page), order, gfp);
}

static struct live *add(struct live_set *s, struct page *page, enum live_kind kind, gfp_t gfp,
			unsigned int order, int nid)
{
	struct live *l;

	hold(page, order);
	check_place(page, gfp, order, nid);
	check_fresh(page, gfp, order);
	s->busy = true;
	l = &s->b[s->n++];
	*l = (struct live){ .page = page, .order = order, .kind = kind,
			    .tag = sim_rand(&s->rand) | 1 };
	s->frames += 1UL << order;
	s->busy = false;
	if (l->tag & 6)		/* now and then left as it is: still zero, perhaps */
		sim_page_dirty(page, order, l->tag);
	else
		l->tag = 0;
	return l;
}

static struct live *alloc_bulk(struct live_set *s, gfp_t gfp, unsigned int n)
{
	struct page *pages[64] = { };
	struct live *l = NULL;
	unsigned long got, i;

	n = min(n, 64U);
	got = soba_alloc_pages_bulk(gfp, n, pages);
	CHECK(got <= n);
	for (i = 0; i < n; i++) {
		CHECKF(!pages[i] == (i >= got), "bulk: %lu of %u, but element %lu is %p", got, n, i,
		       (void *)pages[i]);
		if (pages[i])
			l = add(s, pages[i], LIVE_BULK, gfp, 0, -1);
	}
	return l;
}

struct live *live_alloc_as(struct live_set *s, enum live_kind kind, gfp_t gfp,
			   unsigned int order, int nid)
{
	struct page *page = NULL;
	struct live *l = NULL;
	size_t size = 0;
	void *addr;

	if (s->n + 64 >= LIVE_MAX)
		return NULL;
	s->asked++;
	if (nid >= 0 || (gfp & __GFP_COMP))
		kind = LIVE_PAGES;
	switch (kind) {
	case LIVE_PAGES:
		page = nid < 0 ? soba_alloc_pages(gfp, order) :
				 soba_alloc_pages_node(nid, gfp, order);
		break;
	case LIVE_ADDR:
		addr = (void *)soba___get_free_pages(gfp, order);
		page = addr ? virt_to_page(addr) : NULL;
		break;
	case LIVE_EXACT:
		size = (PAGE_SIZE << order) - sim_below(&s->rand, PAGE_SIZE << order) / 2;
		addr = soba_alloc_pages_exact(size, gfp);
		if (addr) {
			unsigned long at;

			/* Single pages to the model: the block was split. */
			for (at = 0; at < PAGE_ALIGN(size); at += PAGE_SIZE)
				hold(virt_to_page((char *)addr + at), 0);
			l = &s->b[s->n++];
			*l = (struct live){ .page = virt_to_page(addr), .kind = LIVE_EXACT,
					    .size = size, .tag = sim_rand(&s->rand) | 1 };
			s->frames += PAGE_ALIGN(size) >> PAGE_SHIFT;
			sim_page_dirty(l->page, 0, l->tag);
		}
		break;
	case LIVE_BULK:
		l = alloc_bulk(s, gfp, 1 + sim_below(&s->rand, 40));
		break;
	}
	if (page)
		l = add(s, page, kind, gfp, order, nid);
	if (!l)
		s->failed++;
	return l;
}

struct live *live_alloc(struct live_set *s, gfp_t gfp, unsigned int order, int nid)
{
	unsigned int r = sim_below(&s->rand, 16);
	enum live_kind kind = LIVE_PAGES;

	if (r == 0 && !(gfp & ~(GFP_KERNEL | GFP_ATOMIC | __GFP_NOWARN)))
		kind = LIVE_BULK;
	else if (r == 1 && !(gfp & ~(GFP_KERNEL | GFP_ATOMIC | __GFP_NOWARN)))
		kind = LIVE_EXACT;
	else if (r < 6)
		kind = LIVE_ADDR;
	return live_alloc_as(s, kind, gfp, order, nid);
}

/* The set is changed before soba is called: an interrupt may come in there. */
void live_free(struct live_set *s, unsigned int i)
{
	struct live l = s->b[i];
	unsigned long at;

	s->b[i] = s->b[--s->n];
	if (l.kind == LIVE_EXACT) {
		CHECK(sim_page_check(l.page, 0, l.tag));
		for (at = 0; at < PAGE_ALIGN(l.size); at += PAGE_SIZE)
			unhold(l.page + (at >> PAGE_SHIFT), 0);
		s->frames -= PAGE_ALIGN(l.size) >> PAGE_SHIFT;
		soba_free_pages_exact(page_address(l.page), l.size);
		return;
	}
	CHECKF(!l.tag || sim_page_check(l.page, l.order, l.tag),
	       "pfn %#lx order %u: somebody wrote into a block that we hold",
	       page_to_pfn(l.page), l.order);
	unhold(l.page, l.order);
	s->frames -= 1UL << l.order;
	if (l.kind == LIVE_ADDR)
		soba_free_pages((unsigned long)page_address(l.page), l.order);
	else
		soba___free_pages(l.page, l.order);
}

void live_free_all(struct live_set *s)
{
	while (s->n)
		live_free(s, s->n - 1);
}

gfp_t live_gfp(struct live_set *s, bool may_sleep)
{
	static const gfp_t sleeping[] = {
		GFP_KERNEL, GFP_KERNEL, GFP_KERNEL, GFP_NOIO, GFP_NOFS, GFP_USER,
		GFP_KERNEL | __GFP_NORETRY, GFP_KERNEL | __GFP_RETRY_MAYFAIL,
		GFP_ATOMIC, GFP_NOWAIT,
	};
	static const gfp_t atomic[] = { GFP_ATOMIC, GFP_ATOMIC, GFP_NOWAIT, 0 };
	static const gfp_t more[] = {
		__GFP_ZERO, __GFP_DMA, __GFP_DMA32, __GFP_COMP, __GFP_ACCOUNT, __GFP_MEMALLOC,
		__GFP_NOMEMALLOC, __GFP_HIGH, __GFP_ZERO, __GFP_ZERO | __GFP_DMA32,
		__GFP_HIGHMEM, __GFP_ZERO | __GFP_COMP, __GFP_ZERO | __GFP_ACCOUNT,
	};
	gfp_t gfp;

	if (may_sleep)
		gfp = sleeping[sim_below(&s->rand, ARRAY_SIZE(sleeping))];
	else
		gfp = atomic[sim_below(&s->rand, ARRAY_SIZE(atomic))];
	if (!sim_below(&s->rand, 3))
		gfp |= more[sim_below(&s->rand, ARRAY_SIZE(more))];
	return gfp | __GFP_NOWARN;
}

unsigned int live_order(struct live_set *s)
{
	unsigned int r = sim_below(&s->rand, 100);

	if (r < 60)
		return 0;
	if (r < 85)
		return sim_below(&s->rand, 4);
	return sim_below(&s->rand, r < 98 ? 7 : SOBA_NR_ORDERS);
}
