// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs_map.c - floor 5: debugfs soba/chunks and soba/pagemap.
 *
 * Both walk the PFN map. A file's position is 0 for the header and otherwise
 * one more than a PFN, so a reader may seek, and a chunk that goes between two
 * lines is skipped.
 *
 * Locking: each line is copied under rcu_read_lock() and printed after it; no
 * lock is held, and the CPU is offered, between two lines. So 100,000 lines,
 * or a seek over all of them, keep nobody waiting.
 */
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "obs/obs.h"
#include "page/chunk.h"
#include "page/map.h"

/* A line of chunks. */
struct chunk_line {
	unsigned long pfn;
	unsigned long age;	/* jiffies */
	unsigned int free;	/* frames */
	int largest;		/* order of the largest free block, or -1 */
	int nid;
	u8 class;
	u8 order;
	bool direct;
	bool comp;
};

/* A line of pagemap: a frame and the block that it is part of. */
struct frame_line {
	unsigned long pfn;
	unsigned long head;	/* PFN of the first frame of the block */
	unsigned long caller;	/* who allocated the block, or 0 */
	int nid;
	u8 class;
	u8 state;		/* of the block; TAIL: it is in transit */
	u8 order;
	char owner[SOBA_OWNER_TEXT];	/* what holds it, for an owned block */
};

/* The largest free block: a racy walk from head to head. */
static int largest_free(const struct soba_chunk *c)
{
	unsigned long i, n = 1UL << c->order;
	int largest = -1;

	for (i = 0; i < n;) {
		struct soba_frame snap = soba_frame_snap(c->frames + i);
		unsigned int state = snap.state & SOBA_F_MASK;

		if (state == SOBA_F_FREE)
			largest = max_t(int, largest, snap.order);
		/* What is not a head now is passed frame by frame. */
		if (state == SOBA_F_TAIL || snap.order > c->order)
			i++;
		else
			i += 1UL << snap.order;
	}
	return largest;
}

/* The first chunk that begins at or after @pfn; false at the end. */
static bool read_chunk(unsigned long pfn, struct chunk_line *line)
{
	struct soba_chunk *c;

	rcu_read_lock();
	c = soba_map_next_chunk(&pfn);
	if (c) {
		line->pfn = c->pfn;
		line->age = jiffies - c->born;
		line->free = READ_ONCE(c->nr_free);
		line->largest = largest_free(c);
		line->nid = c->zone->nid;
		line->class = c->zone->class;
		line->order = c->order;
		line->direct = c->direct;
		line->comp = c->comp;
	}
	rcu_read_unlock();
	return c;
}

/* The descriptor of a frame of soba's and its chunk; rcu_read_lock() held. */
static struct soba_frame *frame_at(unsigned long pfn, struct soba_chunk **chunk)
{
	struct soba_frame *f = soba_map_frame(pfn);
	u8 state;

	if (!f)
		return NULL;
	/* Pairs with the release in chunk.c: ->chunk is that of this state. */
	state = smp_load_acquire(&f->state);
	if ((state & SOBA_F_MASK) == SOBA_F_NONE)
		return NULL;
	*chunk = READ_ONCE(f->chunk);
	return f;
}

/* Both words are the block's only if it is in the same state before and after. */
static void fill_owner(struct frame_line *line, const struct soba_frame *f)
{
	unsigned int state = line->state & SOBA_F_MASK;
	unsigned long caller;
	void *owner;

	strscpy(line->owner, "-", sizeof(line->owner));
	line->caller = 0;
	/* No partner: the two loads stay between those of ->state. */
	smp_rmb();
	owner = READ_ONCE(f->owner);
	caller = soba_obs_site(READ_ONCE(f->caller));
	/* As above. */
	smp_rmb();
	if (READ_ONCE(f->state) != line->state)
		return;
	if (state == SOBA_F_OWNED)
		soba_obs_owner(line->owner, owner);
	if (state == SOBA_F_ALLOC || state == SOBA_F_OWNED ||
	    state == SOBA_F_PINNED || state == SOBA_F_LOST)
		line->caller = caller;
}

static void fill_frame(struct frame_line *line, struct soba_frame *f,
		       const struct soba_chunk *c)
{
	struct soba_frame *head = soba_frame_head(f);
	struct soba_frame snap;

	line->pfn = c->pfn + (f - c->frames);
	line->nid = c->zone->nid;
	line->class = c->zone->class;
	if (!head)
		head = f;
	snap = soba_frame_snap(head);
	line->head = line->pfn - (f - head);
	line->state = snap.state;
	line->order = (snap.state & SOBA_F_MASK) == SOBA_F_TAIL ? 0 : snap.order;
	fill_owner(line, head);
}

