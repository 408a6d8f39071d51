// SPDX-License-Identifier: GPL-2.0
/*
 * cache.c - floor 3: the life of a cache, and the registry.
 *
 * Locking: soba_cache_mutex around changes of the registry, and nothing else
 * under it. A cache that leaves is freed after a grace period: whoever found it
 * through a frame's owner may still look at it.
 */
#include "slab/cache.h"
#include "slab/debug.h"
#include "slab/depot.h"
#include "slab/magazine.h"
#include "slab/node.h"
#include "slab/reap.h"
#include "page/zone.h"

/* The two lists below, and who watches; sleeps. */
DEFINE_MUTEX(soba_cache_mutex);
LIST_HEAD(soba_cache_list);
LIST_HEAD(soba_cache_tombs);
const struct soba_cache_watcher *soba_cache_watcher;

static size_t cache_bytes(void)
{
	return sizeof(struct soba_cache) +
	       soba_nr_nodes * sizeof(struct soba_cache_node *);
}

static void cache_release(struct soba_cache *c)
{
	unsigned int i;

	for (i = 0; i < soba_nr_nodes; i++)
		if (c->node[i])
			soba_port_meta_free(c->node[i], sizeof(*c->node[i]));
	free_percpu(c->cpu);
	soba_port_meta_free(c, cache_bytes());
}

static void cache_release_rcu(struct rcu_head *head)
{
	cache_release(container_of(head, struct soba_cache, rcu));
}

static int make_nodes(struct soba_cache *c)
{
	unsigned int i;

	for (i = 0; i < soba_nr_nodes; i++) {
		int nid = soba_node_id(i);

		c->node[i] = soba_port_meta_alloc(sizeof(*c->node[i]),
						  GFP_KERNEL, nid);
		if (!c->node[i])
			return -ENOMEM;
		soba_node_setup(c->node[i], nid);
		soba_depot_setup(&c->node[i]->depot);
	}
	return 0;
}

static int cache_setup(struct soba_cache *c, const struct soba_cache_spec *spec)
{
	const slab_flags_t debug = SLAB_RED_ZONE | SLAB_POISON |
				   SLAB_STORE_USER | SLAB_CONSISTENCY_CHECKS;
	int err;

	strscpy(c->name, spec->name, sizeof(c->name));
	c->flags = spec->flags;
	c->own_flags = spec->own_flags;
	if (!(c->own_flags & SOBA_CACHE_ON_SLAB))
		c->flags |= soba_debug_flags(c->name);
	if (c->flags & debug)
		c->own_flags |= SOBA_CACHE_DEBUG;
	c->class = spec->class;
	c->kmalloc_class = spec->kmalloc_class;
	c->ctor = spec->ctor;
	/* As in the kernel, what constructors wrote and RCU readers see stays. */
	if (!c->ctor && !(c->flags & SLAB_TYPESAFE_BY_RCU))
		c->init_size = spec->size;
	c->useroffset = spec->useroffset;
	c->usersize = spec->usersize;
	c->born = jiffies;
	err = soba_cache_layout(c, spec);
	if (!err)
		err = make_nodes(c);
	return err ?: soba_mag_setup(c);
}

struct soba_cache *soba_cache_new(const struct soba_cache_spec *spec)
{
	struct soba_cache *c;
	int err;

	c = soba_port_meta_alloc(cache_bytes(), GFP_KERNEL, NUMA_NO_NODE);
	if (!c)
		return ERR_PTR(-ENOMEM);
	err = cache_setup(c, spec);
	if (err) {
		cache_release(c);
		return ERR_PTR(err);
	}
	mutex_lock(&soba_cache_mutex);
	list_add_tail_rcu(&c->link, &soba_cache_list);
	mutex_unlock(&soba_cache_mutex);
	if (soba_cache_watcher)
		soba_cache_watcher->made(c);
	return c;
}

static void unregister(struct soba_cache *c)
{
	mutex_lock(&soba_cache_mutex);
	list_del_rcu(&c->link);
	mutex_unlock(&soba_cache_mutex);
	/* soba_cache_cpu_dead() and a drain that saw it are over by now. */
}

/* It keeps its memory, and takes back what its objects' holders still free. */
static void bury(struct soba_cache *c)
{
	c->buried = true;
	mutex_lock(&soba_cache_mutex);
	list_add_tail(&c->tomb, &soba_cache_tombs);
	mutex_unlock(&soba_cache_mutex);
}

unsigned long soba_cache_end(struct soba_cache *c)
{
	unsigned long live;

	if (soba_cache_watcher)
		soba_cache_watcher->going(c);
	unregister(c);
	/* What comes home late takes its slab along. */
	WRITE_ONCE(c->min_empty, 0);
	/* Objects in their grace period are freed first, slabs in theirs next. */
	soba_cache_shrink(c);
	soba_mag_shut(c);
	soba_cache_shrink(c);
	live = soba_cache_live(c);
	if (live) {
		bury(c);
		return live;
	}
	if (c->flags & SLAB_TYPESAFE_BY_RCU) {
		/* Who freed the last object has sent its slab on the way. */
		synchronize_rcu();
		rcu_barrier();
	}
	call_rcu(&c->rcu, cache_release_rcu);
	return 0;
}

struct soba_cache *soba_cache_left(void)
{
	struct soba_cache *c;

	list_for_each_entry(c, &soba_cache_list, link)
		if (!(c->own_flags & SOBA_CACHE_ON_SLAB))
			return c;
	return NULL;
}

/*
 * At unload: what was freed into tombstones since goes back, frames of slabs with
 * objects that still live are abandoned.
 */
static void forget_tombs(void)
{
	struct soba_cache *c, *next;

	list_for_each_entry(c, &soba_cache_tombs, tomb)
		soba_cache_shrink(c);
	/* Slabs of SLAB_TYPESAFE_BY_RCU look at their cache when they go. */
	rcu_barrier();
	list_for_each_entry_safe(c, next, &soba_cache_tombs, tomb) {
		list_del(&c->tomb);
		call_rcu(&c->rcu, cache_release_rcu);
	}
}

int soba_cache_init(void)
{
	int err = soba_meta_init();

	if (!err)
		err = soba_reap_init();
	if (err)
		soba_meta_exit();
	return err;
}

/* Pre: all caches but soba's own have ended, nobody allocates any more. */
void soba_cache_exit(void)
{
	soba_reap_exit();
	rcu_barrier();
	forget_tombs();
	soba_meta_exit();
	rcu_barrier();
}
