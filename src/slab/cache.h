/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache.h - floor 3: an object cache and its parts.
 *
 *	cache --- per CPU: loaded and spare magazine	(magazine.h)
 *	  |
 *	  +------ per node: depot of full and empty magazines (depot.c)
 *	  |
 *	  +------ per node: slabs by how full they are	(node.c, slab.c)
 *
 * After Bonwick and Adams, "Magazines and Vmem", USENIX 2001.
 *
 * Locking: soba_cache_mutex guards the registry and is a leaf: nothing is
 * allocated under it. depot->lock and node->lock are raw, irqs off, and never
 * held together. The per-CPU part is guarded as magazine.h says. All else is
 * constant once the cache is published, but for ->min_empty, ->mag_cap, the
 * guess of ->colour_next, and the mark of a tombstone.
 */
#ifndef SOBA_CACHE_H
#define SOBA_CACHE_H

#include "page/owner.h"
#include "page/req.h"

#define SOBA_MIN_OBJECT		8
#define SOBA_CACHE_NAME_LEN	64

/* Objects of one slab at most: eight words of its map. */
#define SOBA_SLAB_MAX_OBJECTS	512
#define SOBA_SLAB_WORDS(nr)	DIV_ROUND_UP(nr, 64)

/* Partial slabs are sorted by how full they are, so many lists. */
#define SOBA_SLAB_FILLS		4

struct soba_cache;
struct soba_cache_node;

/*
 * One block cut into equal objects. In a side structure, so that an overflowing
 * object cannot reach it; ->caller of all its frames points here.
 */
struct soba_slab {
	struct list_head link;		/* in one of its node's lists */
	struct soba_cache *cache;
	struct soba_frame *frame;	/* head of the block */
	void *base;			/* the first object */
	struct soba_cache_node *node;	/* of the block's node */
	u16 nr;				/* objects */
	u16 nr_free;			/* node->lock */
	u8 order;
	u8 fill;			/* which list: node->lock */
	u8 words;			/* of map[] */
	u8 fresh;			/* some never handed out: shuffle */
	unsigned long map[];		/* 1: free; node->lock */
};

/* An array of free objects; slot[0] is NULL and marks the bottom. */
struct soba_mag {
	struct soba_mag *next;		/* in the depot */
	u32 cap;			/* objects it has room for */
	u32 nr;				/* objects in it, while on no CPU's top */
	void *slot[];
};

struct soba_cpu_cache {
	u32 guard;			/* enum soba_guard, below 0 when nested */
	u32 nid;			/* node of the CPU */
	void **top;			/* the last object of loaded, or its bottom */
	void **end;			/* last slot of loaded */
	unsigned long allocs;		/* objects handed out from loaded */
	unsigned long in;		/* objects moved into both magazines */
	unsigned long out;		/* objects moved out, not handed out */
	struct soba_mag *loaded;
	struct soba_mag *spare;		/* full, or empty */
	u32 spare_nr;			/* its objects, for who may not look in */
	u32 shut;			/* ->guard is busy for ever */
	unsigned long refills;		/* of allocs: after a look for more */
	unsigned long unloads;		/* objects freed after making room */
	/* slower ways, in objects; this_cpu_inc() from any context */
	unsigned long slow_allocs;
	unsigned long slow_frees;
	unsigned long nested;		/* of these: list in use below us */
	unsigned long remote;		/* frees of another node's objects */
};

struct soba_depot {
	raw_spinlock_t lock;
	struct soba_mag *full;
	struct soba_mag *empty;
	u32 nr_full;
	u32 nr_empty;
	u32 min_full;			/* lowest since the last reap */
	u32 min_empty;
	unsigned long objects;		/* in the full ones */
	unsigned long gets;		/* full magazines handed out */
	unsigned long puts;		/* full magazines taken in */
	unsigned long contended;	/* times the lock was not free at once */
	unsigned long contended_seen;	/* at the last reap */
};

struct soba_cache_node {
	raw_spinlock_t lock;		/* slabs: lists, counts, maps */
	struct list_head partial[SOBA_SLAB_FILLS];	/* [0]: fullest */
	struct list_head full;
	struct list_head empty;
	unsigned int nr_slabs;
	unsigned int nr_partial;
	unsigned int nr_empty;
	unsigned long nr_objects;	/* in all slabs */
	unsigned long nr_free;		/* of them, in the slabs' maps */
	unsigned long slabs_made;
	unsigned long slabs_gone;
	u32 seed;			/* of the order in fresh slabs */
	int nid;
	atomic_long_t accounted;	/* live objects that are whole blocks */
	struct soba_depot depot ____cacheline_aligned_in_smp;
};

/* soba's own flags of a cache, beside the caller's SLAB_ flags */
#define SOBA_CACHE_ON_SLAB	0x01	/* struct soba_slab in the block itself */
#define SOBA_CACHE_NO_MAG	0x02	/* no magazines: straight to the slabs */
#define SOBA_CACHE_KMALLOC	0x04	/* a kmalloc class */
#define SOBA_CACHE_DEBUG	0x08	/* red zones, poison, owners: debug.c */

