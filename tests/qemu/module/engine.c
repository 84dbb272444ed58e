// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drives the copy engine of a software GPU (vgpu/softgpu.h) as the driver of a GPU would: buffers that are mapped for
 * DMA, and an interrupt at the end of each command. The tests run when it is loaded, which fails if one of them does.
 */
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/module.h>
#include <linux/pci.h>

#define SIZE (1 << 20)
#define GUARD 4096 /* around what a command writes */
#define ROOM (SIZE + 2 * GUARD)

#define ID 0x00
#define COMMAND 0x08
#define STATUS 0x0c
#define SOURCE 0x10
#define TARGET 0x18
#define LENGTH 0x20
#define PATTERN 0x24
#define FAILURE 0x28
#define COUNT 0x2c

#define BUSY BIT(0)
#define DONE BIT(1)
#define FAILED BIT(2)
#define COPY 1
#define FILL 2
#define FROM_GUEST BIT(8)
#define TO_GUEST BIT(9)

static bool intx;
module_param(intx, bool, 0444);
MODULE_PARM_DESC(intx, "INTx, not MSI");

static int refused;
module_param(refused, int, 0444);
MODULE_PARM_DESC(refused, "the errno with which each access to memory must fail");

static bool fresh;
module_param(fresh, bool, 0444);
MODULE_PARM_DESC(fresh, "no command has been given since the GPU was reset");

static int result = -ENODEV;

struct engine {
	struct device *dev;
	void __iomem *regs;
	void __iomem *frame;
	resource_size_t frame_size;
	struct completion done;
	unsigned int commands; /* that are done; each has its interrupt */
	atomic_t irqs;
	u8 *source, *target;
	dma_addr_t source_at, target_at;
};

static irqreturn_t take_irq(int irq, void *data)
{
	struct engine *engine = data;

	if (!(readl(engine->regs + STATUS) & DONE))
		return IRQ_NONE;
	writel(DONE, engine->regs + STATUS);
	atomic_inc(&engine->irqs);
	complete(&engine->done);
	return IRQ_HANDLED;
}

/* Returns 0, the errno that the engine says, or a failure of its ways. */
static int command(struct engine *engine, u32 what, u64 from, u64 to, u32 length)
{
	u32 status;

	reinit_completion(&engine->done);
	writel(lower_32_bits(from), engine->regs + SOURCE);
	writel(upper_32_bits(from), engine->regs + SOURCE + 4);
	writeq(to, engine->regs + TARGET);
	writel(length, engine->regs + LENGTH);
	writel(what, engine->regs + COMMAND);
	if (!wait_for_completion_timeout(&engine->done, 30 * HZ)) {
		dev_err(engine->dev, "command %#x of %u bytes: no interrupt, status %#x\n", what, length,
				readl(engine->regs + STATUS));
		return -ETIMEDOUT;
	}
	engine->commands++;
	status = readl(engine->regs + STATUS);
	if (status & (BUSY | DONE) || readl(engine->regs + COUNT) != engine->commands ||
		atomic_read(&engine->irqs) != engine->commands) {
		dev_err(engine->dev, "status %#x, %u commands of %u, %d interrupts\n", status, readl(engine->regs + COUNT),
				engine->commands, atomic_read(&engine->irqs));
		return -EIO;
	}
	if (!(status & FAILED))
		return 0;
	writel(FAILED, engine->regs + STATUS);
	return -(int)readl(engine->regs + FAILURE);
}

static int expect(struct engine *engine, const char *what, int is, int wanted)
{
	if (is == wanted)
		return 0;
	dev_err(engine->dev, "%s: %d, not %d\n", what, is, wanted);
	return -EIO;
}

static u8 byte_of(unsigned int seed, size_t i)
{
	return (u8)(i * 31 + (i >> 8) * 7 + (i >> 16) + seed);
}

static void prepare(struct engine *engine, unsigned int seed)
{
	size_t i;

	for (i = 0; i < ROOM; i++)
		engine->source[i] = byte_of(seed, i);
	memset(engine->target, 0xee, ROOM);
}

