// SPDX-License-Identifier: GPL-2.0
/*
 * object_alloc.c - every allocating call of caches and of the kmalloc family.
 *
 * Locking: session->object_lock; run in any context.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/sched.h>

#include <soba/soba.h>

#include "compat.h"
#include "object.h"

#define TEXT_MAX	8192
#define BYTES_TRIED	(64UL << 20)	/* more than soba promises */

static char text[TEXT_MAX + 1];

/* A string of @len bytes. */
const char *text_of(size_t len)
{
	unsigned int i;

	if (!text[0])
		for (i = 0; i < TEXT_MAX; i++)
			text[i] = 'a' + i * 7 % 26;
	return text + TEXT_MAX - len;
}

static bool form_is_array(u32 form)
{
	return form == SOBA_OBJ_KMALLOC_ARRAY || form == SOBA_OBJ_KCALLOC ||
	       form == SOBA_OBJ_KMALLOC_ARRAY_NODE ||
	       form == SOBA_OBJ_KCALLOC_NODE || form == SOBA_OBJ_KREALLOC_ARRAY;
}

static bool form_is_text(u32 form)
{
	return form >= SOBA_OBJ_KMEMDUP && form <= SOBA_OBJ_KVASPRINTF;
}

static bool form_is_cache(u32 form)
{
	return form >= SOBA_OBJ_CACHE && form <= SOBA_OBJ_CACHE_BULK;
}

static bool size_is_constant(u64 size)
{
	switch (size) {
#define CONST_CASE(n) case n:
	SOBA_OBJ_CONSTS(CONST_CASE)
#undef CONST_CASE
		return true;
	}
	return false;
}

static void *kmalloc_constant(size_t size, gfp_t gfp)
{
	void *p = NULL;

	switch (size) {
#define CONST_ALLOC(n)				\
	case n:					\
		p = soba_kmalloc(n, gfp);	\
		break;
	SOBA_OBJ_CONSTS(CONST_ALLOC)
#undef CONST_ALLOC
	}
	return p;
}

/* Bytes of each object that may be written; 0 also for what must be refused. */
static int alloc_size(struct task *t, size_t *size)
{
	struct soba_test_object *call = t->call;

	*size = call->size;
	if (call->form == SOBA_OBJ_POOL || form_is_cache(call->form)) {
		if (!t->c || t->c->dead || !t->c->pool != form_is_cache(call->form))
			return -EINVAL;
		*size = t->c->size;
		return 0;
	}
	if (t->c)
		return -EINVAL;
	if (form_is_array(call->form) &&
	    check_mul_overflow((size_t)call->count, (size_t)call->size, size))
		*size = SIZE_MAX;
	if (form_is_text(call->form)) {
		if (call->size > TEXT_MAX)
			return -EINVAL;
		*size = call->size + (call->form != SOBA_OBJ_KMEMDUP);
	}
	if (call->form == SOBA_OBJ_KMALLOC_CONST && !size_is_constant(call->size))
		return -EINVAL;
	return 0;
}

static bool node_is_sane(s32 node)
{
	return node == SOBA_TEST_ANY_NODE ||
	       (node >= 0 && node < MAX_NUMNODES && node_online(node));
}

int alloc_object_prepare(struct task *t)
{
	struct soba_test_object *call = t->call;
	u32 nr = call->nr ?: 1;
	struct batch *b;
	size_t size;
	int ret;

	if (call->form < SOBA_OBJ_KMALLOC || call->form > SOBA_OBJ_POOL ||
	    call->handle || nr > SOBA_OBJ_MAX_NR || !node_is_sane(call->node) ||
	    (nr > 4096 && call->context != SOBA_CTX_PROCESS))
		return -EINVAL;
	ret = alloc_size(t, &size);
	if (ret)
		return ret;
	/* What soba must refuse is let through, once. */
	if (size > BYTES_TRIED && nr > 1)
		return -EINVAL;
	if (size <= BYTES_TRIED &&
	    (u64)size * nr > (u64)session_max_frames() << PAGE_SHIFT)
		return -ENOSPC;
	b = kvzalloc(struct_size(b, slot, nr), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	b->gone = kvcalloc(BITS_TO_LONGS(nr), sizeof(long), GFP_KERNEL);
	b->form = call->form;
	b->nr = nr;
	b->size = size;
	b->c = t->c;
	t->b = b;
	text_of(0);
	if (b->gone)
		return 0;
	kvfree(b);
	return -ENOMEM;
}

void alloc_object_undo(struct task *t)
{
	kvfree(t->b->gone);
	kvfree(t->b);
}

__printf(2, 3)
static char *through_kvasprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	s = soba_kvasprintf(gfp, fmt, args);
	va_end(args);
	return s;
}

