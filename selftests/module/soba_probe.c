// SPDX-License-Identifier: GPL-2.0
/*
 * soba_probe.c - a module that reads where no memory may be, and dies of it:
 * what=guard reads behind an area, what=freed an area that was freed. The oops
 * ends insmod; the module stays half loaded. For tools/check/probe, which gives
 * it a machine of its own.
 *
 * Locking: none.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>

#include <soba/vmalloc.h>

#define BYTES	(3 * PAGE_SIZE)

static char *what = "guard";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "guard: read behind an area; freed: read a freed one");

static int __init probe_init(void)
{
	bool freed = !strcmp(what, "freed");
	char *p = soba_vmalloc(BYTES), *at;
	u8 value;

	if (!p)
		return -ENOMEM;
	memset(p, 0x5a, BYTES);
	at = freed ? p : p + BYTES;
	pr_info("soba_probe: area 0x%lx-0x%lx, reading 0x%lx\n", (unsigned long)p,
		(unsigned long)p + BYTES, (unsigned long)at);
	if (freed)
		soba_vfree(p);
	value = READ_ONCE(*(u8 *)at);
	/* Only if nothing stopped us. */
	pr_info("soba_probe: read %#x\n", value);
	if (!freed)
		soba_vfree(p);
	return -ENXIO;
}

/* Never called: it is never wholly loaded. */
static void __exit probe_exit(void)
{
}

module_init(probe_init);
module_exit(probe_exit);
MODULE_DESCRIPTION("soba: reads where no memory may be");
MODULE_LICENSE("GPL");
