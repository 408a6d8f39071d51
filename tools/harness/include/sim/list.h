/* SPDX-License-Identifier: GPL-2.0 */
/*
 * list.h - harness: doubly linked lists with the kernel's names. Deleting and
 * adding check the neighbours, as CONFIG_DEBUG_LIST does, and a broken list
 * ends the test.
 */
#ifndef SIM_LIST_H
#define SIM_LIST_H

#include "sim/base.h"

struct list_head {
	struct list_head *next, *prev;
};

void sim_list_broken(const char *what, const struct list_head *l);

#define LIST_POISON1	((struct list_head *)0x100)
#define LIST_POISON2	((struct list_head *)0x122)
#define LIST_HEAD_INIT(l)	{ &(l), &(l) }
#define LIST_HEAD(l)		struct list_head l = LIST_HEAD_INIT(l)

static inline void INIT_LIST_HEAD(struct list_head *l)
{
	l->next = l;
	l->prev = l;
}

static inline void sim_list_insert(struct list_head *e, struct list_head *prev,
				   struct list_head *next)
{
	if (next->prev != prev || prev->next != next || e == prev || e == next)
		sim_list_broken("add", e);
	next->prev = e;
	e->next = next;
	e->prev = prev;
	__atomic_store_n(&prev->next, e, __ATOMIC_RELAXED);
}

static inline void list_add(struct list_head *e, struct list_head *l)
{
	sim_list_insert(e, l, l->next);
}

static inline void list_add_tail(struct list_head *e, struct list_head *l)
{
	sim_list_insert(e, l->prev, l);
}

/* The kernel's are WRITE_ONCE(), too. */
static inline void __list_del(struct list_head *prev, struct list_head *next)
{
	next->prev = prev;
	__atomic_store_n(&prev->next, next, __ATOMIC_RELAXED);
}

static inline void __list_del_entry(struct list_head *e)
{
	if (e->next == LIST_POISON1 || !e->next || !e->prev ||
	    e->prev->next != e || e->next->prev != e)
		sim_list_broken("del", e);
	e->next->prev = e->prev;
	e->prev->next = e->next;
}

static inline void list_del(struct list_head *e)
{
	__list_del_entry(e);
	e->next = LIST_POISON1;
	e->prev = LIST_POISON2;
}

static inline void list_del_init(struct list_head *e)
{
	__list_del_entry(e);
	INIT_LIST_HEAD(e);
}

static inline void list_move(struct list_head *e, struct list_head *l)
{
	__list_del_entry(e);
	list_add(e, l);
}

static inline void list_move_tail(struct list_head *e, struct list_head *l)
{
	__list_del_entry(e);
	list_add_tail(e, l);
}

static inline bool list_empty(const struct list_head *l)
{
	return READ_ONCE(l->next) == l;
}

static inline bool list_is_singular(const struct list_head *l)
{
	return !list_empty(l) && l->next == l->prev;
}

static inline bool list_is_last(const struct list_head *e, const struct list_head *l)
{
	return e->next == l;
}

static inline void list_splice(struct list_head *from, struct list_head *to)
{
	if (from->next == from)
		return;
	from->next->prev = to;
	from->prev->next = to->next;
	to->next->prev = from->prev;
	to->next = from->next;
}

static inline void list_splice_init(struct list_head *from, struct list_head *to)
{
	list_splice(from, to);
	INIT_LIST_HEAD(from);
}

static inline void list_splice_tail_init(struct list_head *from, struct list_head *to)
{
	list_splice(from, to->prev);
	INIT_LIST_HEAD(from);
}

static inline void list_replace_init(struct list_head *o, struct list_head *n)
{
	INIT_LIST_HEAD(n);
	list_splice_init(o, n);
}

#define list_entry(p, t, m)		container_of(p, t, m)
#define list_first_entry(l, t, m)	list_entry((l)->next, t, m)
#define list_last_entry(l, t, m)	list_entry((l)->prev, t, m)
#define list_next_entry(p, m)		list_entry((p)->m.next, typeof(*(p)), m)
#define list_prev_entry(p, m)		list_entry((p)->m.prev, typeof(*(p)), m)
#define list_entry_is_head(p, l, m)	(&(p)->m == (l))
#define list_first_entry_or_null(l, t, m)				\
({	struct list_head *l_ = (l), *f_ = READ_ONCE(l_->next);		\
	f_ != l_ ? list_entry(f_, t, m) : NULL; })
#define list_for_each(p, l) \
	for ((p) = (l)->next; (p) != (l); (p) = (p)->next)
#define list_for_each_safe(p, n, l) \
	for ((p) = (l)->next, (n) = (p)->next; (p) != (l); (p) = (n), (n) = (p)->next)
#define list_for_each_entry(p, l, m)					\
	for ((p) = list_first_entry(l, typeof(*(p)), m); &(p)->m != (l); \
	     (p) = list_next_entry(p, m))
#define list_for_each_entry_reverse(p, l, m)				\
	for ((p) = list_last_entry(l, typeof(*(p)), m); &(p)->m != (l);	\
	     (p) = list_prev_entry(p, m))
#define list_for_each_entry_safe(p, n, l, m)				\
	for ((p) = list_first_entry(l, typeof(*(p)), m),		\
	     (n) = list_next_entry(p, m); &(p)->m != (l);		\
	     (p) = (n), (n) = list_next_entry(n, m))

/* Readers follow ->next alone; a deleted element keeps it. */
static inline void list_add_tail_rcu(struct list_head *e, struct list_head *l)
{
	struct list_head *prev = l->prev;

	e->next = l;
	e->prev = prev;
	smp_store_release(&prev->next, e);
	l->prev = e;
}

static inline void list_del_rcu(struct list_head *e)
{
	e->next->prev = e->prev;
	WRITE_ONCE(e->prev->next, e->next);
	e->prev = LIST_POISON2;
}

#define list_for_each_entry_rcu(p, l, m, ...)				\
	for ((p) = container_of(READ_ONCE((l)->next), typeof(*(p)), m);	\
	     &(p)->m != (l);						\
	     (p) = container_of(READ_ONCE((p)->m.next), typeof(*(p)), m))

struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };

struct llist_node { struct llist_node *next; };
struct llist_head { struct llist_node *first; };
#define LLIST_HEAD_INIT(n)	{ NULL }
#define LLIST_HEAD(n)		struct llist_head n = { NULL }
static inline void init_llist_head(struct llist_head *l) { l->first = NULL; }
static inline bool llist_empty(const struct llist_head *l) { return !READ_ONCE(l->first); }
static inline bool llist_add(struct llist_node *n, struct llist_head *l)
{
	struct llist_node *first = READ_ONCE(l->first);

	do
		n->next = first;
	while (!try_cmpxchg(&l->first, &first, n));
	return !first;
}

static inline struct llist_node *llist_del_all(struct llist_head *l)
{
	return xchg(&l->first, NULL);
}

#define llist_entry(p, t, m)	container_of(p, t, m)
#define llist_for_each_entry_safe(p, n, node, m)			\
	for ((p) = llist_entry(node, typeof(*(p)), m);			\
	     &(p)->m && ((n) = llist_entry((p)->m.next, typeof(*(n)), m), true); \
	     (p) = (n))

#endif /* SIM_LIST_H */
