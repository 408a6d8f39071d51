/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache_dir.h - floor 5: debugfs soba/caches/<name>/, one directory a cache.
 *
 * The directory's inode points to its struct cache_dir, each file's inode to
 * its line in the table of cache_file.c.
 *
 * Locking: debugfs runs an operation on a file only while the file is there,
 * and the watcher removes it before the cache goes. So an operation
 * may use the cache without further ado.
 */
#ifndef SOBA_CACHE_DIR_H
#define SOBA_CACHE_DIR_H

#include <linux/fs.h>
#include <linux/mutex.h>

#include "slab/cache.h"

struct seq_file;

struct cache_dir {
	struct soba_cache *cache;
	struct dentry *dentry;
	struct mutex lock;		/* ->cleared, ->shrunk */
	/* What each CPU's counters were when they were cleared; NULL: 0. */
	struct soba_cpu_stat *cleared;
	unsigned long shrunk;		/* frames given back by the last write */
};

struct cache_file {
	const char *name;
	umode_t mode;
	size_t arg;			/* an offset, a flag ... */
	int (*show)(struct seq_file *m, struct cache_dir *d, size_t arg);
	int (*store)(struct cache_dir *d, size_t arg, unsigned long value);
	bool (*when)(const struct soba_cache *c);	/* NULL: always */
	const struct file_operations *fops;		/* instead of the two */
};

/* cache_traces.c */
extern const struct file_operations soba_cache_traces_fops;

/* The directory that an open file is in. */
struct cache_dir *soba_cache_dir(const struct file *file);

extern const struct cache_file soba_cache_files[];
extern const unsigned int soba_nr_cache_files;

#endif /* SOBA_CACHE_DIR_H */