static void *alloc_text(u32 form, size_t len, gfp_t gfp)
{
	const char *s = text_of(len);

	switch (form) {
	case SOBA_OBJ_KMEMDUP:
		return soba_kmemdup(s, len, gfp);
	case SOBA_OBJ_KMEMDUP_NUL:
		return soba_kmemdup_nul(s, len, gfp);
	case SOBA_OBJ_KSTRDUP:
		return soba_kstrdup(s, gfp);
	case SOBA_OBJ_KSTRDUP_CONST:
		return (void *)soba_kstrdup_const(s, gfp);
	case SOBA_OBJ_KSTRNDUP:
		/* there is more of the text than that */
		return soba_kstrndup(text_of(min_t(size_t, 2 * len, TEXT_MAX)),
				     len, gfp);
	case SOBA_OBJ_KASPRINTF:
		return soba_kasprintf(gfp, "%s", s);
	default:
		return through_kvasprintf(gfp, "%s", s);
	}
}

static void *alloc_array(const struct soba_test_object *call, gfp_t gfp)
{
	size_t n = call->count, size = call->size;

	switch (call->form) {
	case SOBA_OBJ_KMALLOC_ARRAY:
		return soba_kmalloc_array(n, size, gfp);
	case SOBA_OBJ_KCALLOC:
		return soba_kcalloc(n, size, gfp);
	case SOBA_OBJ_KMALLOC_ARRAY_NODE:
		return soba_kmalloc_array_node(n, size, gfp, call->node);
	case SOBA_OBJ_KCALLOC_NODE:
		return soba_kcalloc_node(n, size, gfp, call->node);
	default:
		return soba_krealloc_array(NULL, n, size, gfp);
	}
}

static void *alloc_kmalloc(const struct task *t)
{
	const struct soba_test_object *call = t->call;
	size_t size = call->size;
	gfp_t gfp = t->gfp;

	switch (call->form) {
	case SOBA_OBJ_KMALLOC:
		return call->flags & SOBA_TEST_SITES ?
			site_kmalloc(t->site, size, gfp) :
			soba_kmalloc(size, gfp);
	case SOBA_OBJ_KMALLOC_CONST:
		return kmalloc_constant(size, gfp);
	case SOBA_OBJ_KZALLOC:
		return soba_kzalloc(size, gfp);
	case SOBA_OBJ_KMALLOC_NODE:
		return soba_kmalloc_node(size, gfp, call->node);
	case SOBA_OBJ_KZALLOC_NODE:
		return soba_kzalloc_node(size, gfp, call->node);
	case SOBA_OBJ_TRACK_CALLER:
		return soba_kmalloc_track_caller(size, gfp);
	case SOBA_OBJ_NODE_TRACK_CALLER:
		return soba_kmalloc_node_track_caller(size, gfp, call->node);
	case SOBA_OBJ_KREALLOC:
		return soba_krealloc(NULL, size, gfp);
	default:
		return soba_kmalloc_nolock(size, gfp, call->node);
	}
}

static void *alloc_from_cache(const struct task *t)
{
	struct kmem_cache *s = t->c->s;

	switch (t->call->form) {
	case SOBA_OBJ_CACHE:
		return t->call->flags & SOBA_TEST_SITES ?
			site_cache_alloc(t->site, s, t->gfp) :
			soba_kmem_cache_alloc(s, t->gfp);
	case SOBA_OBJ_CACHE_NODE:
		return soba_kmem_cache_alloc_node(s, t->gfp, t->call->node);
	case SOBA_OBJ_CACHE_ZALLOC:
		return soba_kmem_cache_zalloc(s, t->gfp);
	default:
		return mempool_alloc(t->c->pool, t->gfp);
	}
}

