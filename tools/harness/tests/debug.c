// SPDX-License-Identifier: GPL-2.0
/*
 * debug.c - harness: caches with red zones, poison and records of owners: every
 * byte outside an object is watched, and every byte inside while it is free.
 */
#include "tests/test.h"

#include "api/kmem_cache.h"
#include "base/report.h"
#include "slab/debug.h"

#include <soba/kmalloc.h>

#define ALL	SOBA_DEBUG_FLAGS

extern char **sim_param_debug;

static unsigned long reports(enum soba_report_class class)
{
	return soba_report_total(class);
}

static struct kmem_cache *make(unsigned int size, unsigned int align, slab_flags_t flags)
{
	struct kmem_cache *s = soba_kmem_cache_create("watched", size, align, flags, NULL);

	CHECK(s);
	return s;
}

/* What was kept out of use is still there at the end of its cache. */
static void end_with_live(struct kmem_cache *s)
{
	soba_kmem_cache_destroy(s);
	CHECK_EQ(reports(SOBA_R_LIVE_OBJECTS), 1);
	CHECK(soba_down_leaky() > 0);
}

/* Objects are as large and aligned as asked for, apart, and may be filled. */
static void layout_of(unsigned int size, unsigned int align, slab_flags_t flags)
{
	struct kmem_cache *s = make(size, align, flags);
	struct soba_cache *c = soba_cache_private(s);
	u8 *p[40];
	unsigned int i, k;

	CHECK(c->own_flags & SOBA_CACHE_DEBUG);
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = soba_kmem_cache_alloc(s, GFP_KERNEL);
		CHECK(p[i] && IS_ALIGNED((unsigned long)p[i], max(align, 8U)));
		CHECK_EQ(soba_ksize(p[i]), size);
		memset(p[i], i, size);
	}
	for (i = 0; i < ARRAY_SIZE(p); i++)
		for (k = 0; k < size; k++)
			CHECK_EQ(p[i][k], i);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		soba_kmem_cache_free(s, p[i]);
	CHECK_EQ(soba_cache_live(c), 0);
	soba_kmem_cache_destroy(s);
}

static void debug_layout(void)
{
	static const u16 sizes[] = { 8, 9, 24, 63, 64, 100, 1000, 4096 };
	slab_flags_t flags;
	unsigned int i, align;

	soba_up();
	for (flags = 1; flags <= ALL; flags++)
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			for (align = 1; align <= 4096; align *= 16)
				layout_of(sizes[i], align, flags);
	CHECK(!sim_log_has("soba: "));
	soba_down();
}

/* Write to each byte of the slot that is neither the object's nor a record's. */
static void bounds_of(unsigned int size, slab_flags_t flags, unsigned long *total)
{
	struct kmem_cache *s = make(size, 16, flags);
	struct soba_cache *c = soba_cache_private(s);
	long i, records = SOBA_NR_TRACKS * sizeof(struct soba_track);
	u8 *p = soba_kmem_cache_alloc(s, GFP_KERNEL);

	for (i = -(long)c->offset; i < (long)c->size - (long)c->offset; i++) {
		u8 was = p[i];

		if (i == 0)
			i = size;
		if (c->track_offset && i == c->track_offset)
			i += records;
		if (i >= (long)c->size - (long)c->offset)
			break;
		was = p[i];
		p[i] ^= 0x10;
		soba_kmem_cache_free(s, p);
		CHECKF(reports(SOBA_R_OUT_OF_BOUNDS) == ++*total,
		       "size %u, flags %#x: byte %ld is not watched", size, flags, i);
		/* Left alone: it is still the caller's. */
		CHECK_EQ(soba_cache_live(c), 1);
		p[i] = was;
	}
	soba_kmem_cache_free(s, p);
	CHECK_EQ(soba_cache_live(c), 0);
	soba_kmem_cache_destroy(s);
}

static void debug_bounds(void)
{
	static const u16 sizes[] = { 8, 13, 64, 200 };
	unsigned long total = 0;
	unsigned int i;

	soba_up();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bounds_of(sizes[i], SLAB_POISON | SLAB_RED_ZONE, &total);
		bounds_of(sizes[i], ALL, &total);
	}
	CHECK(sim_log_has("soba: out-of-bounds: object "));
	CHECK(sim_log_has("the byte 16 before its start reads"));
	CHECK(sim_log_has("of cache watched, size 8:"));
	CHECK_EQ(reports(SOBA_R_OUT_OF_BOUNDS), total);
	soba_down();
}

