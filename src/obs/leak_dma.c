// SPDX-License-Identifier: GPL-2.0
/*
 * leak_dma.c - floor 5: who left coherent memory behind, when a client or soba
 * itself goes. What a driver leaves on its device is reported when it is unbound,
 * in dma/retire.c; a client that kept its device bound, or never had a driver of
 * its own, is known by the call sites in its text.
 *
 * Locking: leak_lock of leak.c; but for the report at exit, which runs alone.
 */
#include "obs/leak.h"
#include "obs/obs.h"
#include "base/report.h"
#include "dma/check.h"
#include "dma/slab.h"

struct leaving {
	struct module *mod;
	const char *who;
};

static bool match_init(unsigned long caller, void *arg)
{
	const struct leaving *l = arg;

	return within_module_init(caller, l->mod);
}

static void remember(void *arg, const struct soba_dma_site *site)
{
	const struct leaving *l = arg;

	soba_leak_name_add(site->caller, l->mod->name);
}

void soba_leak_dma_up(struct module *mod)
{
	struct leaving l = { .mod = mod };

	soba_dma_sites(NULL, match_init, remember, &l);
}

/* One line. A site whose text is gone is named by what is remembered of it. */
static void say(const struct soba_dma_site *site, const char *who,
		const char *fate)
{
	const struct leak_name *name = soba_leak_name_of(site->caller);

	soba_report_line(SOBA_R_LEAK, name ? 0 : site->caller,
			 "%s%lu coherent objects (%lu bytes)%s, first handle %#llx of device %s%s%s",
			 who, site->objects, site->bytes, fate, site->first,
			 site->device, name ? ", by " : "",
			 name ? name->text : "");
}

static bool match_module(unsigned long caller, void *arg)
{
	const struct leaving *l = arg;

	return soba_leak_of_module(caller, l->mod);
}

static void say_going(void *arg, const struct soba_dma_site *site)
{
	struct leak_name *name = soba_leak_name_of(site->caller);
	const struct leaving *l = arg;

	/* Was all of it reported when this module went the last time? */
	if (name && site->objects <= name->reported)
		return;
	say(site, l->who, "");
	name = soba_leak_name_add(site->caller, l->mod->name);
	if (name)
		name->reported = site->objects;
}

void soba_leak_dma_going(struct module *mod)
{
	char who[MODULE_NAME_LEN + 16];
	struct leaving l = { .mod = mod, .who = who };

	snprintf(who, sizeof(who), "module %s leaves ", mod->name);
	soba_dma_sites(NULL, match_module, say_going, &l);
	/* A release() of @mod's devices may be due when the last of them is given. */
	soba_dma_slab_settle(NULL);
}

static void say_left(void *arg, const struct soba_dma_site *site)
{
	say(site, "", " are still allocated and stay so");
}

void soba_leak_report_dma(void)
{
	soba_dma_sites(NULL, NULL, say_left, NULL);
}
