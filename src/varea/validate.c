// SPDX-License-Identifier: GPL-2.0
/*
 * validate.c - floor 3: the laws of areas, checked one by one.
 *
 * Locking: index.c and cache.c call these with the lock of what is checked
 * held, so that nothing changes; lines are said under it and must not sleep.
 */
#include "varea/validate.h"
#include "page/map.h"
#include "page/owner.h"

/* Each frame is the area's, and the blocks make up its pages one by one. */
static void check_frames(struct soba_check *ck, const struct soba_area *a)
{
	void *tag = soba_owner_tag(a, SOBA_OWN_AREA);
	unsigned long at, i, n;

	for (at = 0; at < a->nr_pages; at += n) {
		struct soba_frame *f = soba_map_frame_of_page(a->pages[at]);
		struct soba_frame snap = soba_frame_snap(f);

		n = 1UL << snap.order;
		if (snap.state != SOBA_F_OWNED || at + n > a->nr_pages) {
			soba_law(ck, "area %#lx: page %lu has state %u, order %u",
				 a->addr, at, snap.state, snap.order);
			return;
		}
		for (i = 0; i < n; i++)
			if (READ_ONCE(f[i].owner) != tag ||
			    a->pages[at + i] != a->pages[at] + i)
				soba_law(ck, "area %#lx: page %lu is not its own",
					 a->addr, at + i);
	}
}

void soba_area_check(struct soba_check *ck, const struct soba_area *a)
{
	u32 state = READ_ONCE(a->state);

	if (state != SOBA_AREA_LIVE && state != SOBA_AREA_FREED)
		soba_law(ck, "area %#lx: state %u", a->addr, state);
	if (!a->nr_pages || a->key >> 2 != a->nr_pages ||
	    (a->addr & ~PAGE_MASK))
		soba_law(ck, "area %#lx: %lu pages, key %#lx", a->addr,
			 a->nr_pages, a->key);
	if (READ_ONCE(a->size) > a->nr_pages << PAGE_SHIFT)
		soba_law(ck, "area %#lx: %lu bytes in %lu pages", a->addr,
			 a->size, a->nr_pages);
	if (a->flags & SOBA_AREA_OWNS)
		check_frames(ck, a);
}

unsigned int soba_varea_validate(void (*say)(void *arg, const char *line),
				 void *arg)
{
	struct soba_check ck = { .say = say, .arg = arg };

	soba_index_validate(&ck);
	soba_varea_check_caches(&ck);
	return ck.broken;
}
