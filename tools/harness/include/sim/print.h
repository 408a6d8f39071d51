/* SPDX-License-Identifier: GPL-2.0 */
/*
 * print.h - harness: messages go to a log that tests search (control.h). The
 * kernel's %pV %pS %pGg %pK are understood. A BUG or a WARN ends the test.
 */
#ifndef SIM_PRINT_H
#define SIM_PRINT_H

#include "sim/defer.h"

struct va_format {
	const char *fmt;
	va_list *va;
};

void sim_printk(const char *fmt, ...);	/* no attribute: %pV is not libc's */
#define printk(...)		sim_printk(__VA_ARGS__)
#define pr_emerg(...)		sim_printk(__VA_ARGS__)
#define pr_err(...)		sim_printk(__VA_ARGS__)
#define pr_warn(...)		sim_printk(__VA_ARGS__)
#define pr_notice(...)		sim_printk(__VA_ARGS__)
#define pr_info(...)		sim_printk(__VA_ARGS__)
#define pr_cont(...)		sim_printk(__VA_ARGS__)
#define pr_debug(...)		do { } while (0)
#define pr_warn_once(...)	sim_printk(__VA_ARGS__)
#define pr_warn_ratelimited(...) sim_printk(__VA_ARGS__)
#define dump_stack()		sim_printk("Call Trace:\n")
int sim_vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
int sim_vscnprintf(char *buf, size_t size, const char *fmt, va_list args);
int scnprintf(char *buf, size_t size, const char *fmt, ...);
#define vscnprintf(b, s, f, a)	sim_vscnprintf(b, s, f, a)
/* libc's prototype would judge the kernel's %p forms. */
#define snprintf(...)		scnprintf(__VA_ARGS__)
#define vsnprintf(b, s, f, a)	sim_vsnprintf(b, s, f, a)

ssize_t strscpy(char *to, const char *from, size_t size);
char *strim(char *s);

struct ratelimit_state {
	int interval, burst;
	int printed;
	unsigned long begin;
};

#define DEFINE_RATELIMIT_STATE(n, i, b) \
	struct ratelimit_state n = { .interval = (i), .burst = (b) }
int __ratelimit(struct ratelimit_state *rs);

#define SIM_WARN(c, what)						\
({	bool c_ = !!(c);						\
	if (unlikely(c_))						\
		sim_fail("%s at %s:%d: %s", what, __FILE__, __LINE__, #c); \
	unlikely(c_); })
#define WARN_ON(c)		SIM_WARN(c, "WARN_ON")
#define WARN_ON_ONCE(c)		SIM_WARN(c, "WARN_ON_ONCE")
#define WARN(c, ...)		SIM_WARN(c, "WARN")
#define WARN_ONCE(c, ...)	SIM_WARN(c, "WARN_ONCE")
#define VM_WARN_ON_ONCE(c)	SIM_WARN(c, "VM_WARN_ON_ONCE")
#define BUG_ON(c)		((void)SIM_WARN(c, "BUG_ON"))
#define BUG()			BUG_ON(1)

#endif /* SIM_PRINT_H */
