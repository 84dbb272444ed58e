/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PCI part of a vGPU: config space, and the MSI-X table. */
#ifndef VG_PROVIDER_PCI_H
#define VG_PROVIDER_PCI_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VG_PCI_BARS 6

struct vgpu_instance;

struct vg_pci {
	pthread_mutex_t lock; /* of what is in the arrays */
	size_t size;          /* of each of the next two */
	unsigned char *config;
	unsigned char *writable; /* bits that a client can write */
	unsigned char *clears;   /* bits that a client's 1 clears */
	size_t end;              /* of the capabilities so far */
	size_t last;             /* where the pointer to the next one lies */
	bool taken[VG_PCI_BARS];
	unsigned char *table; /* of MSI-X, and its pending bits behind it; NULL: none */
	uint32_t table_bar;
	uint32_t table_offset;
	uint32_t table_size;
	uint32_t pending_offset;
	uint32_t pending_size;
};

void vg_pci_free(struct vg_pci *pci);
/* Is this the library's own: config space, or the MSI-X table? */
bool vg_pci_covers(const struct vgpu_instance *instance, uint32_t region, uint64_t offset, size_t length);
/* Reads into to, or writes from. */
void vg_pci_access(struct vgpu_instance *instance, uint32_t region, uint64_t offset, void *to, const void *from,
				   size_t length);
/* As after creation. */
void vg_pci_reset(struct vgpu_instance *instance);

#endif
