// SPDX-License-Identifier: GPL-2.0
/*
 * report.c - floor 1: prints and counts the mistakes that soba finds.
 *
 * No lock: the totals are atomics, and the table of sites that have been
 * reported is claimed slot by slot with cmpxchg(), never emptied. When it is
 * full, further sites fall under the rate limit alone.
 */
#include "base/report.h"

#define SITES 512

static const char *const class_names[] = {
#define CLASS_NAME(id, name) name,
	SOBA_REPORT_CLASSES(CLASS_NAME)
#undef CLASS_NAME
};

static struct {
	atomic_long_t total;
	unsigned long last_site;
} classes[SOBA_NR_REPORTS];

static unsigned long sites[SITES];
static DEFINE_RATELIMIT_STATE(report_limit, 5 * HZ, 10);

/* Site and class in one word: call sites are far more than a class apart. */
static unsigned long site_key(enum soba_report_class class, unsigned long caller)
{
	return caller * SOBA_NR_REPORTS + class + 1;
}

/* True the first time that this class is seen from this site. */
static bool site_first(enum soba_report_class class, unsigned long caller)
{
	unsigned long key = site_key(class, caller);
	unsigned long slot = key % SITES;
	unsigned int i;

	for (i = 0; i < SITES; i++) {
		unsigned long old = cmpxchg(&sites[slot], 0, key);

		if (!old)
			return true;
		if (old == key)
			return false;
		slot = (slot + 1) % SITES;
	}
	return __ratelimit(&report_limit);
}

static void account(enum soba_report_class class, unsigned long caller)
{
	atomic_long_inc(&classes[class].total);
	WRITE_ONCE(classes[class].last_site, caller);
}

static void say(enum soba_report_class class, unsigned long caller,
		struct va_format *vaf)
{
	if (!caller) {
		pr_warn("soba: %s: %pV\n", class_names[class], vaf);
		return;
	}
	pr_warn("soba: %s: %pV, by %pS\n", class_names[class], vaf,
		(void *)caller);
}

bool soba_report(enum soba_report_class class, unsigned long caller,
		 const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	account(class, caller);
	if (!site_first(class, caller))
		return false;
	va_start(args, fmt);
	vaf.va = &args;
	say(class, caller, &vaf);
	va_end(args);
	if (caller)
		soba_port_stack();
	return true;
}

bool soba_report_often(enum soba_report_class class, unsigned long caller,
		       const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	account(class, caller);
	if (!__ratelimit(&report_limit))
		return false;
	va_start(args, fmt);
	vaf.va = &args;
	say(class, caller, &vaf);
	va_end(args);
	if (caller)
		soba_port_stack();
	return true;
}

void soba_report_line(enum soba_report_class class, unsigned long caller,
		      const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	account(class, caller);
	va_start(args, fmt);
	vaf.va = &args;
	say(class, caller, &vaf);
	va_end(args);
}

void soba_report_origin(unsigned long caller)
{
	if (caller)
		pr_warn("soba: allocated by %pS\n", (void *)caller);
}

const char *soba_report_name(enum soba_report_class class)
{
	static_assert(ARRAY_SIZE(class_names) == SOBA_NR_REPORTS);
	return class_names[class];
}

unsigned long soba_report_total(enum soba_report_class class)
{
	return atomic_long_read(&classes[class].total);
}

unsigned long soba_report_last_site(enum soba_report_class class)
{
	return READ_ONCE(classes[class].last_site);
}
