// SPDX-License-Identifier: GPL-2.0
/*
 * gfp.c - translates the stable flags of soba_test.h to this kernel's.
 *
 * Locking: none, a pure function of constants.
 */
#include <linux/gfp.h>

#include "compat.h"
#include "test.h"

static const gfp_t gfp_of_bit[SOBA_GFP_NR] = {
	[0] = __GFP_DMA,
	[1] = __GFP_HIGHMEM,
	[2] = __GFP_DMA32,
	[3] = __GFP_MOVABLE,
	[4] = __GFP_RECLAIMABLE,
	[5] = __GFP_HIGH,
	[6] = __GFP_IO,
	[7] = __GFP_FS,
	[8] = __GFP_ZERO,
	[9] = __GFP_DIRECT_RECLAIM,
	[10] = __GFP_KSWAPD_RECLAIM,
	[11] = __GFP_NOWARN,
	[12] = __GFP_RETRY_MAYFAIL,
	[13] = __GFP_NOFAIL,
	[14] = __GFP_NORETRY,
	[15] = __GFP_MEMALLOC,
	[16] = __GFP_COMP,
	[17] = __GFP_NOMEMALLOC,
	[18] = __GFP_HARDWALL,
	[19] = __GFP_THISNODE,
	[20] = __GFP_ACCOUNT,
	[21] = __GFP_WRITE,
	[22] = COMPAT_GFP_ATOMIC,
};

/* -EINVAL when @flags has a bit that nothing defines. */
int gfp_decode(u64 flags, gfp_t *gfp)
{
	unsigned int bit;

	*gfp = 0;
	if (flags & SOBA_GFP_RAW) {
		flags &= ~SOBA_GFP_RAW;
		if (upper_32_bits(flags))
			return -EINVAL;
		*gfp = (__force gfp_t)lower_32_bits(flags);
		return 0;
	}
	if (flags >> SOBA_GFP_NR)
		return -EINVAL;
	for (bit = 0; bit < SOBA_GFP_NR; bit++)
		if (flags & BIT_ULL(bit))
			*gfp |= gfp_of_bit[bit];
	return 0;
}
