// SPDX-License-Identifier: GPL-2.0
/*
 * object_look.c - what can be seen of the objects of a batch, and written.
 *
 * Locking: session->object_lock; run in any context.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <soba/soba.h>

#include "compat.h"
#include "object.h"

/* Bytes from @p on whose physical address is as far from @p's. */
static u64 physical_run(void *p, size_t size, phys_addr_t first)
{
	size_t at = PAGE_SIZE - offset_in_page(p);

	for (; at < size; at += PAGE_SIZE)
		if (compat_walk_phys(p + at) != first + at)
			return at;
	return size;
}

static u32 nodes_of(const struct batch *b)
{
	u32 i, mask = 0;

	for (i = 0; i < b->nr; i++)
		if (slot_live(b, i))
			mask |= BIT(page_to_nid(virt_to_page(b->slot[i])) & 31);
	return mask;
}

void query_object_run(struct task *t)
{
	struct soba_test_object *call = t->call;
	struct batch *b = t->b;
	void *p = b->slot[call->index];

	call->got = b->nr - bitmap_weight(b->gone, b->nr);
	call->virt = (unsigned long)p;
	call->distinct = nodes_of(b);
	if (!slot_live(b, call->index))
		return;
	call->usable = soba_ksize(p);
	/* memory that is not in the linear map would show as run 0 */
	if (!virt_addr_valid(p))
		return;
	call->nid = page_to_nid(virt_to_page(p));
	call->phys = compat_walk_phys(p);
	if (call->phys == virt_to_phys(p))
		call->run = physical_run(p, max_t(size_t, b->size, 1),
					 call->phys);
}

/* How much of the object at @p, from @offset on: no more than it says it has. */
static size_t bytes_of(const struct task *t, const void *p, size_t offset)
{
	size_t usable;

	if (!t->call->length)
		return t->b->size > offset ? t->b->size - offset : 0;
	usable = soba_ksize(p);
	return usable > offset ? min_t(size_t, t->call->length, usable - offset) : 0;
}

void fill_object_run(struct task *t)
{
	struct batch *b = t->b;
	u32 i;

	for (i = 0; i < b->nr; i++)
		if (slot_live(b, i))
			pattern_fill(b->slot[i], t->call->seed + i, 0,
				     bytes_of(t, b->slot[i], 0));
}

void check_object_run(struct task *t)
{
	struct batch *b = t->b;
	s64 wrong = SOBA_TEST_GOOD;
	u32 i;

	for (i = 0; i < b->nr && wrong == SOBA_TEST_GOOD; i++) {
		if (!slot_live(b, i))
			continue;
		wrong = pattern_check(b->slot[i], t->call->seed + i, 0,
				      bytes_of(t, b->slot[i], 0));
		t->call->index = i;
	}
	t->call->value = wrong;
}

void zeroed_object_run(struct task *t)
{
	struct batch *b = t->b;
	bool keep = t->call->flags & SOBA_OBJ_KEEP;
	size_t from = t->call->offset;
	u32 i;

	t->call->value = SOBA_TEST_GOOD;
	for (i = 0; i < b->nr; i++) {
		u8 *bad;

		if (!slot_live(b, i) && !(keep && test_bit(i, b->gone)))
			continue;
		bad = memchr_inv(b->slot[i] + from, 0,
				 keep ? b->size : bytes_of(t, b->slot[i], from));
		if (!bad)
			continue;
		t->call->value = bad - (u8 *)b->slot[i];
		t->call->index = i;
		return;
	}
}

int built_prepare(struct task *t)
{
	return t->b->c && t->b->c->ctor ? 0 : -EINVAL;
}

void built_run(struct task *t)
{
	struct batch *b = t->b;
	u32 i;

	t->call->value = SOBA_TEST_GOOD;
	for (i = 0; i < b->nr && t->call->value == SOBA_TEST_GOOD; i++) {
		if (slot_live(b, i))
			t->call->value = ctor_check(b->c->ctor, b->c->size,
						    b->slot[i]);
		t->call->index = i;
	}
}

static int address_compare(const void *a, const void *b)
{
	unsigned long x = *(unsigned long *)a, y = *(unsigned long *)b;

	return x < y ? -1 : x > y;
}

/* The order of a batch is nobody's interest; what was freed goes last. */
int disjoint_prepare(struct task *t)
{
	struct batch *b = t->b;

	if (!bitmap_empty(b->gone, b->nr) || !b->size)
		return -EINVAL;
	sort(b->slot, b->nr, sizeof(void *), address_compare, NULL);
	return 0;
}

/* value: the first, in order of address, that reaches into the next one */
void disjoint_run(struct task *t)
{
	struct batch *b = t->b;
	u32 i;

	t->call->value = SOBA_TEST_GOOD;
	t->call->got = ULONG_MAX;
	for (i = 0; i + 1 < b->nr; i++) {
		unsigned long gap = b->slot[i + 1] - b->slot[i];

		t->call->got = min_t(u64, t->call->got, gap);
		if (gap >= b->size)
			continue;
		t->call->value = i;
		return;
	}
}

/*
 * Up to 16 bytes past the end: where that is a red zone, or an object of the
 * test's own, nobody else is harmed.
 */
int poke_prepare(struct task *t)
{
	struct soba_test_object *call = t->call;

	if (ZERO_OR_NULL_PTR(t->b->slot[call->index]) || !call->length ||
	    call->length > t->b->size + 16 ||
	    call->offset > t->b->size + 16 - call->length)
		return -EINVAL;
	return 0;
}

void poke_run(struct task *t)
{
	memset(t->b->slot[t->call->index] + t->call->offset, t->call->seed,
	       t->call->length);
}

int user_prepare(struct task *t)
{
	struct soba_test_object *call = t->call;

	if (!slot_live(t->b, call->index) || call->length > t->b->size ||
	    call->offset > t->b->size - call->length)
		return -EINVAL;
	return 0;
}

/* Process context. May fault with the lock held: mmap() does not take it. */
void user_run(struct task *t)
{
	struct soba_test_object *call = t->call;
	void __user *user = (void __user *)(unsigned long)call->user;
	void *p = t->b->slot[call->index] + call->offset;

	if (call->op == SOBA_OBJ_TO_USER)
		call->value = soba_copy_to_user(user, p, call->length);
	else
		call->value = soba_copy_from_user(p, user, call->length);
}
