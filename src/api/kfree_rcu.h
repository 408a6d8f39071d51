/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kfree_rcu.h - floor 4: for the init ladder.
 */
#ifndef SOBA_API_KFREE_RCU_H
#define SOBA_API_KFREE_RCU_H

int soba_kfree_rcu_init(void);

/* What waits for its grace period is freed; nobody frees any more. */
void soba_kfree_rcu_exit(void);

#endif /* SOBA_API_KFREE_RCU_H */
