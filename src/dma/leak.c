// SPDX-License-Identifier: GPL-2.0
/*
 * leak.c - floor 3: who has what: the ledger by call site, the slabs as they
 * lie, and leak reports of devices. All of them walk the address table.
 *
 * Locking: rcu_read_lock() for a bucket at a time; sites_lock, a mutex, guards
 * the table of sites that a walk fills, until it has been said.
 */
#include "dma/cache.h"
#include "dma/check.h"
#include "dma/heap.h"
#include "dma/slab.h"
#include "dma/table.h"
#include "base/report.h"

#define SITES 64U

struct gathering {
	const struct soba_dma_heap *heap;
	soba_dma_leak_match match;
	void *arg;
};

static DEFINE_MUTEX(sites_lock);
static struct soba_dma_site sites[SITES + 1];	/* the last: all others */
static unsigned int nr_sites;

static struct soba_dma_site *site_of(unsigned long caller)
{
	unsigned int i;

	for (i = 0; i < nr_sites; i++)
		if (sites[i].caller == caller)
			return &sites[i];
	if (nr_sites == SITES)
		return &sites[SITES];
	nr_sites++;
	sites[i].caller = caller;
	return &sites[i];
}

static bool gather_slab(struct soba_dma_slab *s, void *arg)
{
	const struct soba_dma_heap *heap = s->cache->heap;
	const struct gathering *g = arg;
	unsigned int i;

	if (g->heap && heap != g->heap)
		return true;
	for (i = 0; i < s->cache->per_slab; i++) {
		struct soba_dma_entry e = soba_dma_slab_entry(s, i);
		size_t size = soba_dma_size(s, e.mark);
		unsigned long caller = soba_dma_caller(e.mark);
		struct soba_dma_site *site;

		if (!size || (g->match && !g->match(caller, g->arg)))
			continue;
		site = site_of(caller);
		if (!site->objects++) {
			site->first = e.handle;
			strscpy(site->device, heap->name, sizeof(site->device));
		}
		site->bytes += size;
	}
	return true;
}

void soba_dma_sites(const struct soba_dma_heap *heap, soba_dma_leak_match match,
		    void (*say)(void *arg, const struct soba_dma_site *site),
		    void *arg)
{
	struct gathering g = { .heap = heap, .match = match, .arg = arg };
	unsigned int i;

	mutex_lock(&sites_lock);
	memset(sites, 0, sizeof(sites));
	nr_sites = 0;
	soba_dma_each(gather_slab, &g);
	for (i = 0; i <= SITES; i++)
		if (sites[i].objects)
			say(arg, &sites[i]);
	mutex_unlock(&sites_lock);
}

static void say_leak(void *arg, const struct soba_dma_site *site)
{
	const char *who = arg;

	soba_report_line(SOBA_R_LEAK, site->caller,
			 "%s %lu coherent objects (%lu bytes), first handle %#llx",
			 who, site->objects, site->bytes, site->first);
}

void soba_dma_leak_report(const struct soba_dma_heap *heap, char *who)
{
	soba_dma_sites(heap, NULL, say_leak, who);
}

/* Of a bucket, the slab with the least address that is not below @addr. */
static struct soba_dma_slab *slab_from(unsigned long bucket, unsigned long addr)
{
	struct soba_dma_slab *s, *best = NULL;

	s = READ_ONCE(soba_dma_table[bucket]);
	for (; s != &soba_dma_end; s = READ_ONCE(s->next))
		if (s->base >= addr && (!best || s->base < best->base))
			best = s;
	return best;
}

/* Who has the first of its objects that is out; 0: they are all free. */
static unsigned long first_caller(struct soba_dma_slab *s)
{
	unsigned int i;

	for (i = 0; i < s->cache->per_slab; i++) {
		struct soba_dma_mark *mark = soba_dma_slab_entry(s, i).mark;

		if (soba_dma_mark_is_out(mark))
			return soba_dma_caller(mark);
	}
	return 0;
}

unsigned int soba_dma_read(struct soba_dma_pos *pos, struct soba_dma_info *info,
			   unsigned int max)
{
	unsigned int n = 0;

	while (n < max && pos->bucket < SOBA_DMA_BUCKETS) {
		struct soba_dma_slab *s;

		rcu_read_lock();
		s = slab_from(pos->bucket, pos->addr);
		if (s) {
			info[n].addr = s->base;
			info[n].bytes = s->bytes;
			info[n++].caller = first_caller(s);
			pos->addr = s->base + 1;
		} else {
			pos->bucket++;
			pos->addr = 0;
		}
		rcu_read_unlock();
	}
	return n;
}
