/* SPDX-License-Identifier: GPL-2.0 */
/*
 * main_params.h - floor 6: module parameters.
 */
#ifndef SOBA_MAIN_PARAMS_H
#define SOBA_MAIN_PARAMS_H

/**
 * soba_params_apply() - check the parameters and set what they ask for
 *
 * That is soba_limits and soba_debug_policy.
 *
 * Return: 0, or -EINVAL after one line that names the parameter, its value and
 * the bound.
 */
int soba_params_apply(void);

#endif /* SOBA_MAIN_PARAMS_H */
