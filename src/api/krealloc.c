// SPDX-License-Identifier: GPL-2.0
/*
 * krealloc.c - floor 4: objects that change their size, or end in a special way.
 *
 * Locking: none; the caller holds the object.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/kmalloc.h>

#include "api/objects.h"
#include "base/report.h"

/* Is @p the first byte of an object? Then @o says which. */
static bool find_object(const void *p, struct soba_object *o)
{
	return soba_object_find(p, o) && o->start == p;
}

static void report_no_object(const void *p, unsigned long caller)
{
	struct soba_object o;

	if (soba_object_find(p, &o))
		soba_report(SOBA_R_INVALID_FREE, caller,
			    "krealloc of address 0x%p, which is inside an object of %zu bytes, not its start",
			    p, o.size);
	else
		soba_report(SOBA_R_FOREIGN_FREE, caller,
			    "krealloc of address 0x%p, which is no object of soba's",
			    p);
}

void *soba_krealloc_from(const void *objp, size_t new_size, gfp_t flags,
			 unsigned long caller)
{
	struct soba_object o = { };
	void *p = (void *)objp, *fresh;

	if (unlikely(!new_size)) {
		if (!ZERO_OR_NULL_PTR(p))
			soba_object_free_slow(NULL, p, caller);
		return ZERO_SIZE_PTR;
	}
	if (!ZERO_OR_NULL_PTR(p) && !find_object(p, &o)) {
		report_no_object(p, caller);
		return NULL;
	}
	if (new_size <= o.size) {
		if ((flags & __GFP_ZERO) || soba_port_init_on_alloc())
			memset(p + new_size, 0, o.size - new_size);
		return p;
	}
	fresh = __soba_kmalloc_track_caller(SOBA_HEAP, new_size, flags,
					    NUMA_NO_NODE, caller);
	if (!fresh || !o.size)
		return fresh;
	memcpy(fresh, p, o.size);
	soba_object_free_slow(NULL, p, caller);
	return fresh;
}

/**
 * soba_krealloc() - make an object larger or smaller
 * @objp: the object, or NULL or ZERO_SIZE_PTR for none yet
 * @new_size: bytes; 0 frees it
 * @flags: GFP flags of a new object
 *
 * While @new_size is at most soba_ksize() the object stays where it is. Else
 * its bytes move to a new one and it is freed. With __GFP_ZERO all usable bytes
 * from the old contents' end are zero when every earlier call for the object
 * had that flag, too: what is beyond @new_size is cleared each time.
 *
 * Context: as soba_kmalloc() with @flags.
 * Return: the object, moved or not; ZERO_SIZE_PTR for @new_size 0. NULL when
 * there is no memory, or after a report when @objp is not an object of soba's:
 * then it is as it was.
 */
void *soba_krealloc(const void *objp, size_t new_size, gfp_t flags)
{
	return soba_krealloc_from(objp, new_size, flags, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_krealloc);

/**
 * soba_kfree_sensitive() - clear an object and free it
 * @objp: from soba's kmalloc family or a cache; NULL and ZERO_SIZE_PTR are
 *	ignored
 *
 * All usable bytes are cleared, soba_ksize() of them. Mistakes are met as by
 * soba_kfree(); but an object that was freed already is cleared again.
 *
 * Context: any but NMI.
 */
void soba_kfree_sensitive(const void *objp)
{
	struct soba_object o;

	if (unlikely(ZERO_OR_NULL_PTR(objp)))
		return;
	if (find_object(objp, &o))
		memzero_explicit(o.start, o.size);
	soba_object_free_slow(NULL, (void *)objp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_kfree_sensitive);

/**
 * soba_kfree_const() - free what soba_kstrdup_const() returned
 * @objp: that; NULL is ignored
 *
 * A constant of the kernel is left alone.
 *
 * Context: any but NMI.
 */
void soba_kfree_const(const void *objp)
{
	if (!ZERO_OR_NULL_PTR(objp) && !soba_port_in_image(objp))
		soba_object_free_slow(NULL, (void *)objp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_kfree_const);
