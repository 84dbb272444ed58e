/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Version data of vfio-user peers: those of known implementations, and of any shape. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "noise.h"
#include "run_suite.h"
#include "user/caps.h"
#include "user/wire.h"
#include "util/str.h"

/* In a block of its exact size, so that valgrind sees each byte too many. */
static int parse_bytes(const void *json, size_t size, struct vg_user_caps *out)
{
	void *copy = malloc(size ? size : 1);
	int r;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, json, size);
	r = vg_user_caps_parse(copy, size, out);
	free(copy);
	return r;
}

static int parse(const char *json, struct vg_user_caps *out)
{
	return parse_bytes(json, strlen(json) + 1, out);
}

/* By what is written of them: the structs have holes. */
static void expect_same(const struct vg_user_caps *a, const struct vg_user_caps *b)
{
	char of_a[VG_USER_JSON_SIZE], of_b[VG_USER_JSON_SIZE];

	ck_assert_int_gt(vg_user_caps_write(a, of_a, sizeof(of_a)), 0);
	ck_assert_int_gt(vg_user_caps_write(b, of_b, sizeof(of_b)), 0);
	ck_assert_str_eq(of_a, of_b);
	ck_assert_uint_eq(a->named, b->named);
}

static void expect_defaults(const struct vg_user_caps *caps)
{
	ck_assert_uint_eq(caps->named, 0);
	ck_assert_uint_eq(caps->max_msg_fds, 1);
	ck_assert_uint_eq(caps->max_data_xfer_size, 1048576);
	ck_assert_uint_eq(caps->max_dma_maps, 65535);
	ck_assert_uint_eq(caps->pgsizes, 4096);
	ck_assert(!caps->twin_socket && !caps->write_multiple);
	ck_assert_int_eq(caps->twin_index, -1);
	ck_assert_uint_eq(caps->display, 0);
}

START_TEST(defaults)
{
	static const char *const nothing[] = {"", "{}", "{\"capabilities\":{}}",
										  "{\"capabilities\":{\"x\":[1,{}]}, \"y\":0}"};
	struct vg_user_caps caps;
	size_t i;

	ck_assert_int_eq(vg_user_caps_parse(NULL, 0, &caps), 0);
	expect_defaults(&caps);
	for (i = 0; i < VG_COUNT(nothing); i++) {
		memset(&caps, 0xff, sizeof(caps));
		ck_assert_int_eq(parse(nothing[i], &caps), 0);
		expect_defaults(&caps);
	}
}
END_TEST

/* What QEMU 10.1 proposes. */
#define QEMU                                                                                                           \
	"{\"capabilities\": {\"migration\": {\"pgsize\": 4096, \"max_bitmap_size\": 268435456}, \"max_msg_fds\": 16, "     \
	"\"max_data_xfer_size\": 1048576, \"pgsizes\": 4096, \"max_dma_maps\": 65535, \"write_multiple\": true}}"

START_TEST(qemu)
{
	struct vg_user_caps caps, own, answer, again;
	char json[VG_USER_JSON_SIZE];
	int n;

	ck_assert_int_eq(parse(QEMU, &caps), 0);
	ck_assert_uint_eq(caps.named, VG_USER_CAP_MIGRATION | VG_USER_CAP_MSG_FDS | VG_USER_CAP_DATA_SIZE |
									  VG_USER_CAP_PGSIZES | VG_USER_CAP_DMA_MAPS | VG_USER_CAP_WRITE_MULTIPLE);
	ck_assert_uint_eq(caps.max_msg_fds, 16);
	ck_assert_uint_eq(caps.max_bitmap_size, 268435456);
	ck_assert(caps.write_multiple);
	vg_user_caps_init(&own);
	own.named = ~0u;
	own.max_msg_fds = 64;
	own.max_data_xfer_size = (uint32_t)64 << 20;
	own.max_dma_maps = 1000000;
	own.pgsizes = 4096 | (1 << 21);
	own.twin_socket = own.write_multiple = true;
	own.twin_index = 0;
	own.display = 1;
	own.dma_messages = true;
	vg_user_caps_answer(&own, &caps, &answer);
	ck_assert_uint_eq(answer.named, caps.named); /* neither twin socket nor display were proposed */
	ck_assert_uint_eq(answer.max_msg_fds, 16);
	ck_assert_uint_eq(answer.max_data_xfer_size, 1048576);
	ck_assert_uint_eq(answer.max_dma_maps, 65535);
	ck_assert_uint_eq(answer.pgsizes, 4096);
	ck_assert(!answer.twin_socket && answer.write_multiple && answer.display == 0 && !answer.dma_messages);
	n = vg_user_caps_write(&answer, json, sizeof(json));
	ck_assert_int_eq(n, (int)strlen(json) + 1);
	ck_assert_ptr_null(strstr(json, "twin"));
	ck_assert_ptr_null(strstr(json, "display"));
	ck_assert_int_eq(parse(json, &again), 0);
	expect_same(&again, &answer);
}
END_TEST

