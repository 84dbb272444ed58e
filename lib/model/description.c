/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the description of a type says, in the layouts of NVIDIA's driver and of GVT-g. */
#include <string.h>

#include "model/type.h"

/* "key<sep>value" for each known key; value is a number, perhaps with a unit, or WxH. */
struct key {
	const char *name;
	size_t offset; /* of the number in struct vg_description */
	const char *unit;
};

#define KEY(name, field, unit)                                                                                         \
	{                                                                                                                  \
		name, offsetof(struct vg_description, field), unit                                                             \
	}

/* "num_heads=4, frl_config=45, framebuffer=1024M, max_resolution=5120x2880, max_instance=16" */
static const struct key keys[] = {
	KEY("num_heads", heads, ""),
	KEY("frl_config", frame_rate_limit, ""),
	KEY("framebuffer", framebuffer_mib, "M"),
	KEY("max_instance", max_instances, ""),
};

/* The largest number that any of these can sensibly be. */
#define NUMBER_MAX 0xffffffffu

static void parse_number(const struct key *key, const char *value, struct vg_description *out)
{
	size_t digits = strspn(value, "0123456789");
	char text[16];
	uint64_t number;

	if (digits == 0 || digits >= sizeof(text) || strcmp(value + digits, key->unit) != 0)
		return;
	memcpy(text, value, digits);
	text[digits] = '\0';
	if (vg_parse_u64(text, 10, NUMBER_MAX, &number) == 0)
		*(int64_t *)(void *)((char *)out + key->offset) = (int64_t)number;
}

static void parse_resolution(const char *value, struct vg_description *out)
{
	const char *x = strchr(value, 'x');
	char width_text[16];
	uint64_t width, height;

	if (!x || (size_t)(x - value) >= sizeof(width_text))
		return;
	memcpy(width_text, value, (size_t)(x - value));
	width_text[x - value] = '\0';
	if (vg_parse_u64(width_text, 10, NUMBER_MAX, &width) || vg_parse_u64(x + 1, 10, NUMBER_MAX, &height))
		return;
	out->width = (int64_t)width;
	out->height = (int64_t)height;
}

static const char *skip_space(const char *s)
{
	return s + strspn(s, " \t");
}

/* One "key<sep>value" of length n. */
static void parse_item(const char *item, size_t n, char sep, const char *resolution, struct vg_description *out)
{
	char text[128];
	char *value;
	size_t i;

	if (n >= sizeof(text))
		return;
	memcpy(text, item, n);
	text[n] = '\0';
	vg_chomp(text);
	value = strchr(text, sep);
	if (!value)
		return;
	*value++ = '\0';
	value += strspn(value, " \t");
	if (strcmp(text, resolution) == 0)
		parse_resolution(value, out);
	for (i = 0; i < VG_COUNT(keys); i++)
		if (strcmp(text, keys[i].name) == 0)
			parse_number(&keys[i], value, out);
}

/*
 * GVT-g's "low_gm_size: 128MB\nhigh_gm_size: 512MB\nfence: 4\nresolution: 1920x1200\nweight: 4": its sizes are those
 * of graphics memory, not of a framebuffer, so that only the resolution is taken.
 */
void vg_description_parse(const char *text, struct vg_description *out)
{
	bool nvidia = strstr(text, "num_heads=") || strstr(text, "framebuffer=");
	bool gvt = !nvidia && (strstr(text, "low_gm_size:") || strstr(text, "high_gm_size:"));

	*out = (struct vg_description){-1, -1, -1, -1, -1, -1};
	if (!nvidia && !gvt)
		return;
	while (*text) {
		size_t n = strcspn(text, nvidia ? ",\n" : "\n");

		parse_item(text, n, nvidia ? '=' : ':', nvidia ? "max_resolution" : "resolution", out);
		text += n;
		text = skip_space(text + (*text != '\0'));
	}
}
