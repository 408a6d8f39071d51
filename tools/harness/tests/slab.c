// SPDX-License-Identifier: GPL-2.0
/*
 * slab.c - harness: geometry, classes, alignment, constructors, bulk calls,
 * nodes and address classes of object caches, one at a time.
 */
#include "tests/slab_live.h"

#include "base/report.h"
#include "page/grow.h"
#include "slab/debug.h"
#include "slab/slab.h"

static struct obj_set set;

static void lay_out(struct soba_cache *c, unsigned int size, unsigned int align,
		    slab_flags_t flags)
{
	const struct soba_cache_spec spec = { .size = size, .align = align, .flags = flags };

	memset(c, 0, sizeof(*c));
	c->flags = flags;
	if (flags & SOBA_DEBUG_FLAGS)
		c->own_flags = SOBA_CACHE_DEBUG;
	CHECK_EQ(soba_cache_layout(c, &spec), 0);
}

/* What issue 3 promises, and what follows from the numbers. */
static void check_layout(const struct soba_cache *c, unsigned int size)
{
	size_t block = PAGE_SIZE << c->order, used = (size_t)c->nr * c->size;

	CHECKF(c->nr && used <= block && c->nr <= SOBA_SLAB_MAX_OBJECTS, "size %u: %u in order %u",
	       size, c->nr, c->order);
	CHECK(c->size >= size + c->offset && c->size % c->align == 0);
	CHECK(used + (size_t)(c->colours - 1) * c->align <= block);
	CHECK(c->nr - 1 <= 0xffff && c->nr >> c->fill_shift >= min(c->nr, 4U));
	if (size <= PAGE_SIZE << 3)
		CHECKF(c->order <= 3, "size %u has slabs of order %u", size, c->order);
	else
		CHECK_EQ(c->order, get_order(c->size));
	CHECK(c->mag_min <= c->mag_cap && c->mag_cap <= c->mag_max);
	CHECK(c->depot_objects >= 2 * c->mag_min || c->own_flags & SOBA_CACHE_NO_MAG);
	CHECK(c->own_flags & SOBA_CACHE_NO_MAG || c->mag_max * (size_t)c->size <= SZ_128K);
}

static bool wasteful(const struct soba_cache *c)
{
	size_t block = PAGE_SIZE << c->order;

	return (block - (size_t)c->nr * c->size) * 8 > block;
}

/* No other order up to 3 would waste less, when even the best is above 1/8. */
static void check_waste(const struct soba_cache *c, unsigned int size)
{
	size_t block = PAGE_SIZE << c->order, waste = block - (size_t)c->nr * c->size;
	unsigned int order;

	if (!wasteful(c))
		return;
	for (order = get_order(c->size); order <= 3; order++) {
		size_t other = PAGE_SIZE << order;

		CHECKF((other % c->size) * block >= waste * other,
		       "size %u: order %u wastes %zu bytes, order %u would waste %zu", size,
		       c->order, waste, order, other % c->size);
	}
}

static void slab_geometry(void)
{
	unsigned int size, bad = 0;
	struct soba_cache c;

	for (size = 1; size <= 8192; size += size % 8 == 1 ? 7 : 1) {
		lay_out(&c, size, 0, 0);
		check_layout(&c, size);
		check_waste(&c, size);
		CHECKF(size > 4680 || wasteful(&c) == 0, "size %u: %u in order %u waste > 1/8",
		       size, c.nr, c.order);
	}
	for (size = 8192; size <= 32768; size += 8) {
		lay_out(&c, size, 0, 0);
		check_layout(&c, size);
		check_waste(&c, size);
		bad += wasteful(&c);
	}
	test_note("%u of 3073 sizes above 8 KiB cannot but waste more than an eighth", bad);
	for (size = 32768; size <= PAGE_SIZE << SOBA_MAX_ORDER; size += 40000) {
		lay_out(&c, size, 0, 0);
		check_layout(&c, size);
	}
}

