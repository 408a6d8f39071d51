// SPDX-License-Identifier: GPL-2.0
/*
 * check.c - floor 3: is a free of coherent memory right? If not, why.
 *
 * Locking: none; the caller is in a section that RCU waits for, so slabs stay.
 * Their marks are read once. Two CPUs that free the same object at the same
 * instant may both find it right; this is not seen on the spot.
 */
#include "dma/check.h"
#include "dma/heap.h"
#include "dma/slab.h"
#include "dma/table.h"
#include "base/report.h"

/* Pages beyond the first of a slab are not in the table: look at all buckets. */
struct soba_dma_slab *soba_dma_owner(unsigned long addr)
{
	struct soba_dma_slab *s = soba_dma_find(addr);
	unsigned long i;

	for (i = 0; !s && i < SOBA_DMA_BUCKETS; i++) {
		s = READ_ONCE(soba_dma_table[i]);
		while (s != &soba_dma_end &&
		       (addr < s->base || s->span == 1 ||
			addr - s->base >= s->bytes))
			s = READ_ONCE(s->next);
		if (s == &soba_dma_end)
			s = NULL;
	}
	return s;
}

static const char *device_text(const struct device *dev)
{
	if (dev == SOBA_DMA_GONE)
		return "a device that is gone";
	return dev ? soba_port_dma_name(dev) : "no device";
}

static bool no_slab(const struct soba_dma_free *f)
{
	unsigned long addr = (unsigned long)f->vaddr;
	struct soba_dma_slab *s = soba_dma_owner(addr);

	if (s)
		soba_report(SOBA_R_INVALID_FREE, f->caller,
			    "%p is %lu bytes inside a coherent block of %zu bytes of %s",
			    f->vaddr, addr - s->base, READ_ONCE(s->want),
			    device_text(s->dev));
	else
		soba_report(SOBA_R_FOREIGN_FREE, f->caller,
			    "%p, handle %#llx, is not coherent memory of soba's",
			    f->vaddr, (u64)f->handle);
	return false;
}

/* The object at or around an address of a slab's first page. */
static struct soba_dma_entry entry_at(struct soba_dma_slab *s, const void *vaddr)
{
	unsigned long offset = (unsigned long)vaddr - s->base;
	u32 i = s->cache->size ? offset / s->cache->stride : 0;

	return soba_dma_slab_entry(s, min(i, s->cache->per_slab - 1));
}

#define OWNER_TEXT 100

/* ", allocated by ...", or nothing when it is free. */
static const char *owner_text(const struct soba_dma_free *f,
			      struct soba_dma_slab *s, char *text)
{
	struct soba_dma_entry e = entry_at(s, f->vaddr);

	text[0] = 0;
	if (soba_dma_mark_is_out(e.mark))
		scnprintf(text, OWNER_TEXT, ", allocated by %pS",
			  (void *)soba_dma_caller(e.mark));
	return text;
}

/* Of the right device, and of the right pool or of none? */
static bool owner_right(const struct soba_dma_free *f, struct soba_dma_slab *s)
{
	char text[OWNER_TEXT];

	if (f->pool && s->cache == f->pool)
		return true;
	if (f->pool || (s->cache->pool && s->dev == f->dev)) {
		soba_report(SOBA_R_WRONG_CACHE, f->caller,
			    "%p is of %s of %s, and is freed to %s%s", f->vaddr,
			    s->cache->name, device_text(s->dev),
			    f->pool ? f->pool->name : "no pool",
			    owner_text(f, s, text));
		return false;
	}
	if (s->dev == f->dev)
		return true;
	soba_report(SOBA_R_WRONG_DEVICE, f->caller,
		    "%p, handle %#llx, is of %s and is freed for %s%s", f->vaddr,
		    (u64)f->handle, device_text(s->dev), device_text(f->dev),
		    owner_text(f, s, text));
	return false;
}

/* Which object of the slab; false inside of one. */
static bool object_of(const struct soba_dma_free *f, struct soba_dma_slab *s,
		      struct soba_dma_entry *e)
{
	char text[OWNER_TEXT];

	*e = entry_at(s, f->vaddr);
	if (e->vaddr == f->vaddr)
		return true;
	soba_report(SOBA_R_INVALID_FREE, f->caller,
		    "%p is %zu bytes inside an object of %s of %s%s", f->vaddr,
		    (size_t)(f->vaddr - e->vaddr), s->cache->name,
		    device_text(s->dev), owner_text(f, s, text));
	return false;
}

static bool state_right(const struct soba_dma_free *f,
			const struct soba_dma_slab *s,
			const struct soba_dma_entry *e)
{
	if (!soba_dma_mark_is_out(e->mark)) {
		soba_report(SOBA_R_DOUBLE_FREE, f->caller,
			    "%p, handle %#llx, of %s of %s is free already",
			    f->vaddr, (u64)e->handle, s->cache->name,
			    device_text(s->dev));
		return false;
	}
	if (!f->pool && soba_dma_size(s, e->mark) != f->size) {
		soba_report(SOBA_R_WRONG_SIZE, f->caller,
			    "%p was allocated with %zu bytes by %pS and is freed with %zu",
			    f->vaddr, soba_dma_size(s, e->mark),
			    (void *)soba_dma_caller(e->mark), f->size);
		return false;
	}
	if (f->handle != e->handle) {
		soba_report(SOBA_R_INVALID_FREE, f->caller,
			    "%p of %s has the handle %#llx and is freed with %#llx, allocated by %pS",
			    f->vaddr, device_text(s->dev), (u64)e->handle,
			    (u64)f->handle,
			    (void *)soba_dma_caller(e->mark));
		return false;
	}
	if (f->attrs != s->attrs) {
		soba_report(SOBA_R_BAD_FLAGS, f->caller,
			    "%p was allocated with attributes %#lx and is freed with %#lx",
			    f->vaddr, s->attrs, f->attrs);
		return false;
	}
	return true;
}

struct soba_dma_slab *soba_dma_check(const struct soba_dma_free *f,
				     struct soba_dma_entry *e)
{
	struct soba_dma_slab *s = soba_dma_find((unsigned long)f->vaddr);
	bool right;

	if (!s)
		right = no_slab(f);
	else
		right = owner_right(f, s) && object_of(f, s, e) &&
			state_right(f, s, e);
	return right ? s : NULL;
}
