/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a vfio-user server shows, at the client: planes that it may believe, and those that it must not. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "noise.h"
#include "run_suite.h"
#include "server.h"

static struct server server; /* large */
static struct vgpu_context *ctx;
static struct vgpu_display *display;

static void setup(void)
{
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	server_init(&server);
}

static void teardown(void)
{
	server_free(&server);
	vgpu_context_unref(ctx);
}

/* Long enough for a busy machine, and not too long to wait for what never comes. */
static const struct vgpu_user_opts patient = {.size = sizeof(patient), .timeout_ms = 2000};

static struct vgpu_vfio *open_display(void)
{
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, &patient);

	ck_assert_int_eq(vgpu_display_open(vfio, NULL, &display), 0);
	return vfio;
}

static void close_display(struct vgpu_vfio *vfio)
{
	vgpu_display_close(display);
	vgpu_vfio_close(vfio);
}

static enum vgpu_cause last_cause(void)
{
	return vgpu_error_get_cause(vgpu_context_get_error(ctx));
}

/* One message a frame, and the same plane as long as nothing changes; mapped from its first pixel on. */
START_TEST(frames)
{
	struct vgpu_vfio *vfio = open_display();
	struct vgpu_plane *plane, *again;
	struct vgpu_mapping *mapping;
	unsigned char *pixels, byte;
	unsigned messages;

	ck_assert_int_eq(vgpu_display_get_source(display), VGPU_DISPLAY_REGION);
	ck_assert_int_eq(vgpu_display_has_region(display), 1);
	ck_assert_int_eq(vgpu_display_has_dmabuf(display), 0);
	ck_assert_int_eq(vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane), 1);
	ck_assert_int_eq(vgpu_plane_has_picture(plane), 1);
	ck_assert_uint_eq(vgpu_plane_get_format(plane), VGPU_FORMAT_XRGB8888);
	ck_assert_int_eq(vgpu_plane_get_region(plane), VGPU_REGION_BAR0);
	ck_assert_uint_eq(vgpu_plane_get_offset(plane), 4096 + 68);
	ck_assert_int_eq(vgpu_plane_get_dmabuf_id(plane), -1);
	ck_assert_int_eq(vgpu_plane_map(display, plane, &mapping, NULL), 0);
	ck_assert_uint_eq(vgpu_mapping_get_offset(mapping), 4096 + 68);
	ck_assert_uint_eq(vgpu_mapping_get_size(mapping), 512);
	pixels = vgpu_mapping_get_address(mapping);
	server.bar0[4096 + 68] = 0x11;
	server.bar0[4096 + 68 + 511] = 0x22;
	ck_assert_uint_eq(pixels[0], 0x11);
	ck_assert_uint_eq(pixels[511], 0x22);
	messages = server.plane_messages;
	ck_assert_int_eq(vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &again), 0);
	ck_assert_uint_eq(server.plane_messages, messages + 1);
	ck_assert_ptr_eq(plane, again);
	vgpu_plane_unref(again);
	server.plane.region_offset = 3 * 4096; /* another frame */
	ck_assert_int_eq(vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &again), 1);
	ck_assert_uint_eq(vgpu_plane_get_offset(again), 3 * 4096);
	vgpu_plane_unref(again);
	ck_assert_int_eq(vgpu_plane_find(display, VGPU_PLANE_CURSOR, &again), 1);
	ck_assert_int_eq(vgpu_plane_has_picture(again), 0);
	vgpu_plane_unref(again);
	vgpu_plane_unref(plane);
	close_display(vfio);
	ck_assert_uint_eq(pixels[511], 0x22); /* what is mapped stays so */
	vgpu_mapping_unmap(mapping);
	ck_assert_int_eq(mincore(pixels - (uintptr_t)pixels % 4096, 4096, &byte), -1); /* nothing is left of it */
	ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

