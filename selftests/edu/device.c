// SPDX-License-Identifier: GPL-2.0
/*
 * device.c - the drivers: QEMU's edu on PCI, and platform devices without
 * hardware.
 *
 * The edu has 4 KiB of memory and a DMA engine that copies between it and ours,
 * in about a tenth of a second, and then interrupts. The interrupt handler
 * allocates, as network drivers do.
 *
 * Locking: one transfer at a time (edu_lock); the handler writes only `irqs` and
 * completes `done`.
 */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>

#include "compat.h"
#include "edu.h"

#define REG_IRQ_STATUS	0x24
#define REG_IRQ_ACK	0x64
#define REG_DMA_SRC	0x80
#define REG_DMA_DST	0x88
#define REG_DMA_COUNT	0x90
#define REG_DMA_COMMAND	0x98
#define DMA_START	0x1
#define DMA_TO_RAM	0x2
#define DMA_INTERRUPT	0x4
#define DEVICE_BUFFER	0x40000

static unsigned int bits = 28;
module_param(bits, uint, 0444);
MODULE_PARM_DESC(bits, "address bits of the edu device, see its dma_mask");

struct target targets[EDU_NR_TARGETS];

static void __iomem *regs;
static DECLARE_COMPLETION(done);
static unsigned long irqs;

unsigned int edu_bits(void)
{
	return bits;
}

unsigned long edu_irqs(void)
{
	return READ_ONCE(irqs);
}

static irqreturn_t edu_interrupt(int irq, void *data)
{
	struct device *dev = data;
	u32 status = readl(regs + REG_IRQ_STATUS);
	dma_addr_t handle;
	void *next;

	if (!status)
		return IRQ_NONE;
	writel(status, regs + REG_IRQ_ACK);
	/* The descriptor of the next transfer, say. */
	next = soba_dma_alloc_coherent(dev, 64, &handle, GFP_ATOMIC);
	if (next) {
		soba_dma_free_coherent(dev, 64, next, handle);
		WRITE_ONCE(irqs, irqs + 1);
	}
	complete(&done);
	return IRQ_HANDLED;
}

static void start(dma_addr_t handle, u32 offset, size_t size, bool to_device)
{
	reinit_completion(&done);
	writel(to_device ? handle : DEVICE_BUFFER + offset, regs + REG_DMA_SRC);
	writel(to_device ? DEVICE_BUFFER + offset : handle, regs + REG_DMA_DST);
	writel(size, regs + REG_DMA_COUNT);
	writel(DMA_START | DMA_INTERRUPT | (to_device ? 0 : DMA_TO_RAM),
	       regs + REG_DMA_COMMAND);
}

static int finish(void)
{
	return wait_for_completion_timeout(&done, 20 * HZ) ? 0 : -ETIMEDOUT;
}

int edu_transfer(dma_addr_t handle, u32 offset, size_t size, bool to_device)
{
	if (!targets[EDU_PCI].bound)
		return -ENODEV;
	/* the emulated device ends the machine on a range that is not its own */
	if (!size || offset > SOBA_EDU_BUFFER ||
	    size > SOBA_EDU_BUFFER - offset)
		return -EINVAL;
	start(handle, offset, size, to_device);
	return finish();
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int err = pcim_enable_device(pdev);

	if (err)
		return err;
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(bits));
	if (err)
		return err;
	regs = pcim_iomap(pdev, 0, 0);
	if (!regs)
		return -ENOMEM;
	pci_set_master(pdev);
	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI | COMPAT_IRQ_INTX);
	if (err < 0)
		return err;
	err = request_irq(pci_irq_vector(pdev, 0), edu_interrupt, IRQF_SHARED,
			  "soba_edu", &pdev->dev);
	if (err) {
		pci_free_irq_vectors(pdev);
		return err;
	}
	targets[EDU_PCI].dev = &pdev->dev;
	targets[EDU_PCI].bound = true;
	return 0;
}

static void edu_remove(struct pci_dev *pdev)
{
	objects_drop(&targets[EDU_PCI]);
	free_irq(pci_irq_vector(pdev, 0), &pdev->dev);
	pci_free_irq_vectors(pdev);
	targets[EDU_PCI].bound = false;
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = "soba_edu",
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
};

static struct target *target_of(const struct platform_device *pdev)
{
	return &targets[pdev->id ? EDU_PLATFORM2 : EDU_PLATFORM];
}

static int plain_probe(struct platform_device *pdev)
{
	struct target *t = target_of(pdev);

	t->dev = &pdev->dev;
	t->bound = true;
	return dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));
}

void plain_remove(struct platform_device *pdev)
{
	struct target *t = target_of(pdev);

	objects_drop(t);
	t->bound = false;
}

static struct platform_driver plain_driver = {
	.driver = { .name = "soba_dma_test" },
	.probe = plain_probe,
	.remove = compat_remove,
};

static struct platform_device *plain[2];

int device_bind(struct target *t, bool bind)
{
	if (!t->dev || t->bound == bind)
		return -EINVAL;
	if (!bind) {
		device_release_driver(t->dev);
		return 0;
	}
	return device_attach(t->dev) == 1 ? 0 : -ENODEV;
}

int device_second(bool there)
{
	struct platform_device *pdev;

	if (there == !!plain[1])
		return -EINVAL;
	if (!there) {
		platform_device_unregister(plain[1]);
		plain[1] = NULL;
		targets[EDU_PLATFORM2].dev = NULL;
		return 0;
	}
	pdev = platform_device_register_simple("soba_dma_test", 1, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	plain[1] = pdev;
	return 0;
}

int devices_register(void)
{
	int err = platform_driver_register(&plain_driver);

	if (err)
		return err;
	plain[0] = platform_device_register_simple("soba_dma_test", 0, NULL, 0);
	err = PTR_ERR_OR_ZERO(plain[0]);
	if (err)
		goto no_device;
	err = device_second(true);
	if (err)
		goto no_second;
	err = pci_register_driver(&edu_driver);
	if (err)
		goto no_pci;
	return 0;
no_pci:
	device_second(false);
no_second:
	platform_device_unregister(plain[0]);
no_device:
	platform_driver_unregister(&plain_driver);
	return err;
}

void devices_unregister(void)
{
	pci_unregister_driver(&edu_driver);
	if (plain[1])
		device_second(false);
	platform_device_unregister(plain[0]);
	platform_driver_unregister(&plain_driver);
}
