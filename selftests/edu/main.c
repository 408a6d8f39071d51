// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - /dev/soba_edu: takes one request at a time.
 *
 * Locking: edu_lock around each. The device is for root: it frees wrongly on
 * request.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "edu.h"

static DEFINE_MUTEX(edu_lock);

void edu_fill(void *to, u64 seed, size_t from, size_t size)
{
	u8 *p = to;
	size_t i;

	for (i = 0; i < size; i++)
		p[i] = edu_pattern(seed, from + i);
}

s64 edu_check(const void *at, u64 seed, size_t from, size_t size)
{
	const u8 *p = at;
	size_t i;

	for (i = 0; i < size; i++)
		if (READ_ONCE(p[i]) != edu_pattern(seed, from + i))
			return from + i;
	return -1;
}

static int run(struct soba_edu_call *c)
{
	struct target *t;

	if (c->op >= EDU_NR_OPS || c->target >= EDU_NR_TARGETS)
		return -EINVAL;
	t = &targets[c->target];
	switch (c->op) {
	case EDU_OP_INFO:
		c->bound = t->bound;
		c->mask = t->dev ? t->dev->coherent_dma_mask : 0;
		c->value = edu_bits();
		c->irqs = edu_irqs();
		return 0;
	case EDU_OP_MASK:
		if (!t->bound)
			return -ENODEV;
		/* no mask is what a driver gets that forgot to set one */
		t->dev->coherent_dma_mask = c->bits ? DMA_BIT_MASK(c->bits) : 0;
		if (t->dev->dma_mask)
			*t->dev->dma_mask = t->dev->coherent_dma_mask;
		return 0;
	case EDU_OP_BIND:
		return device_bind(t, c->value);
	case EDU_OP_REMOVE:
		return device_second(c->value);
	case EDU_OP_STREAM:
		return stream_op(c);
	case EDU_OP_PAIRS:
		return pairs_op(c);
	default:
		return object_op(c);
	}
}

static long edu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	struct soba_edu_call call;
	int err;

	if (cmd != SOBA_EDU_CALL)
		return -ENOTTY;
	if (copy_from_user(&call, user, sizeof(call)))
		return -EFAULT;
	mutex_lock(&edu_lock);
	err = run(&call);
	mutex_unlock(&edu_lock);
	if (err)
		return err;
	return copy_to_user(user, &call, sizeof(call)) ? -EFAULT : 0;
}

/* The offset says which object; it is mapped from its first page on. */
static int edu_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long number = vma->vm_pgoff;
	int err;

	vma->vm_pgoff = 0;
	mutex_lock(&edu_lock);
	err = object_mmap(number, vma);
	mutex_unlock(&edu_lock);
	return err;
}

static const struct file_operations edu_fops = {
	.owner = THIS_MODULE,
	.mmap = edu_mmap,
	.unlocked_ioctl = edu_ioctl,
};

static struct miscdevice edu_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = SOBA_EDU_DEVICE,
	.fops = &edu_fops,
	.mode = 0600,
};

static int __init edu_init(void)
{
	int err = devices_register();

	if (err)
		return err;
	err = misc_register(&edu_misc);
	if (err)
		devices_unregister();
	return err;
}

static void __exit edu_exit(void)
{
	misc_deregister(&edu_misc);
	devices_unregister();
}

module_init(edu_init);
module_exit(edu_exit);
MODULE_DESCRIPTION("A driver on top of soba's DMA calls, for tests");
MODULE_AUTHOR("The soba developers");
MODULE_LICENSE("GPL");
