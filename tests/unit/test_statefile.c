/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of a saved state, as hostile as somebody could make it. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "run_suite.h"
#include "statefile.h"

#define HEAD STATEFILE_HEAD_SIZE
#define TAIL STATEFILE_TAIL_SIZE
#define STREAM "the state of a device"
#define LENGTH (sizeof(STREAM) - 1)
#define SIZE (HEAD + LENGTH + TAIL)

/* What tells a file from another; at the end of the head stands its own checksum. */
#define AT_VERSION 8
#define AT_SIZE 12
#define AT_API 32
#define AT_TYPE 64
#define AT_SUM 480

static struct state_identity saved;

static void make(unsigned char file[SIZE])
{
	struct state_sum sum;

	memset(&saved, 0, sizeof(saved));
	ck_assert(state_text(saved.type, sizeof(saved.type), "mtty-1"));
	ck_assert(state_text(saved.api, sizeof(saved.api), "vfio-pci"));
	ck_assert(state_text(saved.name, sizeof(saved.name), "c0ffee00-0000-4000-8000-000000000001"));
	saved.pci_ids[0] = 0x4348;
	saved.pci_ids[3] = 0xabcd;
	state_begin(&sum, &saved, file);
	state_add(&sum, STREAM, 4);
	state_add(&sum, &STREAM[4], LENGTH - 4);
	memcpy(file + HEAD, STREAM, LENGTH);
	state_end(&sum, file + HEAD + LENGTH);
}

/* What is wrong with the file, looked at as restore does; NULL: nothing. */
static const char *check(const unsigned char *file, uint64_t size)
{
	struct state_identity identity;
	struct state_sum sum;
	uint64_t length;
	const char *what = "short";

	if (size >= HEAD)
		what = state_check_head(file, &identity, &sum);
	if (!what)
		what = state_check_tail(file + (size < HEAD + TAIL ? HEAD : size) - TAIL, size, &length);
	if (what)
		return what;
	state_add(&sum, file + HEAD, length);
	return state_agrees(&sum, file + size - TAIL) ? NULL : "sum";
}

/* Makes the head's own checksum right. */
static void sign(unsigned char *file)
{
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, file, AT_SUM);
	SHA256Final(file + AT_SUM, &sha);
}

START_TEST(good)
{
	unsigned char file[SIZE];
	struct state_identity identity;
	struct state_sum sum;
	char hex[STATEFILE_HEX_SIZE];
	uint64_t length = 0;

	make(file);
	ck_assert_ptr_null(check(file, SIZE));
	ck_assert_ptr_null(state_check_head(file, &identity, &sum));
	ck_assert_mem_eq(&identity, &saved, sizeof(saved));
	ck_assert_ptr_null(state_check_tail(file + SIZE - TAIL, SIZE, &length));
	ck_assert_uint_eq(length, LENGTH);
	state_hex(file + SIZE - TAIL, hex);
	ck_assert_uint_eq(strlen(hex), 64);
	/* the layout that the manual describes */
	ck_assert_mem_eq(file, "\x89vGPU\r\n\x1a\1\0\0\0\0\2\0\0\x48\x43", 18);
	ck_assert_mem_eq(file + 22, "\xcd\xab", 2);
	ck_assert_str_eq((char *)file + AT_TYPE, "mtty-1");
	ck_assert_str_eq((char *)file + AT_API, "vfio-pci");
	ck_assert_str_eq((char *)file + 256, saved.name);
	ck_assert_mem_eq(file + SIZE - TAIL, "\x89vEND\r\n\x1a\x15\0\0\0\0\0\0\0", 16);
}
END_TEST

/* No byte can be another, not even by one bit. */
START_TEST(each_bit_altered)
{
	unsigned char file[SIZE];
	size_t i;

	make(file);
	for (i = 0; i < SIZE * 8; i++) {
		file[i / 8] ^= (unsigned char)(1u << i % 8);
		ck_assert_msg(check(file, SIZE) != NULL, "bit %zu", i);
		file[i / 8] ^= (unsigned char)(1u << i % 8);
	}
	ck_assert_ptr_null(check(file, SIZE));
}
END_TEST

