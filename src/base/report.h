/* SPDX-License-Identifier: GPL-2.0 */
/*
 * report.h - floor 1: one form for every mistake that soba finds.
 *
 *	soba: <class>: <what, address, size, kind>, by <caller> [module]
 *
 * followed by the stack. Once per class and call site, rate-limited, counted.
 * Any context; takes no lock that a caller of soba may hold.
 */
#ifndef SOBA_REPORT_H
#define SOBA_REPORT_H

#include "soba_env.h"

#define SOBA_REPORT_CLASSES(X)			\
	X(DOUBLE_FREE, "double-free")		\
	X(INVALID_FREE, "invalid-free")		\
	X(FOREIGN_FREE, "foreign-free")		\
	X(WRONG_CACHE, "wrong-cache")		\
	X(WRONG_ORDER, "wrong-order")		\
	X(WRONG_SIZE, "wrong-size")		\
	X(WRONG_DEVICE, "wrong-device")		\
	X(OUT_OF_BOUNDS, "out-of-bounds")	\
	X(USE_AFTER_FREE, "use-after-free")	\
	X(LEAK, "leak")				\
	X(LIVE_OBJECTS, "live-objects")		\
	X(UNINITIALISED, "uninitialised")	\
	X(SLEEP_IN_ATOMIC, "sleep-in-atomic")	\
	X(PINNED_PAGE, "pinned-page")		\
	X(STRAY_PUT_PAGE, "stray-put")		\
	X(BAD_FLAGS, "bad-flags")		\
	X(BAD_PARAMETER, "bad-parameter")	\
	X(ALLOC_FAILURE, "alloc-failure")

enum soba_report_class {
#define SOBA_REPORT_ENUM(id, name) SOBA_R_##id,
	SOBA_REPORT_CLASSES(SOBA_REPORT_ENUM)
#undef SOBA_REPORT_ENUM
	SOBA_NR_REPORTS
};

/**
 * soba_report() - say that a caller made a mistake
 * @class: what kind
 * @caller: return address into the caller, or 0 when nobody is to blame
 * @fmt: what, with address and size; no newline
 *
 * Counts always; prints the first time for each @class and @caller.
 *
 * Return: true when the line was printed, so that details may follow it.
 */
__printf(3, 4) bool soba_report(enum soba_report_class class,
				unsigned long caller, const char *fmt, ...);

/** soba_report_often() - as soba_report(), but rate-limited, not once a site */
__printf(3, 4) bool soba_report_often(enum soba_report_class class,
				      unsigned long caller,
				      const char *fmt, ...);

/** soba_report_line() - as soba_report(), but always and without the stack */
__printf(3, 4) void soba_report_line(enum soba_report_class class,
				     unsigned long caller,
				     const char *fmt, ...);

/**
 * soba_report_origin() - after a report: who allocated what it is about
 * @caller: frame->caller; 0 when not known
 */
void soba_report_origin(unsigned long caller);

const char *soba_report_name(enum soba_report_class class);
unsigned long soba_report_total(enum soba_report_class class);
unsigned long soba_report_last_site(enum soba_report_class class);

#endif /* SOBA_REPORT_H */
