// SPDX-License-Identifier: GPL-2.0
/*
 * leak_object.c - floor 5: who left objects behind, when a client or soba itself
 * goes. Who it was is known of caches that keep records of owners:
 * SLAB_STORE_USER, or the parameter debug=.
 *
 * Locking: leak_lock of leak.c guards the table; but for the report at exit,
 * which runs alone.
 */
#include "obs/leak.h"
#include "obs/obs.h"
#include "obs/objects.h"
#include "base/report.h"

#define SITES 64

struct object_site {
	unsigned long caller;		/* 0: no slot was left */
	unsigned long objects;
	unsigned long bytes;
	const void *first;		/* address of one of them */
	char cache[SOBA_CACHE_NAME_LEN];
};

/* Is an object that was allocated from there looked for? */
struct gathering {
	bool (*match)(unsigned long caller, struct module *mod);
	struct module *mod;
};

static struct object_site sites[SITES + 1];	/* the last: all others */
static unsigned int nr_sites;

static struct object_site *site_of(unsigned long caller, const char *cache)
{
	unsigned int i;

	for (i = 0; i < nr_sites; i++)
		if (sites[i].caller == caller && !strcmp(sites[i].cache, cache))
			return &sites[i];
	if (nr_sites == SITES)
		return &sites[SITES];
	nr_sites++;
	sites[i].caller = caller;
	strscpy(sites[i].cache, cache, sizeof(sites[i].cache));
	return &sites[i];
}

static void add_object(void *arg, const struct soba_obs_object *o)
{
	const struct gathering *g = arg;
	struct object_site *s;

	if (!g->match(o->track.addrs[0], g->mod))
		return;
	s = site_of(o->track.addrs[0], o->cache->name);
	if (!s->objects)
		s->first = o->address;
	s->objects++;
	s->bytes += o->cache->object_size;
}

static void gather(struct gathering *g, struct soba_cache *c)
{
	const struct soba_obs_walk walk = {
		.cache = c,
		.which = SOBA_TRACK_ALLOC,
		.found = add_object,
		.arg = g,
	};

	memset(sites, 0, sizeof(sites));
	nr_sites = 0;
	soba_obs_walk_objects(&walk);
}

static bool match_init(unsigned long caller, struct module *mod)
{
	return within_module_init(caller, mod);
}

void soba_leak_objects_up(struct module *mod)
{
	struct gathering g = { .match = match_init, .mod = mod };
	unsigned int i;

	gather(&g, NULL);
	for (i = 0; i < nr_sites; i++)
		soba_leak_name_add(sites[i].caller, mod->name);
}

/* One line. A site whose text is gone is named by what is remembered of it. */
static void say(const struct object_site *s, const char *who, const char *fate)
{
	const struct leak_name *name = soba_leak_name_of(s->caller);

	soba_report_line(SOBA_R_LEAK, name ? 0 : s->caller,
			 "%s%lu objects (%lu bytes)%s%s%s, first 0x%p%s%s",
			 who, s->objects, s->bytes,
			 *s->cache ? " of cache " : "", s->cache, fate,
			 s->first, name ? ", by " : "", name ? name->text : "");
}

void soba_leak_objects_going(struct module *mod)
{
	struct gathering g = { .match = soba_leak_of_module, .mod = mod };
	char who[MODULE_NAME_LEN + 16];
	struct leak_name *name;
	unsigned int i;

	snprintf(who, sizeof(who), "module %s leaves ", mod->name);
	gather(&g, NULL);
	for (i = 0; i <= SITES; i++) {
		const struct object_site *s = &sites[i];

		name = soba_leak_name_of(s->caller);
		if (!s->objects || (name && s->objects <= name->reported))
			continue;
		say(s, who, "");
		name = soba_leak_name_add(s->caller, mod->name);
		if (name)
			name->reported = s->objects;
	}
}

static bool match_all(unsigned long caller, struct module *mod)
{
	return true;
}

/* Of a cache without records only the figures are known. */
static void say_cache(struct soba_cache *c, unsigned long live)
{
	if (!live)
		return;
	soba_report_line(SOBA_R_LEAK, 0,
			 "%lu objects (%lu bytes) of cache %s are still allocated and stay so",
			 live, live * c->object_size, c->name);
}

/* Those that a client made and forgot; its constructors are not called here. */
static void end_forgotten(void)
{
	struct soba_cache *c;

	while ((c = soba_cache_left())) {
		soba_report_line(SOBA_R_LEAK, 0,
				 "cache %s, size %u, was never destroyed",
				 c->name, c->object_size);
		soba_cache_end(c);
	}
}

void soba_leak_report_objects(void)
{
	struct gathering g = { .match = match_all };
	struct soba_cache *c;
	unsigned int i;

	/* Exit runs alone: the lists hold still. */
	end_forgotten();
	list_for_each_entry(c, &soba_cache_tombs, tomb) {
		if (!c->track_offset) {
			say_cache(c, soba_cache_live(c));
			continue;
		}
		gather(&g, c);
		for (i = 0; i <= SITES; i++)
			if (sites[i].objects)
				say(&sites[i], "",
				    " are still allocated and stay so");
	}
}
