// SPDX-License-Identifier: GPL-2.0
/*
 * main_params.c - floor 6: module parameters, as text, checked at load.
 *
 * They are strings so that garbage gets soba's own line with the bound in it,
 * not the loader's. Locking: none, used by init alone; read-only in sysfs.
 */
#include "soba_env.h"

#include <linux/ctype.h>
#include <linux/moduleparam.h>

#include "main_params.h"
#include "page/limits.h"
#include "base/report.h"
#include "slab/debug.h"
#include "dma/check.h"

static char *reserve = "0";
module_param(reserve, charp, 0444);
MODULE_PARM_DESC(reserve, "bytes taken from the host at load and kept while loaded, e.g. 64M (default 0)");

static char *limit = "0";
module_param(limit, charp, 0444);
MODULE_PARM_DESC(limit, "most bytes of pages ever held from the host, e.g. 1G; 0 is no bound (default 0)");

static char *chunk_order = "max";
module_param(chunk_order, charp, 0444);
MODULE_PARM_DESC(chunk_order, "log2 of the pages taken from the host at a time, or max (default: the host's largest order)");

static char *debug = "";
module_param(debug, charp, 0444);
MODULE_PARM_DESC(debug, "checks of objects: letters F (consistency) Z (red zones) P (poison) U (owners), then names of caches, or dma for coherent memory, e.g. FZPU,kmalloc-* (default: none)");

static char *vmalloc_cache = "auto";
module_param(vmalloc_cache, charp, 0444);
MODULE_PARM_DESC(vmalloc_cache, "bytes of freed vmalloc areas kept mapped; 0: none; debug: none, and unmapped for all CPUs at once (default auto: 1/16 of the memory, 1/8 of limit=)");

static int refuse(const char *name, const char *value, const char *rule)
{
	soba_report(SOBA_R_BAD_PARAMETER, 0, "%s=%s: %s", name, value, rule);
	return -EINVAL;
}

static unsigned int suffix_shift(char suffix)
{
	switch (toupper(suffix)) {
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	case 'T':
		return 40;
	default:
		return 0;
	}
}

/*
 * Digits with an optional K, M, G or T, and nothing else. memparse() would take
 * more, and not notice an overflow.
 */
static bool parse_bytes(const char *text, u64 *bytes)
{
	char digits[24];
	unsigned int shift;
	size_t len;
	u64 n;

	if (!isdigit(text[0]) ||
	    strscpy(digits, text, sizeof(digits)) < 0)
		return false;
	strim(digits);
	len = strlen(digits);
	shift = suffix_shift(digits[len - 1]);
	if (shift)
		digits[len - 1] = '\0';
	if (kstrtoull(digits, 10, &n) || n > U64_MAX >> shift)
		return false;
	*bytes = n << shift;
	return true;
}

/* A size in bytes to frames, at most @max frames. */
static int parse_frames(const char *name, const char *text, unsigned long max,
			bool up, unsigned long *frames)
{
	char rule[96];
	u64 bytes;

	scnprintf(rule, sizeof(rule),
		  "must be a number of bytes (K, M, G allowed) from 0 to %lu, the host's memory",
		  max << PAGE_SHIFT);
	if (!parse_bytes(text, &bytes))
		return refuse(name, text, rule);
	if (bytes >> PAGE_SHIFT > max)
		return refuse(name, text, rule);
	/* A bound is not passed by what rounding adds. */
	*frames = up ? DIV_ROUND_UP_ULL(bytes, PAGE_SIZE) : bytes >> PAGE_SHIFT;
	if (bytes && !*frames)
		return refuse(name, text, "must be 0, for none, or at least a page");
	return 0;
}

static int parse_chunk_order(unsigned int *order)
{
	char rule[64];
	unsigned int n;

	if (sysfs_streq(chunk_order, "max")) {
		*order = SOBA_MAX_ORDER;
		return 0;
	}
	scnprintf(rule, sizeof(rule), "must be a number from 0 to %d",
		  SOBA_MAX_ORDER);
	if (!isdigit(chunk_order[0]) || kstrtouint(chunk_order, 10, &n) ||
	    n > SOBA_MAX_ORDER)
		return refuse("chunk_order", chunk_order, rule);
	*order = n;
	return 0;
}

