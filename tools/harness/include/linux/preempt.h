/* SPDX-License-Identifier: GPL-2.0 */
#include "soba_env.h"
