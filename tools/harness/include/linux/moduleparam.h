/* SPDX-License-Identifier: GPL-2.0 */
/*
 * moduleparam.h - harness: module parameters that tests set through
 * sim_param_NAME, and the kernel's parsers of numbers, overflow included.
 */
#ifndef SIM_MODULEPARAM_H
#define SIM_MODULEPARAM_H

#include "sim/print.h"

#define module_param(name, type, perm)	\
	extern char **sim_param_##name; char **sim_param_##name = &name
#define MODULE_PARM_DESC(name, text)	extern char **sim_param_##name

unsigned long long memparse(const char *text, char **end);
int kstrtouint(const char *text, unsigned int base, unsigned int *n);
int kstrtoull(const char *text, unsigned int base, unsigned long long *n);
bool sysfs_streq(const char *a, const char *b);

#endif /* SIM_MODULEPARAM_H */
