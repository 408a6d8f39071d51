// SPDX-License-Identifier: GPL-2.0
/*
 * dma.c - harness: floor 0's DMA API (src/port/port_dma.h) over a fake host. Bus
 * addresses have nothing to do with where the memory really lies. Its
 * preconditions are checked here.
 */
#include "sim/dma.h"

#include <pthread.h>
#include <stdlib.h>

struct sim_devres {
	struct sim_devres *next;
	void (*release)(struct device *dev, void *res);
	u64 data[];
};

struct block {
	struct block *next;
	struct device *dev;
	void *vaddr;
	dma_addr_t handle;
	size_t size;
	unsigned long attrs;
};

static struct block *blocks;
static long outstanding;
static const struct soba_port_dma_ops *ops;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
u64 sim_dma_next = 0x40000000;
bool sim_dma_disobeys;

long sim_dma_outstanding(void)
{
	return outstanding;
}

const char *soba_port_dma_name(const struct device *dev)
{
	return dev->name;
}

static void no_raw_lock(const char *who)
{
	unsigned int i;

	for (i = 0; i < sim_ctx.nr_held; i++)
		if (sim_ctx.held[i]->sleeps != 2 &&
		    strcmp(sim_ctx.held[i]->class, "callers_lock"))
			sim_fail("%s with lock %s held", who, sim_ctx.held[i]->class);
}

void *soba_port_dma_take(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp,
			 unsigned long attrs)
{
	u64 top = dev->coherent_dma_mask, align;
	struct block *b;

	sim_point();
	no_raw_lock(__func__);
	if (gfp & __GFP_DIRECT_RECLAIM)
		sim_might_sleep(__func__);
	if (!top || size % PAGE_SIZE || !size || (gfp & __GFP_COMP))
		sim_fail("%s: mask %#llx, %zu bytes, gfp %#x", __func__, top, size, gfp);
	if (!sim_host.take_budget)
		return NULL;
	if (sim_host.take_budget > 0)
		sim_host.take_budget--;
	b = calloc(1, sizeof(*b));
	if (!b || posix_memalign(&b->vaddr, PAGE_SIZE, size))
		abort();
	memset(b->vaddr, 0, size);
	pthread_mutex_lock(&mutex);
	align = roundup_pow_of_two(size);
	b->handle = ALIGN(sim_dma_next, align);
	sim_dma_next = b->handle + size;
	if (b->handle + size - 1 > top && !sim_dma_disobeys)
		b->handle = ALIGN(b->handle & 0xfff000, align) & top;
	b->dev = dev;
	b->size = size;
	b->attrs = attrs;
	b->next = blocks;
	blocks = b;
	outstanding += size;
	pthread_mutex_unlock(&mutex);
	*handle = b->handle;
	return b->vaddr;
}

void soba_port_dma_give(struct device *dev, size_t size, void *vaddr, dma_addr_t handle,
			unsigned long attrs)
{
	struct block **at, *b;

	sim_point();
	no_raw_lock(__func__);
	sim_might_sleep(__func__);
	pthread_mutex_lock(&mutex);
	for (at = &blocks; *at && (*at)->vaddr != vaddr;)
		at = &(*at)->next;
	b = *at;
	if (!b || b->dev != dev || b->size != size || b->handle != handle || b->attrs != attrs)
		sim_fail("%s: not as it was taken: %zu bytes at %#llx", __func__, size, handle);
	*at = b->next;
	outstanding -= size;
	pthread_mutex_unlock(&mutex);
	free(b->vaddr);
	free(b);
}

void soba_port_dma_hold(struct device *dev)
{
	__atomic_add_fetch(&dev->holds, 1, __ATOMIC_RELAXED);
}

void soba_port_dma_let_go(struct device *dev)
{
	if (__atomic_sub_fetch(&dev->holds, 1, __ATOMIC_RELAXED) < 0)
		sim_fail("%s is let go of once too often", dev->name);
}

void *soba_port_percpu_alloc(size_t size, gfp_t gfp)
{
	sim_point();
	no_raw_lock(__func__);
	/* The fake one sleeps always. */
	if (!(gfp & __GFP_DIRECT_RECLAIM) || !sim_host.meta_budget)
		return NULL;
	if (sim_host.meta_budget > 0)
		sim_host.meta_budget--;
	return sim_percpu_alloc(size, 64);
}

void soba_port_dma_register(const struct soba_port_dma_ops *new_ops)
{
	ops = new_ops;
}

void soba_port_dma_unregister(void)
{
	ops = NULL;
}

bool soba_port_dma_watch(struct device *dev)
{
	sim_might_sleep(__func__);
	return !dev->no_bus;
}

bool soba_port_dma_own_memory(struct device *dev)
{
	(void)dev;
	return false;
}

bool soba_port_dma_watched(struct device *dev)
{
	return false;
}

void *soba_port_devres_new(void (*release)(struct device *dev, void *res), size_t size,
			   gfp_t gfp)
{
	struct sim_devres *res = calloc(1, sizeof(*res) + size);

	res->release = release;
	return res->data;
}

static struct sim_devres *devres_of(void *data)
{
	return container_of(data, struct sim_devres, data);
}

void soba_port_devres_free(void *data)
{
	free(devres_of(data));
}

void soba_port_devres_add(struct device *dev, void *data)
{
	devres_of(data)->next = dev->res;
	dev->res = devres_of(data);
}

void *soba_port_devres_find(struct device *dev, void (*release)(struct device *dev, void *res),
			    int (*match)(struct device *dev, void *res, void *data), void *data)
{
	struct sim_devres *res;

	for (res = dev->res; res; res = res->next)
		if (res->release == release && match(dev, res->data, data))
			return res->data;
	return NULL;
}

static long text_gets;

void soba_port_text_get(void)
{
	__atomic_add_fetch(&text_gets, 1, __ATOMIC_RELAXED);
}

void soba_port_text_put(void)
{
	if (__atomic_sub_fetch(&text_gets, 1, __ATOMIC_RELAXED) < 0)
		sim_fail("soba's text is let go of once too often");
}

bool soba_port_dma_bound(struct device *dev)
{
	return !dev->no_driver;
}

int soba_port_devres_drop(struct device *dev, void (*release)(struct device *dev, void *res),
			  int (*match)(struct device *dev, void *res, void *data), void *data)
{
	struct sim_devres **at, *res;

	for (at = &dev->res; *at; at = &(*at)->next) {
		res = *at;
		if (res->release != release || !match(dev, res->data, data))
			continue;
		*at = res->next;
		free(res);
		return 0;
	}
	return -ENOENT;
}

/* What the driver core does with a probe that fails, too. */
void sim_dma_release(struct device *dev)
{
	while (dev->res) {
		struct sim_devres *res = dev->res;

		dev->res = res->next;
		res->release(dev, res->data);
		free(res);
	}
}

void sim_dma_bind(struct device *dev)
{
	if (ops)
		ops->binding(dev);
}

void sim_dma_unbind(struct device *dev)
{
	sim_dma_release(dev);
	if (ops)
		ops->unbound(dev);
}

void sim_dma_remove(struct device *dev)
{
	sim_dma_unbind(dev);
	if (ops)
		ops->removed(dev);
}
