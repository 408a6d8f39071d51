// SPDX-License-Identifier: GPL-2.0
/*
 * object_cache.c - caches of a session: made in every form, destroyed, looked
 * at; and the constructors.
 *
 * Locking: session->lock. A constructor runs wherever soba calls it: its
 * counters are atomic, its size is set while no cache uses it.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/string.h>

#include <soba/soba.h>

#include "object.h"

#define CTOR_MAGIC 0xc7045efab1e50ba0ULL

static const slab_flags_t slab_flag_of_bit[SOBA_SLAB_NR] = {
	[0] = SLAB_HWCACHE_ALIGN,
	[1] = SLAB_PANIC,
	[2] = SLAB_CACHE_DMA,
	[3] = SLAB_CACHE_DMA32,
	[4] = SLAB_TYPESAFE_BY_RCU,
	[5] = SLAB_RECLAIM_ACCOUNT,
	[6] = SLAB_ACCOUNT,
	[7] = SLAB_NO_MERGE,
	[8] = SLAB_RED_ZONE,
	[9] = SLAB_POISON,
	[10] = SLAB_STORE_USER,
	[11] = SLAB_CONSISTENCY_CHECKS,
};

/* What soba_KMEM_CACHE() is shown; 48 bytes. */
struct soba_test_sample {
	u64 head[2];
	char window[16];
	u64 tail[2];
};

static struct {
	atomic_long_t runs;
	atomic_long_t irqs_off;
	u32 size;
} ctors[SOBA_OBJ_CTORS];

/* The words at its start, and at its end if there is room for two. */
static void ctor_write(u32 nr, void *object)
{
	u32 size = READ_ONCE(ctors[nr].size) & ~7U;
	u64 word = CTOR_MAGIC + nr;

	memcpy(object, &word, sizeof(word));
	if (size >= 2 * sizeof(word))
		memcpy(object + size - sizeof(word), &word, sizeof(word));
}

/* Offset of a wrong word, or GOOD. */
s64 ctor_check(u32 ctor, u32 size, const void *object)
{
	u64 word = CTOR_MAGIC + ctor - 1;

	size &= ~7U;
	if (memcmp(object, &word, sizeof(word)))
		return 0;
	if (size >= 2 * sizeof(word) &&
	    memcmp(object + size - sizeof(word), &word, sizeof(word)))
		return size - sizeof(word);
	return SOBA_TEST_GOOD;
}

static void ctor_run(u32 nr, void *object)
{
	atomic_long_inc(&ctors[nr].runs);
	if (irqs_disabled())
		atomic_long_inc(&ctors[nr].irqs_off);
	/* No lock may be held here that soba would want again. */
	if (nr == SOBA_OBJ_CTOR_ALLOCATES - 1) {
		void *p = soba_kmalloc(40, GFP_NOWAIT | __GFP_NOWARN);

		soba_kfree(p);
	}
	ctor_write(nr, object);
}

#define CTOR(n)					\
static void ctor_##n(void *object)		\
{						\
	ctor_run(n, object);			\
}

CTOR(0)
CTOR(1)
CTOR(2)
CTOR(3)

static void (*const ctor_functions[SOBA_OBJ_CTORS])(void *) = {
	ctor_0, ctor_1, ctor_2, ctor_3,
};

int ctor_info_prepare(struct task *t)
{
	return t->call->ctor && t->call->ctor <= SOBA_OBJ_CTORS ? 0 : -EINVAL;
}

void ctor_info_run(struct task *t)
{
	u32 nr = t->call->ctor - 1;

	t->call->value = atomic_long_xchg(&ctors[nr].runs, 0);
	t->call->got = atomic_long_xchg(&ctors[nr].irqs_off, 0);
}

static int slab_flags_decode(u32 bits, slab_flags_t *flags)
{
	unsigned int i;

	*flags = 0;
	if (bits >> SOBA_SLAB_NR)
		return -EINVAL;
	for (i = 0; i < SOBA_SLAB_NR; i++)
		if (bits & BIT(i))
			*flags |= slab_flag_of_bit[i];
	return 0;
}

static bool form_is_pool(u32 form)
{
	return form == SOBA_OBJ_SLAB_POOL || form == SOBA_OBJ_KMALLOC_POOL;
}

/* Sizes and alignments are soba's to refuse; a panic is not wanted. */
int create_prepare(struct task *t)
{
	struct soba_test_object *call = t->call;
	slab_flags_t flags;

	if (call->form < SOBA_OBJ_PLAIN || call->form >= SOBA_NR_OBJECT_FORMS ||
	    call->ctor > SOBA_OBJ_CTORS || call->handle ||
	    call->size > U32_MAX || slab_flags_decode(call->slab_flags, &flags))
		return -EINVAL;
	/* A constructor needs room for its word; SLAB_PANIC means it. */
	if (call->ctor && call->size < sizeof(u64))
		return -EINVAL;
	if (call->slab_flags & SOBA_SLAB_PANIC && (!call->size || call->align ||
						   call->size > PAGE_SIZE))
		return -EINVAL;
	if (form_is_pool(call->form) &&
	    (!call->nr || call->nr > 1024 || call->size > PAGE_SIZE))
		return -EINVAL;
	if (call->form == SOBA_OBJ_SLAB_POOL)
		return t->c && t->c->s && !t->c->dead ? 0 : -EINVAL;
	return call->cache ? -EINVAL : 0;
}

