// SPDX-License-Identifier: GPL-2.0
/*
 * soba_sample.c - a driver that takes its memory from soba: pages for a device's
 * ring, a cache of events and a table of them at load, and in each interrupt an
 * event with the data that it brings.
 *
 * soba's exported symbols make soba.ko a dependency: depmod sees it, "modprobe
 * soba_sample" loads soba first, and "rmmod soba" is refused while this module
 * is loaded. insmod knows no dependencies: load soba.ko before it.
 *
 * Locking: the table belongs to the interrupt until irq_work_sync() returns.
 */
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/spinlock.h>

#include <soba/soba.h>

#define RING_ORDER	2	/* 4 pages */
#define INTERRUPTS	8
#define BYTES		200	/* that an interrupt brings */

struct event {
	spinlock_t lock;	/* the constructor's: good for all the object's lives */
	char *data;
};

static struct kmem_cache *cache;
static struct event **table;
static unsigned long ring;
static unsigned int nr;

/* Runs when an object's slab is made, not with each allocation. */
static void event_construct(void *object)
{
	spin_lock_init(&((struct event *)object)->lock);
}

/* An interrupt may not sleep: GFP_ATOMIC, and NULL is an answer. */
static void take_event(struct irq_work *work)
{
	struct event *event = soba_kmem_cache_alloc(cache, GFP_ATOMIC);

	if (!event)
		return;
	event->data = soba_kmalloc(BYTES, GFP_ATOMIC);
	if (event->data)
		table[nr++] = event;
	else
		soba_kmem_cache_free(cache, event);
}

/* Hard: on PREEMPT_RT it would be a thread otherwise. */
static struct irq_work interrupt = IRQ_WORK_INIT_HARD(take_event);

static void free_all(void)
{
	while (nr) {
		soba_kfree(table[--nr]->data);
		soba_kmem_cache_free(cache, table[nr]);
	}
	soba_kfree(table);		/* NULL is fine, here and below */
	soba_kmem_cache_destroy(cache);
	soba_free_pages(ring, RING_ORDER);
}

static int __init sample_init(void)
{
	unsigned int i;

	/* Process context: may sleep, and wants zeroes. */
	ring = soba___get_free_pages(GFP_KERNEL | __GFP_ZERO, RING_ORDER);
	table = soba_kcalloc(INTERRUPTS, sizeof(*table), GFP_KERNEL);
	cache = soba_kmem_cache_create("sample_event", sizeof(struct event), 0,
				       SLAB_HWCACHE_ALIGN, event_construct);
	for (i = 0; i < INTERRUPTS && ring && table && cache; i++) {
		irq_work_queue(&interrupt);
		irq_work_sync(&interrupt);
	}
	if (nr < INTERRUPTS) {
		free_all();
		return -ENOMEM;
	}
	pr_info("soba_sample: %u events of %zu usable bytes taken in interrupts\n", nr,
		soba_ksize(table[0]->data));
	return 0;
}

/* What is not freed here, soba reports by the place that allocated it. */
static void __exit sample_exit(void)
{
	free_all();
	pr_info("soba_sample: all memory given back\n");
}

module_init(sample_init);
module_exit(sample_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Sample client of soba");
