/* SPDX-License-Identifier: GPL-2.0 */
/* module.h - harness: insmod and rmmod are two functions of a test. */
#ifndef SIM_MODULE_H
#define SIM_MODULE_H

#include <linux/moduleparam.h>

int sim_module_init(void);
void sim_module_exit(void);
#define module_init(f)		int sim_module_init(void) { return f(); }
#define module_exit(f)		void sim_module_exit(void) { f(); }
#define MODULE_LICENSE(x)	_Static_assert(1, x)
#define MODULE_DESCRIPTION(x)	_Static_assert(1, x)
#define MODULE_VERSION(x)	_Static_assert(1, x)
#define MODULE_AUTHOR(x)	_Static_assert(1, x)

#endif /* SIM_MODULE_H */