/* All that can be named, there and back; and a buffer of each size. */
START_TEST(round_trip)
{
	struct vg_user_caps own, again;
	char json[VG_USER_JSON_SIZE];
	int n, i;

	vg_user_caps_init(&own);
	own.named = 0x1ff;
	own.max_msg_fds = 253;
	own.max_data_xfer_size = UINT32_MAX;
	own.pgsizes = UINT64_MAX & ~UINT64_C(4095);
	own.twin_socket = own.write_multiple = true;
	own.twin_index = 7;
	own.max_bitmap_size = UINT64_MAX;
	own.display = 3;
	own.dma_messages = true;
	n = vg_user_caps_write(&own, json, sizeof(json));
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(parse(json, &again), 0);
	expect_same(&again, &own);
	for (i = 1; i < n; i++)
		ck_assert_int_eq(vg_user_caps_write(&own, json, (size_t)i), -ENAMETOOLONG);
	ck_assert_int_eq(vg_user_caps_write(&own, json, (size_t)n), n);
	own.named = 0;
	ck_assert_int_eq(vg_user_caps_write(&own, json, sizeof(json)), (int)sizeof("{\"capabilities\":{}}"));
}
END_TEST

/* The display's version: the lower one, and none where it is 0 or only one side names it. */
START_TEST(display)
{
	static const uint32_t cases[][3] = {{1, 1, 1}, {1, 7, 1}, {3, 2, 2}, {1, 0, 0}, {0, 1, 0}, {UINT32_MAX, 1, 1}};
	struct vg_user_caps own, theirs, answer;
	char json[VG_USER_JSON_SIZE];
	size_t i;

	for (i = 0; i < VG_COUNT(cases); i++) {
		vg_user_caps_init(&own);
		vg_user_caps_init(&theirs);
		own.named = theirs.named = VG_USER_CAP_DISPLAY;
		own.display = cases[i][0];
		theirs.display = cases[i][1];
		vg_user_caps_answer(&own, &theirs, &answer);
		ck_assert_uint_eq(answer.display, cases[i][2]);
		ck_assert_int_gt(vg_user_caps_write(&answer, json, sizeof(json)), 0);
		ck_assert_int_eq(strstr(json, "vgpu_display") != NULL, cases[i][2] != 0);
	}
	own.named = 0;
	own.display = theirs.display = 1;
	vg_user_caps_answer(&own, &theirs, &answer);
	ck_assert_uint_eq(answer.display, 0);
}
END_TEST

#define CAP(text) "{\"capabilities\":{" text "}}"

