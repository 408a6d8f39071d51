// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_slab.c - harness: libFuzzer drives object caches and kmalloc() with a
 * sequence of operations; three bytes each. See fuzz.c.
 */
#include "tests/slab_live.h"

#include "page/grow.h"
#include "page/limits.h"
#include "slab/rcu.h"

static struct obj_kind kinds[] = {
	{ .name = "f24", .size = 24 },
	{ .name = "f700", .size = 700, .ctor = true },
	{ .name = "f5000", .size = 5000, .flags = SLAB_TYPESAFE_BY_RCU },
	{ .name = "f60", .size = 60, .flags = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER },
};

static struct obj_kind km = { .name = "kmalloc" };
static struct obj_set set;

static const gfp_t flags[] = {
	0, 0, 0, __GFP_ZERO, __GFP_ACCOUNT, __GFP_DMA, __GFP_DMA32, __GFP_RECLAIMABLE,
	__GFP_THISNODE, __GFP_NORETRY, __GFP_MEMALLOC, __GFP_HIGH,
};

static gfp_t gfp_for(const struct obj_kind *k, u8 b)
{
	gfp_t gfp = flags[b % ARRAY_SIZE(flags)];

	if (k->s)
		gfp &= ~(__GFP_DMA | __GFP_DMA32 | __GFP_RECLAIMABLE);
	if (k->ctor)
		gfp &= ~__GFP_ZERO;
	return gfp | __GFP_NOWARN;
}

static void wrong_free(u8 op, u8 a, u8 b)
{
	struct obj *o = &set.o[(a << 8 | b) % max(set.n, 1U)];

	if (op & 16) {
		soba_kfree((void *)(PAGE_OFFSET + ((unsigned long)(a << 8 | b) << PAGE_SHIFT) + 4));
		soba_kfree((void *)((unsigned long)a << (b & 63) | 1));
	} else if (set.n) {
		soba_kfree(o->p + 1 + a % (o->size - 1));
		soba_kmem_cache_free(o->kind == &kinds[0] ? kinds[1].s : kinds[0].s, o->p);
	}
}

static void slab_op(u8 op, u8 a, u8 b)
{
	struct obj_kind *k = (op >> 4) % 5 < 4 ? &kinds[(op >> 4) % 5] : &km;
	enum sim_context c = a % SIM_NR_CONTEXTS;
	unsigned int i = set.n ? (a << 8 | b) % set.n : 0;
	u8 rest = a / SIM_NR_CONTEXTS;

	switch (op % 16) {
	case 0 ... 4:
		sim_enter(c);
		while (rest-- % 8)
			obj_alloc(&set, k, 1 + (b << (a % 9)),
				  GFP_ATOMIC | gfp_for(k, b), -1);
		obj_alloc(&set, k, 1 + b * 13, GFP_ATOMIC | gfp_for(k, b), b & 64 ? b & 1 : -1);
		sim_leave(c);
		break;
	case 5 ... 7:
		sim_enter(c);
		while (set.n && rest-- % 8)
			obj_free(&set, (i + rest) % set.n);
		if (set.n)
			obj_free(&set, i % set.n);
		sim_leave(c);
		break;
	case 8:
		obj_alloc_bulk(&set, k, GFP_KERNEL | gfp_for(k, a), b % 65);
		break;
	case 9:
		obj_free_bulk(&set, a & 1 ? k : NULL, b % 65);
		break;
	case 10:
		if (set.n)
			obj_resize(&set, i, 1 + (b << (a % 7)), GFP_KERNEL | __GFP_NOWARN |
				   (op & 16 ? __GFP_ZERO : 0));
		break;
	case 11:
		if (set.n && !set.o[i].kind->ctor && set.o[i].size >= sizeof(struct rcu_head))
			obj_free_rcu(&set, i);
		break;
	case 12:
		if (b & 1)
			soba_kmem_cache_shrink(kinds[a % 4].s);
		else if (b & 2)
			soba_shrink_all();
		else
			sim_host_pressure(a * 64, GFP_KERNEL);
		break;
	case 13:
		sim_tick(a * 8);
		sim_run_work(b & 1);
		sim_rcu_try();
		break;
	case 14:
		sim_host.max_order = a % 11;
		sim_host.take_budget = b & 1 ? -1 : b;
		sim_host.meta_budget = b & 2 ? -1 : b;
		sim_set_cpu(b >> 6);
		break;
	case 15:
		wrong_free(op, a, b);
		break;
	}
}

void fuzz_slab(const u8 *data, size_t size);
void fuzz_slab(const u8 *data, size_t size)
{
	unsigned int i;

	soba_limits_set(data[0] & 2 ? 1500 : 0, 0, 1 + (data[0] >> 2) % 10);
	soba_up();
	obj_init(&set, data[0]);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		obj_kind_create(&kinds[i]);
	for (data++, size--; size >= 3; data += 3, size -= 3, sim_step++) {
		slab_op(data[0], data[1], data[2]);
		sim_expect_clean("after an operation");
	}
	sim_set_cpu(0);
	sim_host.take_budget = -1;
	sim_host.meta_budget = -1;
	soba_rcu_free_barrier();
	obj_settle(kinds, ARRAY_SIZE(kinds), "after all operations");
	obj_free_all(&set);
	obj_settle(kinds, ARRAY_SIZE(kinds), "at the end");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		obj_kind_destroy(&kinds[i]);
	soba_down();
}
