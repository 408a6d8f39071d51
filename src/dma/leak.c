// SPDX-License-Identifier: GPL-2.0
/*
 * leak.c - floor 3: who has what: the ledger by call site, leak reports, and
 * the validator. All of them walk the address table.
 *
 * Locking: rcu_read_lock() for a bucket at a time; sites_lock, a mutex, guards
 * the table of sites that a walk fills.
 */
#include "dma/cache.h"
#include "dma/check.h"
#include "dma/heap.h"
#include "dma/slab.h"
#include "dma/table.h"
#include "base/report.h"

#define SITES 64U

struct site {
	unsigned long caller;
	unsigned long objects;
	unsigned long bytes;
	unsigned long first;		/* handle of the first one */
};

struct gathering {
	const struct soba_dma_heap *heap;
	soba_dma_leak_match match;
	void *arg;
};

static DEFINE_MUTEX(sites_lock);
static struct site sites[SITES + 1];	/* the last: all others */
static unsigned int nr_sites;

static struct site *site_of(unsigned long caller)
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
	const struct gathering *g = arg;
	unsigned int i;

	if (g->heap && s->cache->heap != g->heap)
		return true;
	for (i = 0; i < s->cache->per_slab; i++) {
		u64 mark = READ_ONCE(*soba_dma_slab_entry(s, i).mark);
		unsigned long caller = soba_dma_caller(s, mark);
		struct site *site;

		if (!mark || (g->match && !g->match(caller, g->arg)))
			continue;
		site = site_of(caller);
		if (!site->objects++)
			site->first = soba_dma_slab_entry(s, i).handle;
		site->bytes += soba_dma_size(s, mark);
	}
	return true;
}

static void gather(struct gathering *g)
{
	memset(sites, 0, sizeof(sites));
	nr_sites = 0;
	soba_dma_each(gather_slab, g);
}

unsigned long soba_dma_leak_report(const struct soba_dma_heap *heap,
				   soba_dma_leak_match match, void *arg,
				   const char *who)
{
	struct gathering g = { .heap = heap, .match = match, .arg = arg };
	unsigned long objects = 0;
	unsigned int i;

	mutex_lock(&sites_lock);
	gather(&g);
	for (i = 0; i <= SITES; i++) {
		if (!sites[i].objects)
			continue;
		objects += sites[i].objects;
		soba_report_line(SOBA_R_LEAK, sites[i].caller,
				 "%s %lu coherent objects (%lu bytes), first handle %#lx",
				 who, sites[i].objects, sites[i].bytes,
				 sites[i].first);
	}
	mutex_unlock(&sites_lock);
	return objects;
}

void soba_dma_sites(const struct soba_dma_heap *heap,
		    void (*say)(void *arg, unsigned long caller,
				unsigned long objects, unsigned long bytes),
		    void *arg)
{
	struct gathering g = { .heap = heap };
	unsigned int i;

	mutex_lock(&sites_lock);
	gather(&g);
	for (i = 0; i <= SITES; i++)
		if (sites[i].objects)
			say(arg, sites[i].caller, sites[i].objects,
			    sites[i].bytes);
	mutex_unlock(&sites_lock);
}

struct visiting {
	void (*visit)(void *arg, const struct soba_dma_slab *s,
		      unsigned long addr, size_t bytes, unsigned long caller);
	void *arg;
};

static bool visit_slab(struct soba_dma_slab *s, void *arg)
{
	const struct visiting *v = arg;
	unsigned int i;

	for (i = 0; i < s->cache->per_slab; i++) {
		u64 mark = READ_ONCE(*soba_dma_slab_entry(s, i).mark);

		if (mark)
			v->visit(v->arg, s,
				 (unsigned long)soba_dma_slab_entry(s, i).vaddr,
				 soba_dma_size(s, mark),
				 soba_dma_caller(s, mark));
	}
	return true;
}

void soba_dma_each_object(void (*visit)(void *arg,
					const struct soba_dma_slab *s,
					unsigned long addr, size_t bytes,
					unsigned long caller),
			  void *arg)
{
	struct visiting v = { .visit = visit, .arg = arg };

	soba_dma_each(visit_slab, &v);
}

struct validation {
	void (*say)(void *arg, const char *line);
	void *arg;
	unsigned int broken;
};

static void law(struct validation *v, const struct soba_dma_slab *s,
		const char *what)
{
	char line[120];

	v->broken++;
	scnprintf(line, sizeof(line), "dma %s: slab at handle %#llx: %s",
		  s->cache->name, (u64)s->dma, what);
	v->say(v->arg, line);
}

static bool validate_slab(struct soba_dma_slab *s, void *arg)
{
	struct soba_dma_cache *c = s->cache;
	struct validation *v = arg;
	unsigned long flags;
	u32 i, bits;

	raw_spin_lock_irqsave(&c->lock, flags);
	bits = hweight64(s->map[0]) + hweight64(s->map[1]);
	if (bits != s->nr_free)
		law(v, s, "its free map and its free count differ");
	if (s->nr > c->per_slab || s->nr_free > s->nr)
		law(v, s, "more free objects than it has");
	for (i = 0; i < c->per_slab; i++)
		if ((s->map[i / 64] >> (i % 64) & 1) && READ_ONCE(*soba_dma_slab_entry(s, i).mark))
			law(v, s, "an object is free and has an owner");
	raw_spin_unlock_irqrestore(&c->lock, flags);
	if (s->base & ~PAGE_MASK || s->dma & ~(dma_addr_t)PAGE_MASK)
		law(v, s, "not aligned to a page");
	return true;
}

unsigned int soba_dma_validate(void (*say)(void *arg, const char *line),
			       void *arg)
{
	struct validation v = { .say = say, .arg = arg };

	soba_dma_each(validate_slab, &v);
	return v.broken;
}