/* A region that can't be mapped there: it is read. */
START_TEST(not_mappable)
{
	struct vgpu_vfio *vfio;
	struct vgpu_mapping *mapping;
	struct vgpu_plane *plane;
	unsigned char pixels[512];
	size_t i;

	server.plane.region_index = _i ? VGPU_REGION_BAR0 : VGPU_REGION_BAR2;
	server.plane.region_offset = _i ? 2 * 4096 - 4 : 12345; /* its end is between the areas */
	for (i = 0; i < sizeof(pixels); i++)
		server.bar2[12345 + i] = (unsigned char)(i * 7);
	vfio = open_display();
	ck_assert_int_eq(vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane), 1);
	ck_assert_int_eq(vgpu_plane_map(display, plane, &mapping, NULL), -EOPNOTSUPP);
	ck_assert_int_eq(last_cause(), VGPU_CAUSE_NOT_MAPPABLE);
	ck_assert_int_eq(vgpu_region_read(vfio, (uint32_t)vgpu_plane_get_region(plane), vgpu_plane_get_offset(plane),
									  pixels, sizeof(pixels)),
					 sizeof(pixels));
	if (!_i)
		ck_assert_mem_eq(pixels, server.bar2 + 12345, sizeof(pixels));
	vgpu_plane_unref(plane);
	close_display(vfio);
}
END_TEST

/* What is not said honestly, and what is made of it. */
static const struct lie {
	size_t at; /* offset of a 32-bit field */
	uint32_t value;
	int expected;
	uint64_t offset; /* not 0: of the region */
} lies[] = {
#define FIELD(name) offsetof(struct vg_user_gfx_plane, name)
	{FIELD(drm_format), 0, 1, 0}, /* nothing is shown */
	{FIELD(width), 0, 1, 0},
	{FIELD(height), 0, 1, 0},
	{FIELD(size), 0, 1, 0},
	{FIELD(drm_format), 0xffffffff, 1, 0}, /* who knows */
	{FIELD(drm_format_mod), 7, 1, 0},      /* can't be mapped, but shown to a GPU */
	{FIELD(reserved), 0xffffffff, 1, 0},
	{FIELD(argsz), 0xffffffff, 1, 0},
	{FIELD(width), 17, -EPROTO, 0},
	{FIELD(width), 0xffffffff, -EPROTO, 0},
	{FIELD(height), 9, -EPROTO, 0},
	{FIELD(height), 0xffffffff, -EPROTO, 0},
	{FIELD(stride), 0, -EPROTO, 0},
	{FIELD(stride), 63, -EPROTO, 0},
	{FIELD(stride), 0xffffffff, -EPROTO, 0},
	{FIELD(size), 511, -EPROTO, 0},
	{FIELD(size), BAR0_SIZE - 4096 - 68, 1, 0},
	{FIELD(size), BAR0_SIZE - 4096 - 67, -EPROTO, 0},
	{FIELD(size), 0xffffffff, -EPROTO, 0},
	{FIELD(region_index), VGPU_REGION_BAR1, -EPROTO, 0}, /* which has no bytes */
	{FIELD(region_index), REGION_COUNT, -EPROTO, 0},
	{FIELD(region_index), 4095, -EPROTO, 0},
	{FIELD(region_index), 4096, -EPROTO, 0},
	{FIELD(region_index), 0xffffffff, -EPROTO, 0},
	{FIELD(x_pos), 0, 1, BAR0_SIZE - 512},
	{FIELD(x_pos), 0, -EPROTO, BAR0_SIZE - 511},
	{FIELD(x_pos), 0, -EPROTO, BAR0_SIZE},
	{FIELD(x_pos), 0, -EPROTO, BAR0_SIZE + 1},
	{FIELD(x_pos), 0, -EPROTO, UINT64_MAX},
	{FIELD(x_pos), 0, -EPROTO, UINT64_MAX - 511},
	{FIELD(x_pos), 0, -EPROTO, (uint64_t)1 << 32},
	{FIELD(flags), 0, -EPROTO, 0},
	{FIELD(flags), VFIO_GFX_PLANE_TYPE_DMABUF, -EPROTO, 0},
	{FIELD(drm_plane_type), VGPU_PLANE_CURSOR, -EPROTO, 0},
};