static bool starts(const struct soba_cache *c, u64 distance)
{
	return distance % c->size == 0 && distance / c->size < c->nr;
}

static void check_distance(const struct soba_cache *c, u32 d)
{
	CHECKF(soba_slab_starts(c, d) == starts(c, d), "size %u, distance %u of %u objects",
	       c->size, d, c->nr);
	if (d / c->size < c->nr)
		CHECK_EQ(soba_slab_number(c, d), d / c->size);
	else
		CHECK(soba_slab_number(c, d) >= c->nr);
}

static void slab_starts_exactly(void)
{
	u64 rand = options.seed;
	struct soba_cache c;
	unsigned int size, i;
	u32 d;

	for (size = 8; size <= 8192; size += 8) {
		lay_out(&c, size, 0, 0);
		for (d = 0; d <= (PAGE_SIZE << c.order) + 2 * size; d += size <= 512 ? 1 : 3)
			check_distance(&c, d);
		for (i = 0; i < 600; i++) {
			u32 k = sim_below(&rand, 3 * c.nr + 100);

			check_distance(&c, k * c.size);
			check_distance(&c, k * c.size - 1);
			check_distance(&c, k * c.size + 1);
			check_distance(&c, -(k + 1) * c.size);
			check_distance(&c, sim_rand(&rand));
			check_distance(&c, (u32)sim_rand(&rand) / c.size * c.size);
		}
	}
	/* Others, and as far as push_run() goes: 2^48 up to 32 KiB. */
	for (i = 0; i < 300000; i++) {
		u64 far = sim_rand(&rand) >> 16;

		lay_out(&c, 1 + sim_below(&rand, i % 2 ? SZ_32K : PAGE_SIZE << SOBA_MAX_ORDER),
			0, 0);
		check_distance(&c, far);
		check_distance(&c, (u32)far / c.size * c.size);
		if (c.size > SZ_32K)
			continue;
		CHECK(soba_slab_starts(&c, far) == starts(&c, far));
		far -= far % c.size;
		CHECK(soba_slab_starts(&c, far) == starts(&c, far));
		CHECK(!soba_slab_starts(&c, -far - c.size));
	}
}

static void check_debug_layout(const struct soba_cache *c, unsigned int size, unsigned int align)
{
	unsigned int need = size + c->offset;

	check_layout(c, size);
	CHECK(c->offset % align == 0 && c->size % align == 0);
	if (c->flags & SLAB_RED_ZONE) {
		CHECK(c->offset >= sizeof(void *));
		need += 1;
	}
	if (c->flags & SLAB_STORE_USER) {
		CHECK(c->track_offset >= size && c->track_offset % 8 == 0);
		need = c->offset + c->track_offset + 2 * sizeof(struct soba_track);
	}
	CHECKF(c->size >= need, "size %u, align %u, flags %#x: slot of %u", size, align, c->flags,
	       c->size);
}

static void slab_debug_geometry(void)
{
	unsigned int size, align, flags;
	struct soba_cache c;

	for (size = 1; size <= 2100; size += 1 + size / 16)
		for (align = 8; align <= PAGE_SIZE; align *= 4)
			for (flags = 1; flags < 16; flags++) {
				lay_out(&c, size, align, flags);
				check_debug_layout(&c, size, align);
			}
}

/* Alone, in slabs of every colour, the address is as asked. */
static void check_alignment(unsigned int size, unsigned int align, slab_flags_t flags,
			    unsigned int want)
{
	struct obj_kind k = { .name = "aligned", .size = size, .align = align, .flags = flags };
	struct soba_cache *c;
	unsigned int i, nr;

	obj_kind_create(&k);
	k.align = want;
	c = soba_cache_private(k.s);
	nr = min(c->nr * 3, 600U);
	for (i = 0; i < nr; i++)
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
	obj_free_all(&set);
	obj_settle(&k, 1, "alignment");
	obj_kind_destroy(&k);
}

