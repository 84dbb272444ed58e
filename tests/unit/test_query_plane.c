/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvgpu's own command of vfio-user about planes, at the server: who may use it, and what comes back. */
#include <linux/vfio.h>

#include "run_suite.h"
#include "served.h"

#define PROBE VFIO_GFX_PLANE_TYPE_PROBE
#define REGION VFIO_GFX_PLANE_TYPE_REGION
#define DMABUF VFIO_GFX_PLANE_TYPE_DMABUF

static struct served *served;
static struct peer *peer;

/* 16 x 8 pixels in the second page of BAR0. */
static const struct vgpu_plane_info picture = {.size = sizeof(picture),
											   .format = VGPU_FORMAT_XRGB8888,
											   .width = 16,
											   .height = 8,
											   .stride = 64,
											   .region = VGPU_REGION_BAR0,
											   .offset = SERVED_PAGE + 4,
											   .length = 512,
											   .x = 1,
											   .y = 2,
											   .hot_x = 3,
											   .hot_y = 4};

static void setup(void)
{
	served = served_new(NULL);
	served->plane = picture;
	peer = peer_new(served->socket);
}

static void teardown(void)
{
	peer_free(peer);
	served_free_all(served);
}

static void say_hello(void)
{
	ck_assert_int_eq(peer_version(peer, 2, PEER_DISPLAY_JSON), 0);
	ck_assert_ptr_nonnull(strstr((char *)peer->body + 4, "\"vgpu_display\":1"));
}

/* What comes for these flags and this type. */
static int query(uint32_t flags, uint32_t type, struct vg_user_gfx_plane *out)
{
	struct vg_user_gfx_plane ask;
	int r;

	memset(&ask, 0xa5, sizeof(ask)); /* what is not asked for is ignored */
	ask.argsz = sizeof(ask);
	ask.flags = flags;
	ask.drm_plane_type = type;
	r = peer_call(peer, VG_USER_QUERY_GFX_PLANE, &ask, sizeof(ask));
	if (r)
		return r;
	ck_assert_uint_eq(peer->size, sizeof(*out));
	ck_assert_uint_eq(peer->fd_count, 0);
	memcpy(out, peer->body, sizeof(*out));
	ck_assert_uint_eq(out->argsz, sizeof(*out));
	ck_assert_uint_eq(out->flags, flags);
	ck_assert_uint_eq(out->drm_plane_type, type);
	ck_assert_uint_eq(out->reserved, 0);
	return 0;
}

static void expect_nothing(const struct vg_user_gfx_plane *plane)
{
	const struct vg_user_gfx_plane nothing = {
		.argsz = plane->argsz, .flags = plane->flags, .drm_plane_type = plane->drm_plane_type};

	ck_assert_int_eq(memcmp(plane, &nothing, sizeof(nothing)), 0);
}

START_TEST(answers)
{
	struct vg_user_gfx_plane plane;

	say_hello();
	ck_assert_int_eq(query(PROBE | REGION, 1, &plane), 0);
	expect_nothing(&plane);
	ck_assert_int_eq(query(REGION, 1, &plane), 0);
	ck_assert_uint_eq(plane.drm_format, VGPU_FORMAT_XRGB8888);
	ck_assert_uint_eq(plane.drm_format_mod, VGPU_FORMAT_MODIFIER_LINEAR);
	ck_assert_uint_eq(plane.width, 16);
	ck_assert_uint_eq(plane.height, 8);
	ck_assert_uint_eq(plane.stride, 64);
	ck_assert_uint_eq(plane.size, 512);
	ck_assert_uint_eq(plane.x_pos, 1);
	ck_assert_uint_eq(plane.y_pos, 2);
	ck_assert_uint_eq(plane.x_hot, 3);
	ck_assert_uint_eq(plane.y_hot, 4);
	ck_assert_uint_eq(plane.region_index, VGPU_REGION_BAR0);
	ck_assert_uint_eq(plane.region_offset, SERVED_PAGE + 4);
	ck_assert_int_eq(query(REGION, 2, &plane), 0); /* no cursor */
	expect_nothing(&plane);
	served->plane = (struct vgpu_plane_info){.size = sizeof(picture), .width = 16};
	ck_assert_int_eq(query(REGION, 1, &plane), 0);
	expect_nothing(&plane);
}
END_TEST

