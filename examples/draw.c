/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a driver does with a software GPU (vgpu/softgpu.h): sets a mode, draws a picture through the mapped framebuffer,
 * has the copy engine bring it into memory, and waits for its interrupt. With "hold" it then keeps the device until
 * standard input ends.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

enum { WIDTH = 640, HEIGHT = 480, STRIDE = WIDTH * 4, SIZE = STRIDE * HEIGHT };
enum { COMMAND = 0x08, STATUS = 0x0c, SOURCE = 0x10, TARGET = 0x18, LENGTH = 0x20, COPY = 1, TO_MEMORY = 1 << 9 };
#define IOVA 0x10000000u
#define DISPLAY_REGISTER(i) (0x500u + 2 * (i))

static struct vgpu_context *ctx;
static struct vgpu_vfio *gpu;
static struct vgpu_dma *dma;

static int fail(const char *what)
{
	fprintf(stderr, "draw: %s: %s\n", what, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	return -1;
}

static int set_mode(void)
{
	static const struct {
		unsigned reg;
		unsigned value;
	} mode[] = {{4, 0}, {1, WIDTH}, {2, HEIGHT}, {3, 32}, {6, WIDTH}, {4, 1}};
	size_t i;

	if (vgpu_config_write(gpu, 4, 2, 6)) /* memory, and the right to DMA */
		return fail("command register");
	for (i = 0; i < sizeof(mode) / sizeof(mode[0]); i++)
		if (vgpu_region_write_value(gpu, VGPU_REGION_BAR2, DISPLAY_REGISTER(mode[i].reg), 2, mode[i].value))
			return fail("display's registers");
	return 0;
}

/* Colours that fade from left to right, in eight bands. */
static int draw(void)
{
	const struct vgpu_region_map_opts opts = {.size = sizeof(opts), .length = SIZE};
	struct vgpu_mapping *mapping;
	uint32_t *pixels;
	unsigned x, y;

	if (vgpu_region_map(gpu, VGPU_REGION_BAR0, &opts, &mapping))
		return fail("map the framebuffer");
	pixels = vgpu_mapping_get_address(mapping);
	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++) {
			unsigned band = y / (HEIGHT / 8) + 1, level = x * 255 / (WIDTH - 1);

			pixels[y * WIDTH + x] = (band & 4 ? level << 16 : 0) | (band & 2 ? level << 8 : 0) | (band & 1 ? level : 0);
		}
	vgpu_mapping_unmap(mapping);
	return 0;
}

/* Memory with a file behind it, which cannot shrink: then the provider maps it too. */
static void *share_memory(void)
{
	struct vgpu_dma_range range = {.size = sizeof(range),
								   .iova = IOVA,
								   .length = SIZE,
								   .flags = VGPU_DMA_READ | VGPU_DMA_WRITE | VGPU_DMA_FD,
								   .fd = memfd_create("draw", MFD_CLOEXEC | MFD_ALLOW_SEALING)};

	if (range.fd < 0 || ftruncate(range.fd, SIZE) || fcntl(range.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW))
		return NULL;
	range.address = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, range.fd, 0);
	if (range.address == MAP_FAILED || vgpu_dma_map_ranges(dma, &range, 1, 0))
		range.address = NULL;
	close(range.fd);
	return range.address;
}

static int copy(const unsigned char *memory)
{
	const struct vgpu_region_map_opts opts = {.size = sizeof(opts), .length = SIZE};
	struct pollfd interrupt = {.events = POLLIN};
	struct vgpu_mapping *mapping;
	uint64_t status;
	int same;

	if (vgpu_irq_enable(gpu, VGPU_IRQ_MSI, 0, 1, NULL))
		return fail("interrupts");
	interrupt.fd = vgpu_irq_get_eventfd(gpu, VGPU_IRQ_MSI, 0);
	if (vgpu_region_write_value(gpu, VGPU_REGION_BAR4, SOURCE, 8, 0) ||
		vgpu_region_write_value(gpu, VGPU_REGION_BAR4, TARGET, 8, IOVA) ||
		vgpu_region_write_value(gpu, VGPU_REGION_BAR4, LENGTH, 4, SIZE) ||
		vgpu_region_write_value(gpu, VGPU_REGION_BAR4, COMMAND, 4, COPY | TO_MEMORY))
		return fail("copy engine");
	if (poll(&interrupt, 1, 10000) != 1 || vgpu_region_read_value(gpu, VGPU_REGION_BAR4, STATUS, 4, &status))
		return fail("no interrupt came");
	if (vgpu_region_map(gpu, VGPU_REGION_BAR0, &opts, &mapping))
		return fail("map the framebuffer");
	same = !memcmp(vgpu_mapping_get_address(mapping), memory, SIZE);
	vgpu_mapping_unmap(mapping);
	printf("status %#x after its interrupt, %d bytes of memory are %s\n", (unsigned)status, SIZE,
		   same ? "the picture" : "NOT the picture");
	return same && status == 2 ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct vgpu_context_opts opts = {.size = sizeof(opts)};
	struct vgpu_vfio_opts how = {.size = sizeof(how)};
	const unsigned char *memory;
	char byte;
	int r = 1;

	if (argc < 2) {
		fprintf(stderr, "usage: draw DEVICE [RUNTIME-DIR [hold]]\n");
		return 2;
	}
	opts.runtime_dir = argc > 2 ? argv[2] : NULL;
	if (vgpu_context_new(&opts, &ctx) || vgpu_dma_new(ctx, &dma))
		return 1;
	how.dma = dma;
	memory = share_memory();
	if (!memory || vgpu_vfio_open(ctx, argv[1], &how, &gpu))
		fail("open");
	else if (!set_mode() && !draw() && !copy(memory))
		r = 0;
	if (!r && argc > 3) {
		puts("holding it");
		fflush(stdout);
		while (read(STDIN_FILENO, &byte, 1) > 0)
			;
	}
	vgpu_vfio_close(gpu);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
	return r;
}