/* The first frame of soba's at or after @pfn; false at the end. */
static bool read_frame(unsigned long pfn, struct frame_line *line)
{
	struct soba_chunk *c = NULL;
	struct soba_frame *f;

	rcu_read_lock();
	f = frame_at(pfn, &c);
	if (!f) {
		c = soba_map_next_chunk(&pfn);
		if (c)
			f = c->frames;
	}
	if (f)
		fill_frame(line, f, c);
	rcu_read_unlock();
	return f;
}

static void *chunks_at(struct seq_file *m, loff_t *pos)
{
	struct chunk_line *line = m->private;

	if (!read_chunk(*pos - 1, line))
		return NULL;
	*pos = line->pfn + 1;
	return line;
}

static void *chunks_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? chunks_at(m, pos) : SEQ_START_TOKEN;
}

static void *chunks_next(struct seq_file *m, void *v, loff_t *pos)
{
	cond_resched();
	++*pos;
	return chunks_at(m, pos);
}

static void nothing_to_stop(struct seq_file *m, void *v)
{
}

static const char *chunk_kind(const struct chunk_line *line)
{
	if (!line->direct)
		return "pool";
	return line->comp ? "comp" : "direct";
}

static int chunks_show(struct seq_file *m, void *v)
{
	const struct chunk_line *line = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "# node zone first_pfn-last_pfn order free_frames largest_free_order age_ms kind\n");
		return 0;
	}
	seq_printf(m, "%d %s 0x%lx-0x%lx %u %u %d %llu %s\n", line->nid,
		   soba_class_name(line->class), line->pfn,
		   line->pfn + (1UL << line->order) - 1, line->order,
		   line->free, line->largest,
		   div_u64((u64)line->age * MSEC_PER_SEC, HZ),
		   chunk_kind(line));
	return 0;
}

static const struct seq_operations chunks_ops = {
	.start = chunks_start,
	.next = chunks_next,
	.stop = nothing_to_stop,
	.show = chunks_show,
};

static void *pagemap_at(struct seq_file *m, loff_t *pos)
{
	struct frame_line *line = m->private;

	if (!read_frame(*pos - 1, line))
		return NULL;
	*pos = line->pfn + 1;
	return line;
}

static void *pagemap_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? pagemap_at(m, pos) : SEQ_START_TOKEN;
}

static void *pagemap_next(struct seq_file *m, void *v, loff_t *pos)
{
	cond_resched();
	++*pos;
	return pagemap_at(m, pos);
}

static const char *state_name(u8 state)
{
	bool zero = state & SOBA_F_ZERO;

	switch (state & SOBA_F_MASK) {
	case SOBA_F_FREE:
		return zero ? "free0" : "free";
	case SOBA_F_PCP:
		return zero ? "pcp0" : "pcp";
	case SOBA_F_ALLOC:
		return "alloc";
	case SOBA_F_OWNED:
		return "owned";
	case SOBA_F_PINNED:
		return "pinned";
	case SOBA_F_LOST:
		return "lost";
	default:
		return "transit";
	}
}

static int pagemap_show(struct seq_file *m, void *v)
{
	const struct frame_line *line = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "# pfn node zone state order head_pfn owner caller\n");
		return 0;
	}
	seq_printf(m, "0x%lx %d %s %s %u 0x%lx %s ", line->pfn, line->nid,
		   soba_class_name(line->class), state_name(line->state),
		   line->order, line->head, line->owner);
	soba_obs_put_site(m, line->pfn == line->head ? line->caller : 0);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations pagemap_ops = {
	.start = pagemap_start,
	.next = pagemap_next,
	.stop = nothing_to_stop,
	.show = pagemap_show,
};

static int chunks_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &chunks_ops, sizeof(struct chunk_line));
}

static int pagemap_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &pagemap_ops, sizeof(struct frame_line));
}

static const struct file_operations chunks_fops = {
	.owner = THIS_MODULE,
	.open = chunks_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

static const struct file_operations pagemap_fops = {
	.owner = THIS_MODULE,
	.open = pagemap_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

void soba_debugfs_add_map(struct dentry *root)
{
	debugfs_create_file("chunks", 0400, root, NULL, &chunks_fops);
	debugfs_create_file("pagemap", 0400, root, NULL, &pagemap_fops);
}
