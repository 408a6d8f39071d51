/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rcu.h - floor 3: objects that are freed after an RCU grace period.
 */
#ifndef SOBA_RCU_H
#define SOBA_RCU_H

#include "soba_env.h"

/**
 * soba_rcu_free() - free an object once no RCU reader can have it any more
 * @head: inside the object
 * @ptr: the object, checked
 *
 * Context: any but NMI. Return: false when it waits already; nothing was done.
 */
bool soba_rcu_free(struct rcu_head *head, void *ptr);

/**
 * soba_rcu_free_barrier() - wait until what was given to soba_rcu_free() is free
 *
 * What is given to it meanwhile may or may not be.
 *
 * Context: process, may sleep.
 */
void soba_rcu_free_barrier(void);

/**
 * soba_rcu_init() - get ready
 * @release: frees one object; called in process context, no lock held; returns
 *	false when there was none any more
 *
 * Context: process. Return: 0 or -ENOMEM.
 */
int soba_rcu_init(bool (*release)(void *ptr));

/** soba_rcu_exit() - wait for all that is under way; nobody frees any more */
void soba_rcu_exit(void);

#endif /* SOBA_RCU_H */
