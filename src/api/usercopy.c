// SPDX-License-Identifier: GPL-2.0
/*
 * usercopy.c - floor 4: copies to and from userspace that know soba's objects.
 *
 * The host's hardened usercopy knows the bounds of its own slab objects alone;
 * soba's pages are plain pages to it.
 *
 * Locking: the caller holds the object, so its bounds do not change.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/slab.h>

#include "slab/slab.h"
#include "base/report.h"

/* In a slab, whether or not in an object. */
static bool in_slab(const void *p)
{
	struct soba_frame *f;
	bool yes;

	rcu_read_lock();
	f = soba_addr_frame(p);
	yes = f && soba_owner_kind(READ_ONCE(f->owner)) == SOBA_OWN_SLAB;
	rcu_read_unlock();
	return yes;
}

static void report_window(const struct soba_object *o, size_t offset,
			  unsigned long n, size_t from, size_t size,
			  unsigned long caller)
{
	soba_report(SOBA_R_OUT_OF_BOUNDS, caller,
		    "copy of %lu bytes at offset %zu of object 0x%p of cache %s, size %zu, whose usercopy window is %zu bytes at offset %zu",
		    n, offset, o->start, o->cache ? o->cache->name : "none",
		    o->size, size, from);
}

/* May userspace see, or fill, these bytes? Memory that is not soba's: yes. */
static bool allowed(const void *p, unsigned long n, unsigned long caller)
{
	struct soba_object o;
	size_t offset, from = 0, size;

	if (!n)
		return true;
	if (!soba_object_find(p, &o)) {
		if (!in_slab(p))
			return true;
		soba_report(SOBA_R_OUT_OF_BOUNDS, caller,
			    "copy of %lu bytes at address 0x%p, between the objects of a slab",
			    n, p);
		return false;
	}
	size = o.size;
	if (o.cache && !(o.cache->own_flags & SOBA_CACHE_KMALLOC)) {
		from = o.cache->useroffset;
		size = o.cache->usersize;
	}
	offset = p - o.start;
	if (offset >= from && offset - from <= size &&
	    n <= size - (offset - from))
		return true;
	report_window(&o, offset, n, from, size, caller);
	return false;
}

/**
 * soba_copy_to_user() - copy_to_user() that knows soba's objects
 * @to: userspace
 * @from: kernel memory
 * @n: bytes
 *
 * When @from lies in an object of a soba cache the bytes must lie inside the
 * usercopy window of that cache; in kmalloc memory, inside the object.
 *
 * Context: process, may sleep.
 * Return: bytes that were not copied; @n after a report (out-of-bounds) when the
 * range is not allowed.
 */
unsigned long soba_copy_to_user(void __user *to, const void *from,
				unsigned long n)
{
	if (!allowed(from, n, _RET_IP_))
		return n;
	return copy_to_user(to, from, n);
}
EXPORT_SYMBOL_GPL(soba_copy_to_user);

/**
 * soba_copy_from_user() - copy_from_user() that knows soba's objects
 * @to: kernel memory
 * @from: userspace
 * @n: bytes
 *
 * When @to lies in an object of a soba cache the bytes must lie inside the
 * usercopy window of that cache; in kmalloc memory, inside the object.
 *
 * Context: process, may sleep.
 * Return: bytes that were not copied, and those are zero in @to; @n after a
 * report (out-of-bounds) when the range is not allowed, and @to is as it was.
 */
unsigned long soba_copy_from_user(void *to, const void __user *from,
				  unsigned long n)
{
	if (!allowed(to, n, _RET_IP_))
		return n;
	return copy_from_user(to, from, n);
}
EXPORT_SYMBOL_GPL(soba_copy_from_user);