/* Its last row ends with its pixels; a size that 32 bits can't tell is as much of it as they can. */
START_TEST(edges)
{
	struct vg_user_gfx_plane plane;

	say_hello();
	served->plane.stride = 128;
	served->plane.length = 7 * 128 + 64;
	served->plane.offset = SERVED_BAR0 - served->plane.length;
	ck_assert_int_eq(query(REGION, 1, &plane), 0);
	ck_assert_uint_eq(plane.size, 7 * 128 + 64);
	ck_assert_uint_eq(plane.region_offset, SERVED_BAR0 - 7 * 128 - 64);
	served->plane = picture;
	served->plane.format = VGPU_FORMAT('Y', 'U', 'Y', 'V'); /* which the library does not know */
	ck_assert_int_eq(query(REGION, 1, &plane), 0);
	ck_assert_uint_eq(plane.drm_format, VGPU_FORMAT('Y', 'U', 'Y', 'V'));
}
END_TEST

START_TEST(bad_questions)
{
	static const struct {
		uint32_t flags;
		uint32_t type;
	} cases[] = {{0, 1},      {PROBE, 1},  {DMABUF, 1},     {PROBE | DMABUF, 1},  {REGION | DMABUF, 1},
				 {REGION, 0}, {REGION, 3}, {REGION | 8, 1}, {REGION, UINT32_MAX}, {UINT32_MAX, 1}};
	unsigned char body[sizeof(struct vg_user_gfx_plane) + 100] = {0};
	struct vg_user_gfx_plane plane = {.argsz = sizeof(plane), .flags = REGION, .drm_plane_type = 1};
	size_t i;

	say_hello();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_int_eq(query(cases[i].flags, cases[i].type, &plane), -EINVAL);
	plane = (struct vg_user_gfx_plane){.argsz = sizeof(plane), .flags = REGION, .drm_plane_type = 1};
	for (i = 0; i < sizeof(plane); i++)
		ck_assert_int_eq(peer_call(peer, VG_USER_QUERY_GFX_PLANE, &plane, i), -EINVAL);
	ck_assert_int_eq(served->planes, 0);
	/* a later one's struct may be longer */
	plane.argsz = sizeof(body);
	memcpy(body, &plane, sizeof(plane));
	ck_assert_int_eq(peer_call(peer, VG_USER_QUERY_GFX_PLANE, body, sizeof(body)), 0);
	ck_assert_uint_eq(peer->size, sizeof(plane));
	plane.argsz = sizeof(plane) - 1;
	ck_assert_int_eq(peer_call(peer, VG_USER_QUERY_GFX_PLANE, &plane, sizeof(plane)), -EINVAL);
}
END_TEST

/* Descriptors that nobody wants are closed; without an answer nothing comes of it. */
START_TEST(strange_messages)
{
	struct vg_user_gfx_plane plane = {.argsz = sizeof(plane), .flags = REGION, .drm_plane_type = 1};
	int fds[17], i, pipes[2];

	say_hello();
	ck_assert_int_eq(pipe(pipes), 0);
	for (i = 0; i < 17; i++)
		fds[i] = pipes[1];
	ck_assert_int_eq(peer_call_fds(peer, VG_USER_QUERY_GFX_PLANE, &plane, sizeof(plane), fds, 16), 0);
	ck_assert(peer_send(peer, VG_USER_QUERY_GFX_PLANE, VG_USER_NO_REPLY, &plane, sizeof(plane), fds, 1));
	ck_assert_int_eq(query(REGION, 1, &plane), 0);
	ck_assert_int_lt(peer_call_fds(peer, VG_USER_QUERY_GFX_PLANE, &plane, sizeof(plane), fds, 17), 0);
	close(pipes[1]);
	ck_assert_int_eq(read(pipes[0], &i, sizeof(i)), 0); /* nobody has it any more */
	close(pipes[0]);
}
END_TEST

