// SPDX-License-Identifier: GPL-2.0
/*
 * stream.c - floor 3: the table of streaming mappings, see stream.h.
 *
 * Locking: stream_lock around each look at the table and each change; reports
 * are made, and references taken and dropped, without it.
 */
#include "dma/stream.h"
#include "base/report.h"
#include "page/map.h"

#define BUCKETS 512U

static struct soba_dma_mapping *buckets[BUCKETS];
static DEFINE_RAW_SPINLOCK(stream_lock);

static unsigned int bucket_of(u64 key)
{
	return (key ^ (key >> PAGE_SHIFT)) % BUCKETS;
}

struct soba_dma_mapping *soba_dma_stream_new(unsigned int nr_runs)
{
	struct soba_dma_mapping *m;

	return soba_port_meta_alloc(struct_size(m, runs, nr_runs), GFP_ATOMIC,
				    NUMA_NO_NODE);
}

/* Of a block of soba's that somebody has. */
static bool is_sobas(struct page *page)
{
	struct soba_frame *f;
	u8 state;

	rcu_read_lock();
	f = soba_map_frame(page_to_pfn(page));
	state = f ? READ_ONCE(f->state) & SOBA_F_MASK : SOBA_F_NONE;
	rcu_read_unlock();
	return state == SOBA_F_ALLOC || state == SOBA_F_OWNED ||
	       state == SOBA_F_TAIL;
}

static void pin(struct soba_dma_mapping *m)
{
	unsigned int r;
	unsigned long i;

	for (r = 0; r < m->nr_runs; r++) {
		if (!is_sobas(m->runs[r].page)) {
			m->runs[r].nr = 0;
			continue;
		}
		for (i = 0; i < m->runs[r].nr; i++)
			get_page(m->runs[r].page + i);
	}
}

static void unpin(struct soba_dma_mapping *m)
{
	unsigned int r;
	unsigned long i;

	for (r = 0; r < m->nr_runs; r++)
		for (i = 0; i < m->runs[r].nr; i++)
			put_page(m->runs[r].page + i);
}

static void mapping_free_rcu(struct rcu_head *rcu)
{
	soba_port_meta_free(container_of(rcu, struct soba_dma_mapping, rcu), 0);
}

/* Nobody reads it: RCU is for contexts that PREEMPT_RT's allocator cannot be in. */
static void mapping_free(struct soba_dma_mapping *m)
{
	call_rcu(&m->rcu, mapping_free_rcu);
}

void soba_dma_stream_add(struct soba_dma_mapping *m)
{
	struct soba_dma_mapping **at = &buckets[bucket_of(m->key)];
	unsigned long flags;

	/* So that it is told when the driver leaves with this mapped. */
	m->watched = soba_port_dma_watched(m->dev) ||
		     (soba_port_can_sleep() && soba_port_dma_watch(m->dev));
	pin(m);
	raw_spin_lock_irqsave(&stream_lock, flags);
	m->next = *at;
	*at = m;
	raw_spin_unlock_irqrestore(&stream_lock, flags);
}

/* The same memory may be mapped twice to one handle: the size tells them apart. */
static struct soba_dma_mapping *take(struct device *dev, u64 key, size_t size,
				     unsigned int dir)
{
	struct soba_dma_mapping **at, **best = NULL, *m = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&stream_lock, flags);
	for (at = &buckets[bucket_of(key)]; *at; at = &(*at)->next) {
		if ((*at)->key != key || (*at)->dev != dev)
			continue;
		if (!best || ((*at)->size == size && (*at)->dir == dir))
			best = at;
	}
	if (best) {
		m = *best;
		*best = m->next;
	}
	raw_spin_unlock_irqrestore(&stream_lock, flags);
	return m;
}

void soba_dma_stream_drop(struct device *dev, u64 key, size_t size,
			  unsigned int dir, unsigned long caller)
{
	struct soba_dma_mapping *m = take(dev, key, size, dir);

	if (!m)
		return;
	if (m->size != size || m->dir != dir)
		soba_report(SOBA_R_WRONG_SIZE, caller,
			    "%#llx of %s was mapped with size %zu, direction %u by %pS and is unmapped with size %zu, direction %u",
			    key, soba_port_dma_name(dev), m->size, m->dir,
			    (void *)m->caller, size, dir);
	unpin(m);
	mapping_free(m);
}

/* Mappings of one device by one caller. */
struct site {
	struct device *dev;
	unsigned long caller;
	unsigned long nr;
	bool watched;
};

#define SITES 16

static void site_add(struct site *sites, struct soba_dma_mapping *m)
{
	struct site *s = sites;

	/* the last takes what has no place */
	while (s < &sites[SITES - 1] && s->nr &&
	       (s->caller != m->caller || s->dev != m->dev))
		s++;
	s->dev = m->dev;
	s->caller = m->caller;
	s->watched = m->watched;
	s->nr++;
	m->told = true;
}

void soba_dma_stream_report(struct device *dev)
{
	struct site sites[SITES] = { };
	struct soba_dma_mapping *m;
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		raw_spin_lock_irqsave(&stream_lock, flags);
		for (m = buckets[i]; m; m = m->next)
			if ((!dev || m->dev == dev) && !m->told)
				site_add(sites, m);
		raw_spin_unlock_irqrestore(&stream_lock, flags);
	}
	/* One that is not watched may be gone, and its name with it. */
	for (i = 0; i < SITES && sites[i].nr; i++)
		soba_report_line(SOBA_R_LEAK, sites[i].caller,
				 "device %s %s %lu streaming mappings",
				 dev || sites[i].watched ?
					 soba_port_dma_name(sites[i].dev) : "(unknown)",
				 dev ? "was unbound and left" : "still has",
				 sites[i].nr);
}

void soba_dma_stream_abandon(struct device *dev)
{
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		struct soba_dma_mapping **at = &buckets[i], *m, *gone = NULL;
		unsigned long flags;

		raw_spin_lock_irqsave(&stream_lock, flags);
		while (*at) {
			m = *at;
			if (dev && m->dev != dev) {
				at = &m->next;
				continue;
			}
			*at = m->next;
			m->next = gone;
			gone = m;
		}
		raw_spin_unlock_irqrestore(&stream_lock, flags);
		while (gone) {
			m = gone;
			gone = m->next;
			mapping_free(m);
		}
	}
}

unsigned long soba_dma_stream_count(struct device *dev)
{
	unsigned long flags, nr = 0;
	struct soba_dma_mapping *m;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		raw_spin_lock_irqsave(&stream_lock, flags);
		for (m = buckets[i]; m; m = m->next)
			nr += m->dev == dev;
		raw_spin_unlock_irqrestore(&stream_lock, flags);
	}
	return nr;
}
