/* SPDX-License-Identifier: GPL-2.0 */
/*
 * obs.h - floor 5: what people read: /proc/soba, debugfs soba/, leak reports.
 *
 * Locking: nothing here holds a lock while it prints. A zone is copied under
 * its lock (struct soba_zone_snap), chunks and frames are copied one at a time
 * under rcu_read_lock(). So a figure is true for the moment of its copy, and
 * two lines of one file may be of two moments.
 */
#ifndef SOBA_OBS_H
#define SOBA_OBS_H

#include "page/zone.h"

struct dentry;
struct proc_dir_entry;
struct seq_file;

/* A zone's figures, all of one moment but pcp. Unit: frames, or as named. */
struct soba_zone_snap {
	unsigned long free;			/* in the buddy */
	unsigned long idle;			/* in wholly free chunks */
	unsigned long managed;
	unsigned long spanned_start;		/* PFN */
	unsigned long spanned_end;		/* PFN, one past the last */
	unsigned long wmark[SOBA_NR_WMARKS];
	unsigned long blocks[SOBA_NR_KINDS][SOBA_NR_ORDERS];	/* blocks */
	unsigned int nr_chunks;			/* chunks */
};

/**
 * soba_zone_snap() - copy a zone's figures
 * @zone: the zone
 * @snap: filled in
 *
 * Context: any but NMI; takes zone->lock for the copy alone.
 */
void soba_zone_snap(struct soba_zone *zone, struct soba_zone_snap *snap);

/**
 * soba_obs_site() - is this word of a descriptor a place in code?
 * @caller: what was read from frame->caller, without owning the frame
 *
 * The word is a list pointer while the frame is free. Descriptors lie in the
 * direct map and code does not, so a misread one is told apart.
 *
 * Return: @caller, or 0.
 */
unsigned long soba_obs_site(unsigned long caller);

/**
 * soba_obs_put_site() - print a call site as `%pS`, or `-` when there is none
 * @m: the file
 * @caller: the address or 0
 */
void soba_obs_put_site(struct seq_file *m, unsigned long caller);

/**
 * soba_obs_word() - a cache's name as one word, for tables
 * @word: filled in
 * @name: any text
 * @size: of @word, bytes
 *
 * What is not a visible ASCII character becomes `_`; no name at all `-`.
 */
void soba_obs_word(char *word, const char *name, size_t size);

/* Bytes for what soba_obs_owner() says. */
#define SOBA_OWNER_TEXT 72

/**
 * soba_obs_owner() - what an owned block is for, as one word
 * @text: filled in, SOBA_OWNER_TEXT bytes
 * @owner: ->owner of a frame, read while the frame was OWNED
 *
 * The kind, and the name of a cache after a colon: `slab:dentry`.
 *
 * Context: rcu_read_lock() held since @owner was read.
 */
void soba_obs_owner(char *text, void *owner);

/* What is in the slabs of all caches. Unit: frames. */
struct soba_slab_sums {
	unsigned long reclaimable;		/* SLAB_RECLAIM_ACCOUNT */
	unsigned long unreclaimable;
};

/**
 * soba_slab_sums() - add up the slabs of all caches
 * @sum: filled in
 *
 * Context: process; takes soba_cache_mutex.
 */
void soba_slab_sums(struct soba_slab_sums *sum);

/* proc_slab.c, proc_zone.c: the show functions of files of /proc/soba */
int soba_slabinfo_show(struct seq_file *m, void *v);
int soba_buddyinfo_show(struct seq_file *m, void *v);
int soba_zoneinfo_show(struct seq_file *m, void *v);

/* proc_vmalloc.c: vmallocinfo, and what debugfs says of areas */
struct proc_dir_entry *soba_proc_add_vmalloc(struct proc_dir_entry *dir);
void soba_debugfs_add_vmalloc(struct dentry *root);

/* debugfs_{zone,map,cache}.c: they fill soba's directory in debugfs */
void soba_debugfs_add_zones(struct dentry *root);
void soba_debugfs_add_map(struct dentry *root);
void soba_debugfs_add_caches(struct dentry *root);

/** soba_debugfs_del_caches() - remove the caches' directories; init and exit */
void soba_debugfs_del_caches(void);

/* debugfs_dma.c: soba's dma/, which follows the devices */
void soba_debugfs_add_dma(struct dentry *root);
void soba_debugfs_del_dma(void);

/**
 * soba_proc_init() - create /proc/soba and its files
 *
 * Says one line when it cannot. Context: process.
 * Return: 0, -EEXIST when something else has that name, or -ENOMEM.
 */
int soba_proc_init(void);

/** soba_proc_exit() - remove /proc/soba; safe when there is none */
void soba_proc_exit(void);

/**
 * soba_debugfs_init() - create debugfs soba/
 *
 * A host without debugfs is no error: one line says so. Context: process.
 * Return: 0.
 */
int soba_debugfs_init(void);

/** soba_debugfs_exit() - remove debugfs soba/; waits for readers */
void soba_debugfs_exit(void);

/**
 * soba_leak_init() - report, from now on, what a client leaves at its unload
 *
 * Context: process. Return: 0 or an errno.
 */
int soba_leak_init(void);

/** soba_leak_exit() - stop it; safe without soba_leak_init() */
void soba_leak_exit(void);

/**
 * soba_leak_report() - say by call site which blocks are still in use
 *
 * Pre: the per-CPU lists are empty, nobody allocates or frees.
 * Context: process, at module exit, before soba_abandon_all().
 */
void soba_leak_report(void);

/**
 * soba_leak_report_objects() - say which objects are still in use
 *
 * Pre: every cache has ended; those with live objects are tombstones.
 * Context: process, at module exit, before soba_cache_exit().
 */
void soba_leak_report_objects(void);

/**
 * soba_leak_report_dma() - say which coherent memory is still in use
 *
 * Context: process, at module exit, before soba_dma_exit().
 */
void soba_leak_report_dma(void);

#endif /* SOBA_OBS_H */