static struct kmem_cache *create_args(struct soba_test_object *call,
				      const char *name, slab_flags_t flags,
				      void (*ctor)(void *))
{
	struct soba_kmem_cache_args args = {
		.align = call->align,
		.useroffset = call->useroffset,
		.usersize = call->usersize,
		.ctor = ctor,
	};

	return soba_kmem_cache_create(name, call->size, &args, flags);
}

static struct kmem_cache *create_cache(struct soba_test_object *call)
{
	const char *name = call->flags & SOBA_OBJ_NO_NAME ? NULL : call->name;
	void (*ctor)(void *) = call->ctor ? ctor_functions[call->ctor - 1] : NULL;
	slab_flags_t flags;

	slab_flags_decode(call->slab_flags, &flags);
	if (ctor)
		WRITE_ONCE(ctors[call->ctor - 1].size, call->size);
	switch (call->form) {
	case SOBA_OBJ_PLAIN:
		return soba_kmem_cache_create(name, call->size, call->align,
					      flags, ctor);
	case SOBA_OBJ_ARGS:
		return create_args(call, name, flags, ctor);
	case SOBA_OBJ_USERCOPY:
		return soba_kmem_cache_create_usercopy(name, call->size,
						       call->align, flags,
						       call->useroffset,
						       call->usersize, ctor);
	case SOBA_OBJ_STRUCT:
		call->size = sizeof(struct soba_test_sample);
		return soba_KMEM_CACHE(soba_test_sample, flags);
	default:
		call->size = sizeof(struct soba_test_sample);
		return soba_KMEM_CACHE_USERCOPY(soba_test_sample, flags, window);
	}
}

static void create_pool(struct task *t, struct cache *c)
{
	if (t->call->form == SOBA_OBJ_SLAB_POOL) {
		c->below = t->c;
		c->size = t->c->size;
		c->pool = soba_mempool_create_slab_pool(t->call->nr, t->c->s);
		if (!c->pool)
			return;
		t->c->users++;
		t->c->pools++;
		return;
	}
	c->pool = soba_mempool_create_kmalloc_pool(t->call->nr, t->call->size);
}

/* Process context only, so that what was got can be kept right away. */
void create_run(struct task *t)
{
	struct soba_test_object *call = t->call;
	struct cache *c = kzalloc(sizeof(*c), GFP_KERNEL);

	call->cache = 0;
	if (!c) {
		call->value = -ENOMEM;
		return;
	}
	c->size = call->size;
	c->ctor = call->ctor;
	if (form_is_pool(call->form))
		create_pool(t, c);
	else
		c->s = create_cache(call);
	if (IS_ERR_OR_NULL(c->s) && !c->pool) {
		/* NULL is what a caller is promised; anything else shows here */
		call->value = PTR_ERR_OR_ZERO(c->s);
		kfree(c);
		return;
	}
	c->size = call->size;
	if (xa_alloc(&t->session->caches, &call->cache, c,
		     XA_LIMIT(1, 0xfffff), GFP_KERNEL)) {
		call->value = -ENOMEM;
		cache_close(c);
		kfree(c);
	}
}

int destroy_prepare(struct task *t)
{
	if (t->c->dead)
		return -EINVAL;
	/* These would be a use after free of ours, not of soba's users. */
	return t->c->pools || (t->c->pool && t->c->live) ? -EBUSY : 0;
}

/* Soba's part of the end. */
void cache_close(struct cache *c)
{
	if (c->dead || c->forgotten)
		return;
	/* one of them is NULL, which both take */
	mempool_destroy(c->pool);
	soba_kmem_cache_destroy(c->s);
	c->dead = true;
}

static void cache_forget(struct session *session, struct cache *c)
{
	struct cache *other, *below = c->below;
	unsigned long handle;

	xa_for_each(&session->caches, handle, other)
		if (other == c)
			xa_erase(&session->caches, handle);
	kfree(c);
	if (!below)
		return;
	below->pools--;
	cache_put(session, below);
}

/* A batch or a pool on it is gone. */
void cache_put(struct session *session, struct cache *c)
{
	if (!--c->users && c->dead)
		cache_forget(session, c);
}

void destroy_run(struct task *t)
{
	struct cache *c = t->c;

	t->call->value = c->live;
	cache_close(c);
	if (!c->users)
		cache_forget(t->session, c);
	t->c = NULL;
}

void shrink_run(struct task *t)
{
	t->call->value = t->c->s ? soba_kmem_cache_shrink(t->c->s) : 0;
}

void info_run(struct task *t)
{
	if (!t->c->s)
		return;
	t->call->usable = soba_kmem_cache_size(t->c->s);
	strscpy(t->call->name, soba_kmem_cache_name(t->c->s),
		sizeof(t->call->name));
}