/* The target has the source's bytes in [to, to + length), and nothing beside them. */
static int check(struct engine *engine, const char *what, size_t from, size_t to, size_t length)
{
	size_t i;

	for (i = 0; i < ROOM; i++) {
		u8 wanted = i >= to && i - to < length ? engine->source[from + i - to] : 0xee;

		if (engine->target[i] != wanted) {
			dev_err(engine->dev, "%s: byte %zu of the target, for %zu at %zu, is %#x, not %#x\n", what, i, length, to,
					engine->target[i], wanted);
			return -EIO;
		}
	}
	return 0;
}

static int test_copy(struct engine *engine, size_t from, size_t to, u32 length)
{
	int ret;

	prepare(engine, length + from);
	ret = command(engine, COPY | FROM_GUEST | TO_GUEST, engine->source_at + from, engine->target_at + to, length);
	return expect(engine, "copy within memory", ret, 0) ?: check(engine, "copy within memory", from, to, length);
}

/* To the framebuffer, where the processor sees the bytes, and back. */
static int test_round(struct engine *engine, size_t from, u64 frame, size_t to, u32 length)
{
	size_t i;
	int ret;

	prepare(engine, length + to);
	ret = command(engine, COPY | FROM_GUEST, engine->source_at + from, frame, length);
	if (expect(engine, "copy to the framebuffer", ret, 0))
		return -EIO;
	for (i = 0; i < length; i += 1 + length / 64)
		if (readb(engine->frame + frame + i) != engine->source[from + i])
			return expect(engine, "the framebuffer's byte", readb(engine->frame + frame + i), engine->source[from + i]);
	ret = command(engine, COPY | TO_GUEST, frame, engine->target_at + to, length);
	return expect(engine, "copy from the framebuffer", ret, 0)
			   ?: check(engine, "copy from the framebuffer", from, to, length);
}

static int test_fill(struct engine *engine, size_t to, u32 length)
{
	const u32 pattern = 0xa1b2c3d4;
	size_t i;
	int ret;

	prepare(engine, 0);
	for (i = 0; i < length; i++)
		engine->source[i] = (u8)(pattern >> i % 4 * 8);
	writel(pattern, engine->regs + PATTERN);
	ret = command(engine, FILL | TO_GUEST, 0, engine->target_at + to, length);
	return expect(engine, "fill memory", ret, 0) ?: check(engine, "fill memory", 0, to, length);
}

/* Memory that is mapped for one command, and taken back. */
static int test_streams(struct engine *engine)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 32 && !ret; i++) {
		u32 *memory = kmalloc(2 * PAGE_SIZE, GFP_KERNEL);
		dma_addr_t at;

		if (!memory)
			return -ENOMEM;
		at = dma_map_single(engine->dev, memory, 2 * PAGE_SIZE, DMA_FROM_DEVICE);
		ret = dma_mapping_error(engine->dev, at);
		if (!ret) {
			writel(i, engine->regs + PATTERN);
			ret = expect(engine, "fill memory once", command(engine, FILL | TO_GUEST, 0, at, 2 * PAGE_SIZE), 0);
			dma_unmap_single(engine->dev, at, 2 * PAGE_SIZE, DMA_FROM_DEVICE);
		}
		if (!ret && (memory[0] != i || memory[PAGE_SIZE / 2 - 1] != i))
			ret = expect(engine, "words of memory that was filled once", -EIO, 0);
		kfree(memory);
	}
	return ret;
}

static int test_failures(struct engine *engine)
{
	const u64 nowhere = 1ULL << 45;
	int ret;

	ret = command(engine, FILL | TO_GUEST, 0, nowhere, 4096);
	if (expect(engine, "fill where nothing is", ret, -EFAULT))
		return -EIO;
	ret = command(engine, COPY | FROM_GUEST, nowhere, 0, 4096);
	if (expect(engine, "copy from where nothing is", ret, -EFAULT))
		return -EIO;
	ret = command(engine, COPY | FROM_GUEST, engine->source_at, engine->frame_size - 4095, 4096);
	if (expect(engine, "copy beyond the framebuffer", ret, -EFAULT))
		return -EIO;
	return expect(engine, "an unknown command", command(engine, 77, 0, 0, 4), -EINVAL);
}