struct soba_cache {
	/* the fast paths' line */
	struct soba_cpu_cache __percpu *cpu;
	u64 inverse;			/* just above 2^64 / size: slab.h */
	u64 limit;			/* nr * (size * inverse - 2^64) */
	u32 nr;				/* objects in a slab */
	u32 init_size;			/* bytes that init_on_alloc= and _free= clear */
	u32 fill_shift;			/* free objects to the list they mean */
	u32 object_size;		/* usable bytes */
	u32 size;			/* bytes from one object to the next */
	u32 align;
	slab_flags_t flags;		/* the caller's */
	u32 own_flags;			/* SOBA_CACHE_... */
	u8 order;			/* of a slab */
	u8 class;			/* enum soba_class of its memory */
	u8 kmalloc_class;		/* SOBA_CACHE_KMALLOC: which */
	bool buried;			/* destroyed with live objects: a tombstone */
	u32 offset;			/* of the object in its slot: red zone */
	u32 head;			/* bytes before the first slot: ON_SLAB */
	u32 colours;			/* slab n begins at (n % colours) * align */
	u32 colour_next;		/* a guess is enough */
	u32 mag_cap;			/* of new magazines */
	u32 mag_min;			/* where it begins */
	u32 mag_max;			/* how far it may grow */
	u32 depot_objects;		/* kept in a node's full magazines */
	u32 min_empty;			/* empty slabs kept on a node; tomb: 0 */
	void (*ctor)(void *object);
	u32 useroffset;
	u32 usersize;
	u32 track_offset;		/* of struct soba_track, debug.c; 0: none */

	struct list_head link;		/* registry: soba_cache_mutex, RCU readers */
	struct list_head tomb;		/* soba_cache_tombs */
	struct rcu_head rcu;
	char name[SOBA_CACHE_NAME_LEN];
	void *obs;			/* what the statistics hang on it */
	unsigned long born;		/* jiffies */
	struct soba_cache_node *node[];	/* by node index, soba_node_index() */
};

/* The registry, in order of creation; destroyed with live objects. */
extern struct mutex soba_cache_mutex;
extern struct list_head soba_cache_list;
extern struct list_head soba_cache_tombs;

/* What floor 5 wants to hear; process context, soba_cache_mutex not held. */
struct soba_cache_watcher {
	void (*made)(struct soba_cache *c);
	void (*going)(struct soba_cache *c);
};

extern const struct soba_cache_watcher *soba_cache_watcher;

/* What is asked of soba_cache_new(). */
struct soba_cache_spec {
	const char *name;
	unsigned int size;
	unsigned int align;
	slab_flags_t flags;
	u32 own_flags;
	u8 class;
	u8 kmalloc_class;
	unsigned int useroffset;
	unsigned int usersize;
	void (*ctor)(void *object);
};

/**
 * soba_cache_new() - make a cache and enter it into the registry
 * @spec: checked by the caller as far as the rules of the API go
 *
 * Context: process, may sleep. Return: the cache, or an ERR_PTR().
 */
struct soba_cache *soba_cache_new(const struct soba_cache_spec *spec);

/**
 * soba_cache_end() - give everything of a cache back
 * @c: the cache; nobody uses it any more
 *
 * Context: process, may sleep; waits for RCU where objects ask for it.
 * Return: objects still live; then the cache stays, as a tombstone.
 */
unsigned long soba_cache_end(struct soba_cache *c);

/* At unload: a cache that nobody has ended, of whoever made it; NULL: none. */
struct soba_cache *soba_cache_left(void);

/* Objects handed out and not yet given back; exact while nobody allocates. */
unsigned long soba_cache_live(struct soba_cache *c);

/* Figures for the statistics, gathered without stopping anybody. */
struct soba_cache_stat {
	unsigned long nr_slabs;
	unsigned long nr_partial;	/* slabs */
	unsigned long nr_empty;		/* slabs */
	unsigned long nr_objects;	/* room in all slabs, and nr_accounted */
	unsigned long nr_live;		/* handed out */
	unsigned long nr_accounted;	/* of these, as blocks of their own */
	unsigned long nr_cached;	/* in magazines */
	unsigned long slabs_made;
	unsigned long slabs_gone;
	unsigned long depot_full;	/* magazines */
	unsigned long depot_empty;
	unsigned long depot_gets;
	unsigned long depot_puts;
	unsigned long depot_contended;
};

/* @nid: a node, or NUMA_NO_NODE for the sum */
void soba_cache_stat(struct soba_cache *c, int nid, struct soba_cache_stat *stat);

/* One CPU's figures, since the cache was made. */
struct soba_cpu_stat {
	unsigned long alloc_hits;	/* from the loaded magazine, no lock */
	unsigned long alloc_misses;
	unsigned long free_hits;
	unsigned long free_misses;
	unsigned long nested;
	unsigned long remote;
	unsigned long cached;		/* objects in its magazines now */
};

void soba_cache_cpu_stat(struct soba_cache *c, unsigned int cpu,
			 struct soba_cpu_stat *stat);

static __always_inline void *soba_cache_key(const struct soba_cache *c)
{
	/* Not or-ed: an addition folds into the compare. */
	return (void *)c + SOBA_OWN_SLAB;
}

/* Where the sizes of magazines may be, in objects. */
u32 soba_mag_larger(u32 cap);
u32 soba_mag_smaller(u32 cap);

/* geometry.c: everything that follows from size, alignment and flags */
int soba_cache_layout(struct soba_cache *c, const struct soba_cache_spec *spec);

int soba_cache_init(void);
void soba_cache_exit(void);

#endif /* SOBA_CACHE_H */
