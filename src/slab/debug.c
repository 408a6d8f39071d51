// SPDX-License-Identifier: GPL-2.0
/*
 * debug.c - floor 3: red zones, poison and owners of watched objects.
 *
 * The byte values are those of include/linux/poison.h, so that a dump reads the
 * same as one of the kernel's allocator.
 *
 * Locking: none, see debug.h.
 */
#include "slab/debug.h"
#include "base/report.h"

#define RED_FREE	0xbb	/* red zones of a free object */
#define RED_LIVE	0xcc	/* red zones of one that is handed out */
#define PAD		0x5a	/* padding */
#define DEAD		0x6b	/* bytes of a free object */
#define DEAD_END	0xa5	/* the last of them */

/* Addresses between the call site and here, at most. */
#define OUR_FRAMES	8

struct soba_debug_policy soba_debug_policy;

/* A byte that is not what was put there. */
struct damage {
	const u8 *at;
	u8 put;
};

/* A pattern is a name, or the beginning of names and a '*'. */
static bool matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return !strncmp(pattern, name, len - 1);
	return !strcmp(pattern, name);
}

slab_flags_t soba_debug_flags(const char *name)
{
	const struct soba_debug_policy *p = &soba_debug_policy;
	unsigned int i;

	if (!p->nr)
		return p->flags;
	for (i = 0; i < p->nr; i++)
		if (matches(p->pattern[i], name))
			return p->flags;
	return 0;
}

/* Bytes from the object to the end of its right red zone, a word at least. */
static u32 zone_end(const struct soba_cache *c)
{
	u32 end = ALIGN(c->object_size, sizeof(void *));

	if ((c->flags & SLAB_RED_ZONE) && end == c->object_size)
		end += sizeof(void *);
	return end;
}

/* Bytes from the object to the padding. */
static u32 used_end(const struct soba_cache *c)
{
	if (!c->track_offset)
		return zone_end(c);
	return c->track_offset + SOBA_NR_TRACKS * sizeof(struct soba_track);
}

void soba_debug_layout(struct soba_cache *c)
{
	u32 align = max_t(u32, c->align, sizeof(void *));

	c->offset = c->flags & SLAB_RED_ZONE ? align : 0;
	c->track_offset = c->flags & SLAB_STORE_USER ? zone_end(c) : 0;
	c->size = ALIGN(c->offset + used_end(c), align);
}

/* What a constructor wrote, and what RCU readers may still read, must stay. */
static bool may_overwrite(const struct soba_cache *c)
{
	return !c->ctor && !(c->flags & SLAB_TYPESAFE_BY_RCU);
}

static bool poisons_objects(const struct soba_cache *c)
{
	return (c->flags & SLAB_POISON) && may_overwrite(c);
}

static struct soba_track *track_of(const struct soba_cache *c,
				   const void *object,
				   enum soba_track_kind kind)
{
	return (struct soba_track *)((unsigned long)object + c->track_offset) +
	       kind;
}

static void set_zones(const struct soba_cache *c, void *object, u8 value)
{
	if (!(c->flags & SLAB_RED_ZONE))
		return;
	memset(object - c->offset, value, c->offset);
	memset(object + c->object_size, value, zone_end(c) - c->object_size);
}

static void poison(const struct soba_cache *c, void *object)
{
	if (!poisons_objects(c))
		return;
	memset(object, DEAD, c->object_size - 1);
	memset(object + c->object_size - 1, DEAD_END, 1);
}

void soba_debug_slab_made(struct soba_cache *c, void *object)
{
	void *end = object - c->offset + c->size;

	if (c->flags & SLAB_POISON)
		memset(object + c->object_size, PAD,
		       end - (object + c->object_size));
	set_zones(c, object, RED_FREE);
	poison(c, object);
	if (c->track_offset)
		memset(track_of(c, object, SOBA_TRACK_ALLOC), 0,
		       SOBA_NR_TRACKS * sizeof(struct soba_track));
}

static bool intact(const void *from, u8 value, size_t n, struct damage *d)
{
	d->at = memchr_inv(from, value, n);
	d->put = value;
	return !d->at;
}

static bool zones_intact(const struct soba_cache *c, const void *object,
			 u8 value, struct damage *d)
{
	if (!(c->flags & SLAB_RED_ZONE))
		return true;
	return intact(object - c->offset, value, c->offset, d) &&
	       intact(object + c->object_size, value,
		      zone_end(c) - c->object_size, d);
}

static bool padding_intact(const struct soba_cache *c, const void *object,
			   struct damage *d)
{
	u32 end = c->size - c->offset;

	if (!(c->flags & SLAB_POISON))
		return true;
	if (!(c->flags & SLAB_RED_ZONE) &&
	    !intact(object + c->object_size, PAD,
		    zone_end(c) - c->object_size, d))
		return false;
	return intact(object + used_end(c), PAD, end - used_end(c), d);
}

static bool poison_intact(const struct soba_cache *c, const void *object,
			  struct damage *d)
{
	if (!poisons_objects(c))
		return true;
	return intact(object, DEAD, c->object_size - 1, d) &&
	       intact(object + c->object_size - 1, DEAD_END, 1, d);
}