START_TEST(each_lie)
{
	const struct lie *lie = &lies[_i];
	struct vgpu_plane *plane = NULL;
	struct vgpu_mapping *mapping;
	struct vgpu_vfio *vfio;
	int r;

	memcpy((char *)&server.plane + lie->at, &lie->value, sizeof(lie->value));
	if (lie->offset)
		server.plane.region_offset = lie->offset;
	vfio = open_display();
	r = vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane);
	ck_assert_int_eq(r, lie->expected);
	ck_assert_int_eq(r > 0, plane != NULL);
	if (r < 0)
		ck_assert_int_eq(last_cause(), VGPU_CAUSE_BAD_DATA);
	if (plane && vgpu_plane_map(display, plane, &mapping, NULL) == 0)
		vgpu_mapping_unmap(mapping);
	vgpu_plane_unref(plane);
	/* and the device goes on */
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, &(uint32_t){0}, 4), 4);
	close_display(vfio);
}
END_TEST

/* Any bytes. */
START_TEST(noise_for_planes)
{
	struct vgpu_vfio *vfio;
	struct vgpu_plane *plane;
	struct vgpu_mapping *mapping;
	unsigned char pixel;
	size_t n, i;

	noise_seed(_i);
	vfio = open_display();
	for (i = 0; i < 200; i++) {
		for (n = 1 + (size_t)noise() % 3; n; n--)
			((unsigned char *)&server.plane)[12 + (size_t)noise() % (sizeof(server.plane) - 12)] =
				(unsigned char)(noise() % 3 ? noise() % 4 : noise());
		if (vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane) < 0)
			continue;
		if (vgpu_plane_map(display, plane, &mapping, NULL) == 0) {
			memcpy(&pixel, (char *)vgpu_mapping_get_address(mapping) + vgpu_mapping_get_size(mapping) - 1, 1);
			vgpu_mapping_unmap(mapping);
		}
		vgpu_plane_unref(plane);
	}
	close_display(vfio);
}
END_TEST

/* A server that says yes to all: the client does not ask for planes in dmabufs. */
static bool agree(struct server *s, struct vg_message *message)
{
	struct vg_user_gfx_plane plane;

	if (message->header.command != VG_USER_QUERY_GFX_PLANE)
		return false;
	memcpy(&plane, message->body, sizeof(plane));
	ck_assert_uint_eq(plane.flags & ~(unsigned)VFIO_GFX_PLANE_TYPE_PROBE, VFIO_GFX_PLANE_TYPE_REGION);
	server_reply(s, message, message->body, message->size);
	return true;
}

START_TEST(no_dmabufs)
{
	const struct vgpu_display_opts opts = {.size = sizeof(opts), .source = VGPU_DISPLAY_DMABUF};
	struct vgpu_vfio *vfio;

	server.hook = agree;
	vfio = open_display();
	ck_assert_int_eq(vgpu_display_has_dmabuf(display), 0);
	vgpu_display_close(display);
	ck_assert_int_eq(vgpu_display_open(vfio, &opts, &display), -EOPNOTSUPP);
	vgpu_vfio_close(vfio);
}
END_TEST

/* A server that does not speak of planes never hears of them. */
static bool count_planes(struct server *s, struct vg_message *message)
{
	if (message->header.command >= VG_USER_PRIVATE)
		++*(int *)s->hook_data;
	return false;
}

