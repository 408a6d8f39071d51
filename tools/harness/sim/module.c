// SPDX-License-Identifier: GPL-2.0
/*
 * module.c - harness: what src/main.c and src/main_params.c need: parsers with
 * the kernel's semantics, and floor 5 left out (debugfs, /proc, leak report).
 */
#include "sim/control.h"
#include "obs/obs.h"

#include <linux/moduleparam.h>
#include <ctype.h>

/* As the kernel's: no notice of overflow. */
unsigned long long memparse(const char *text, char **end)
{
	unsigned int base = 10, digit;
	unsigned long long n = 0;
	const char *p = text;

	if (p[0] == '0') {
		base = 8;
		if (tolower(p[1]) == 'x' && isxdigit(p[2])) {
			base = 16;
			p += 2;
		}
	}
	for (; isxdigit(*p); p++) {
		digit = isdigit(*p) ? *p - '0' : tolower(*p) - 'a' + 10;
		if (digit >= base)
			break;
		n = n * base + digit;
	}
	switch (toupper(*p)) {
	case 'E':
		n <<= 10;
		fallthrough;
	case 'P':
		n <<= 10;
		fallthrough;
	case 'T':
		n <<= 10;
		fallthrough;
	case 'G':
		n <<= 10;
		fallthrough;
	case 'M':
		n <<= 10;
		fallthrough;
	case 'K':
		n <<= 10;
		p++;
	}
	if (end)
		*end = (char *)(unsigned long)p;
	return n;
}

int kstrtoull(const char *text, unsigned int base, unsigned long long *n)
{
	char *end;

	if (!isdigit(text[0]) && text[0] != '+')
		return -EINVAL;
	errno = 0;
	*n = strtoull(text, &end, base);
	if (errno)
		return -ERANGE;
	if (*end == '\n')
		end++;
	return *end ? -EINVAL : 0;
}

int kstrtouint(const char *text, unsigned int base, unsigned int *n)
{
	unsigned long long v;
	int err = kstrtoull(text, base, &v);

	if (!err && v > UINT_MAX)
		err = -ERANGE;
	if (!err)
		*n = v;
	return err;
}

bool sysfs_streq(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == '\n' && !a[1])
		a++;
	if (*b == '\n' && !b[1])
		b++;
	return *a == *b && !*a;
}

/* Floor 5 is the kernel's alone. */
int soba_leak_init(void) { return 0; }
void soba_leak_exit(void) { }
void soba_leak_report(void) { }
void soba_leak_report_objects(void) { }
void soba_leak_report_dma(void) { }
int soba_debugfs_init(void) { return 0; }
void soba_debugfs_exit(void) { }
int soba_proc_init(void) { return 0; }
void soba_proc_exit(void) { }
