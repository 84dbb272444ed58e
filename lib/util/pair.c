/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pair (VM UUID, instance) that names a vGPU, and PCI addresses. */
#include "util/pair.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <uuid/uuid.h>

#include "util/str.h"

/* Not libuuid's: that takes a tenth of the time of listing many vGPUs, and is lenient in some versions. */
int vg_uuid_parse(const char *text, char out[VG_UUID_SIZE])
{
	char uuid[VG_UUID_SIZE];
	size_t i;

	for (i = 0; i < VG_UUID_LEN; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (c != '-')
				return -EINVAL;
		} else if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
			return -EINVAL;
		}
		uuid[i] = c;
	}
	if (text[VG_UUID_LEN])
		return -EINVAL;
	uuid[VG_UUID_LEN] = '\0';
	memcpy(out, uuid, sizeof(uuid));
	return 0;
}

void vg_uuid_random(char out[VG_UUID_SIZE])
{
	uuid_t uuid;

	uuid_generate_random(uuid);
	uuid_unparse_lower(uuid, out);
}

int vg_pair_parse(const char *text, struct vg_pair *out)
{
	struct vg_pair pair = {.instance = 0};
	char uuid[VG_UUID_SIZE];
	uint64_t instance;

	if (strnlen(text, VG_UUID_LEN) != VG_UUID_LEN)
		return -EINVAL;
	memcpy(uuid, text, VG_UUID_LEN);
	uuid[VG_UUID_LEN] = '\0';
	if (vg_uuid_parse(uuid, pair.uuid))
		return -EINVAL;
	text += VG_UUID_LEN;
	if (*text) {
		if (*text++ != ':' || vg_parse_u64(text, 10, VG_INSTANCE_MAX, &instance))
			return -EINVAL;
		pair.instance = (uint32_t)instance;
	}
	*out = pair;
	return 0;
}

void vg_pair_format(const struct vg_pair *pair, char out[VG_PAIR_SIZE])
{
	snprintf(out, VG_PAIR_SIZE, "%s:%u", pair->uuid, pair->instance & VG_INSTANCE_MAX);
}

int vg_pair_cmp(const struct vg_pair *a, const struct vg_pair *b)
{
	int cmp = strcmp(a->uuid, b->uuid);

	if (cmp)
		return cmp < 0 ? -1 : 1;
	return (a->instance > b->instance) - (a->instance < b->instance);
}

void vg_pair_mdev_uuid(const struct vg_pair *pair, char out[VG_UUID_SIZE])
{
	uuid_t space, uuid;
	char name[12];
	int n;

	if (pair->instance == 0 || uuid_parse(pair->uuid, space)) {
		memcpy(out, pair->uuid, VG_UUID_SIZE);
		return;
	}
	n = snprintf(name, sizeof(name), "%u", pair->instance);
	uuid_generate_sha1(uuid, space, name, (size_t)n);
	uuid_unparse_lower(uuid, out);
}

static bool is_hex(const char *s, size_t n)
{
	return strspn(s, "0123456789abcdefABCDEF") >= n;
}

int vg_pci_parse(const char *text, char out[VG_PCI_SIZE])
{
	unsigned domain = 0, bus, slot, function;
	const char *colon = strchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;

	if (colon && strchr(colon + 1, ':')) {
		if (n < 1 || n > 8 || !is_hex(text, n) || sscanf(text, "%8x", &domain) != 1)
			return -EINVAL;
		text = colon + 1;
	}
	if (strlen(text) != 7 || text[2] != ':' || text[5] != '.' || !is_hex(text, 2) || !is_hex(text + 3, 2) ||
		text[6] < '0' || text[6] > '7')
		return -EINVAL;
	if (sscanf(text, "%2x:%2x.%1u", &bus, &slot, &function) != 3 || slot > 0x1f)
		return -EINVAL;
	snprintf(out, VG_PCI_SIZE, "%04x:%02x:%02x.%u", domain, bus & 0xff, slot & 0x1f, function & 7);
	return 0;
}
