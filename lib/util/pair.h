/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pair (VM UUID, instance) that names a vGPU, and PCI addresses. No context, no I/O. */
#ifndef VG_UTIL_PAIR_H
#define VG_UTIL_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#define VG_UUID_LEN 36
#define VG_UUID_SIZE (VG_UUID_LEN + 1)
#define VG_INSTANCE_MAX 65535u
/* "UUID:65535" */
#define VG_PAIR_SIZE (VG_UUID_LEN + 7)
/* "DDDDDDDD:BB:DD.F" */
#define VG_PCI_SIZE 17

struct vg_pair {
	char uuid[VG_UUID_SIZE]; /* lower case */
	uint32_t instance;
};

/* Some of a virtual machine's instances, a bit each. */
struct vg_instances {
	uint64_t bits[(VG_INSTANCE_MAX + 1) / 64];
};

static inline void vg_instances_add(struct vg_instances *instances, uint32_t instance)
{
	instances->bits[instance / 64] |= UINT64_C(1) << instance % 64;
}

static inline bool vg_instances_have(const struct vg_instances *instances, uint32_t instance)
{
	return instances->bits[instance / 64] >> instance % 64 & 1;
}

/* A UUID in any case, into lower case. 0 or -EINVAL. */
int vg_uuid_parse(const char *text, char out[VG_UUID_SIZE]);
/* A random UUID. */
void vg_uuid_random(char out[VG_UUID_SIZE]);
/* "UUID[:INSTANCE]". 0 or -EINVAL. */
int vg_pair_parse(const char *text, struct vg_pair *out);
/* "UUID:INSTANCE". */
void vg_pair_format(const struct vg_pair *pair, char out[VG_PAIR_SIZE]);
/* -1, 0, 1: by UUID, then instance. */
int vg_pair_cmp(const struct vg_pair *a, const struct vg_pair *b);
/* The mdev's own UUID: the VM's for instance 0, else name-based (SHA-1) in its namespace with the instance as name. */
void vg_pair_mdev_uuid(const struct vg_pair *pair, char out[VG_UUID_SIZE]);
/* "[DOMAIN:]BB:DD.F" in any case, into the kernel's form with the domain. 0 or -EINVAL. */
int vg_pci_parse(const char *text, char out[VG_PCI_SIZE]);

#endif
