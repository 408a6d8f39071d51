// SPDX-License-Identifier: GPL-2.0
/*
 * trace.c - floor 5: the one place where the tracepoints are made.
 */
#include <linux/mm.h>

#define CREATE_TRACE_POINTS
#include <soba/trace.h>
