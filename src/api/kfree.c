// SPDX-License-Identifier: GPL-2.0
/*
 * kfree.c - floor 4: memory by size, given back; and how large it was.
 *
 * Locking: none here; see objects.h.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/kmalloc.h>

#include "api/kmem_cache.h"
#include "api/objects.h"

/**
 * soba_kfree() - give memory of the kmalloc() family back
 * @objp: it; NULL and ZERO_SIZE_PTR are nothing to do
 *
 * Objects of other caches are taken too, as in recent kernels. Anything else is
 * reported and left alone.
 *
 * Context: any but NMI.
 */
void soba_kfree(const void *objp)
{
	/* No test: neither is an address of soba's, the slow end knows them. */
	soba_object_give(true, NULL, (void *)objp);
}
EXPORT_SYMBOL_GPL(soba_kfree);

/**
 * soba_kfree_bulk() - give back many
 * @size: how many
 * @p: the pointers
 *
 * Context: any but NMI.
 */
void soba_kfree_bulk(size_t size, void **p)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (!ZERO_OR_NULL_PTR(p[i]))
			soba_object_give(true, NULL, p[i]);
}
EXPORT_SYMBOL_GPL(soba_kfree_bulk);

/**
 * soba_ksize() - how many bytes may be used
 * @objp: memory of the kmalloc() family, or an object of a cache
 *
 * Context: any.
 * Return: bytes; 0 for NULL, ZERO_SIZE_PTR and what is not soba's.
 */
size_t soba_ksize(const void *objp)
{
	struct soba_object o;

	if (ZERO_OR_NULL_PTR(objp) || !soba_object_find(objp, &o) ||
	    o.start != objp)
		return 0;
	return o.size;
}
EXPORT_SYMBOL_GPL(soba_ksize);
