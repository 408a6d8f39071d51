// SPDX-License-Identifier: GPL-2.0
/*
 * print.c - harness: printf with the kernel's %p forms, the log, rate limits.
 */
#include "sim/control.h"

#undef snprintf
#undef vsnprintf
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

bool sim_verbose;
static char *log_text;
static size_t log_len, log_room;
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;

struct out {
	char *buf;
	size_t size, len;
};

static void put(struct out *o, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++, o->len++)
		if (o->len + 1 < o->size)
			o->buf[o->len] = s[i];
}

static const struct { gfp_t bits; const char *name; } gfp_names[] = {
	{ GFP_KERNEL, "GFP_KERNEL" }, { GFP_NOFS, "GFP_NOFS" }, { GFP_NOIO, "GFP_NOIO" },
	{ GFP_ATOMIC, "GFP_ATOMIC" }, { GFP_NOWAIT, "GFP_NOWAIT" },
	{ __GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" }, { __GFP_HIGH, "__GFP_HIGH" },
	{ __GFP_DMA, "GFP_DMA" }, { __GFP_DMA32, "GFP_DMA32" }, { __GFP_HIGHMEM, "__GFP_HIGHMEM" },
	{ __GFP_ZERO, "__GFP_ZERO" }, { __GFP_COMP, "__GFP_COMP" },
	{ __GFP_NOFAIL, "__GFP_NOFAIL" }, { __GFP_NORETRY, "__GFP_NORETRY" },
	{ __GFP_NOWARN, "__GFP_NOWARN" }, { __GFP_THISNODE, "__GFP_THISNODE" },
};

static void put_gfp(struct out *o, gfp_t gfp)
{
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(gfp_names); i++) {
		if ((gfp & gfp_names[i].bits) != gfp_names[i].bits)
			continue;
		if (n++)
			put(o, "|", 1);
		put(o, gfp_names[i].name, strlen(gfp_names[i].name));
		gfp &= ~gfp_names[i].bits;
	}
}

/* What follows %p; returns how many letters were eaten. */
static int put_pointer(struct out *o, const char *f, void *p)
{
	char tmp[32];

	if (f[0] == 'V') {
		struct va_format *vf = p;
		char text[512];
		va_list again;

		va_copy(again, *vf->va);
		sim_vscnprintf(text, sizeof(text), vf->fmt, again);
		va_end(again);
		put(o, text, strlen(text));
		return 1;
	}
	if (f[0] == 'G' && f[1] == 'g') {
		put_gfp(o, *(gfp_t *)p);
		return 2;
	}
	put(o, tmp, snprintf(tmp, sizeof(tmp), "%p", p));
	return f[0] == 'S' || f[0] == 's' || f[0] == 'K' || f[0] == 'x';
}

/* Returns what all of it would take. */
int sim_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = { .buf = buf, .size = size };
	va_list ap;

	va_copy(ap, args);
	while (*fmt) {
		char spec[16], tmp[256];
		unsigned int n = 0, longs = 0;

		if (*fmt != '%') {
			put(&o, fmt++, 1);
			continue;
		}
		do {
			spec[n++] = *fmt++;
			longs += fmt[-1] == 'l' || fmt[-1] == 'z';
		} while (n < sizeof(spec) - 1 && !strchr("diuxXcspn%", *fmt));
		spec[n++] = *fmt++;
		spec[n] = '\0';
		if (strchr(spec, '*')) {
			int w = va_arg(ap, int);

			(void)w;
			sim_fail("format %s is more than the harness knows", spec);
		}
		switch (spec[n - 1]) {
		case '%':
			put(&o, "%", 1);
			break;
		case 'p':
			fmt += put_pointer(&o, fmt, va_arg(ap, void *));
			break;
		case 's':
			snprintf(tmp, sizeof(tmp), spec, va_arg(ap, const char *));
			put(&o, tmp, strlen(tmp));
			break;
		default:
			if (longs)
				snprintf(tmp, sizeof(tmp), spec, va_arg(ap, long));
			else
				snprintf(tmp, sizeof(tmp), spec, va_arg(ap, int));
			put(&o, tmp, strlen(tmp));
		}
	}
	va_end(ap);
	if (size)
		buf[min(o.len, size - 1)] = '\0';
	return o.len;
}

/* Returns what is in the buffer. */
int sim_vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	size_t n = sim_vsnprintf(buf, size, fmt, args);

	return size ? min(n, size - 1) : 0;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = sim_vscnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}

/* Always ends @to with a NUL; -E2BIG when @from did not fit. */
ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t n = strnlen(from, size);

	if (!size)
		return -E2BIG;
	if (n == size)
		n--;
	memcpy(to, from, n);
	to[n] = '\0';
	return from[n] ? -E2BIG : (ssize_t)n;
}

/* White space off both ends, in place. */
char *strim(char *s)
{
	char *end = s + strlen(s);

	while (end > s && strchr(" \t\n\r\v\f", end[-1]))
		*--end = '\0';
	while (*s && strchr(" \t\n\r\v\f", *s))
		s++;
	return s;
}

void sim_printk(const char *fmt, ...)
{
	char line[512];
	va_list args;
	size_t n;

	va_start(args, fmt);
	n = sim_vscnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (sim_verbose)
		fprintf(stderr, "# log: %s", line);
	pthread_mutex_lock(&log_mutex);
	if (log_len + n + 1 > log_room) {
		if (log_len > 1 << 20)
			log_len = 0;
		log_room = log_len + n + 65536;
		log_text = realloc(log_text, log_room);
	}
	memcpy(log_text + log_len, line, n + 1);
	log_len += n;
	pthread_mutex_unlock(&log_mutex);
}

unsigned int sim_log_count(const char *text)
{
	const char *p = log_text;
	unsigned int n = 0;

	while (log_len && p && (p = strstr(p, text))) {
		n++;
		p += strlen(text);
	}
	return n;
}

bool sim_log_has(const char *text)
{
	return sim_log_count(text) != 0;
}

void sim_log_clear(void)
{
	log_len = 0;
	if (log_text)
		log_text[0] = '\0';
}

void sim_log_dump(void)
{
	if (log_len)
		fprintf(stderr, "# log:\n%s", log_text);
}

int __ratelimit(struct ratelimit_state *rs)
{
	int ok;

	pthread_mutex_lock(&log_mutex);
	if (!rs->begin || time_after(jiffies, rs->begin + rs->interval)) {
		rs->begin = jiffies;
		rs->printed = 0;
	}
	ok = rs->printed < rs->burst;
	rs->printed += ok;
	pthread_mutex_unlock(&log_mutex);
	return ok;
}