static void slab_alignment(void)
{
	unsigned int align;

	soba_up();
	obj_init(&set, options.seed);
	for (align = 8; align <= PAGE_SIZE; align *= 2) {
		check_alignment(24, align, 0, align);
		check_alignment(1000, align, 0, align);
		check_alignment(40, align, SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER, align);
	}
	check_alignment(1, 0, 0, 8);
	check_alignment(3000, 0, 0, 8);
	check_alignment(200, 0, SLAB_HWCACHE_ALIGN, 64);
	check_alignment(40, 0, SLAB_HWCACHE_ALIGN, 64);
	check_alignment(32, 0, SLAB_HWCACHE_ALIGN, 32);
	check_alignment(10, 0, SLAB_HWCACHE_ALIGN, 16);
	CHECK(!soba_kmem_cache_create("odd", 8, 24, 0, NULL));
	CHECK(!soba_kmem_cache_create("huge", (PAGE_SIZE << SOBA_MAX_ORDER) + 1, 0, 0, NULL));
	CHECK(!soba_kmem_cache_create("none", 0, 0, 0, NULL));
	CHECK(!soba_kmem_cache_create(NULL, 8, 0, 0, NULL));
	CHECK_EQ(soba_report_total(SOBA_R_BAD_PARAMETER), 4);
	soba_down();
}

/* The kernel's: no size may get less, no power of two and neither 96 nor 192. */
static const unsigned int kernel_classes[] = {
	8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192,
};

static size_t kernel_size(size_t size)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kernel_classes); i++)
		if (size <= kernel_classes[i])
			return kernel_classes[i];
	return PAGE_SIZE << get_order(size);
}

static void slab_classes(void)
{
	struct obj_kind k = { .name = "kmalloc" };
	size_t size, room;
	unsigned int i;
	void *p;

	soba_up();
	obj_init(&set, options.seed);
	for (size = 1; size <= 3 * 16384; size += size < 9000 ? 1 : 101) {
		struct obj *o = obj_alloc(&set, &k, size, GFP_KERNEL, -1);

		CHECK(o);
		room = soba_ksize(o->p);
		CHECKF(room >= size && room <= max_t(size_t, kernel_size(size), 8),
		       "size %zu has %zu bytes, the kernel's %zu", size, room, kernel_size(size));
		CHECK_EQ(room, soba_kmalloc_size_roundup(size));
		if (size <= SOBA_KMALLOC_MAX_CACHE)
			CHECK_EQ(soba_kmem_cache_size(soba_default_heap.kmalloc[0]
						      [soba_kmalloc_class(size)]), room);
		obj_free_all(&set);
	}
	for (i = 0; i < ARRAY_SIZE(kernel_classes); i++) {
		CHECK_EQ(soba_kmalloc_size_roundup(kernel_classes[i]), kernel_classes[i]);
		/* obj_alloc() looks at the alignment. */
		for (size = 0; size < 300; size++)
			CHECK(obj_alloc(&set, &k, kernel_classes[i], GFP_KERNEL, -1));
		obj_free_all(&set);
	}
	CHECK(soba_kmalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR);
	soba_kfree(ZERO_SIZE_PTR);
	soba_kfree(NULL);
	CHECK_EQ(soba_ksize(ZERO_SIZE_PTR), 0);
	CHECK_EQ(soba_kmalloc_size_roundup(0), 0);
	CHECK(!soba_kmalloc_array(SIZE_MAX / 2, 3, GFP_KERNEL));
	CHECK(!soba_kmalloc(SIZE_MAX, GFP_KERNEL | __GFP_NOWARN));
	CHECK(!soba_kmalloc((PAGE_SIZE << SOBA_MAX_ORDER) + 1, GFP_KERNEL | __GFP_NOWARN));
	p = soba_kmalloc(PAGE_SIZE << SOBA_MAX_ORDER, GFP_KERNEL);
	CHECK(p && soba_ksize(p) == PAGE_SIZE << SOBA_MAX_ORDER);
	soba_kfree(p);
	soba_down();
}

