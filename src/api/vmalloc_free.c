// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc_free.c - floor 4: mapped memory taken back, and every way to get it
 * wrong.
 *
 * Locking: none. An area that was looked up is another's until its state has
 * gone from LIVE to FREED by our own cmpxchg(); until then it is looked at with
 * preemption off or under rcu_read_lock().
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/vmalloc.h>

#include "api/care.h"
#include "api/vmalloc.h"
#include "varea/cache.h"
#include "base/report.h"

/*
 * What an address is that is not the start of a LIVE area. One where an area was
 * may be the host's by now: then something is mapped there.
 */
static void report(const struct soba_area *a, unsigned long addr,
		   const char *what, unsigned long caller)
{
	if (!a && soba_index_was(addr) &&
	    !soba_port_mapped_page((void *)addr)) {
		soba_report(SOBA_R_DOUBLE_FREE, caller,
			    "%s(%#lx): this area has been freed", what, addr);
	} else if (!a) {
		soba_report(SOBA_R_FOREIGN_FREE, caller,
			    "%s(%#lx): not an area of soba's", what, addr);
	} else if (READ_ONCE(a->state) != SOBA_AREA_LIVE) {
		soba_report(SOBA_R_DOUBLE_FREE, caller,
			    "%s(%#lx): area %#lx, %lu pages, is free already",
			    what, addr, a->addr, a->nr_pages);
	} else {
		soba_report(SOBA_R_INVALID_FREE, caller,
			    "%s(%#lx): inside area %#lx of %lu bytes, not its start",
			    what, addr, a->addr, READ_ONCE(a->size));
	}
}

struct soba_area *soba_area_lookup(const void *addr, const char *what,
				   unsigned long caller)
{
	unsigned long at = (unsigned long)addr;
	struct soba_area *a = soba_index_fast(at);

	if (!a)
		a = soba_index_find(at);
	if (likely(a && a->addr == at &&
		   READ_ONCE(a->state) == SOBA_AREA_LIVE))
		return a;
	report(a, at, what, caller);
	return NULL;
}

/* Two may have come at once: one gets it. */
bool soba_area_take_back(struct soba_area *a, const char *what,
			 unsigned long caller)
{
	if (cmpxchg(&a->state, SOBA_AREA_LIVE, SOBA_AREA_FREED) ==
	    SOBA_AREA_LIVE)
		return true;
	report(a, a->addr, what, caller);
	return false;
}

/* Somebody may hold a reference that nobody told us of: a look at two pages. */
static __always_inline bool ends_ok(const struct soba_area *a)
{
	return soba_port_refs_once(a->pages[0]) == SOBA_PAGE_REFS &&
	       soba_port_refs_once(a->pages[a->nr_pages - 1]) == SOBA_PAGE_REFS;
}

/* The area is FREED and ours: keep it, or not. */
static void settle(struct soba_area *a, bool sleep, unsigned long caller)
{
	bool keep = a->flags == SOBA_AREA_OWNS;

	a->freed_by = caller;
	/* Work as long as the area is for who can wait: the worker. */
	if (!sleep && (a->exposed || soba_port_init_on_free()))
		keep = false;
	if (keep && (a->exposed || !ends_ok(a))) {
		keep = soba_area_refs_ok(a);
		a->exposed = !keep;
	}
	if (keep && soba_port_init_on_free()) {
		soba_area_clear(a);
		a->zero = true;
	}
	if (keep)
		soba_varea_free(a, sleep);
	else
		soba_varea_drop(a, sleep);
}

static struct soba_area *free_check(const void *addr, unsigned long caller)
{
	struct soba_area *a = soba_area_lookup(addr, "vfree", caller);

	if (!a)
		return NULL;
	if ((a->flags & SOBA_AREA_OWNS) || (a->flags & SOBA_AREA_PUT))
		return soba_area_take_back(a, "vfree", caller) ? a : NULL;
	soba_report(SOBA_R_INVALID_FREE, caller,
		    "vfree(%#lx): a vmap() of %lu pages, to be undone by vunmap()",
		    a->addr, a->nr_pages);
	return NULL;
}

/*
 * Of a MAP with _PUT the pages go as well: those of soba by its own call, and
 * the array in which they were named.
 */
noinline bool soba_area_free(const void *addr, bool sleep, unsigned long caller)
{
	struct soba_area *a;

	if (!addr)
		return false;
	rcu_read_lock();
	a = free_check(addr, caller);
	if (a)
		soba_trace_vfree(addr, a->nr_pages, caller);
	rcu_read_unlock();
	if (!a)
		return false;
	settle(a, sleep, caller);
	return true;
}

static noinline __cold void free_old(struct soba_area *old)
{
	soba_varea_store(old, soba_port_can_sleep());
}

/* No room in the slots, or somebody holds a page: as any other area. */
static noinline __cold void free_elsewhere(struct soba_area *a,
					   unsigned long caller)
{
	settle(a, soba_port_can_sleep(), caller);
}

static noinline void free_slow(const void *addr, unsigned long caller)
{
	soba_area_free(addr, soba_port_can_sleep(), caller);
}

static __always_inline bool plain(const struct soba_area *a)
{
	return likely(a->flags == SOBA_AREA_OWNS) && likely(!READ_ONCE(a->exposed));
}

/*
 * An area that was handed out lately goes back to a slot of this CPU. Any
 * context: nothing is locked, and nothing unmapped here.
 */
static __always_inline void free_fast(const void *addr, unsigned long caller)
{
	struct soba_area *a, *old = NULL;

	if (soba_free_care())
		return free_slow(addr, caller);
	preempt_disable();
	a = soba_index_fast((unsigned long)addr);
	if (unlikely(!a) || unlikely(!plain(a)) ||
	    unlikely(cmpxchg(&a->state, SOBA_AREA_LIVE, SOBA_AREA_FREED) !=
		     SOBA_AREA_LIVE)) {
		preempt_enable();
		return free_slow(addr, caller);
	}
	a->freed_by = caller;
	if (unlikely(!ends_ok(a)) || unlikely(!soba_varea_put(a, &old))) {
		preempt_enable();
		return free_elsewhere(a, caller);
	}
	preempt_enable();
	if (unlikely(old))
		free_old(old);
	if (unlikely(!READ_ONCE(soba_varea_aging)))
		soba_varea_wake();
}

/**
 * soba_vfree() - free mapped memory
 * @addr: from one of soba's vmalloc calls, or soba_vmap() with
 *	VM_MAP_PUT_PAGES; NULL is ignored
 *
 * The area may stay mapped for some seconds, to serve the next call of its
 * size. Where the caller may not sleep, a worker does what has to be undone. An
 * address inside of an area, one that has been freed, or that is not soba's:
 * reported, counted, and the memory left alone. While somebody else holds a
 * reference of one of the pages, they are not reused, and the caller is
 * reported (pinned-page).
 *
 * Context: any but NMI.
 */
void soba_vfree(const void *addr)
{
	free_fast(addr, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vfree);

void soba_vfree_from(const void *addr, unsigned long caller)
{
	free_fast(addr, caller);
}

/**
 * soba_vfree_atomic() - soba_vfree() that never sleeps
 * @addr: as for soba_vfree()
 *
 * Context: any but NMI.
 */
void soba_vfree_atomic(const void *addr)
{
	soba_area_free(addr, false, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_vfree_atomic);