static void say_track(const char *what, const struct soba_track *t)
{
	unsigned int i, nr = min_t(unsigned int, t->nr, SOBA_TRACK_ADDRS);

	pr_warn("soba:   %s by %pS, pid %d on CPU %u, %u ms ago\n", what,
		(void *)t->addrs[0], t->pid, t->cpu,
		jiffies_to_msecs(jiffies - t->when));
	for (i = 1; i < nr; i++)
		pr_warn("soba:     %pS\n", (void *)t->addrs[i]);
}

const struct soba_track *soba_debug_track(const struct soba_cache *c,
					  const void *object,
					  enum soba_track_kind kind)
{
	const struct soba_track *t;

	if (!c->track_offset)
		return NULL;
	t = track_of(c, object, kind);
	return t->nr ? t : NULL;
}

void soba_debug_history(const struct soba_cache *c, const void *object)
{
	const struct soba_track *t;

	t = soba_debug_track(c, object, SOBA_TRACK_ALLOC);
	if (t)
		say_track("allocated", t);
	t = soba_debug_track(c, object, SOBA_TRACK_FREE);
	if (t)
		say_track("freed", t);
}

static void report_bounds(const struct soba_cache *c, const void *object,
			  const struct damage *d, unsigned long caller)
{
	long offset = (const void *)d->at - object;
	bool below = offset < 0;

	if (soba_report(SOBA_R_OUT_OF_BOUNDS, caller,
			"object 0x%p of cache %s, size %u: the byte %ld %s reads %#x, not %#x",
			object, c->name, c->object_size,
			below ? -offset : offset - (long)c->object_size,
			below ? "before its start" : "after its end",
			*d->at, d->put))
		soba_debug_history(c, object);
}

static void report_stale(const struct soba_cache *c, const void *object,
			 const struct damage *d, unsigned long caller)
{
	if (soba_report(SOBA_R_USE_AFTER_FREE, caller,
			"object 0x%p of cache %s, size %u: written while it was free, byte %ld reads %#x, not %#x",
			object, c->name, c->object_size,
			(long)((const void *)d->at - object), *d->at, d->put))
		soba_debug_history(c, object);
}

/* The red zones know, or the records do; or nothing, and its slab will tell. */
static bool is_free(const struct soba_cache *c, const void *object)
{
	struct damage d;

	if (c->flags & SLAB_RED_ZONE)
		return zones_intact(c, object, RED_FREE, &d);
	return c->track_offset && track_of(c, object, SOBA_TRACK_FREE)->latest ==
				  SOBA_TRACK_LATEST;
}

static void report_double(const struct soba_cache *c, const void *object,
			  unsigned long caller)
{
	if (soba_report(SOBA_R_DOUBLE_FREE, caller,
			"object 0x%p of cache %s, size %u, is free already",
			object, c->name, c->object_size))
		soba_debug_history(c, object);
}

/* The call site first, and then who called it, as far as the stack says. */
static void record(const struct soba_cache *c, const void *object,
		   enum soba_track_kind kind, unsigned long caller)
{
	unsigned long stack[SOBA_TRACK_ADDRS + OUR_FRAMES];
	unsigned int n, i = 0, nr = 0;
	struct soba_track *t;

	if (!c->track_offset)
		return;
	track_of(c, object, !kind)->latest = 0;
	t = track_of(c, object, kind);
	n = soba_port_stack_save(stack, ARRAY_SIZE(stack));
	while (i < n && stack[i] != caller)
		i++;
	/* Not there: a stack that cannot be walked, or the call was a tail. */
	i = i < n ? i + 1 : 0;
	t->addrs[nr++] = caller;
	while (i < n && nr < SOBA_TRACK_ADDRS)
		t->addrs[nr++] = stack[i++];
	t->nr = nr;
	t->when = jiffies;
	t->pid = current->pid;
	t->cpu = raw_smp_processor_id();
	t->latest = SOBA_TRACK_LATEST;
}

bool soba_debug_alloc(struct soba_cache *c, void *object, unsigned long caller)
{
	struct damage d;

	if (!zones_intact(c, object, RED_FREE, &d) ||
	    !padding_intact(c, object, &d)) {
		report_bounds(c, object, &d, caller);
		return false;
	}
	if (!poison_intact(c, object, &d)) {
		report_stale(c, object, &d, caller);
		return false;
	}
	set_zones(c, object, RED_LIVE);
	record(c, object, SOBA_TRACK_ALLOC, caller);
	return true;
}

bool soba_debug_free(struct soba_cache *c, void *object, unsigned long caller)
{
	struct damage d;

	if (is_free(c, object)) {
		report_double(c, object, caller);
		return false;
	}
	if (!zones_intact(c, object, RED_LIVE, &d) ||
	    !padding_intact(c, object, &d)) {
		report_bounds(c, object, &d, caller);
		return false;
	}
	set_zones(c, object, RED_FREE);
	if (soba_port_init_on_free() && may_overwrite(c))
		memset(object, 0, c->object_size);
	poison(c, object);
	record(c, object, SOBA_TRACK_FREE, caller);
	return true;
}