/* A provider that says what makes no sense, or fails. */
START_TEST(bad_providers)
{
	static const struct {
		struct vgpu_plane_info plane;
		int expected;
	} cases[] = {
		{{.format = VGPU_FORMAT_XRGB8888, .width = 16, .height = 8, .stride = 64, .region = 99, .length = 512},
		 -EPROTO},
		{{.format = VGPU_FORMAT_XRGB8888, .width = 16, .height = 8, .stride = 64, .region = 1, .length = 512}, -EPROTO},
		{{.format = VGPU_FORMAT_XRGB8888, .width = 16, .height = 8, .stride = 64, .length = SERVED_BAR0 + 1}, -EPROTO},
		{{.format = VGPU_FORMAT_XRGB8888, .width = 16, .height = 8, .stride = 64, .offset = UINT64_MAX, .length = 512},
		 -EPROTO},
		{{.format = VGPU_FORMAT_XRGB8888,
		  .width = 16,
		  .height = 8,
		  .stride = 64,
		  .offset = SERVED_BAR0 - 511,
		  .length = 512},
		 -EPROTO},
		{{.format = VGPU_FORMAT_XRGB8888, .width = 0, .height = 8, .stride = 64, .length = 512}, -EPROTO},
		{{.format = VGPU_FORMAT_XRGB8888, .width = 16, .height = 0, .stride = 64, .length = 512}, -EPROTO},
		{{.format = VGPU_FORMAT_XRGB8888, .width = 16, .height = 8, .stride = 63, .length = 512}, -EPROTO},
		{{.format = VGPU_FORMAT_XRGB8888, .width = 16, .height = 8, .stride = 64, .length = 511}, -EPROTO},
		{{.format = VGPU_FORMAT_XRGB8888,
		  .width = UINT32_MAX,
		  .height = UINT32_MAX,
		  .stride = UINT32_MAX,
		  .length = SERVED_BAR0},
		 -EPROTO},
		{{.format = 1, .width = UINT32_MAX, .height = UINT32_MAX, .stride = UINT32_MAX, .length = SERVED_BAR0},
		 -EPROTO},
	};
	struct vg_user_gfx_plane plane;
	size_t i;

	say_hello();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		served->plane = cases[i].plane;
		ck_assert_msg(query(REGION, 1, &plane) == cases[i].expected, "case %zu", i);
	}
	served->plane = picture;
	served->plane_result = -EIO;
	ck_assert_int_eq(query(REGION, 1, &plane), -EIO);
	ck_assert_int_eq(query(PROBE | REGION, 1, &plane), 0); /* it has one all the same */
	served->plane_result = 1;
	ck_assert_int_eq(query(REGION, 1, &plane), -EIO);
	served->plane_result = -EOPNOTSUPP;
	ck_assert_int_eq(query(PROBE | REGION, 1, &plane), -EOPNOTSUPP);
	served->plane_result = 0;
	ck_assert_int_eq(query(REGION, 1, &plane), 0);
}
END_TEST

static const char few_fds[] = "{\"capabilities\":{\"max_msg_fds\":1}}";
static const char version_0[] = "{\"capabilities\":{\"vgpu_display\":0}}";
static const char qemu[] = PEER_QEMU_JSON;
static const char *const hellos[] = {NULL, "{}", few_fds, version_0, qemu};

/* Who has not proposed the capability, or another version than there is, finds the command unknown. */
START_TEST(not_agreed)
{
	const char *hello = hellos[_i];
	struct vg_user_gfx_plane plane;

	ck_assert_int_eq(peer_version(peer, 1, hello), 0);
	ck_assert_ptr_null(memmem(peer->body, peer->size, "vgpu_display", 12));
	ck_assert_int_eq(query(REGION, 1, &plane), -EOPNOTSUPP);
	ck_assert_int_eq(query(PROBE | REGION, 1, &plane), -EOPNOTSUPP);
	ck_assert_int_eq(peer_call(peer, VG_USER_QUERY_GFX_PLANE, NULL, 0), -EOPNOTSUPP);
	ck_assert_int_eq(peer_call(peer, VG_USER_QUERY_GFX_PLANE + 1, NULL, 0), -EOPNOTSUPP);
	ck_assert_int_eq(served->planes, 0);
}
END_TEST

/* A later client: the version is ours. And its commands are still unknown. */
START_TEST(later_version)
{
	struct vg_user_gfx_plane plane;

	ck_assert_int_eq(peer_version(peer, 2, "{\"capabilities\":{\"vgpu_display\":4000000000}}"), 0);
	ck_assert_ptr_nonnull(strstr((char *)peer->body + 4, "\"vgpu_display\":1"));
	ck_assert_int_eq(query(REGION, 1, &plane), 0);
	ck_assert_int_eq(peer_call(peer, VG_USER_QUERY_GFX_PLANE + 1, NULL, 0), -EOPNOTSUPP);
	/* before the first message it is none */
	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
	peer = peer_new(served->socket);
	ck_assert_int_lt(query(REGION, 1, &plane), 0);
	ck_assert(!peer_receive(peer));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("query plane");
	TCase *tcase = tcase_create("query plane");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, answers);
	tcase_add_test(tcase, edges);
	tcase_add_test(tcase, bad_questions);
	tcase_add_test(tcase, strange_messages);
	tcase_add_test(tcase, bad_providers);
	tcase_add_loop_test(tcase, not_agreed, 0, 5);
	tcase_add_test(tcase, later_version);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
