/* SPDX-License-Identifier: GPL-2.0 */
/*
 * object.h - what the files behind SOBA_TEST_OBJECT know of each other.
 *
 * Locking: session->object_lock guards all caches and batches of a session and
 * is held while an operation runs, wherever that is. User memory is touched
 * under it, so mmap() never takes it.
 */
#ifndef SOBA_TEST_MODULE_OBJECT_H
#define SOBA_TEST_MODULE_OBJECT_H

#include <linux/mempool.h>
#include <linux/slab.h>

#include "../soba_object.h"
#include "test.h"

struct cache {
	struct kmem_cache *s;	/* NULL: kmalloc pool */
	mempool_t *pool;	/* NULL: a cache */
	struct cache *below;	/* of a pool: the cache it stands on */
	u32 size;		/* as it was asked for */
	u32 ctor;
	unsigned long live;	/* objects in batches */
	unsigned int users;	/* batches, and pools */
	unsigned int pools;	/* of them */
	bool dead;		/* destroyed while objects were live */
	bool forgotten;		/* by the tests: it stays */
};

/* What one ALLOC returned. */
struct batch {
	u32 form;
	u32 nr;
	size_t size;		/* bytes of each that may be written */
	struct cache *c;	/* NULL: kmalloc family */
	unsigned long *gone;	/* slots that were freed; they keep the pointer */
	bool leave;
	void *slot[];		/* NULL: failed, or freed */
};

/* One operation on its way through prepare (may sleep), run, finish. */
struct task {
	struct soba_test_object *call;
	struct session *session;
	struct cache *c;
	struct batch *b;
	gfp_t gfp;
	u32 site;
	bool may_yield;		/* process context, nothing held */
	void *victim;		/* what is freed wrongly, and not soba's object */
	struct kmem_cache *host;	/* the host's cache of the victim */
	void **other;		/* RCU: what takes the place of the freed */
};

struct rcu_object {
	u64 word;
	struct rcu_head rcu;
};

/* A slot that holds an object one may touch. */
static inline bool slot_live(const struct batch *b, u32 i)
{
	return !ZERO_OR_NULL_PTR(b->slot[i]) && !test_bit(i, b->gone);
}

/* object.c */
int object_do(struct session *session, struct soba_test_object *call);
void objects_close(struct session *session);

/* object_cache.c */
int create_prepare(struct task *t);
void create_run(struct task *t);
int destroy_prepare(struct task *t);
void destroy_run(struct task *t);
void shrink_run(struct task *t);
void info_run(struct task *t);
void ctor_info_run(struct task *t);
int ctor_info_prepare(struct task *t);
s64 ctor_check(u32 ctor, u32 size, const void *object);
void cache_put(struct session *session, struct cache *c);
void cache_close(struct cache *c);

/* object_alloc.c */
int alloc_object_prepare(struct task *t);
void alloc_object_run(struct task *t);
int alloc_object_finish(struct task *t);
void alloc_object_undo(struct task *t);
int realloc_prepare(struct task *t);
void realloc_run(struct task *t);
int realloc_finish(struct task *t);
int text_prepare(struct task *t);
void text_run(struct task *t);
const char *text_of(size_t len);

/* object_free.c */
int free_object_prepare(struct task *t);
void free_object_run(struct task *t);
int free_object_finish(struct task *t);
void batch_free(struct batch *b, u32 form, bool yield);
void batch_drop(struct session *session, u32 handle, struct batch *b);
void nothing_run(struct task *t);
int rcu_prepare(struct task *t);
void rcu_run(struct task *t);
int rcu_finish(struct task *t);

/* object_wrong.c */
int wrong_object_prepare(struct task *t);
void wrong_object_run(struct task *t);
int wrong_object_finish(struct task *t);
void wrong_object_undo(struct task *t);

/* object_look.c */
void query_object_run(struct task *t);
void fill_object_run(struct task *t);
void check_object_run(struct task *t);
void zeroed_object_run(struct task *t);
int built_prepare(struct task *t);
void built_run(struct task *t);
int disjoint_prepare(struct task *t);
void disjoint_run(struct task *t);
int poke_prepare(struct task *t);
void poke_run(struct task *t);
int user_prepare(struct task *t);
void user_run(struct task *t);

/* object_chain.c */
int chain_prepare(struct task *t);
void chain_run(struct task *t);
int chain_finish(struct task *t);
void chain_undo(struct task *t);
int chain_free_prepare(struct task *t);
void chain_free_run(struct task *t);
void chain_close(struct session *session);

/* sites_object.c */
void *site_kmalloc(u32 site, size_t size, gfp_t gfp);
void *site_cache_alloc(u32 site, struct kmem_cache *s, gfp_t gfp);
void site_kfree(u32 site, const void *p);
void site_cache_free(u32 site, struct kmem_cache *s, void *p);

/* typesafe.c */
int typesafe_do(struct soba_test_typesafe *request);

#endif /* SOBA_TEST_MODULE_OBJECT_H */
