/* SPDX-License-Identifier: GPL-2.0 */
/*
 * abandon.h - floor 2: the end of all chunks at unload.
 */
#ifndef SOBA_ABANDON_H
#define SOBA_ABANDON_H

/**
 * soba_abandon_all() - give everything back but what is still in use
 *
 * Live blocks are never handed back under someone's feet: their frames keep
 * their references and are lost to the host; what is free around them goes
 * back block by block. A page whose user has let go through put_page() goes
 * back as well.
 *
 * Pre: per-CPU lists are gone, nobody allocates or frees.
 * Context: process.
 */
void soba_abandon_all(void);

#endif /* SOBA_ABANDON_H */
