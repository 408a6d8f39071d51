// SPDX-License-Identifier: GPL-2.0
/*
 * leak.c - floor 5: who left blocks behind, when a client or soba itself goes;
 * objects in slabs are the business of leak_object.c, coherent memory is that of
 * leak_dma.c.
 *
 * A client's text is unmapped after its unload, and an address says nothing
 * then; its init text goes even earlier. So a module notifier looks at the
 * blocks of a client when it has come up, for call sites in its init text, and
 * when it goes, after its exit function: what is left then is reported. The
 * names of these sites are kept in leak_name.c.
 *
 * Locking: leak_lock guards the table, which is filled and read in one go, and
 * the names. Chunks are walked one at a time under rcu_read_lock().
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>

#include "obs/leak.h"
#include "obs/obs.h"
#include "base/report.h"
#include "page/block.h"
#include "page/chunk.h"
#include "page/map.h"
#include "page/owner.h"
#include "varea/area.h"

#define SITES 64

/* Instead of a call site: held by soba itself. */
#define NOT_IN_USE ULONG_MAX

struct leak_site {
	unsigned long caller;		/* 0: not known, or no slot was left */
	unsigned long first_pfn;
	unsigned long frames;
	unsigned long blocks;
};

/* Is a block that was allocated from there looked for? */
typedef bool (*leak_match)(unsigned long caller, struct module *mod);

static DEFINE_MUTEX(leak_lock);
static struct leak_site sites[SITES + 1];	/* the last: all others */
static unsigned int nr_sites;
static bool notifier_on;

static struct leak_site *site_of(unsigned long caller)
{
	unsigned int i;

	for (i = 0; i < nr_sites; i++)
		if (sites[i].caller == caller)
			return &sites[i];
	if (!caller || nr_sites == SITES)
		return &sites[SITES];
	nr_sites++;
	sites[i].caller = caller;
	return &sites[i];
}

static void add_block(unsigned long caller, unsigned long pfn,
		      unsigned int order)
{
	struct leak_site *s = site_of(caller);

	if (!s->blocks)
		s->first_pfn = pfn;
	s->blocks++;
	s->frames += 1UL << order;
}

/* Its objects are told of, in leak_object.c. */
static bool is_slab(const struct soba_frame *f)
{
	return soba_owner_kind(READ_ONCE(f->owner)) == SOBA_OWN_SLAB;
}

static bool in_use(const struct soba_chunk *c, unsigned long i,
		   struct soba_frame snap)
{
	switch (snap.state & SOBA_F_MASK) {
	case SOBA_F_ALLOC:
		/* What was dropped by put_page() goes back: abandon.c. */
		return !soba_block_dropped(c, c->page + i, snap.order);
	case SOBA_F_OWNED:
		return !is_slab(c->frames + i);
	case SOBA_F_PINNED:
	case SOBA_F_LOST:
		return true;
	default:
		return false;
	}
}

/*
 * Who asked for a block. Of an area that is the area's caller, as long as it is
 * not just cached; descriptors of soba's own are nobody's.
 */
static unsigned long block_caller(const struct soba_frame *f,
				  struct soba_frame snap)
{
	struct soba_area *a;
	void *owner;

	if ((snap.state & SOBA_F_MASK) != SOBA_F_OWNED)
		return soba_obs_site(READ_ONCE(f->caller));
	owner = READ_ONCE(f->owner);
	if (soba_owner_kind(owner) == SOBA_OWN_META)
		return NOT_IN_USE;
	a = soba_area_of_frame(owner);
	if (!a)
		return soba_obs_site(READ_ONCE(f->caller));
	if (READ_ONCE(a->state) != SOBA_AREA_LIVE)
		return NOT_IN_USE;
	return READ_ONCE(a->caller);
}

/*
 * What a client that is gone has left holds still. Other blocks may change
 * under us: a caller that is a list's word by now is no place in code.
 */
static void walk_chunk(const struct soba_chunk *c, leak_match match,
		       struct module *mod)
{
	unsigned long i, n = 1UL << c->order;