START_TEST(not_agreed)
{
	struct vgpu_vfio *vfio;
	int count = 0;

	if (_i == 0)
		server.caps.named &= ~(uint32_t)VG_USER_CAP_DISPLAY;
	else
		server.caps.display = 0;
	server.hook = count_planes;
	server.hook_data = &count;
	vfio = server_open(&server, ctx, NULL, NULL);
	display = NULL;
	ck_assert_int_eq(vgpu_display_open(vfio, NULL, &display), -EOPNOTSUPP);
	ck_assert_int_eq(last_cause(), VGPU_CAUSE_UNSUPPORTED);
	ck_assert_ptr_null(display);
	vgpu_vfio_close(vfio);
	ck_assert_int_eq(count, 0);
}
END_TEST

/* A version that was not proposed is none. */
static bool promise_more(struct server *s, struct vg_message *message)
{
	static const char body[] = "\0\0\2\0{\"capabilities\":{\"vgpu_display\":2}}";

	if (message->header.command == VG_USER_VERSION) {
		ck_assert_ptr_nonnull(memmem(message->body, message->size, "\"vgpu_display\":1", 16));
		server_reply(s, message, body, sizeof(body));
		return true;
	}
	return count_planes(s, message);
}

START_TEST(version_not_proposed)
{
	struct vgpu_vfio *vfio;
	int count = 0;

	server.hook = promise_more;
	server.hook_data = &count;
	vfio = server_open(&server, ctx, NULL, NULL);
	ck_assert_int_eq(vgpu_display_open(vfio, NULL, &display), -EOPNOTSUPP);
	vgpu_vfio_close(vfio);
	ck_assert_int_eq(count, 0);
}
END_TEST

/* What its errors become, of the probe and of the question. */
static const struct {
	int err; /* 0: it falls silent; -1: it hangs up */
	int of_open;
	int of_find;
} errors[] = {{EOPNOTSUPP, -EOPNOTSUPP, -EOPNOTSUPP},
			  {EINVAL, -EOPNOTSUPP, -EINVAL},
			  {EIO, -EOPNOTSUPP, -EIO},
			  {EPROTO, -EPROTO, -EPROTO},
			  {0, -ETIMEDOUT, -ETIMEDOUT},
			  {-1, -ENODEV, -ENODEV}};

static bool fail_planes(struct server *s, struct vg_message *message)
{
	const int *told = s->hook_data;

	if (message->header.command != VG_USER_QUERY_GFX_PLANE || (int)s->plane_messages++ < told[0])
		return false;
	if (told[1] > 0)
		server_error(s, message, told[1]);
	else if (told[1] < 0)
		vg_channel_free(&s->channel);
	return true;
}

START_TEST(errors_of_servers)
{
	int told[2] = {0, errors[_i].err};
	struct vgpu_plane *plane;
	struct vgpu_vfio *vfio;

	server.hook = fail_planes;
	server.hook_data = told;
	vfio = server_open(&server, ctx, NULL, &patient);
	ck_assert_int_eq(vgpu_display_open(vfio, NULL, &display), errors[_i].of_open);
	vgpu_vfio_close(vfio);
	server_free(&server);
	server_init(&server);
	told[0] = 1000;
	server.hook = fail_planes;
	server.hook_data = told;
	vfio = open_display();
	told[0] = 0;
	ck_assert_int_eq(vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane), errors[_i].of_find);
	ck_assert_int_eq(vgpu_error_get_errno(vgpu_context_get_error(ctx)), -errors[_i].of_find);
	close_display(vfio);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user display");
	TCase *tcase = tcase_create("user display");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, frames);
	tcase_add_loop_test(tcase, not_mappable, 0, 2);
	tcase_add_loop_test(tcase, each_lie, 0, (int)(sizeof(lies) / sizeof(lies[0])));
	tcase_add_loop_test(tcase, noise_for_planes, 0, 10);
	tcase_add_test(tcase, no_dmabufs);
	tcase_add_loop_test(tcase, not_agreed, 0, 2);
	tcase_add_test(tcase, version_not_proposed);
	tcase_add_loop_test(tcase, errors_of_servers, 0, (int)(sizeof(errors) / sizeof(errors[0])));
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
