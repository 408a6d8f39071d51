// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - /dev/soba_test: copies requests in and out, and owns the sessions.
 *
 * Locking: session->lock, or object_lock, around every operation; requests are
 * copied outside of it. The device is for root: it frees wrongly on request.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "object.h"
#include "vm.h"

static int test_open(struct inode *inode, struct file *file)
{
	struct session *session = session_create();

	if (!session)
		return -ENOMEM;
	file->private_data = session;
	return 0;
}

static int test_release(struct inode *inode, struct file *file)
{
	session_destroy(file->private_data);
	return 0;
}

static long ioctl_info(void __user *arg)
{
	struct soba_test_info info = {
		.version = SOBA_TEST_VERSION,
		.page_shift = PAGE_SHIFT,
		.host_max_order = COMPAT_MAX_PAGE_ORDER,
		.max_frames = session_max_frames(),
		.host_frames = totalram_pages(),
	};

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		info.config |= SOBA_TEST_RT;
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT))
		info.config |= SOBA_TEST_PREEMPT_COUNT;
	if (IS_ENABLED(CONFIG_NUMA))
		info.config |= SOBA_TEST_NUMA;
	if (IS_ENABLED(CONFIG_MEMCG))
		info.config |= SOBA_TEST_MEMCG;
	if (IS_ENABLED(CONFIG_ZONE_DMA))
		info.config |= SOBA_TEST_ZONE_DMA;
	if (IS_ENABLED(CONFIG_ZONE_DMA32))
		info.config |= SOBA_TEST_ZONE_DMA32;
	if (IS_ENABLED(CONFIG_KASAN))
		info.config |= SOBA_TEST_KASAN;
	if (want_init_on_alloc(0))
		info.config |= SOBA_TEST_INIT_ON_ALLOC;
	if (want_init_on_free())
		info.config |= SOBA_TEST_INIT_ON_FREE;
	if (IS_ENABLED(CONFIG_X86_LOCAL_APIC))
		info.config |= SOBA_TEST_NMI;
	if (COMPAT_BH_WORK)
		info.config |= SOBA_TEST_BH_WORK;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long ioctl_call(struct session *session, void __user *arg)
{
	struct soba_test_call call;
	int ret;

	if (copy_from_user(&call, arg, sizeof(call)))
		return -EFAULT;
	mutex_lock(&session->lock);
	ret = call_do(session, &call);
	mutex_unlock(&session->lock);
	if (ret)
		return ret;
	return copy_to_user(arg, &call, sizeof(call)) ? -EFAULT : 0;
}

static long ioctl_object(struct session *session, void __user *arg)
{
	struct soba_test_object call;
	int ret;

	if (copy_from_user(&call, arg, sizeof(call)))
		return -EFAULT;
	mutex_lock(&session->object_lock);
	ret = object_do(session, &call);
	mutex_unlock(&session->object_lock);
	if (ret)
		return ret;
	return copy_to_user(arg, &call, sizeof(call)) ? -EFAULT : 0;
}

static long ioctl_typesafe(void __user *arg)
{
	struct soba_test_typesafe request;
	int ret;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	ret = typesafe_do(&request);
	if (ret)
		return ret;
	return copy_to_user(arg, &request, sizeof(request)) ? -EFAULT : 0;
}

static long ioctl_stress(void __user *arg)
{
	struct soba_test_stress stress;
	int ret;

	if (copy_from_user(&stress, arg, sizeof(stress)))
		return -EFAULT;
	ret = stress_do(&stress);
	if (ret)
		return ret;
	return copy_to_user(arg, &stress, sizeof(stress)) ? -EFAULT : 0;
}

static long test_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case SOBA_TEST_INFO:
		return ioctl_info(user);
	case SOBA_TEST_CALL:
		return ioctl_call(file->private_data, user);
	case SOBA_TEST_STRESS:
		return ioctl_stress(user);
	case SOBA_TEST_OBJECT:
		return ioctl_object(file->private_data, user);
	case SOBA_TEST_TYPESAFE:
		return ioctl_typesafe(user);
	}
	return vm_ioctl(((struct session *)file->private_data)->vm, cmd, user);
}

/* The page offset is the handle. */
static int test_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct session *session = file->private_data;
	struct object *object = NULL;
	int ret = -EINVAL;

	if (vma->vm_pgoff >= SOBA_VM_MMAP)
		return vm_sets_mmap(session->vm, vma);
	mutex_lock(&session->lock);
	if (vma->vm_pgoff <= U32_MAX)
		object = session_find(session, vma->vm_pgoff);
	if (object)
		ret = view_mmap(object, vma);
	mutex_unlock(&session->lock);
	return ret;
}

static const struct file_operations test_fops = {
	.owner = THIS_MODULE,
	.open = test_open,
	.release = test_release,
	.unlocked_ioctl = test_ioctl,
	.mmap = test_mmap,
};

static struct miscdevice test_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = SOBA_TEST_DEVICE,
	.fops = &test_fops,
	.mode = 0600,
};

module_misc_device(test_device);

MODULE_DESCRIPTION("Runs soba's calls for userspace tests");
MODULE_AUTHOR("The soba developers");
MODULE_LICENSE("GPL");
