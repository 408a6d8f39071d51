// SPDX-License-Identifier: GPL-2.0
/*
 * validate.c - floor 3: the validator of coherent memory: slabs against their
 * caches, and, when nobody allocates, caches against their per-CPU lists.
 *
 * Locking: rcu_read_lock() for a bucket of the address table at a time, and
 * each slab's cache's lock.
 */
#include "dma/cache.h"
#include "dma/check.h"
#include "dma/heap.h"
#include "dma/mag.h"
#include "dma/retire.h"
#include "dma/slab.h"
#include "dma/table.h"

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
		if ((s->map[i / 64] >> (i % 64) & 1) &&
		    soba_dma_mark_is_out(soba_dma_slab_entry(s, i).mark))
			law(v, s, "an object is free and has an owner");
	raw_spin_unlock_irqrestore(&c->lock, flags);
	/* Without a mapping, base is the host's cookie. */
	if ((s->span != 1 && s->base & ~PAGE_MASK) ||
	    s->dma & ~(dma_addr_t)PAGE_MASK)
		law(v, s, "not aligned to a page");
	return true;
}

/* Of one cache, when all is quiet. */
struct census {
	const struct soba_dma_cache *c;
	unsigned long out;		/* in callers' hands, by their marks */
	unsigned long taken;		/* not in their slabs, by the free maps */
	unsigned long nr_slabs;
};

static bool count_slab(struct soba_dma_slab *s, void *arg)
{
	struct census *n = arg;
	u32 i;

	if (s->cache != n->c)
		return true;
	for (i = 0; i < n->c->per_slab; i++)
		n->out += soba_dma_mark_is_out(soba_dma_slab_entry(s, i).mark);
	n->taken += s->nr - s->nr_free;
	n->nr_slabs++;
	return true;
}

static void cache_law(struct validation *v, const struct soba_dma_cache *c,
		      const char *what)
{
	char line[120];

	v->broken++;
	scnprintf(line, sizeof(line), "dma %s of %s: %s", c->name, c->heap->name,
		  what);
	v->say(v->arg, line);
}

/* Each entry is a free object of this cache, and stands in the list once. */
static void validate_list(struct validation *v, struct soba_dma_cache *c,
			  struct soba_dma_mag *m)
{
	unsigned long i, k, n = soba_dma_mag_count(m->top);

	for (i = 0; i < n; i++) {
		struct soba_dma_entry *e = &m->slot[i];
		struct soba_dma_slab *s = soba_dma_find((unsigned long)e->vaddr);

		if (!s || s->cache != c)
			cache_law(v, c, "a list holds what is not of it");
		else if (soba_dma_mark_is_out(e->mark))
			cache_law(v, c, "a list holds what somebody has");
		for (k = 0; k < i; k++)
			if (m->slot[k].vaddr == e->vaddr)
				cache_law(v, c, "an object is in a list twice");
	}
}

static void validate_cache(struct validation *v, struct soba_dma_cache *c)
{
	struct census n = { .c = c };
	unsigned int cpu;

	soba_dma_each(count_slab, &n);
	if (n.taken != c->out || n.nr_slabs != c->nr_slabs)
		cache_law(v, c, "its slabs and its counts differ");
	if (n.out + soba_dma_cache_listed(c) + soba_dma_debug_held(c) != c->out)
		cache_law(v, c, "an object is nowhere, or in two places");
	for_each_possible_cpu(cpu)
		validate_list(v, c, per_cpu_ptr(c->mag, cpu));
}

static void validate_heap(struct soba_dma_heap *heap, void *arg)
{
	struct soba_dma_cache *c;
	unsigned int i;

	/* Under it the list of pools stays, and sleeping is allowed. */
	soba_dma_retire_lock();
	for (i = 0; i < SOBA_DMA_CLASSES; i++)
		validate_cache(arg, &heap->class[i]);
	validate_cache(arg, &heap->block);
	list_for_each_entry(c, &heap->pools, node)
		validate_cache(arg, c);
	soba_dma_retire_unlock();
}

unsigned int soba_dma_validate_quiet(void (*say)(void *arg, const char *line),
				     void *arg)
{
	struct validation v = { .say = say, .arg = arg };

	soba_dma_heap_each(validate_heap, &v);
	return v.broken;
}

unsigned int soba_dma_validate(void (*say)(void *arg, const char *line),
			       void *arg)
{
	struct validation v = { .say = say, .arg = arg };

	soba_dma_each(validate_slab, &v);
	return v.broken;
}
