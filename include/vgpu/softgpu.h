/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * softgpu: a provider that is built in. Its vGPUs need no hardware, and work with drivers that guests have.
 *
 * A vGPU is a PCI device 1234:1111, as QEMU's bochs-display, which Linux drives with "bochs":
 *
 *     BAR0  framebuffer, as long as the type says; mapped by clients; costs nothing until it is touched
 *     BAR2  4096 bytes of registers: EDID at 0x000; VGA's ports at 0x400, which do nothing; the display's registers at
 *           0x500, 16 bits each: 0 id (0xb0c5), 1 width, 2 height, 3 bits a pixel (16 or 32), 4 enable (bit 0), 6 and 7
 *           width and height of the virtual screen, 8 and 9 where the picture starts in it, 10 framebuffer in 64 KiB;
 *           at 0x600 the size of the registers from there on (8), at 0x604 the byte order, little whatever is written
 *     BAR4  4096 bytes: the copy engine
 *     region 9  EDID region: a client that writes a block and sets the link up changes the EDID of BAR2; at first it
 *               has the same
 *
 * The copy engine's registers, 32 bits each, little-endian (addresses also as one access of 64 bits):
 *
 *     0x00  id, 0x55504753 ("SGPU"), read-only          0x14  source, high half
 *     0x04  version, 1, read-only                       0x18  target, low half
 *     0x08  command, see below                          0x1c  target, high half
 *     0x0c  status: bit 0 busy, bit 1 done, bit 2       0x20  length in bytes
 *           failed; writing 1 clears bits 1 and 2       0x24  pattern of a fill
 *     0x10  source, low half                            0x28  errno of the last failure, read-only
 *                                                       0x2c  commands that are done, read-only
 *
 * Writing to "command" starts: bits 0-7 are 1: copy, or 2: fill the target with the pattern; bit 8: the source is guest
 * memory, else the framebuffer; bit 9: so is the target. It starts once the write is answered, and while it is busy
 * other writes but to "status" do nothing. At the end it sets "done" (and "failed"), and raises MSI vector 0, or INTx
 * until "done" is cleared.
 *
 * It migrates, with PRE_COPY: what is drawn while it runs is sent again.
 */
#ifndef VGPU_SOFTGPU_H
#define VGPU_SOFTGPU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_provider;
struct vgpu_provider_opts;

/**
 * vgpu_softgpu_register() - register the built-in provider
 * @ctx: the context
 * @opts: as for vgpu_provider_register(); vendor and device are filled in where they are 0
 * @vram_mib: video memory that its vGPUs have all together, in MiB; 0: 1024
 * @out: receives the provider; untouched on failure; vgpu_provider_unregister() ends it
 *
 * Types: softgpu-16, softgpu-64 and softgpu-256, with so many MiB of video memory.
 *
 * Return: 0, or as vgpu_provider_register().
 * Since: 0.1
 */
int vgpu_softgpu_register(struct vgpu_context *ctx, const struct vgpu_provider_opts *opts, uint32_t vram_mib,
						  struct vgpu_provider **out);

#ifdef __cplusplus
}
#endif
#endif