static void *alloc_one(const struct task *t)
{
	u32 form = t->call->form;

	if (form >= SOBA_OBJ_CACHE)
		return alloc_from_cache(t);
	if (form_is_text(form))
		return alloc_text(form, t->call->size, t->gfp);
	if (form_is_array(form))
		return alloc_array(t->call, t->gfp);
	return alloc_kmalloc(t);
}

void alloc_object_run(struct task *t)
{
	struct batch *b = t->b;
	u32 i;

	if (b->form == SOBA_OBJ_CACHE_BULK) {
		t->call->got = soba_kmem_cache_alloc_bulk(t->c->s, t->gfp,
							  b->nr, b->slot);
		return;
	}
	for (i = 0; i < b->nr; i++) {
		b->slot[i] = alloc_one(t);
		if (!b->slot[i])
			break;
		t->call->got++;
		if (t->may_yield && !(i & 255))
			cond_resched();
	}
}

int alloc_object_finish(struct task *t)
{
	struct batch *b = t->b;
	int ret;

	if (!t->call->got) {
		alloc_object_undo(t);
		return 0;
	}
	/* A bulk call promises all or nothing: what it claims is believed. */
	if (t->call->got > b->nr)
		t->call->got = b->nr;
	b->nr = t->call->got;
	ret = xa_alloc(&t->session->batches, &t->call->handle, b,
		       XA_LIMIT(1, 0xfffff), GFP_KERNEL);
	if (ret) {
		batch_free(b, SOBA_OBJ_FIT, true);
		alloc_object_undo(t);
		return ret;
	}
	if (b->c) {
		b->c->users++;
		b->c->live += b->nr;
	}
	return 0;
}

/* krealloc() of the only object of a batch. */
int realloc_prepare(struct task *t)
{
	struct batch *b = t->b;
	size_t bytes;

	if (b->c || b->nr != 1 || test_bit(0, b->gone) || t->call->nr ||
	    form_is_text(b->form))
		return -EINVAL;
	bytes = t->call->count ? size_mul(t->call->count, t->call->size) :
				 t->call->size;
	if (bytes <= BYTES_TRIED &&
	    bytes > (u64)session_max_frames() << PAGE_SHIFT)
		return -ENOSPC;
	return 0;
}

void realloc_run(struct task *t)
{
	struct soba_test_object *call = t->call;
	void *old = t->b->slot[0];

	t->victim = call->count ?
		soba_krealloc_array(old, call->count, call->size, t->gfp) :
		soba_krealloc(old, call->size, t->gfp);
	call->value = t->victim != old;
}

int realloc_finish(struct task *t)
{
	struct soba_test_object *call = t->call;

	/* NULL: what there was is as it was */
	if (!t->victim)
		return 0;
	call->got = 1;
	t->b->slot[0] = t->victim;
	t->b->size = call->count ? call->count * call->size : call->size;
	return 0;
}

int text_prepare(struct task *t)
{
	return form_is_text(t->b->form) && t->call->size <= TEXT_MAX ? 0 : -EINVAL;
}

/* value: the first offset that is not as the text has it, its NUL included */
void text_run(struct task *t)
{
	struct batch *b = t->b;
	size_t len = b->size - (b->form != SOBA_OBJ_KMEMDUP), i;
	const char *want = b->form == SOBA_OBJ_KSTRNDUP ?
			   text_of(min_t(size_t, 2 * len, TEXT_MAX)) :
			   text_of(len);
	const char *have = b->slot[0];

	t->call->value = SOBA_TEST_GOOD;
	if (!slot_live(b, 0))
		return;
	for (i = 0; i < len && have[i] == want[i]; i++)
		;
	if (i < len || (b->form != SOBA_OBJ_KMEMDUP && have[i]))
		t->call->value = i;
}