START_TEST(hostile)
{
	static const char *const bad[] = {"x",
									  "1",
									  "null",
									  "[]",
									  "\"capabilities\"",
									  "{",
									  "{}}",
									  "{} x",
									  "{\"capabilities\":1}",
									  "{\"capabilities\":[]}",
									  "{\"capabilities\":null}",
									  CAP("\"max_msg_fds\":-1"),
									  CAP("\"max_msg_fds\":1.5"),
									  CAP("\"max_msg_fds\":\"1\""),
									  CAP("\"max_msg_fds\":null"),
									  CAP("\"max_msg_fds\":true"),
									  CAP("\"max_data_xfer_size\":0"),
									  CAP("\"max_data_xfer_size\":7"),
									  CAP("\"pgsizes\":0"),
									  CAP("\"max_dma_maps\":{}"),
									  CAP("\"twin_socket\":true"),
									  CAP("\"twin_socket\":{\"supported\":1}"),
									  CAP("\"twin_socket\":{\"fd_index\":-1}"),
									  CAP("\"write_multiple\":1"),
									  CAP("\"vgpu_display\":true"),
									  CAP("\"vgpu_display\":-1"),
									  CAP("\"vgpu_display\":{}"),
									  CAP("\"vgpu_dma_messages\":1"),
									  CAP("\"migration\":1"),
									  CAP("\"migration\":{\"pgsize\":[]}"),
									  CAP("\"x\":[[[[[[[[[[1]]]]]]]]]]"),
									  "{\"\xff\":1}",
									  "{\"a\":\"\xc3\"}",
									  "/* */{}",
									  "{\"capabilities\":{},}",
									  "NaN"};
	struct vg_user_caps caps = {.named = 12345};
	size_t i;

	for (i = 0; i < VG_COUNT(bad); i++) {
		ck_assert_msg(parse(bad[i], &caps) == -EPROTO, "%s", bad[i]);
		ck_assert_uint_eq(caps.named, 12345);
	}
}
END_TEST

START_TEST(sizes)
{
	static char json[VG_USER_JSON_SIZE + 2];
	struct vg_user_caps caps;

	ck_assert_int_eq(parse_bytes("{}", 2, &caps), -EPROTO); /* no NUL */
	ck_assert_int_eq(parse_bytes("{}\0{", 4, &caps), 0);
	memset(json, ' ', sizeof(json));
	json[0] = '{';
	json[VG_USER_JSON_SIZE - 2] = '}';
	json[VG_USER_JSON_SIZE - 1] = '\0';
	ck_assert_int_eq(parse_bytes(json, VG_USER_JSON_SIZE, &caps), 0);
	ck_assert_int_eq(parse_bytes(json, VG_USER_JSON_SIZE + 1, &caps), -EPROTO);
	ck_assert_int_eq(parse(CAP("\"max_msg_fds\":99999999999999999999999999"), &caps), 0);
	ck_assert_uint_eq(caps.max_msg_fds, UINT32_MAX);
	ck_assert_int_eq(parse(CAP("\"twin_socket\":{\"fd_index\":99999999999}"), &caps), 0);
	ck_assert_int_eq(caps.twin_index, VG_USER_FDS_MAX);
}
END_TEST

/* Good data with bytes changed at random: nothing but an error comes of it. */
START_TEST(mutations)
{
	char json[] = QEMU;
	struct vg_user_caps caps;
	size_t i, n;

	noise_seed(_i);
	for (i = 0; i < 2000; i++) {
		memcpy(json, QEMU, sizeof(json));
		for (n = 1 + (size_t)noise() % 4; n; n--)
			json[(size_t)noise() % sizeof(json)] = (char)(noise() % 3 ? "{}[]\",:0e-tn\\u"[noise() % 14] : noise());
		if (parse_bytes(json, 1 + (size_t)noise() % sizeof(json), &caps) == 0)
			ck_assert(caps.max_data_xfer_size >= VG_USER_DATA_MIN && caps.pgsizes);
	}
}
END_TEST

START_TEST(versions)
{
	ck_assert_int_eq(vg_user_minor(0, 0), 0);
	ck_assert_int_eq(vg_user_minor(0, 1), 1);
	ck_assert_int_eq(vg_user_minor(0, 2), 2);
	ck_assert_int_eq(vg_user_minor(0, 65535), VG_USER_MINOR);
	ck_assert_int_eq(vg_user_minor(1, 0), -EPROTO);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user caps");
	TCase *tcase = tcase_create("user caps");

	tcase_add_test(tcase, defaults);
	tcase_add_test(tcase, qemu);
	tcase_add_test(tcase, round_trip);
	tcase_add_test(tcase, display);
	tcase_add_test(tcase, hostile);
	tcase_add_test(tcase, sizes);
	tcase_add_loop_test(tcase, mutations, 0, 10);
	tcase_add_test(tcase, versions);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
