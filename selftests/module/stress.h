/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stress.h - the actors of a stress run and the blocks they pass around.
 *
 * Locking: an actor is run by one thread, timer or hrtimer and by nobody else
 * at the same time, so its fields need no lock. Blocks change hands through
 * stress.shared[] with xchg(); a block belongs to whoever got it out. The sums
 * in struct stress are atomics.
 */
#ifndef SOBA_TEST_STRESS_H
#define SOBA_TEST_STRESS_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/mm_types.h>
#include <linux/timer.h>

#include "../soba_test.h"

enum actor_kind { ACTOR_THREAD, ACTOR_SOFTIRQ, ACTOR_HARDIRQ, NR_ACTOR_KINDS };

#define ACTOR_BLOCKS	24
#define SHARED_BLOCKS	64

/* A block as one word, to be exchanged: its struct page, or-ed with its order. */
#define BLOCK_ORDER_MASK 15UL

#define STRESS_CACHES	5

struct actor;

/* What the actors allocate: pages, or objects. A word is one of them. */
struct stress_kind {
	unsigned long (*alloc)(struct actor *actor);
	void (*free)(struct actor *actor, unsigned long word);
};

struct stress {
	const struct stress_kind *kind;
	struct kmem_cache *caches[STRESS_CACHES];
	unsigned long shared[SHARED_BLOCKS];
	unsigned int max_order;
	unsigned long max_frames;
	u64 seed;
	bool stop;
	atomic_long_t frames;		/* held now; of objects, their bytes */
	atomic_long_t frames_alloc;
	atomic_long_t frames_free;
	atomic_long_t errors;
	atomic_t told;			/* first_error has an owner */
	char *first_error;		/* of the request */
};

struct actor {
	struct stress *stress;
	enum actor_kind kind;
	int cpu;
	u64 random;
	unsigned long blocks[ACTOR_BLOCKS];
	unsigned long allocs, frees, fails;
	struct task_struct *task;
	struct timer_list timer;
	struct hrtimer hrtimer;
	bool timer_on, hrtimer_on;
};

/* stress_block.c */
extern const struct stress_kind stress_blocks;
u32 actor_random(struct actor *actor);
void actor_step(struct actor *actor);
__printf(2, 3) void actor_error(struct actor *actor, const char *fmt, ...);

/* stress_object.c */
extern const struct stress_kind stress_objects;
int stress_caches_create(struct stress *s);
void stress_caches_destroy(struct stress *s);

#endif /* SOBA_TEST_STRESS_H */
