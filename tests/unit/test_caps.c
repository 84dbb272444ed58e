/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capability chains as hostile as a driver could make them. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "run_suite.h"
#include "vfio/caps.h"

#define BASE 32
#define SIZE 1024

/* A struct as the kernel would answer it, in a block of its exact size so that valgrind sees each byte too many. */
static unsigned char *make_info(size_t size)
{
	unsigned char *info = calloc(1, size);

	ck_assert_ptr_nonnull(info);
	return info;
}

static void put_cap(unsigned char *info, size_t at, uint16_t id, uint16_t version, uint32_t next)
{
	memcpy(info + at, &id, 2);
	memcpy(info + at + 2, &version, 2);
	memcpy(info + at + 4, &next, 4);
}

struct seen {
	unsigned count;
	uint16_t ids[128];
	size_t last_size;
};

/* Touches all that a capability is said to have. */
static void take(void *data, const struct vg_cap *cap)
{
	struct seen *seen = data;
	unsigned sum = 0;
	size_t i;

	for (i = 0; i < cap->size; i++)
		sum += cap->data[i];
	ck_assert_uint_lt(seen->count, 128);
	seen->ids[seen->count++] = cap->id;
	seen->last_size = cap->size + (sum & 0);
}

static int walk(const unsigned char *info, size_t size, uint32_t first, struct seen *seen)
{
	*seen = (struct seen){0};
	return vg_caps_walk(info, size, BASE, first, take, seen);
}

START_TEST(caps_good)
{
	unsigned char *info = make_info(SIZE);
	struct seen seen;

	ck_assert_int_eq(walk(info, SIZE, 0, &seen), 0);
	ck_assert_uint_eq(seen.count, 0);
	put_cap(info, 32, 2, 1, 100); /* backwards and forwards, aligned to 4 only */
	put_cap(info, 100, 1, 1, 60);
	put_cap(info, 60, 3, 1, 0);
	ck_assert_int_eq(walk(info, SIZE, 32, &seen), 0);
	ck_assert_uint_eq(seen.count, 3);
	ck_assert_uint_eq(seen.ids[0], 2);
	ck_assert_uint_eq(seen.ids[1], 1);
	ck_assert_uint_eq(seen.ids[2], 3);
	ck_assert_uint_eq(seen.last_size, SIZE - 60 - 8);
	free(info);
}
END_TEST

/* A header that ends with the struct is one without data; one byte less is none. */
START_TEST(caps_at_the_end)
{
	unsigned char *info = make_info(SIZE);
	struct seen seen;

	put_cap(info, SIZE - 8, 2, 1, 0);
	ck_assert_int_eq(walk(info, SIZE, SIZE - 8, &seen), 0);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_uint_eq(seen.last_size, 0);
	ck_assert_int_eq(walk(info, SIZE - 1, SIZE - 8, &seen), -EPROTO);
	ck_assert_int_eq(walk(info, SIZE, SIZE - 4, &seen), -EPROTO);
	ck_assert_int_eq(walk(info, SIZE, SIZE, &seen), -EPROTO);
	ck_assert_uint_eq(seen.count, 0);
	free(info);
}
END_TEST

START_TEST(caps_out_of_bounds)
{
	static const uint32_t bad[] = {1, 4, 28, 33, 34, SIZE + 4, 0x7ffffffc, 0x80000000, 0xfffffffc, 0xffffffff};
	unsigned char *info = make_info(SIZE);
	struct seen seen;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(walk(info, SIZE, bad[i], &seen), -EPROTO);
		ck_assert_uint_eq(seen.count, 0);
		put_cap(info, 32, 2, 1, bad[i]);
		ck_assert_int_eq(walk(info, SIZE, 32, &seen), -EPROTO);
		ck_assert_uint_eq(seen.count, 1); /* what came before counts */
	}
	free(info);
}
END_TEST

START_TEST(caps_loops)
{
	unsigned char *info = make_info(SIZE);
	struct seen seen;

	put_cap(info, 32, 2, 1, 32);
	ck_assert_int_eq(walk(info, SIZE, 32, &seen), -EPROTO);
	ck_assert_uint_eq(seen.count, 1);
	put_cap(info, 32, 2, 1, 64);
	put_cap(info, 64, 1, 1, 96);
	put_cap(info, 96, 3, 1, 64);
	ck_assert_int_eq(walk(info, SIZE, 32, &seen), -EPROTO);
	ck_assert_uint_eq(seen.count, 3);
	free(info);
}
END_TEST

START_TEST(caps_too_deep)
{
	unsigned char *info = make_info(SIZE);
	struct seen seen;
	uint32_t at;

	for (at = 32; at + 16 <= SIZE; at += 8) /* 123 of them */
		put_cap(info, at, 9, 1, at + 8);
	put_cap(info, at, 9, 1, 0);
	ck_assert_int_eq(walk(info, SIZE, 32, &seen), -EPROTO);
	ck_assert_uint_eq(seen.count, 64);
	put_cap(info, 32 + 63 * 8, 9, 1, 0);
	ck_assert_int_eq(walk(info, SIZE, 32, &seen), 0);
	ck_assert_uint_eq(seen.count, 64);
	free(info);
}
END_TEST

/* A driver whose argsz was too short leaves nothing but the base, and possibly a wild offset. */
START_TEST(caps_short)
{
	unsigned char *info = make_info(BASE);
	struct seen seen;
	uint32_t first;

	for (first = 1; first < 100; first++)
		ck_assert_int_eq(walk(info, BASE, first, &seen), -EPROTO);
	ck_assert_int_eq(walk(info, BASE, 0, &seen), 0);
	free(info);
}
END_TEST

/* All chains of two headers in a small struct: none may read outside of it (valgrind and ASan watch). */
START_TEST(caps_all_small)
{
	unsigned char *info = make_info(56);
	struct seen seen;
	uint32_t a, b, first;

	for (first = 0; first < 64; first += 4)
		for (a = 0; a < 64; a += 4)
			for (b = 0; b < 64; b += 4) {
				put_cap(info, 32, 1, 1, a);
				put_cap(info, 48, 2, 1, b);
				walk(info, 56, first, &seen);
				ck_assert_uint_le(seen.count, 4);
			}
	free(info);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {caps_good,     caps_at_the_end, caps_out_of_bounds, caps_loops,
								  caps_too_deep, caps_short,      caps_all_small,     NULL};

	return run_suite("caps", tests);
}