/* Slabs begin at different lines, all of them within the block. */
static void slab_colour(void)
{
	struct obj_kind k = { .name = "colour", .size = 2560 };
	unsigned long seen[4] = { 0 }, at;
	struct soba_cache *c;
	unsigned int i, colours = 0;

	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&k);
	c = soba_cache_private(k.s);
	CHECK(c->colours > 4);
	for (i = 0; i < c->nr * c->colours * 2 && i < OBJ_MAX - 70; i++) {
		at = (unsigned long)obj_alloc(&set, &k, 0, GFP_KERNEL, -1)->p - PAGE_OFFSET;
		at = at % (PAGE_SIZE << c->order) % c->size / c->align;
		CHECK(at < c->colours);
		seen[at / 64] |= 1UL << (at % 64);
	}
	for (i = 0; i < 4; i++)
		colours += hweight_long(seen[i]);
	CHECK_EQ(colours, min(c->colours, DIV_ROUND_UP(OBJ_MAX - 70, c->nr)));
	obj_free_all(&set);
	obj_kind_destroy(&k);
	soba_down();
}

/* Once for each object of a slab, before anybody has it; never for one reused. */
static void slab_constructor(void)
{
	struct obj_kind k = { .name = "ctor", .size = 120, .ctor = true };
	struct soba_cache_stat st;
	unsigned int i;

	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&k);
	for (i = 0; i < 4000; i++) {
		if (i % 3 < 2 && set.n < 700)
			CHECK(obj_alloc(&set, &k, 0, i & 1 ? GFP_KERNEL : GFP_ATOMIC, -1));
		else
			obj_free(&set, sim_below(&set.rand, set.n));
		if (i % 64 == 0)
			obj_alloc_bulk(&set, &k, GFP_KERNEL, 20);
		if (i % 900 == 0)
			CHECK_EQ(soba_kmem_cache_shrink(k.s), 1);
		soba_cache_stat(soba_cache_private(k.s), NUMA_NO_NODE, &st);
		CHECK_EQ(obj_constructed, st.slabs_made * soba_cache_private(k.s)->nr);
	}
	obj_free_all(&set);
	obj_settle(&k, 1, "constructors");
	CHECK_EQ(soba_kmem_cache_shrink(k.s), 0);
	obj_kind_destroy(&k);
	soba_down();
}

/* Of a new slab: not simply one after the other. */
static void slab_shuffled(void)
{
	struct obj_kind k = { .name = "order", .size = 64 };
	unsigned int i, rising = 0, falling = 0;

	soba_up();
	obj_init(&set, options.seed);
	obj_kind_create(&k);
	for (i = 0; i < 60; i++)
		CHECK(obj_alloc(&set, &k, 0, GFP_KERNEL, -1));
	for (i = 1; i < 60; i++) {
		rising += set.o[i].p - set.o[i - 1].p == 64;
		falling += set.o[i - 1].p - set.o[i].p == 64;
	}
	CHECKF(rising < 20 && falling < 20, "of 59 steps %u go up by one, %u go down by one",
	       rising, falling);
	obj_free_all(&set);
	obj_kind_destroy(&k);
	soba_down();
}

const struct test slab_tests[] = {
	{ "slab_geometry", slab_geometry },
	{ "slab_starts_exactly", slab_starts_exactly },
	{ "slab_debug_geometry", slab_debug_geometry },
	{ "slab_alignment", slab_alignment },
	{ "slab_classes", slab_classes },
	{ "slab_colour", slab_colour },
	{ "slab_constructor", slab_constructor },
	{ "slab_shuffled", slab_shuffled },
	{ }
};
