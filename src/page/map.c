// SPDX-License-Identifier: GPL-2.0
/*
 * map.c - floor 2: the table of regions, and the life of their descriptors.
 *
 * Locking: map_lock (raw, irqs off, innermost) guards the table's entries and
 * the count of chunks in each region. Nothing is called with it held. Readers
 * are lockless, see map.h: an array is published whole, all SOBA_F_NONE, and
 * withdrawn only when it is all SOBA_F_NONE again, so a reader that still has
 * it reads "not soba's".
 */
#include "page/map.h"
#include "page/chunk.h"

#define REGION_BYTES (SOBA_REGION_FRAMES * sizeof(struct soba_frame))

struct soba_map soba_map;

static u32 *region_chunks;		/* chunks in each region; map_lock */
static struct soba_frame *no_frames;	/* what an empty region points to */
static atomic_long_t map_bytes;
static DEFINE_RAW_SPINLOCK(map_lock);

/* The array that the table has for region @r. */
static struct soba_frame *region_get(unsigned long r)
{
	return (struct soba_frame *)(READ_ONCE(soba_map.biased[r]) +
				     r * REGION_BYTES);
}

static void region_set(unsigned long r, struct soba_frame *frames)
{
	/* Pairs with readers' dependent loads: the array is all NONE by then. */
	smp_store_release(&soba_map.biased[r],
			  (unsigned long)frames - r * REGION_BYTES);
}

static void *region_alloc(gfp_t gfp, int nid)
{
	void *frames = soba_port_meta_alloc(REGION_BYTES, gfp, nid);

	if (frames)
		atomic_long_add(REGION_BYTES, &map_bytes);
	return frames;
}

static void region_free(void *frames)
{
	soba_port_meta_free(frames, REGION_BYTES);
	atomic_long_sub(REGION_BYTES, &map_bytes);
}

int soba_map_init(void)
{
	unsigned long n = DIV_ROUND_UP(soba_port_max_pfn(), SOBA_REGION_FRAMES);
	unsigned long r;

	BUILD_BUG_ON(sizeof(struct rcu_head) > offsetof(struct soba_frame, tag));
	no_frames = region_alloc(GFP_KERNEL, NUMA_NO_NODE);
	soba_map.biased = soba_port_table_alloc(n * sizeof(*soba_map.biased));
	region_chunks = soba_port_table_alloc(n * sizeof(*region_chunks));
	if (!no_frames || !soba_map.biased || !region_chunks) {
		soba_map_exit();
		return -ENOMEM;
	}
	for (r = 0; r < n; r++)
		region_set(r, no_frames);
	soba_map.nr_regions = n;
	return 0;
}

/* Pre: no chunk is left, soba_abandon_all() has forgotten the last. */
void soba_map_exit(void)
{
	rcu_barrier();
	soba_map.nr_regions = 0;
	soba_port_table_free(region_chunks);
	soba_port_table_free(soba_map.biased);
	if (no_frames)
		region_free(no_frames);
	soba_map.biased = NULL;
	region_chunks = NULL;
	no_frames = NULL;
}

/**
 * soba_map_add() - make room for the descriptors of a new chunk
 * @pfn: its first frame
 * @gfp: how the array may be allocated when the region has none yet
 * @nid: node of the chunk
 *
 * Context: as @gfp says; no lock held.
 * Return: 0, -ENOMEM, or -ERANGE for a PFN beyond what was known at load.
 */
int soba_map_add(unsigned long pfn, gfp_t gfp, int nid)
{
	unsigned long r = pfn >> SOBA_REGION_ORDER;
	struct soba_frame *fresh = NULL;
	unsigned long flags;

	if (r >= soba_map.nr_regions) {
		pr_warn_once("soba: pfn %#lx was plugged in after load: soba cannot use it\n",
			     pfn);
		return -ERANGE;
	}
	for (;;) {
		raw_spin_lock_irqsave(&map_lock, flags);
		if (region_get(r) != no_frames || fresh) {
			if (region_get(r) == no_frames) {
				region_set(r, fresh);
				fresh = NULL;
			}
			region_chunks[r]++;
			raw_spin_unlock_irqrestore(&map_lock, flags);
			break;
		}
		raw_spin_unlock_irqrestore(&map_lock, flags);
		fresh = region_alloc(gfp, nid);
		if (!fresh)
			return -ENOMEM;
	}
	if (fresh)
		region_free(fresh);
	return 0;
}

static void region_free_rcu(struct rcu_head *head)
{
	region_free(head);
}

/**
 * soba_map_remove() - a chunk has left its region
 * @pfn: its first frame
 *
 * Pre: the chunk's descriptors are SOBA_F_NONE. When it was the last one, its
 * array is withdrawn; the first descriptor's link, which nobody reads in state
 * NONE, carries the rcu_head.
 *
 * Context: any but NMI.
 */
void soba_map_remove(unsigned long pfn)
{
	unsigned long r = pfn >> SOBA_REGION_ORDER;
	struct soba_frame *gone = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&map_lock, flags);
	if (!--region_chunks[r]) {
		gone = region_get(r);
		region_set(r, no_frames);
	}
	raw_spin_unlock_irqrestore(&map_lock, flags);
	if (gone)
		call_rcu((struct rcu_head *)gone, region_free_rcu);
}

/**
 * soba_map_next_chunk() - walk all chunks in order of address
 * @pfn: where to begin looking; set to the PFN after the chunk
 *
 * Context: rcu_read_lock() held, and as long as the chunk is used. A chunk that
 * comes or goes during the walk may be seen or not.
 * Return: the first chunk that begins at or after *@pfn, or NULL.
 */
struct soba_chunk *soba_map_next_chunk(unsigned long *pfn)
{
	unsigned long p = *pfn;

	while (p >> SOBA_REGION_ORDER < soba_map.nr_regions) {
		struct soba_frame *f = soba_map_frame(p);
		struct soba_chunk *c;

		if (region_get(p >> SOBA_REGION_ORDER) == no_frames) {
			p = ALIGN(p + 1, SOBA_REGION_FRAMES);
			continue;
		}
		/* Pairs with frames_init(): with a state comes its ->chunk. */
		if ((smp_load_acquire(&f->state) & SOBA_F_MASK) == SOBA_F_NONE) {
			p++;
			continue;
		}
		/* The same: it may be a newer chunk than the state's. */
		c = smp_load_acquire(&f->chunk);
		p = c->pfn + (1UL << c->order);
		if (c->pfn < *pfn)
			continue;
		*pfn = p;
		return c;
	}
	return NULL;
}

/* Bytes of descriptors; the table itself is 12 bytes for each region of RAM. */
unsigned long soba_map_bytes(void)
{
	return atomic_long_read(&map_bytes) +
	       soba_map.nr_regions *
	       (sizeof(*soba_map.biased) + sizeof(*region_chunks));
}
