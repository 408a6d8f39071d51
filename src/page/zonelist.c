// SPDX-License-Identifier: GPL-2.0
/*
 * zonelist.c - floor 2: which zones there are, and in which order a request
 * tries them: nearest node first, on each node from the highest class down.
 *
 * Locking: built at load, constant afterwards. Nodes that have only movable
 * memory, or get their first memory later, are served by their nearest
 * neighbour.
 */
#include "page/zone.h"

unsigned int soba_nr_nodes;
static u16 node_ids[MAX_NUMNODES];	/* index to nid */
static s16 node_index[MAX_NUMNODES];	/* nid to index, or -1 */
static u8 home_class[MAX_NUMNODES];	/* by index */
static u16 *nearest;			/* soba_nr_nodes rows of soba_nr_nodes indices */

/* Insertion sort of all nodes by their distance from the row's own. */
static void build_row(unsigned int from, u16 *row)
{
	unsigned int i, j;

	for (i = 0; i < soba_nr_nodes; i++) {
		int d = node_distance(node_ids[from], node_ids[i]);

		for (j = i; j > 0; j--) {
			if (node_distance(node_ids[from],
					  node_ids[row[j - 1]]) <= d)
				break;
			row[j] = row[j - 1];
		}
		row[j] = i;
	}
}

int soba_zone_init(void)
{
	unsigned int i, class;
	int nid;

	soba_nr_nodes = 0;
	memset(node_index, 0xff, sizeof(node_index));
	/* A node of movable memory alone gives kernel code nothing. */
	for_each_node_state(nid, N_NORMAL_MEMORY) {
		node_index[nid] = soba_nr_nodes;
		home_class[soba_nr_nodes] = soba_port_home_class(nid);
		node_ids[soba_nr_nodes++] = nid;
	}
	soba_nr_zones = soba_nr_nodes * SOBA_NR_CLASSES;
	soba_zones = soba_port_table_alloc(soba_nr_zones * sizeof(*soba_zones));
	nearest = soba_port_table_alloc(soba_nr_nodes * soba_nr_nodes * sizeof(*nearest));
	if (!soba_zones || !nearest) {
		soba_zone_exit();
		return -ENOMEM;
	}
	for (i = 0; i < soba_nr_nodes; i++) {
		build_row(i, nearest + i * soba_nr_nodes);
		for (class = 0; class < SOBA_NR_CLASSES; class++) {
			unsigned int id = i * SOBA_NR_CLASSES + class;

			soba_zone_setup(&soba_zones[id], id, node_ids[i],
					class);
		}
	}
	return 0;
}

void soba_zone_exit(void)
{
	soba_port_table_free(soba_zones);
	soba_port_table_free(nearest);
	soba_zones = NULL;
	nearest = NULL;
	soba_nr_zones = 0;
}

/* Index of a node with zones: the nearest one when @nid itself has none. */
unsigned int soba_node_index(int nid)
{
	unsigned int i, best = 0;

	if (nid < 0 || nid >= MAX_NUMNODES)
		return 0;
	if (node_index[nid] >= 0)
		return node_index[nid];
	for (i = 1; i < soba_nr_nodes; i++)
		if (node_distance(nid, node_ids[i]) <
		    node_distance(nid, node_ids[best]))
			best = i;
	return best;
}

/* The node of an index below soba_nr_nodes. */
int soba_node_id(unsigned int index)
{
	return node_ids[index];
}

/**
 * soba_zone_of() - zone of a node and class
 * @nid: a node; the nearest one with memory is used when it has none
 * @class: address class
 */
struct soba_zone *soba_zone_of(int nid, enum soba_class class)
{
	return &soba_zones[soba_node_index(nid) * SOBA_NR_CLASSES + class];
}

/**
 * soba_zone_preferred() - the zone that serves a request best
 * @req: class and node, and whether the node is binding
 *
 * On its node, the highest class that it may have and that the host has there.
 *
 * Return: the zone; NULL when a binding node has no memory.
 */
struct soba_zone *soba_zone_preferred(const struct soba_req *req)
{
	unsigned int index = soba_node_index(req->nid);

	if (req->this_node && node_ids[index] != req->nid)
		return NULL;
	return &soba_zones[index * SOBA_NR_CLASSES +
			   min(req->class, home_class[index])];
}

/**
 * soba_zonelist_first() - begin to step through the zones of a request
 * @req: class, node, and whether the node is binding
 * @pos: set to before the first zone; use soba_for_each_zone_of()
 */
void soba_zonelist_first(const struct soba_req *req,
			 struct soba_zonelist_pos *pos)
{
	unsigned int index = soba_node_index(req->nid);

	pos->node = nearest + index * soba_nr_nodes;
	pos->nodes = soba_nr_nodes;
	pos->class = req->class;
	if (req->this_node)
		pos->nodes = node_ids[index] == req->nid;
}
