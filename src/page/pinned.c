// SPDX-License-Identifier: GPL-2.0
/*
 * pinned.c - floor 2: page references that are not soba's.
 *
 * A block whose caller frees it while the network stack, a page table or a
 * pinned user mapping still holds a reference cannot be reused yet. It waits
 * here, named in a report, until its count is back at SOBA_PAGE_REFS. The
 * reverse, a reference too few, is a put_page() or host kfree() of a page of
 * ours; soba's own reference has kept the frame from the host.
 *
 * Locking: pinned_lock (raw, irqs off) guards the list, nothing is taken
 * under it.
 */
#include "page/block.h"
#include "page/chunk.h"
#include "page/grow.h"
#include "base/counter.h"
#include "base/report.h"

/* Chained through ->owner, so that ->caller still says who allocated. */
static struct soba_frame *pinned_list;
static unsigned long pinned_frames;
static DEFINE_RAW_SPINLOCK(pinned_lock);

/* More pages than this in one block are looked at in steps. */
#define REFS_ORDER_ALL 7

/* Of four pages, @bytes apart; by bytes, which the machine can address at once. */
static __always_inline int refs_of_four(const void *page, unsigned long bytes)
{
	return soba_port_refs_once(page) +
	       soba_port_refs_once(page + bytes) +
	       soba_port_refs_once(page + 2 * bytes) +
	       soba_port_refs_once(page + 3 * bytes);
}

/*
 * Counts are added up, an instruction or two a page: a page with one too many
 * and one with one too few in the same block would hide each other.
 */
bool soba_block_refs_ok(struct page *page, unsigned int order)
{
	unsigned long bytes = sizeof(struct page);
	const void *p = page, *end = page + (1UL << order);
	int sum = 0, n = 1 << min_t(unsigned int, order, REFS_ORDER_ALL);

	if (order > REFS_ORDER_ALL)
		bytes <<= order - REFS_ORDER_ALL;
	if (order < 2) {
		for (; p < end; p += bytes)
			sum += soba_port_refs_once(p);
		return sum == SOBA_PAGE_REFS * n;
	}
	for (; p < end; p += 4 * bytes)
		sum += refs_of_four(p, bytes);
	return sum == SOBA_PAGE_REFS * n;
}

bool soba_block_dropped(const struct soba_chunk *c, struct page *page,
			unsigned int order)
{
	unsigned long i, n = soba_block_counts(c, order);

	for (i = 0; i < n; i++)
		if (soba_port_refs(page + i) != SOBA_PAGE_REFS - 1)
			return false;
	return true;
}

static void put_back(struct soba_frame *f)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&pinned_lock, flags);
	WRITE_ONCE(f->state, SOBA_F_PINNED);
	f->owner = pinned_list;
	pinned_list = f;
	pinned_frames += 1UL << f->order;
	raw_spin_unlock_irqrestore(&pinned_lock, flags);
	soba_grow_trim_later();
}

/* Of all pages of a block; a host walker may change it meanwhile. */
static long foreign_refs(struct soba_frame *f)
{
	unsigned int i, n = soba_block_counts(f->chunk, f->order);
	struct page *page = soba_frame_page(f);
	long sum = 0;

	for (i = 0; i < n; i++)
		sum += soba_port_refs(page + i) - SOBA_PAGE_REFS;
	return sum;
}

/**
 * soba_pinned_add() - quarantine a block that somebody else still holds
 * @f: its head, in state ALLOC
 * @caller: who freed it, for the report; 0 when it was reported before
 *
 * Context: any but NMI.
 */
void soba_pinned_add(struct soba_frame *f, unsigned long caller)
{
	if (caller) {
		if (soba_report(SOBA_R_PINNED_PAGE, caller,
				"pfn %#lx, order %u, is freed with %ld references that are not soba's",
				soba_frame_pfn(f), f->order, foreign_refs(f)))
			soba_report_origin(f->caller);
		soba_count(SOBA_C_PINNED);
	}
	put_back(f);
}

/* Frames in quarantine; any context. */
unsigned long soba_pinned_frames(void)
{
	return READ_ONCE(pinned_frames);
}

