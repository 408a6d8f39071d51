// SPDX-License-Identifier: GPL-2.0
/*
 * pattern.c - a byte of an object depends on the seed and on its offset, so a
 * frame that comes from elsewhere, or that another owner wrote, shows.
 *
 * Locking: the caller owns the object. Any context.
 */
#include <linux/mm.h>
#include <linux/string.h>

#include "test.h"

static u64 pattern_word(u64 seed, u64 offset)
{
	u64 x = seed * 0x9e3779b97f4a7c15ULL + (offset >> 3);

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	return x ^ (x >> 31);
}

/* @to and @offset are multiples of 8; @size is anything. */
void pattern_fill(void *to, u64 seed, u64 offset, size_t size)
{
	size_t at;

	for (at = 0; at < size; at += 8) {
		u64 word = pattern_word(seed, offset + at);

		memcpy(to + at, &word, min_t(size_t, 8, size - at));
	}
}

/* Offset of the first wrong byte from the start of the object, or GOOD. */
s64 pattern_check(const void *from, u64 seed, u64 offset, size_t size)
{
	size_t at, byte;

	for (at = 0; at < size; at += 8) {
		u64 word = pattern_word(seed, offset + at);
		size_t len = min_t(size_t, 8, size - at);

		if (likely(!memcmp(from + at, &word, len)))
			continue;
		for (byte = 0; byte < len; byte++)
			if (((const u8 *)from)[at + byte] != ((u8 *)&word)[byte])
				return offset + at + byte;
	}
	return SOBA_TEST_GOOD;
}

/* Bytes of frame @index that belong to the object. */
static size_t frame_bytes(struct object *object, unsigned long index)
{
	size_t start = index << PAGE_SHIFT;

	return min_t(size_t, PAGE_SIZE, object->size - start);
}

/*
 * After the free of the object what is held by a GET is all that may be looked
 * at: of a block that is all of it, of separate pages only those.
 */
static struct page *seen_page(struct object *object, unsigned long index)
{
	if (object->freed && object->pages && !object->got[index])
		return NULL;
	return object_page(object, index);
}

void pattern_fill_object(struct object *object, u64 seed)
{
	unsigned long i;

	for (i = 0; i < object->frames; i++) {
		struct page *page = object_page(object, i);

		if (page)
			pattern_fill(page_address(page), seed,
				     (u64)i << PAGE_SHIFT,
				     frame_bytes(object, i));
	}
}

s64 pattern_check_object(struct object *object, u64 seed)
{
	s64 wrong = SOBA_TEST_GOOD;
	unsigned long i;

	for (i = 0; i < object->frames && wrong == SOBA_TEST_GOOD; i++) {
		struct page *page = seen_page(object, i);

		if (page)
			wrong = pattern_check(page_address(page), seed,
					      (u64)i << PAGE_SHIFT,
					      frame_bytes(object, i));
	}
	return wrong;
}

s64 pattern_zeroed_object(struct object *object)
{
	unsigned long i;

	for (i = 0; i < object->frames; i++) {
		struct page *page = seen_page(object, i);
		u8 *from, *bad;

		if (!page)
			continue;
		from = page_address(page);
		bad = memchr_inv(from, 0, frame_bytes(object, i));
		if (bad)
			return ((s64)i << PAGE_SHIFT) + (bad - from);
	}
	return SOBA_TEST_GOOD;
}
