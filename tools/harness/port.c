// SPDX-License-Identifier: GPL-2.0
/*
 * port.c - harness: floor 0 (src/port/port.h) over the fake host, with failure
 * budgets. The preconditions that port.h writes down are checked here.
 */
#include "sim/control.h"

#include <pthread.h>
#include <stdlib.h>

struct page *sim_host_take(int nid, unsigned int class, unsigned int order, bool this_node,
			   bool comp);
void sim_host_give(struct page *p, unsigned int order);

static const struct soba_port_ops *ops;
static long meta_live;
static pthread_mutex_t budget_mutex = PTHREAD_MUTEX_INITIALIZER;

/* True when the next request is to fail. */
static bool refuse(long *budget, unsigned int fail_1k)
{
	bool no = false;

	pthread_mutex_lock(&budget_mutex);
	if (!*budget)
		no = true;
	else if (*budget > 0)
		--*budget;
	if (fail_1k && sim_below(&sim_host.rand, 1000) < fail_1k)
		no = true;
	if (no)
		sim_host.refused++;
	pthread_mutex_unlock(&budget_mutex);
	return no;
}

/* A mutex of the task that was interrupted is not ours. */
static bool holds_lock(void)
{
	if (!sim_lock_any_held())
		return false;
	return !sim_ctx.nested || sim_ctx.held[sim_ctx.nr_held - 1]->sleeps < 2;
}

bool sim_host_refuse_map(void)
{
	return refuse(&sim_host.map_budget, sim_host.map_fail_1k);
}

static void check_call(const char *who, gfp_t gfp)
{
	sim_point();
	if (holds_lock() && !(sim_ctx.nr_held == 1 &&
			      !strcmp(sim_ctx.held[0]->class, "callers_lock")))
		sim_fail("%s with lock %s held", who,
			 sim_ctx.held[sim_ctx.nr_held - 1]->class);
	if (in_nmi())
		sim_fail("%s in NMI", who);
	if (gfp & __GFP_DIRECT_RECLAIM)
		sim_might_sleep(who);
	if (gfp & ~__GFP_BITS_MASK)
		sim_fail("%s: unknown bits in gfp %#x", who, gfp);
}

struct page *soba_port_take(int nid, enum soba_class class, unsigned int order, gfp_t gfp)
{
	struct page *page;
	unsigned long i;

	check_call("soba_port_take", gfp);
	if (order > SOBA_MAX_ORDER || class >= SOBA_NR_CLASSES)
		sim_fail("soba_port_take: order %u, class %d", order, class);
	if (nid != NUMA_NO_NODE && (nid < 0 || nid >= MAX_NUMNODES || !node_online(nid)))
		sim_fail("soba_port_take: node %d is not online", nid);
	if (!sim_threaded) {
		sim_host.last_gfp = gfp;
		sim_host.last_order = order;
	}
	if ((int)order > sim_host.max_order ||
	    refuse(&sim_host.take_budget, sim_host.take_fail_1k))
		return NULL;
	if (nid == NUMA_NO_NODE)
		nid = numa_node_id();
	page = sim_host_take(nid, class, order, gfp & __GFP_THISNODE, gfp & __GFP_COMP);
	if (!page)
		return NULL;
	for (i = 0; i < (gfp & __GFP_COMP ? 1UL : 1UL << order); i++)
		__atomic_store_n(&page[i]._refcount.counter, SOBA_PAGE_REFS, __ATOMIC_RELAXED);
	return page;
}

