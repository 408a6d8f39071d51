/* SPDX-License-Identifier: GPL-2.0 */
/*
 * leak.h - floor 5: what the parts of the leak report know of each other, and
 * names of call sites whose text is gone.
 *
 * Locking: leak_lock of leak.c around every call.
 */
#ifndef SOBA_LEAK_H
#define SOBA_LEAK_H

#include <linux/module.h>

struct leak_name {
	struct list_head node;
	unsigned long caller;
	unsigned long reported;		/* blocks or objects, at its module's last unload */
	char module[MODULE_NAME_LEN];	/* whose text it was */
	char text[];			/* as `%pS` printed it */
};

/**
 * soba_leak_name_add() - remember how a call site is called
 * @caller: an address whose text is still mapped; one that is known stays
 * @module: name of the module that it is in
 *
 * Without memory, or when a great many are known, it is not remembered, and a
 * later report has the bare address. Context: process.
 *
 * Return: the name, or NULL when it is not remembered.
 */
struct leak_name *soba_leak_name_add(unsigned long caller, const char *module);

/**
 * soba_leak_name_of() - what is remembered of a call site
 * @caller: any address
 *
 * Return: the name, or NULL.
 */
struct leak_name *soba_leak_name_of(unsigned long caller);

/**
 * soba_leak_of_module() - is a call site in a module, now or as remembered?
 * @caller: any address
 * @mod: the module
 */
bool soba_leak_of_module(unsigned long caller, struct module *mod);

/* leak_object.c: a module has come up; is gone, and what it has left is said */
void soba_leak_objects_up(struct module *mod);
void soba_leak_objects_going(struct module *mod);
/* leak_dma.c: the same */
void soba_leak_dma_up(struct module *mod);
void soba_leak_dma_going(struct module *mod);

/**
 * soba_leak_maps() - a line for each vmap() that is left
 * @mod: made by this module, which goes; NULL: by anybody, and soba goes
 */
void soba_leak_maps(struct module *mod);

/** soba_leak_names_free() - forget them all */
void soba_leak_names_free(void);

#endif /* SOBA_LEAK_H */