/* Only what is beyond the object counts, with red zones alone, too. */
static void debug_red_zone_alone(void)
{
	struct kmem_cache *s;
	u8 *p;

	soba_up();
	s = make(24, 8, SLAB_RED_ZONE);
	p = soba_kmem_cache_alloc(s, GFP_KERNEL);
	memset(p, 0, 24);
	p[24] = 0;
	soba_kmem_cache_free(s, p);
	CHECK_EQ(reports(SOBA_R_OUT_OF_BOUNDS), 1);
	CHECK(sim_log_has("the byte 0 after its end reads 0, not 0xcc"));
	p[24] = 0xcc;
	p[-1] = 0;
	soba_kmem_cache_free(s, p);
	CHECK_EQ(reports(SOBA_R_OUT_OF_BOUNDS), 2);
	CHECK(sim_log_has("the byte 1 before its start reads 0, not 0xcc"));
	p[-1] = 0xcc;
	soba_kmem_cache_free(s, p);
	/* While it is free as well: who had it last wrote too far. */
	p[24] = 1;
	CHECK(soba_kmem_cache_alloc(s, GFP_KERNEL) != p);
	end_with_live(s);
}

/* A write to a free object is found when it is to be handed out again. */
static void debug_use_after_free(void)
{
	struct kmem_cache *s;
	void *p[64];
	u8 *stale;
	unsigned int i, k;

	soba_up();
	s = make(40, 8, SLAB_POISON | SLAB_STORE_USER);
	for (k = 0; k < 40; k += 13) {
		stale = soba_kmem_cache_alloc(s, GFP_KERNEL);
		soba_kmem_cache_free(s, stale);
		CHECK_EQ(stale[0], 0x6b);
		CHECK_EQ(stale[39], 0xa5);
		stale[k] = 7;
		for (i = 0; i < ARRAY_SIZE(p); i++) {
			p[i] = soba_kmem_cache_alloc(s, GFP_KERNEL);
			CHECK(p[i] && p[i] != stale);
		}
		CHECK_EQ(reports(SOBA_R_USE_AFTER_FREE), k / 13 + 1);
		for (i = 0; i < ARRAY_SIZE(p); i++)
			soba_kmem_cache_free(s, p[i]);
	}
	CHECK(sim_log_has("soba: use-after-free: object "));
	CHECK(sim_log_has("written while it was free, byte 0 reads 0x7, not 0x6b"));
	CHECK(sim_log_has("soba:   allocated by "));
	CHECK(sim_log_has("soba:   freed by "));
	end_with_live(s);
}

static void debug_double_free(void)
{
	slab_flags_t flags;
	unsigned long n = 0;

	soba_up();
	for (flags = 1; flags <= ALL; flags++) {
		struct kmem_cache *s = make(56, 8, flags);
		void *p = soba_kmem_cache_alloc(s, GFP_KERNEL);
		void *q = soba_kmem_cache_alloc(s, GFP_KERNEL);

		soba_kmem_cache_free(s, p);
		init_on_free = flags & 1;
		soba_kmem_cache_free(s, p);
		soba_kfree(p);
		init_on_free = false;
		n += 2;
		CHECKF(reports(SOBA_R_DOUBLE_FREE) == n, "flags %#x", flags);
		CHECK_EQ(soba_cache_live(soba_cache_private(s)), 1);
		soba_kmem_cache_free(s, q);
		q = soba_kmem_cache_alloc(s, GFP_KERNEL);
		CHECK_EQ(reports(SOBA_R_USE_AFTER_FREE), 0);
		soba_kmem_cache_free(s, q);
		soba_kmem_cache_destroy(s);
	}
	CHECK(sim_log_has("soba: double-free: object "));
	soba_down();
}

/* Who, where and when. */
static void debug_owner(void)
{
	const struct soba_track *t;
	struct kmem_cache *s;
	struct soba_cache *c;
	void *p, *q;

	soba_up();
	s = make(48, 8, SLAB_STORE_USER);
	c = soba_cache_private(s);
	sim_set_cpu(2);
	current->pid = 4711;
	p = soba_kmem_cache_alloc(s, GFP_KERNEL);
	t = soba_debug_track(c, p, SOBA_TRACK_ALLOC);
	CHECK(t);
	CHECK(t->addrs[0] > (unsigned long)debug_owner &&
	      t->addrs[0] < (unsigned long)debug_owner + 4096);
	CHECK(t->nr > 1 && t->nr <= SOBA_TRACK_ADDRS);
	CHECK(t->cpu == 2 && t->pid == 4711);
	CHECK_EQ(t->when, jiffies);
	CHECK(!soba_debug_track(c, p, SOBA_TRACK_FREE));
	sim_tick(HZ);
	soba_kfree(p);
	t = soba_debug_track(c, p, SOBA_TRACK_FREE);
	CHECK(t);
	CHECK_EQ(t->when, jiffies);
	sim_log_clear();
	soba_debug_history(c, p);
	CHECK(sim_log_has("pid 4711 on CPU 2, 1000 ms ago"));
	CHECK(sim_log_has("pid 4711 on CPU 2, 0 ms ago"));
	/* A copy of a string is its caller's. */
	*sim_param_debug = "U,kmalloc-8";
	soba_kmem_cache_destroy(s);
	soba_down();
	soba_up();
	q = soba_kstrdup("abc", GFP_KERNEL);
	c = soba_cache_private(SOBA_HEAP->kmalloc[SOBA_KMALLOC_NORMAL][SOBA_KMALLOC_8]);
	t = soba_debug_track(c, q, SOBA_TRACK_ALLOC);
	CHECK(t && t->addrs[0] > (unsigned long)debug_owner &&
	      t->addrs[0] < (unsigned long)debug_owner + 4096);
	soba_kfree(q);
	soba_down();
}