static int test_all(struct engine *engine)
{
	static const struct {
		u32 length;
		u32 from;
		u32 to;
	} cases[] = {
		{1, 0, GUARD},         {3, 1, GUARD + 2}, {4096, 0, GUARD},         {4097, 4095, GUARD + 1},
		{65536, 8, GUARD + 4}, {65537, 1, 1},     {200000, 77, GUARD + 99}, {SIZE, GUARD, GUARD},
	};
	size_t i;
	u64 begun;

	if (refused) {
		prepare(engine, 0);
		return expect(engine, "a copy that needs messages",
					  command(engine, COPY | FROM_GUEST | TO_GUEST, engine->source_at, engine->target_at, 4096),
					  -refused)
				   ?: check(engine, "a copy that needs messages", 0, 0, 0);
	}
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (test_copy(engine, cases[i].from, cases[i].to, cases[i].length) ||
			test_round(engine, cases[i].from, 0x300000 + cases[i].to, cases[i].to, cases[i].length) ||
			test_fill(engine, cases[i].to, cases[i].length))
			return -EIO;
	if (test_streams(engine) || test_failures(engine))
		return -EIO;
	begun = ktime_get_ns();
	i = (size_t)command(engine, COPY | FROM_GUEST | TO_GUEST, engine->source_at, engine->target_at, SIZE);
	dev_info(engine->dev, "%u bytes copied in %llu us\n", SIZE, (ktime_get_ns() - begun) / 1000);
	return (int)i ?: test_copy(engine, 0, GUARD, 512);
}

static int open_irq(struct pci_dev *pdev, struct engine *engine)
{
	int ret = pci_alloc_irq_vectors(pdev, 1, 1, intx ? PCI_IRQ_INTX : PCI_IRQ_MSI);

	if (ret < 0)
		return ret;
	return devm_request_irq(&pdev->dev, pci_irq_vector(pdev, 0), take_irq, intx ? IRQF_SHARED : 0, "engine", engine);
}

static int open_memory(struct engine *engine)
{
	if (dma_set_mask_and_coherent(engine->dev, DMA_BIT_MASK(64)))
		return -EIO;
	engine->source = dmam_alloc_coherent(engine->dev, ROOM, &engine->source_at, GFP_KERNEL);
	engine->target = dmam_alloc_coherent(engine->dev, ROOM, &engine->target_at, GFP_KERNEL);
	return engine->source && engine->target ? 0 : -ENOMEM;
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct engine *engine = devm_kzalloc(&pdev->dev, sizeof(*engine), GFP_KERNEL);
	int ret = engine ? pcim_enable_device(pdev) : -ENOMEM;

	if (ret)
		return result = ret;
	engine->dev = &pdev->dev;
	init_completion(&engine->done);
	pci_set_master(pdev);
	pci_set_drvdata(pdev, engine);
	engine->frame = pcim_iomap(pdev, 0, 0);
	engine->frame_size = pci_resource_len(pdev, 0);
	engine->regs = pcim_iomap(pdev, 4, 0);
	ret = engine->frame && engine->regs ? open_memory(engine) : -EIO;
	if (ret == 0)
		ret = expect(engine, "id", (int)readl(engine->regs + ID), 0x55504753);
	if (ret == 0) {
		engine->commands = readl(engine->regs + COUNT);
		ret = fresh ? expect(engine, "commands before the first", (int)engine->commands, 0) : 0;
	}
	if (ret == 0) {
		atomic_set(&engine->irqs, (int)engine->commands);
		ret = open_irq(pdev, engine);
	}
	result = ret ?: test_all(engine);
	if (result == 0)
		dev_info(&pdev->dev, "all commands did what they must, %u of them\n", engine->commands);
	return ret;
}

static void remove(struct pci_dev *pdev)
{
	struct engine *engine = pci_get_drvdata(pdev);

	devm_free_irq(&pdev->dev, pci_irq_vector(pdev, 0), engine);
	pci_free_irq_vectors(pdev);
	pci_clear_master(pdev);
}

static const struct pci_device_id ids[] = {{PCI_DEVICE(0x1234, 0x1111)}, {}};

static struct pci_driver driver = {.name = "engine", .id_table = ids, .probe = probe, .remove = remove};

static int __init start(void)
{
	int ret = pci_register_driver(&driver);

	if (ret)
		return ret;
	if (result)
		pci_unregister_driver(&driver);
	return result;
}

static void __exit stop(void)
{
	pci_unregister_driver(&driver);
}

module_init(start);
module_exit(stop);
MODULE_DESCRIPTION("Tests the copy engine of libvgpu's software GPUs");
MODULE_LICENSE("GPL");
