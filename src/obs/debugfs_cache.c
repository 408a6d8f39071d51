// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs_cache.c - floor 5: the directories soba/caches/<name>/: when they come
 * and go, and how a read or a write finds the line of the table that it is for.
 *
 * A second cache of a name that is in use has the directory name:2, and so on;
 * a '/' in a name is a '!', as in sysfs.
 *
 * Locking: names_lock makes finding a free name and taking it one step. Nothing
 * else is taken under it but what debugfs takes.
 */
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "obs/cache_dir.h"
#include "obs/obs.h"

static DEFINE_MUTEX(names_lock);
static struct dentry *caches;		/* NULL: no debugfs */

struct cache_dir *soba_cache_dir(const struct file *file)
{
	return d_inode(file->f_path.dentry->d_parent)->i_private;
}

static int file_show(struct seq_file *m, void *v)
{
	const struct cache_file *f = m->private;

	return f->show(m, soba_cache_dir(m->file), f->arg);
}

static int file_open(struct inode *inode, struct file *file)
{
	return single_open(file, file_show, inode->i_private);
}

static ssize_t file_store(struct file *file, const char __user *from,
			  size_t size, loff_t *pos)
{
	const struct cache_file *f = file_inode(file)->i_private;
	unsigned long value;
	int err;

	if (!f->store)
		return -EINVAL;
	err = kstrtoul_from_user(from, size, 0, &value);
	if (!err)
		err = f->store(soba_cache_dir(file), f->arg, value);
	return err ?: size;
}

static const struct file_operations cache_fops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.read = seq_read,
	.write = file_store,
	.llseek = seq_lseek,
	.release = single_release,
};

static bool name_taken(const char *name)
{
	struct dentry *d = debugfs_lookup(name, caches);

	if (IS_ERR_OR_NULL(d))
		return false;
	dput(d);
	return true;
}

/* A name of a file for any name of a cache, not used by another one. */
static void choose_name(char *name, size_t size, const struct soba_cache *c)
{
	char stem[SOBA_CACHE_NAME_LEN];
	unsigned int n = 1;
	char *p;

	lockdep_assert_held(&names_lock);
	strscpy(stem, c->name, sizeof(stem));
	for (p = stem; *p; p++)
		if (*p == '/')
			*p = '!';
	if (!*stem || !strcmp(stem, ".") || !strcmp(stem, ".."))
		snprintf(stem, sizeof(stem), "!%s", c->name);
	strscpy(name, stem, size);
	while (name_taken(name))
		snprintf(name, size, "%s:%u", stem, ++n);
}

static struct dentry *make_dir(const struct soba_cache *c)
{
	char name[SOBA_CACHE_NAME_LEN + 12];
	struct dentry *dentry;

	mutex_lock(&names_lock);
	choose_name(name, sizeof(name), c);
	dentry = debugfs_create_dir(name, caches);
	mutex_unlock(&names_lock);
	return dentry;
}

/* Without memory for it a cache has no directory; it works all the same. */
static void cache_made(struct soba_cache *c)
{
	struct cache_dir *d = kzalloc(sizeof(*d), GFP_KERNEL);
	unsigned int i;

	if (!d)
		return;
	d->cache = c;
	mutex_init(&d->lock);
	d->dentry = make_dir(c);
	if (IS_ERR(d->dentry)) {
		kfree(d);
		return;
	}
	d_inode(d->dentry)->i_private = d;
	c->obs = d;
	for (i = 0; i < soba_nr_cache_files; i++) {
		const struct cache_file *f = &soba_cache_files[i];

		if (!f->when || f->when(c))
			debugfs_create_file(f->name, f->mode, d->dentry,
					    (void *)f, f->fops ?: &cache_fops);
	}
}

static void free_dir(struct soba_cache *c)
{
	struct cache_dir *d = c->obs;

	c->obs = NULL;
	kvfree(d->cleared);
	mutex_destroy(&d->lock);
	kfree(d);
}

/* Waits for operations in progress; later ones find no file. */
static void cache_going(struct soba_cache *c)
{
	struct cache_dir *d = c->obs;

	if (!d)
		return;
	debugfs_remove(d->dentry);
	free_dir(c);
}

static const struct soba_cache_watcher watcher = {
	.made = cache_made,
	.going = cache_going,
};

/* The module loader runs this and the other alone: no client is there. */
void soba_debugfs_add_caches(struct dentry *root)
{
	struct soba_cache *c;

	caches = debugfs_create_dir("caches", root);
	if (IS_ERR(caches)) {
		caches = NULL;
		return;
	}
	list_for_each_entry(c, &soba_cache_list, link)
		cache_made(c);
	soba_cache_watcher = &watcher;
}

void soba_debugfs_del_caches(void)
{
	struct soba_cache *c;

	if (!caches)
		return;
	soba_cache_watcher = NULL;
	debugfs_remove(caches);
	caches = NULL;
	list_for_each_entry(c, &soba_cache_list, link)
		if (c->obs)
			free_dir(c);
}
