// SPDX-License-Identifier: GPL-2.0
/*
 * rbtree.c - harness: a treap behind the kernel's names; see sim/rbtree.h.
 */
#include "sim/control.h"

static u64 rank(const struct rb_node *n)
{
	u64 x = (unsigned long)n * 0x9e3779b97f4a7c15ULL;

	return x ^ x >> 29;
}

static void replace(struct rb_root *root, struct rb_node *parent, struct rb_node *old,
		    struct rb_node *new)
{
	if (!parent)
		root->rb_node = new;
	else if (parent->rb_left == old)
		parent->rb_left = new;
	else if (parent->rb_right == old)
		parent->rb_right = new;
	else
		sim_fail("a tree's node %p is not its parent's child", (void *)old);
	if (new)
		new->rb_parent = parent;
}

/* @n takes the place of its parent. */
static void rotate_up(struct rb_node *n, struct rb_root *root)
{
	struct rb_node *p = n->rb_parent, *inner;

	replace(root, p->rb_parent, p, n);
	if (p->rb_left == n) {
		inner = n->rb_right;
		p->rb_left = inner;
		n->rb_right = p;
	} else {
		inner = n->rb_left;
		p->rb_right = inner;
		n->rb_left = p;
	}
	p->rb_parent = n;
	if (inner)
		inner->rb_parent = p;
}

void rb_insert_color(struct rb_node *n, struct rb_root *root)
{
	while (n->rb_parent && rank(n) > rank(n->rb_parent))
		rotate_up(n, root);
}

void rb_erase(struct rb_node *n, struct rb_root *root)
{
	while (n->rb_left && n->rb_right)
		rotate_up(rank(n->rb_left) > rank(n->rb_right) ? n->rb_left : n->rb_right, root);
	replace(root, n->rb_parent, n, n->rb_left ? n->rb_left : n->rb_right);
	memset(n, 0x6b, sizeof(*n));
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *n = root->rb_node;

	while (n && n->rb_left)
		n = n->rb_left;
	return n;
}

struct rb_node *rb_next(const struct rb_node *n)
{
	struct rb_node *p;

	if (n->rb_right) {
		p = n->rb_right;
		while (p->rb_left)
			p = p->rb_left;
		return p;
	}
	for (p = n->rb_parent; p && p->rb_right == n; p = p->rb_parent)
		n = p;
	return p;
}