static void construct(void *object)
{
	memset(object, 0xc7, 72);
}

/* What a constructor wrote, and what RCU readers look at, is no prey. */
static void debug_keeps_contents(void)
{
	struct kmem_cache *s;
	u8 *p;

	soba_up();
	s = soba_kmem_cache_create("built", 72, 0, ALL, construct);
	p = soba_kmem_cache_alloc(s, GFP_KERNEL);
	CHECK(!memchr_inv(p, 0xc7, 72));
	soba_kmem_cache_free(s, p);
	CHECK(!memchr_inv(p, 0xc7, 72));
	soba_kmem_cache_destroy(s);
	s = make(72, 0, ALL | SLAB_TYPESAFE_BY_RCU);
	p = soba_kmem_cache_alloc(s, GFP_KERNEL);
	memset(p, 0x11, 72);
	soba_kmem_cache_free(s, p);
	CHECK(!memchr_inv(p, 0x11, 72));
	p[72] = 0;
	soba_kmem_cache_alloc(s, GFP_KERNEL);
	CHECK_EQ(reports(SOBA_R_OUT_OF_BOUNDS), 1);
	end_with_live(s);
}

/* debug=: what insmod takes and refuses, and which caches it is for. */
static void debug_parameter(void)
{
	static const char * const bad[] = {
		"X", "FZQ", ",", "F,", "F,,a", "F,a,", ",a", "F a", "F,*a", "F,a*b", "\n\n", "F\nZ",
		"F,1,2,3,4,5,6,7,8,9",
		"F,0123456789012345678901234567890123456789012345678901234567890123",
	};
	static const char * const good[] = {
		"", "\n", "F", "fzpu", "FZPU\n", "FFF", "Z,a*", "Z,*", "U,1,2,3,4,5,6,7,8", "P,a,b\n",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		*sim_param_debug = (char *)(unsigned long)bad[i];
		sim_log_clear();
		CHECKF(soba_try_up() == -EINVAL, "debug=%s is taken", bad[i]);
		CHECK(sim_log_has("soba: bad-parameter: debug=") || i);
	}
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		*sim_param_debug = (char *)(unsigned long)good[i];
		CHECKF(!soba_try_up(), "debug=%s is refused", good[i]);
		soba_down();
	}
	*sim_param_debug = "zP,kmalloc-6*,mine";
	soba_up();
	CHECK_EQ(soba_debug_flags("kmalloc-64"), SLAB_RED_ZONE | SLAB_POISON);
	CHECK_EQ(soba_debug_flags("kmalloc-6"), SLAB_RED_ZONE | SLAB_POISON);
	CHECK_EQ(soba_debug_flags("mine"), SLAB_RED_ZONE | SLAB_POISON);
	CHECK_EQ(soba_debug_flags("mine2"), 0);
	CHECK_EQ(soba_debug_flags("min"), 0);
	CHECK_EQ(soba_debug_flags("kmalloc-96"), 0);
	soba_down();
	*sim_param_debug = "FZPU";
	soba_up();
	CHECK_EQ(soba_debug_flags("anything"), ALL);
	for (i = 1; i < 20000; i += i / 2 + 1) {
		u8 *p = soba_kmalloc(i, GFP_KERNEL);

		CHECK(p && (!is_power_of_2(i) || i < 8 || IS_ALIGNED((unsigned long)p, i)));
		memset(p, 1, soba_ksize(p));
		soba_kfree(p);
	}
	CHECK(!sim_log_has("soba: out-of-bounds"));
	soba_down();
	*sim_param_debug = "";
}

const struct test debug_tests[] = {
	{ "debug_layout", debug_layout },
	{ "debug_bounds", debug_bounds },
	{ "debug_red_zone_alone", debug_red_zone_alone },
	{ "debug_use_after_free", debug_use_after_free },
	{ "debug_double_free", debug_double_free },
	{ "debug_owner", debug_owner },
	{ "debug_keeps_contents", debug_keeps_contents },
	{ "debug_parameter", debug_parameter },
	{ }
};