	for (i = 0; i < n;) {
		struct soba_frame snap = soba_frame_snap(c->frames + i);
		unsigned int state = snap.state & SOBA_F_MASK;
		unsigned long caller;

		if (state == SOBA_F_NONE || state == SOBA_F_TAIL ||
		    snap.order > c->order) {
			i++;
			continue;
		}
		caller = block_caller(&c->frames[i], snap);
		if (caller != NOT_IN_USE && in_use(c, i, snap) &&
		    match(caller, mod))
			add_block(caller, c->pfn + i, snap.order);
		i += 1UL << snap.order;
	}
}

static void gather(leak_match match, struct module *mod)
{
	unsigned long pfn = 0;
	struct soba_chunk *c;

	lockdep_assert_held(&leak_lock);
	memset(sites, 0, sizeof(sites));
	nr_sites = 0;
	do {
		rcu_read_lock();
		c = soba_map_next_chunk(&pfn);
		if (c)
			walk_chunk(c, match, mod);
		rcu_read_unlock();
		cond_resched();
	} while (c);
}

static bool match_all(unsigned long caller, struct module *mod)
{
	return true;
}

static bool match_init(unsigned long caller, struct module *mod)
{
	return caller && within_module_init(caller, mod);
}

/* An address may be in use for the second time: the name that it had decides. */
bool soba_leak_of_module(unsigned long caller, struct module *mod)
{
	const struct leak_name *name = soba_leak_name_of(caller);

	if (name)
		return !strcmp(name->module, mod->name);
	return caller && within_module(caller, mod);
}

/* One line. A site whose text is gone is named by what is remembered of it. */
static void say(const struct leak_site *s, const char *who, const char *fate)
{
	const struct leak_name *name = soba_leak_name_of(s->caller);

	soba_report_line(SOBA_R_LEAK, name ? 0 : s->caller,
			 "%s%lu frames (%lu bytes) in %lu blocks%s, first pfn %#lx%s%s",
			 who, s->frames, s->frames << PAGE_SHIFT, s->blocks,
			 fate, s->first_pfn, name ? ", by " : "",
			 name ? name->text : "");
}

/* Was all of it reported when this module went the last time? */
static bool is_old(const struct leak_site *s)
{
	const struct leak_name *name = soba_leak_name_of(s->caller);

	return name && s->blocks <= name->reported;
}

static void module_is_up(struct module *mod)
{
	unsigned int i;

	mutex_lock(&leak_lock);
	gather(match_init, mod);
	for (i = 0; i < nr_sites; i++)
		soba_leak_name_add(sites[i].caller, mod->name);
	soba_leak_objects_up(mod);
	soba_leak_dma_up(mod);
	mutex_unlock(&leak_lock);
}

static void module_goes(struct module *mod)
{
	char who[MODULE_NAME_LEN + 16];
	struct leak_name *name;
	unsigned int i;

	snprintf(who, sizeof(who), "module %s leaves ", mod->name);
	mutex_lock(&leak_lock);
	gather(soba_leak_of_module, mod);
	for (i = 0; i <= SITES; i++) {
		if (!sites[i].blocks || is_old(&sites[i]))
			continue;
		say(&sites[i], who, "");
		name = soba_leak_name_add(sites[i].caller, mod->name);
		if (name)
			name->reported = sites[i].blocks;
	}
	soba_leak_objects_going(mod);
	soba_leak_maps(mod);
	soba_leak_dma_going(mod);
	mutex_unlock(&leak_lock);
}

static int module_event(struct notifier_block *nb, unsigned long event,
			void *mod)
{
	if (event == MODULE_STATE_LIVE)
		module_is_up(mod);
	if (event == MODULE_STATE_GOING)
		module_goes(mod);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = module_event };

int soba_leak_init(void)
{
	int err = register_module_notifier(&notifier);

	notifier_on = !err;
	return err;
}

void soba_leak_exit(void)
{
	if (notifier_on)
		unregister_module_notifier(&notifier);
	notifier_on = false;
	soba_leak_names_free();
}

void soba_leak_report(void)
{
	unsigned int i;

	soba_pinned_gather();
	mutex_lock(&leak_lock);
	gather(match_all, NULL);
	for (i = 0; i <= SITES; i++)
		if (sites[i].blocks)
			say(&sites[i], "", " are still allocated and stay so");
	soba_leak_maps(NULL);
	mutex_unlock(&leak_lock);
}
