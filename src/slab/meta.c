// SPDX-License-Identifier: GPL-2.0
/*
 * meta.c - floor 3: memory for slab descriptors and magazines, from caches of
 * soba's own that have neither: their slabs describe themselves, and their
 * objects go straight to the slabs. So nothing here calls itself again.
 *
 * Locking: as slabs.
 */
#include "slab/magazine.h"
#include "slab/node.h"

static const struct {
	unsigned int size;
	const char *name;
} metas[] = {
	{ 64, "soba_meta-64" },
	{ 128, "soba_meta-128" },
	{ 256, "soba_meta-256" },
	{ 512, "soba_meta-512" },
	{ 1024, "soba_meta-1k" },
};

static struct soba_cache *meta_cache[ARRAY_SIZE(metas)];

void *soba_meta_alloc(size_t size, const struct soba_req *req)
{
	struct soba_req r = *req;
	unsigned int i;

	r.this_node = false;
	r.direct = false;
	/* Shared by all: nobody is charged. */
	r.gfp &= ~__GFP_ACCOUNT;
	for (i = 0; i < ARRAY_SIZE(metas); i++)
		if (size <= metas[i].size)
			return soba_object_alloc(meta_cache[i], &r);
	return NULL;
}

void soba_meta_free(void *p)
{
	soba_object_free(p, 0);
}

int soba_meta_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(metas); i++) {
		const struct soba_cache_spec spec = {
			.name = metas[i].name,
			.size = metas[i].size,
			.align = 64,
			.own_flags = SOBA_CACHE_ON_SLAB | SOBA_CACHE_NO_MAG,
			.class = SOBA_CLASS_NORMAL,
		};
		struct soba_cache *c = soba_cache_new(&spec);

		if (IS_ERR(c)) {
			soba_meta_exit();
			return PTR_ERR(c);
		}
		meta_cache[i] = c;
	}
	return 0;
}

/* Slabs of tombstones may still have descriptors here: they are not missed. */
void soba_meta_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(metas); i++) {
		if (!meta_cache[i])
			continue;
		soba_cache_disband(meta_cache[i]);
		soba_cache_end(meta_cache[i]);
		meta_cache[i] = NULL;
	}
}
