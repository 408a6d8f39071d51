// SPDX-License-Identifier: GPL-2.0
/*
 * snap.c - floor 5: copies of what is shown, taken so that nobody waits, and
 * words for what is printed in several files.
 *
 * Locking: zone->lock while a zone's figures are copied, a few hundred bytes.
 */
#include <linux/ctype.h>
#include <linux/seq_file.h>

#include "obs/obs.h"
#include "page/map.h"
#include "slab/cache.h"

void soba_zone_snap(struct soba_zone *zone, struct soba_zone_snap *snap)
{
	unsigned int kind, order;
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	snap->free = zone->buddy.nr_free;
	snap->idle = zone->empty_frames;
	snap->managed = zone->managed;
	snap->spanned_start = zone->spanned_start;
	snap->spanned_end = zone->spanned_end;
	snap->nr_chunks = zone->nr_chunks;
	memcpy(snap->wmark, zone->wmark, sizeof(snap->wmark));
	for (kind = 0; kind < SOBA_NR_KINDS; kind++)
		for (order = 0; order < SOBA_NR_ORDERS; order++)
			snap->blocks[kind][order] =
				zone->buddy.list[kind][order].nr;
	raw_spin_unlock_irqrestore(&zone->lock, flags);

	if (snap->spanned_start > snap->spanned_end)
		snap->spanned_start = snap->spanned_end;
}

unsigned long soba_obs_site(unsigned long caller)
{
	return soba_map_frame(soba_port_addr_pfn(caller)) ? 0 : caller;
}

void soba_obs_put_site(struct seq_file *m, unsigned long caller)
{
	if (caller)
		seq_printf(m, "%pS", (void *)caller);
	else
		seq_putc(m, '-');
}

void soba_obs_word(char *word, const char *name, size_t size)
{
	char *p;

	strscpy(word, *name ? name : "-", size);
	for (p = word; *p; p++)
		if (!isgraph(*p))
			*p = '_';
}

void soba_obs_owner(char *text, void *owner)
{
	static const char *const names[] = {
		[SOBA_OWN_NONE] = "-",	   [SOBA_OWN_SLAB] = "slab",
		[SOBA_OWN_LARGE] = "large", [SOBA_OWN_AREA] = "area",
		[SOBA_OWN_FRAG] = "frag",   [SOBA_OWN_DMA] = "dma",
		[SOBA_OWN_META] = "meta",
	};
	enum soba_owner_kind kind = soba_owner_kind(owner);
	const struct soba_cache *c = soba_owner_ptr(owner);
	char name[SOBA_CACHE_NAME_LEN];

	BUILD_BUG_ON(SOBA_OWNER_TEXT < SOBA_CACHE_NAME_LEN + sizeof("slab:"));
	if (kind >= ARRAY_SIZE(names))
		kind = SOBA_OWN_NONE;
	strscpy(text, names[kind], SOBA_OWNER_TEXT);
	/* A cache is freed a grace period after its last slab has gone. */
	if (c && kind == SOBA_OWN_SLAB) {
		soba_obs_word(name, c->name, sizeof(name));
		snprintf(text, SOBA_OWNER_TEXT, "slab:%s", name);
	}
}
