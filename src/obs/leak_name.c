// SPDX-License-Identifier: GPL-2.0
/*
 * leak_name.c - floor 5: names of call sites whose text is gone.
 *
 * Locking: the caller's, see leak.h.
 */
#include <linux/kallsyms.h>
#include <linux/list.h>
#include <linux/slab.h>

#include "obs/leak.h"

/* A client that leaks and is loaded again and again shall not eat the host. */
#define MAX_NAMES 256

static LIST_HEAD(names);
static unsigned int nr_names;

struct leak_name *soba_leak_name_of(unsigned long caller)
{
	struct leak_name *name;

	list_for_each_entry(name, &names, node)
		if (name->caller == caller)
			return name;
	return NULL;
}

struct leak_name *soba_leak_name_add(unsigned long caller,
				     const char *module)
{
	struct leak_name *name = soba_leak_name_of(caller);
	size_t len;

	if (name || !caller || nr_names == MAX_NAMES)
		return name;
	len = snprintf(NULL, 0, "%pS", (void *)caller) + 1;
	name = kzalloc(sizeof(*name) + len, GFP_KERNEL);
	if (!name)
		return NULL;
	name->caller = caller;
	strscpy(name->module, module, sizeof(name->module));
	snprintf(name->text, len, "%pS", (void *)caller);
	list_add(&name->node, &names);
	nr_names++;
	return name;
}

void soba_leak_names_free(void)
{
	struct leak_name *name, *next;

	list_for_each_entry_safe(name, next, &names, node) {
		list_del(&name->node);
		kfree(name);
	}
	nr_names = 0;
}