#define DEBUG_RULE "must be some of the letters F, Z, P, U, then up to 8 names of caches, each after a comma; a * may end a name"

static int parse_debug_flags(const char *text, size_t len, slab_flags_t *flags)
{
	size_t i;

	*flags = 0;
	for (i = 0; i < len; i++) {
		switch (toupper(text[i])) {
		case 'F':
			*flags |= SLAB_CONSISTENCY_CHECKS;
			break;
		case 'Z':
			*flags |= SLAB_RED_ZONE;
			break;
		case 'P':
			*flags |= SLAB_POISON;
			break;
		case 'U':
			*flags |= SLAB_STORE_USER;
			break;
		default:
			return -EINVAL;
		}
	}
	return 0;
}

/* One name, @len characters at @text. */
static int add_debug_name(struct soba_debug_policy *p, const char *text,
			  size_t len)
{
	const char *star = memchr(text, '*', len);

	if (!len || len >= sizeof(p->pattern[0]) ||
	    p->nr == SOBA_DEBUG_PATTERNS || (star && star != text + len - 1))
		return -EINVAL;
	memcpy(p->pattern[p->nr], text, len);
	p->pattern[p->nr][len] = '\0';
	p->nr++;
	return 0;
}

/* What echo wrote may end with a newline. */
static int parse_debug(struct soba_debug_policy *p)
{
	const char *text = debug, *end = text + strcspn(text, "\n");
	size_t len = strcspn(text, ",\n");

	/* The harness loads the same image again and again. */
	memset(p, 0, sizeof(*p));
	if ((*end && end[1]) || parse_debug_flags(text, len, &p->flags))
		return refuse("debug", debug, DEBUG_RULE);
	for (text += len; text < end; text += len) {
		text++;
		len = strcspn(text, ",\n");
		if (!p->flags || add_debug_name(p, text, len))
			return refuse("debug", debug, DEBUG_RULE);
	}
	return 0;
}

static int parse_vmalloc_cache(unsigned long host, struct soba_limits *l)
{
	if (sysfs_streq(vmalloc_cache, "auto")) {
		l->vmalloc_cache = host / 16;
		if (l->limit)
			l->vmalloc_cache = min(l->limit / 8, host / 16);
		return 0;
	}
	l->vmalloc_flush = sysfs_streq(vmalloc_cache, "debug");
	if (l->vmalloc_flush)
		return 0;
	return parse_frames("vmalloc_cache", vmalloc_cache, host, false,
			    &l->vmalloc_cache);
}

/* Coherent memory is one of the names; without a name all is meant. */
static bool debug_wants_dma(const struct soba_debug_policy *p)
{
	unsigned int i;

	if (!(p->flags & (SLAB_RED_ZONE | SLAB_POISON)))
		return false;
	for (i = 0; i < p->nr; i++)
		if (!strcmp(p->pattern[i], "dma"))
			return true;
	return !p->nr;
}

int soba_params_apply(void)
{
	unsigned long host = soba_port_host_frames();
	struct soba_limits l = { };
	char rule[80];
	int err;

	err = parse_frames("reserve", reserve, host, true, &l.reserve);
	if (!err)
		err = parse_frames("limit", limit, host, false, &l.limit);
	if (!err)
		err = parse_chunk_order(&l.chunk_order);
	if (!err)
		err = parse_debug(&soba_debug_policy);
	if (!err)
		err = parse_vmalloc_cache(host, &l);
	if (err)
		return err;
	if (l.limit && l.limit < l.reserve) {
		scnprintf(rule, sizeof(rule), "must not be below reserve=%s",
			  reserve);
		return refuse("limit", limit, rule);
	}
	/* Who looks for mistakes wants a use after free to fault. */
	if (soba_debug_policy.flags) {
		l.vmalloc_cache = 0;
		l.vmalloc_flush = true;
	}
	soba_limits = l;
	soba_dma_debug = debug_wants_dma(&soba_debug_policy);
	return 0;
}
