/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rbtree.h - harness: the kernel's calls for balanced trees. Balanced by a rank
 * that is drawn from the node's address (a treap), which is nobody's business
 * but sim/rbtree.c's: callers know links, insert, erase and order.
 */
#ifndef SIM_RBTREE_H
#define SIM_RBTREE_H

#include "sim/base.h"

struct rb_node {
	struct rb_node *rb_parent, *rb_left, *rb_right;
};

struct rb_root {
	struct rb_node *rb_node;
};

#define RB_ROOT			((struct rb_root){ NULL })
#define rb_entry(p, t, m)	container_of(p, t, m)
#define RB_EMPTY_ROOT(root)	(!READ_ONCE((root)->rb_node))

static inline void rb_link_node(struct rb_node *n, struct rb_node *parent,
				struct rb_node **link)
{
	n->rb_parent = parent;
	n->rb_left = NULL;
	n->rb_right = NULL;
	*link = n;
}

void rb_insert_color(struct rb_node *n, struct rb_root *root);
void rb_erase(struct rb_node *n, struct rb_root *root);
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *n);

#endif /* SIM_RBTREE_H */