/* Here every page is looked at, whatever the order: there is time. */
static bool released(struct soba_frame *f)
{
	unsigned int i, n = soba_block_counts(f->chunk, f->order);
	struct page *page = soba_frame_page(f);

	for (i = 0; i < n; i++)
		if (soba_port_refs(page + i) != SOBA_PAGE_REFS)
			return false;
	return true;
}

/* The whole quarantine, now the caller's. */
static struct soba_frame *take_all(void)
{
	struct soba_frame *all;
	unsigned long flags;

	raw_spin_lock_irqsave(&pinned_lock, flags);
	all = pinned_list;
	pinned_list = NULL;
	pinned_frames = 0;
	raw_spin_unlock_irqrestore(&pinned_lock, flags);
	return all;
}

/**
 * soba_pinned_gather() - free what has left its foreign holders
 *
 * Each block is looked at once; what is still held goes back.
 *
 * Context: any but NMI.
 * Return: frames freed.
 */
unsigned long soba_pinned_gather(void)
{
	struct soba_frame *f, *next;
	unsigned long frames = 0;

	if (!soba_pinned_frames())
		return 0;
	for (f = take_all(); f; f = next) {
		next = f->owner;
		if (!released(f)) {
			/* One too few is mended here, or it would wait for ever. */
			soba_stray_put(f, 0);
			if (soba_frame_state(f) != SOBA_F_LOST)
				put_back(f);
			continue;
		}
		frames += 1UL << f->order;
		soba_count(SOBA_C_GATHERED);
		f->owner = NULL;
		WRITE_ONCE(f->state, SOBA_F_ALLOC);
		soba_block_free(f);
	}
	return frames;
}

/* In quarantine there is no call site to say it once for. */
static void say_stray(struct soba_frame *f, unsigned int i, int lost,
		      unsigned long caller)
{
	static const char fmt[] =
		"pfn %#lx lost %d references to put_page() or the host's kfree()";
	unsigned long pfn = soba_frame_pfn(f) + i;

	if (caller ? soba_report(SOBA_R_STRAY_PUT_PAGE, caller, fmt, pfn, lost) :
		     soba_report_often(SOBA_R_STRAY_PUT_PAGE, 0, fmt, pfn, lost))
		soba_report_origin(f->caller);
}

/**
 * soba_stray_put() - a block is freed and soba's reference is not there
 * @f: its head, in state ALLOC
 * @caller: who frees it; 0: it waits in quarantine
 *
 * Reports and mends what can be mended: a count of 1 gets its reference back.
 * A count of 0 means that the host owns the frame already; it is never touched
 * again.
 */
void soba_stray_put(struct soba_frame *f, unsigned long caller)
{
	struct page *page = soba_frame_page(f);
	unsigned int i, n = soba_block_counts(f->chunk, f->order);

	for (i = 0; i < n; i++) {
		int refs = soba_port_refs(page + i);

		if (refs >= SOBA_PAGE_REFS)
			continue;
		soba_count(SOBA_C_STRAY_PUT);
		say_stray(f, i, SOBA_PAGE_REFS - refs, caller);
		if (refs < 1)
			WRITE_ONCE(f->state, SOBA_F_LOST);
		for (; refs > 0 && refs < SOBA_PAGE_REFS; refs++)
			soba_port_ref_restore(page + i);
	}
}

/*
 * Somebody else's references, too many or too few: reported, mended, or the
 * block goes to quarantine. True when it can be freed.
 */
bool soba_block_settle(struct soba_frame *f, unsigned long caller)
{
	struct page *page = soba_frame_page(f);
	unsigned int order = f->chunk->comp ? 0 : f->order;

	if (likely(soba_block_refs_ok(page, order)))
		return true;
	soba_stray_put(f, caller);
	if (soba_frame_state(f) == SOBA_F_LOST)
		return false;
	if (soba_block_refs_ok(page, order))
		return true;
	soba_pinned_add(f, caller);
	return false;
}

void soba_block_release(struct soba_frame *f, unsigned long caller)
{
	if (soba_block_settle(f, caller))
		soba_block_free(f);
}
