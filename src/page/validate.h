/* SPDX-License-Identifier: GPL-2.0 */
/*
 * validate.h - floor 2: whole-structure checkers, for tests and debugfs.
 */
#ifndef SOBA_VALIDATE_H
#define SOBA_VALIDATE_H

#include "soba_env.h"

/* Whom a checker tells, and how much it has found. */
struct soba_check {
	void (*say)(void *arg, const char *line);
	void *arg;
	unsigned int broken;
};

/* A law is broken: one line, without newline; any context that @say allows. */
__printf(2, 3) void soba_law(struct soba_check *ck, const char *fmt, ...);

/**
 * soba_validate_all() - check every law of every zone and chunk
 * @say: called with one line, without newline, for each broken law
 * @arg: for @say
 *
 * A zone's lock is held for as long as a walk over its free blocks takes, then
 * for one chunk at a time: a tool for tests and debugging. What is in motion on
 * other CPUs (a block between a list and its zone) is no broken law.
 *
 * Context: process.
 * Return: number of broken laws.
 */
unsigned int soba_validate_all(void (*say)(void *arg, const char *line),
			       void *arg);

#endif /* SOBA_VALIDATE_H */
