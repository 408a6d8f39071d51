// SPDX-License-Identifier: GPL-2.0
/*
 * kmem_string.c - floor 4: copies of strings and memory.
 *
 * Each is one allocation, accounted to the caller of these functions and freed
 * with soba_kfree(). Locking: none.
 */
#include "soba_env.h"

#include <linux/export.h>
#include <soba/kmalloc.h>

static void *get(size_t size, gfp_t gfp, unsigned long caller)
{
	return __soba_kmalloc_track_caller(SOBA_HEAP, size, gfp, NUMA_NO_NODE,
					   caller);
}

/* @len bytes and a NUL. */
static char *dup_nul(const char *s, size_t len, gfp_t gfp, unsigned long caller)
{
	char *p;

	/* Where the NUL would wrap around, nothing is large enough. */
	if (unlikely(len == SIZE_MAX))
		return NULL;
	p = get(len + 1, gfp, caller);
	if (!p)
		return NULL;
	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

static __printf(2, 0) char *print(gfp_t gfp, const char *fmt, va_list ap,
				  unsigned long caller)
{
	va_list again;
	size_t size;
	char *p;

	va_copy(again, ap);
	size = vsnprintf(NULL, 0, fmt, again) + 1;
	va_end(again);
	p = get(size, gfp, caller);
	if (!p)
		return NULL;
	/* What %p forms show may have changed: it is cut, and never overflows. */
	vsnprintf(p, size, fmt, ap);
	return p;
}

/**
 * soba_kmemdup() - copy memory into a new object
 * @src: what is copied
 * @len: bytes
 * @gfp: GFP flags
 *
 * Context: as soba_kmalloc() with @gfp.
 * Return: the copy, to be freed with soba_kfree(); NULL when there is no memory.
 */
void *soba_kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *p = get(len, gfp, _RET_IP_);

	if (p)
		memcpy(p, src, len);
	return p;
}
EXPORT_SYMBOL_GPL(soba_kmemdup);

/**
 * soba_kmemdup_nul() - make a string of bytes that need not end with a NUL
 * @s: the bytes; NULL gives NULL
 * @len: how many
 * @gfp: GFP flags
 *
 * Context: as soba_kmalloc() with @gfp.
 * Return: @len bytes and a NUL, to be freed with soba_kfree(); NULL when there
 * is no memory.
 */
char *soba_kmemdup_nul(const char *s, size_t len, gfp_t gfp)
{
	return s ? dup_nul(s, len, gfp, _RET_IP_) : NULL;
}
EXPORT_SYMBOL_GPL(soba_kmemdup_nul);

/**
 * soba_kstrdup() - copy a string
 * @s: the string; NULL gives NULL
 * @gfp: GFP flags
 *
 * Context: as soba_kmalloc() with @gfp.
 * Return: the copy, to be freed with soba_kfree(); NULL when there is no memory.
 */
char *soba_kstrdup(const char *s, gfp_t gfp)
{
	return s ? dup_nul(s, strlen(s), gfp, _RET_IP_) : NULL;
}
EXPORT_SYMBOL_GPL(soba_kstrdup);

/**
 * soba_kstrdup_const() - copy a string unless it can never change
 * @s: the string; NULL gives NULL
 * @gfp: GFP flags
 *
 * As in the kernel, constant strings of the kernel itself are not copied, those
 * of modules are. Where the host cannot tell (other machines than x86-64) all
 * are copied.
 *
 * Context: as soba_kmalloc() with @gfp.
 * Return: @s or a copy, to be freed with soba_kfree_const() and never to be
 * handed to soba_krealloc(); NULL when there is no memory.
 */
const char *soba_kstrdup_const(const char *s, gfp_t gfp)
{
	if (!s || soba_port_constant(s))
		return s;
	return dup_nul(s, strlen(s), gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_kstrdup_const);

/**
 * soba_kstrndup() - copy the beginning of a string
 * @s: the string; NULL gives NULL
 * @len: bytes of it at most, without the NUL
 * @gfp: GFP flags
 *
 * Context: as soba_kmalloc() with @gfp.
 * Return: the copy, to be freed with soba_kfree(); NULL when there is no memory.
 */
char *soba_kstrndup(const char *s, size_t len, gfp_t gfp)
{
	return s ? dup_nul(s, strnlen(s, len), gfp, _RET_IP_) : NULL;
}
EXPORT_SYMBOL_GPL(soba_kstrndup);

/**
 * soba_kasprintf() - print into a new string
 * @gfp: GFP flags
 * @fmt: as for printk()
 *
 * Context: as soba_kmalloc() with @gfp.
 * Return: the string, to be freed with soba_kfree(); NULL when there is no
 * memory.
 */
char *soba_kasprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = print(gfp, fmt, ap, _RET_IP_);
	va_end(ap);
	return p;
}
EXPORT_SYMBOL_GPL(soba_kasprintf);

/**
 * soba_kvasprintf() - print into a new string
 * @gfp: GFP flags
 * @fmt: as for printk()
 * @ap: its arguments
 *
 * Context: as soba_kmalloc() with @gfp.
 * Return: the string, to be freed with soba_kfree(); NULL when there is no
 * memory.
 */
char *soba_kvasprintf(gfp_t gfp, const char *fmt, va_list ap)
{
	return print(gfp, fmt, ap, _RET_IP_);
}
EXPORT_SYMBOL_GPL(soba_kvasprintf);
