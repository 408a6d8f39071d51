// SPDX-License-Identifier: GPL-2.0
/*
 * slab.c - harness: memory searched, userspace, constants and stacks of the
 * host, and a mempool.
 */
#include "sim/control.h"

#include <execinfo.h>

#include <linux/mempool.h>

void *memchr_inv(const void *p, int c, size_t n)
{
	const u8 *b = p;

	for (; n; n--, b++)
		if (*b != (u8)c)
			return (void *)(unsigned long)b;
	return NULL;
}

/* The same for the same seed, whatever the thread. */
u32 get_random_u32(void)
{
	static __thread u64 state;

	/* On PREEMPT_RT it takes a local lock that sleeps. */
	if (sim_lock_any_held())
		sim_fail("get_random_u32() under a raw lock");
	if (!state)
		state = sim_seed + 1;
	return sim_rand(&state);
}

unsigned long sim_copy_user(void *to, const void *from, unsigned long n)
{
	might_sleep();
	if (!to || !from)
		return n;
	memcpy(to, from, n);
	return 0;
}

/* What a test calls the host kernel's image, and its constants in that. */
const char *sim_image, *sim_constants;
size_t sim_image_size, sim_constants_size;

bool soba_port_in_image(const void *p)
{
	return sim_image && (const char *)p >= sim_image &&
	       (const char *)p < sim_image + sim_image_size;
}

bool soba_port_constant(const char *s)
{
	return sim_constants && s >= sim_constants &&
	       s < sim_constants + sim_constants_size;
}

unsigned int soba_port_stack_save(unsigned long *addrs, unsigned int nr)
{
	void *frames[64];
	int i, n = backtrace(frames, min_t(int, nr + 1, 64));

	for (i = 1; i < n; i++)
		addrs[i - 1] = (unsigned long)frames[i];
	return n > 0 ? n - 1 : 0;
}

mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free, void *data)
{
	mempool_t *pool = kzalloc(sizeof(*pool) + min_nr * sizeof(void *), GFP_KERNEL);

	might_sleep();
	if (!pool)
		return NULL;
	*pool = (mempool_t){ .min_nr = min_nr, .alloc = alloc, .free = free, .pool_data = data };
	while (pool->curr_nr < min_nr) {
		void *element = alloc(GFP_KERNEL, data);

		if (!element) {
			mempool_destroy(pool);
			return NULL;
		}
		pool->elements[pool->curr_nr++] = element;
	}
	return pool;
}

void mempool_destroy(mempool_t *pool)
{
	if (!pool)
		return;
	while (pool->curr_nr)
		pool->free(pool->elements[--pool->curr_nr], pool->pool_data);
	kfree(pool);
}

void *mempool_alloc(mempool_t *pool, gfp_t gfp)
{
	void *element = pool->alloc(gfp | __GFP_NOWARN | __GFP_NOMEMALLOC, pool->pool_data);

	if (!element && pool->curr_nr)
		element = pool->elements[--pool->curr_nr];
	return element;
}

void mempool_free(void *element, mempool_t *pool)
{
	if (pool->curr_nr < pool->min_nr)
		pool->elements[pool->curr_nr++] = element;
	else
		pool->free(element, pool->pool_data);
}