int soba_port_give(struct page *page, unsigned int order, bool comp)
{
	unsigned long i, n = comp ? 1 : 1UL << order;

	check_call("soba_port_give", 0);
	for (i = 0; i < n; i++) {
		int refs = SOBA_PAGE_REFS;

		if (__atomic_compare_exchange_n(&page[i]._refcount.counter, &refs, 0, false,
						__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			continue;
		while (i--)
			__atomic_store_n(&page[i]._refcount.counter, SOBA_PAGE_REFS,
					 __ATOMIC_RELEASE);
		__atomic_add_fetch(&sim_host.busy, 1, __ATOMIC_RELAXED);
		return -EBUSY;
	}
	sim_host_give(page, order);
	return 0;
}

bool soba_port_zeroes(gfp_t gfp)
{
	(void)gfp;
	return init_on_alloc;
}

enum soba_class soba_port_class(struct page *page)
{
	return page->class;
}

enum soba_class soba_port_lowest_class(void)
{
	return SOBA_CLASS_DMA;
}

enum soba_class soba_port_home_class(int nid)
{
	if (!node_state(nid, N_NORMAL_MEMORY))
		sim_fail("soba_port_home_class: node %d has no memory for the kernel", nid);
	return SOBA_CLASS_NORMAL;
}

static void *meta(size_t size)
{
	size_t align = is_power_of_2(size) ? max(size, sizeof(void *)) : 16;
	void *p;

	if (posix_memalign(&p, align, size))
		abort();
	memset(p, 0, size);
	__atomic_add_fetch(&meta_live, 1, __ATOMIC_RELAXED);
	return p;
}

void *soba_port_meta_alloc(size_t size, gfp_t gfp, int nid)
{
	(void)nid;
	check_call("soba_port_meta_alloc", gfp);
	return refuse(&sim_host.meta_budget, sim_host.meta_fail_1k) ? NULL : meta(size);
}

void soba_port_meta_free(void *p, size_t size)
{
	(void)size;
	sim_point();
	if (p)
		__atomic_sub_fetch(&meta_live, 1, __ATOMIC_RELAXED);
	free(p);
}

void *soba_port_table_alloc(size_t size)
{
	check_call("soba_port_table_alloc", __GFP_DIRECT_RECLAIM);
	return refuse(&sim_host.meta_budget, 0) ? NULL : meta(size);
}

void soba_port_table_free(void *p)
{
	check_call("soba_port_table_free", __GFP_DIRECT_RECLAIM);
	soba_port_meta_free(p, 0);
}

void *sim_kmalloc(size_t size, gfp_t gfp)
{
	return soba_port_meta_alloc(size, gfp, 0);
}

void sim_kfree(const void *p)
{
	soba_port_meta_free((void *)(unsigned long)p, 0);
}

long sim_meta_outstanding(void)
{
	return meta_live;
}

int soba_port_register(const struct soba_port_ops *new_ops)
{
	check_call("soba_port_register", __GFP_DIRECT_RECLAIM);
	ops = new_ops;
	return 0;
}

/* Where an irq_work would come: as soon as the context is no NMI any more. */
static void soon_fn(struct work_struct *work)
{
	if (ops)
		ops->soon();
}

static DECLARE_WORK(soon_work, soon_fn);

void soba_port_soon(void)
{
	queue_work(system_wq, &soon_work);
}

void soba_port_unregister(void)
{
	cancel_work_sync(&soon_work);
	if (ops)
		ops->soon();
	check_call("soba_port_unregister", __GFP_DIRECT_RECLAIM);
	ops = NULL;
}

void soba_port_stack(void)
{
	dump_stack();
}

/* The host is short of memory: it asks soba as its shrinker core does. */
unsigned long sim_host_pressure(unsigned long nr, gfp_t gfp)
{
	unsigned long can, before, freed;

	can = ops ? ops->count() : 0;
	if (!can)
		return 0;
	before = sim_host_taken();
	freed = ops->scan(min(nr, can), gfp);
	/* It may have got more: direct blocks that left the quarantine. */
	if (!sim_threaded && sim_host_taken() > before - freed)
		sim_fail("the shrinker says %lu frames, the host got %ld", freed,
			 (long)(before - sim_host_taken()));
	return freed;
}

int sim_cpu_up(int cpu)
{
	int err = 0;

	if (cpu_online(cpu))
		return 0;
	if (ops)
		err = ops->cpu_online(cpu);
	if (!err)
		cpumask_set_cpu(cpu, &sim_online);
	return err;
}

/* Nothing runs there any more; the callback runs elsewhere. */
int sim_cpu_down(int cpu)
{
	if (cpu == sim_ctx.cpu)
		sim_fail("a CPU cannot stop itself");
	cpumask_clear_cpu(cpu, &sim_online);
	return ops ? ops->cpu_dead(cpu) : 0;
}
