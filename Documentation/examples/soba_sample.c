// SPDX-License-Identifier: GPL-2.0
/*
 * soba_sample.c - a driver that takes its memory from soba: a table at load,
 * in process context, and a page an interrupt, in hardirq context.
 *
 * soba's exported symbols make soba.ko a dependency: depmod sees it, "modprobe
 * soba_sample" loads soba first, and "rmmod soba" is refused while this module
 * is loaded. insmod knows no dependencies: load soba.ko before it.
 *
 * Locking: `pages` belongs to the interrupt until irq_work_sync() returns.
 */
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/module.h>

#include <soba/soba.h>

#define TABLE_ORDER	2	/* 4 pages */
#define INTERRUPTS	8

static unsigned long *table;
static struct page *pages[INTERRUPTS];
static unsigned int nr_pages;

/* An interrupt may not sleep: GFP_ATOMIC, and NULL is an answer. */
static void take_page(struct irq_work *work)
{
	struct page *page = soba_alloc_page(GFP_ATOMIC);

	if (!page)
		return;
	table[nr_pages] = page_to_pfn(page);
	pages[nr_pages++] = page;
}

/* Hard: on PREEMPT_RT it would be a thread otherwise. */
static struct irq_work interrupt = IRQ_WORK_INIT_HARD(take_page);

static void free_all(void)
{
	while (nr_pages)
		soba___free_page(pages[--nr_pages]);
	soba_free_pages((unsigned long)table, TABLE_ORDER);
}

static int __init sample_init(void)
{
	unsigned int i;

	/* Process context: may sleep, and wants zeroes. */
	table = (unsigned long *)soba___get_free_pages(GFP_KERNEL | __GFP_ZERO,
						       TABLE_ORDER);
	if (!table)
		return -ENOMEM;
	for (i = 0; i < INTERRUPTS; i++) {
		irq_work_queue(&interrupt);
		irq_work_sync(&interrupt);
	}
	if (nr_pages < INTERRUPTS) {
		free_all();
		return -ENOMEM;
	}
	pr_info("soba_sample: %u pages taken in interrupts, the first is pfn %#lx\n",
		nr_pages, table[0]);
	return 0;
}

/* What is not freed here, soba reports by the place that allocated it. */
static void __exit sample_exit(void)
{
	free_all();
	pr_info("soba_sample: all pages given back\n");
}

module_init(sample_init);
module_exit(sample_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Sample client of soba");