/* Cut at each length, in a block of exactly this size so that valgrind sees each byte too many. */
START_TEST(each_length)
{
	unsigned char file[SIZE], *part;
	size_t n;

	make(file);
	for (n = 0; n < SIZE; n++) {
		part = malloc(n + 1);
		ck_assert_ptr_nonnull(part);
		memcpy(part, file, n);
		part[n] = 0;
		ck_assert_msg(check(part, n) != NULL, "%zu bytes", n);
		ck_assert_msg(check(part, n + 1) != NULL, "%zu bytes and another", n);
		free(part);
	}
	part = malloc(SIZE + 1);
	memcpy(part, file, SIZE);
	part[SIZE] = 0;
	ck_assert_ptr_nonnull(check(part, SIZE + 1));
	free(part);
}
END_TEST

START_TEST(wild_lengths)
{
	static const uint64_t lengths[] = {0, LENGTH - 1, LENGTH + 1, INT64_MAX, UINT64_MAX, UINT64_MAX - HEAD - TAIL + 1};
	unsigned char file[SIZE];
	uint64_t length = 7;
	size_t i, k;

	make(file);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (k = 0; k < 8; k++)
			file[SIZE - TAIL + 8 + k] = (unsigned char)(lengths[i] >> 8 * k);
		ck_assert_ptr_nonnull(check(file, SIZE));
		ck_assert_ptr_nonnull(state_check_tail(file + SIZE - TAIL, SIZE, &length));
		ck_assert_ptr_nonnull(state_check_tail(file + SIZE - TAIL, 0, &length));
		ck_assert_ptr_nonnull(state_check_tail(file + SIZE - TAIL, HEAD + TAIL - 1, &length));
	}
	ck_assert_uint_eq(length, 7);
	/* a state of no bytes, which agrees with all */
	memset(file + SIZE - TAIL + 8, 0, 8);
	ck_assert_str_eq(state_check_tail(file + SIZE - TAIL, HEAD + TAIL, &length), "it holds no state");
}
END_TEST

/* Heads that somebody signed: the checksum is right, what they say is not. */
START_TEST(signed_nonsense)
{
	static const struct {
		size_t at;
		unsigned char byte;
	} bad[] = {{AT_VERSION, 2},
			   {AT_VERSION + 3, 1},
			   {AT_SIZE, 1},
			   {AT_SIZE + 3, 0xff},
			   {AT_TYPE, '\n'},
			   {AT_TYPE, 0x7f},
			   {AT_TYPE, 0x80},
			   {AT_TYPE + 100, 'x'},
			   {AT_API + 31, 'x'},
			   {AT_API, 0},
			   {24, 1},
			   {31, 1},
			   {448, 1},
			   {479, 1},
			   {256 + 191, 'x'}};
	unsigned char file[SIZE];
	struct state_identity identity;
	struct state_sum sum;
	size_t i;

	memset(&identity, 0x55, sizeof(identity));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make(file);
		file[bad[i].at] = bad[i].byte;
		sign(file);
		ck_assert_msg(state_check_head(file, &identity, &sum) != NULL, "%zu", i);
	}
	/* a text without an end */
	make(file);
	memset(file + AT_TYPE, 'x', STATEFILE_TYPE_SIZE);
	sign(file);
	ck_assert_str_eq(state_check_head(file, &identity, &sum), "its head is malformed");
	ck_assert_uint_eq((unsigned char)identity.type[0], 0x55); /* untouched */
}
END_TEST

START_TEST(texts)
{
	char field[8] = "xxxxxxx";

	ck_assert(!state_text(field, sizeof(field), "too long"));
	ck_assert(!state_text(field, sizeof(field), "a\tb"));
	ck_assert(!state_text(field, sizeof(field), "\xc3\xa4"));
	ck_assert_str_eq(field, "xxxxxxx");
	ck_assert(state_text(field, sizeof(field), "seven77"));
	ck_assert(state_text(field, sizeof(field), ""));
	ck_assert_mem_eq(field, "\0\0\0\0\0\0\0", 8);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {good, each_bit_altered, each_length, wild_lengths, signed_nonsense, texts, NULL};

	return run_suite("statefile", tests);
}
