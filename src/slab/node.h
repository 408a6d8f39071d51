/* SPDX-License-Identifier: GPL-2.0 */
/*
 * node.h - floor 3: the slabs of a cache on one node.
 *
 * Locking: node->lock, raw, irqs off; nothing is called under it. At most a
 * magazine of objects moves at a time, so that the lock is short.
 */
#ifndef SOBA_NODE_H
#define SOBA_NODE_H

#include "slab/slab.h"
#include "page/zone.h"

void soba_node_setup(struct soba_cache_node *n, int nid);

/**
 * soba_node_take() - free objects out of the fullest slabs
 * @n: the node
 * @nr: how many are wanted
 * @objects: filled in
 *
 * Context: any but NMI. Return: how many there were.
 */
unsigned int soba_node_take(struct soba_cache_node *n, unsigned int nr,
			    void **objects);

/* One object if the lock is free; any context, NMI too. NULL: not now. */
void *soba_node_try_take(struct soba_cache_node *n);

/**
 * soba_cache_put() - objects go back to their slabs, on whatever node
 * @c: their cache
 * @nr: how many
 * @objects: checked as the free paths check; a double free is found here
 * @caller: for the report of one, or 0
 *
 * Slabs that become empty above the reserve of their node are given back.
 *
 * Context: any but NMI; no lock held.
 * Return: objects that were free already, reported and left alone.
 */
unsigned int soba_cache_put(struct soba_cache *c, unsigned int nr,
			    void **objects, unsigned long caller);

/**
 * soba_node_try_put() - one object goes back if the lock is free
 * @c: its cache
 * @object: it
 *
 * A slab that becomes empty stays, until somebody may give it back.
 *
 * Context: any, NMI too.
 * Return: false: not now, or never as it is free already.
 */
bool soba_node_try_put(struct soba_cache *c, void *object);

/* A new slab joins; no lock held. */
void soba_node_add(struct soba_cache_node *n, struct soba_slab *slab);

/**
 * soba_node_trim() - give empty slabs back
 * @c: the cache
 * @n: its node
 * @keep: how many may stay
 *
 * Context: any but NMI; no lock held. Return: frames given back.
 */
unsigned long soba_node_trim(struct soba_cache *c, struct soba_cache_node *n,
			     unsigned int keep);

/**
 * soba_cache_live_some() - a few of the objects that are handed out
 * @c: a cache whose magazines are empty
 * @nr: how many at most
 * @objects: filled in
 *
 * Context: any but NMI. Return: how many.
 */
unsigned int soba_cache_live_some(struct soba_cache *c, unsigned int nr,
				  void **objects);

/* At unload: every slab goes, whatever is still in it. */
void soba_cache_disband(struct soba_cache *c);

struct soba_cache_node *soba_cache_node_of(struct soba_cache *c, int nid);

/* The first node of the cache from number *@i on; NULL: no more. */
static inline struct soba_cache_node *
soba_cache_node_from(const struct soba_cache *c, unsigned int *i)
{
	while (*i < soba_nr_nodes && !c->node[*i])
		++*i;
	return *i < soba_nr_nodes ? c->node[*i] : NULL;
}

#define soba_for_each_cache_node(n, c, i)				\
	for ((i) = 0; ((n) = soba_cache_node_from((c), &(i))); (i)++)

#endif /* SOBA_NODE_H */
