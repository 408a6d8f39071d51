// SPDX-License-Identifier: GPL-2.0
/*
 * host_dma.c - floor 0: coherent memory from the host's DMA API, and the driver
 * core's news of devices.
 *
 * Locking: watch_lock (a mutex) guards the list of buses. It is held while the
 * driver core's own lock of a bus is taken to register; the callbacks, which
 * run under that lock, never take it.
 */
#include "soba_env.h"

#include <linux/device.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>

#include "compat.h"

/* A bus that tells us. It may be a module's own, and go with it. */
struct watched_bus {
	struct list_head node;
	struct notifier_block nb;
	soba_compat_bus_type *bus;
};

static DEFINE_MUTEX(watch_lock);
static LIST_HEAD(buses);
/* The first of them, for those who cannot take the mutex. */
static soba_compat_bus_type *known[4];
static const struct soba_port_dma_ops *ops;

const char *soba_port_dma_name(const struct device *dev)
{
	const char *name = dev_name(dev);

	return name ? name : "(no name)";
}

static bool host_may_be_called(void)
{
	return !in_nmi() &&
	       (!IS_ENABLED(CONFIG_PREEMPT_RT) || soba_port_can_sleep());
}

void *soba_port_dma_take(struct device *dev, size_t size, dma_addr_t *handle,
			 gfp_t gfp, unsigned long attrs)
{
	void *vaddr;

	if (!host_may_be_called())
		return NULL;
	vaddr = dma_alloc_attrs(dev, size, handle, gfp | __GFP_NOWARN, attrs);
	/* Without a mapping it is a name for it, and no address. */
	if (!vaddr || !((unsigned long)vaddr & ~PAGE_MASK) ||
	    (attrs & DMA_ATTR_NO_KERNEL_MAPPING))
		return vaddr;
	/* A device with a memory of its own may hand out less than pages. */
	dma_free_attrs(dev, size, vaddr, *handle, attrs);
	return NULL;
}

void soba_port_dma_give(struct device *dev, size_t size, void *vaddr,
			dma_addr_t handle, unsigned long attrs)
{
	dma_free_attrs(dev, size, vaddr, handle, attrs);
}

void __percpu *soba_port_percpu_alloc(size_t size, gfp_t gfp)
{
	if (!host_may_be_called())
		return NULL;
	return __alloc_percpu_gfp(size, 64,
				  (gfp & GFP_KERNEL) | __GFP_NOWARN);
}

static int bus_event(struct notifier_block *nb, unsigned long event, void *data)
{
	if (event == BUS_NOTIFY_BIND_DRIVER)
		ops->binding(data);
	if (event == BUS_NOTIFY_UNBOUND_DRIVER)
		ops->unbound(data);
	if (event == BUS_NOTIFY_REMOVED_DEVICE)
		ops->removed(data);
	return NOTIFY_DONE;
}

static bool bus_is_watched(soba_compat_bus_type *bus)
{
	struct watched_bus *w;

	list_for_each_entry(w, &buses, node)
		if (w->bus == bus)
			return true;
	return false;
}

/* Replace one entry; both may be NULL. */
static void bus_known(soba_compat_bus_type *old, soba_compat_bus_type *new)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i] == old) {
			WRITE_ONCE(known[i], new);
			return;
		}
	}
}

/*
 * A device that is not registered is on no bus yet, or no longer. And one with
 * memory of its own (dma_declare_coherent_memory()) may lose that unheard.
 */
static bool may_be_watched(struct device *dev)
{
	return dev->bus && device_is_registered(dev) &&
	       !soba_compat_own_memory(dev);
}

bool soba_port_dma_own_memory(struct device *dev)
{
	return soba_compat_own_memory(dev);
}

bool soba_port_dma_bound(struct device *dev)
{
	return READ_ONCE(dev->driver);
}

bool soba_port_dma_watched(struct device *dev)
{
	unsigned int i;

	if (!may_be_watched(dev))
		return false;
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (READ_ONCE(known[i]) == dev->bus)
			return true;
	return false;
}

static bool bus_watch(soba_compat_bus_type *bus)
{
	struct watched_bus *w = kzalloc(sizeof(*w), GFP_NOIO);

	if (!w)
		return false;
	w->bus = bus;
	w->nb.notifier_call = bus_event;
	/* Before others who look at what the driver has left (DMA debugging). */
	w->nb.priority = INT_MAX;
	if (bus_register_notifier(bus, &w->nb)) {
		kfree(w);
		return false;
	}
	list_add(&w->node, &buses);
	bus_known(NULL, bus);
	return true;
}

bool soba_port_dma_watch(struct device *dev)
{
	soba_compat_bus_type *bus = dev->bus;
	bool watched;

	if (!may_be_watched(dev))
		return false;
	mutex_lock(&watch_lock);
	watched = bus_is_watched(bus) || bus_watch(bus);
	mutex_unlock(&watch_lock);
	return watched;
}

/* A bus that is gone has taken its list of notifiers along. */
static int module_event(struct notifier_block *nb, unsigned long event,
			void *data)
{
	struct watched_bus *w, *next;

	if (event != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	mutex_lock(&watch_lock);
	list_for_each_entry_safe(w, next, &buses, node) {
		if (!within_module((unsigned long)w->bus, data))
			continue;
		bus_known(w->bus, NULL);
		list_del(&w->node);
		kfree(w);
	}
	mutex_unlock(&watch_lock);
	return NOTIFY_DONE;
}

static struct notifier_block module_nb = { .notifier_call = module_event };

void soba_port_dma_register(const struct soba_port_dma_ops *new_ops)
{
	ops = new_ops;
	register_module_notifier(&module_nb);
}

void soba_port_dma_unregister(void)
{
	struct watched_bus *w, *next;

	unregister_module_notifier(&module_nb);
	mutex_lock(&watch_lock);
	list_for_each_entry_safe(w, next, &buses, node) {
		bus_unregister_notifier(w->bus, &w->nb);
		list_del(&w->node);
		kfree(w);
	}
	mutex_unlock(&watch_lock);
}

void *soba_port_devres_new(void (*release)(struct device *dev, void *res),
			   size_t size, gfp_t gfp)
{
	return devres_alloc(release, size, gfp | __GFP_ZERO);
}

void soba_port_devres_free(void *res)
{
	devres_free(res);
}

void soba_port_devres_add(struct device *dev, void *res)
{
	devres_add(dev, res);
}

void *soba_port_devres_find(struct device *dev,
			    void (*release)(struct device *dev, void *res),
			    int (*match)(struct device *dev, void *res,
					 void *data),
			    void *data)
{
	return devres_find(dev, release, match, data);
}

void soba_port_text_get(void)
{
	__module_get(THIS_MODULE);
}

void soba_port_text_put(void)
{
	module_put(THIS_MODULE);
}

int soba_port_devres_drop(struct device *dev,
			  void (*release)(struct device *dev, void *res),
			  int (*match)(struct device *dev, void *res, void *data),
			  void *data)
{
	return devres_destroy(dev, release, match, data);
}

void soba_port_dma_hold(struct device *dev)
{
	get_device(dev);
}

void soba_port_dma_let_go(struct device *dev)
{
	put_device(dev);
}
