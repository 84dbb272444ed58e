/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that holds a device's saved state. Numbers in it are little-endian. */
#include "statefile.h"

#include <endian.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define VERSION 1

/* The magics tell of a transfer that took the file for text. */
static const unsigned char head_magic[8] = {0x89, 'v', 'G', 'P', 'U', '\r', '\n', 0x1a};
static const unsigned char tail_magic[8] = {0x89, 'v', 'E', 'N', 'D', '\r', '\n', 0x1a};

/* As the bytes lie in the file; no compiler puts a gap in here. */
struct head {
	unsigned char magic[8];
	uint32_t version;
	uint32_t size;
	uint16_t pci_ids[4];
	unsigned char zero[8];
	char api[STATEFILE_API_SIZE];
	char type[STATEFILE_TYPE_SIZE];
	char name[STATEFILE_NAME_SIZE];
	unsigned char zero_2[32];
	unsigned char sum[SHA256_DIGEST_LENGTH]; /* of what stands before */
};

struct tail {
	unsigned char magic[8];
	uint64_t length;
	unsigned char zero[16];
	unsigned char sum[SHA256_DIGEST_LENGTH]; /* of all that stands before, from the head on */
};

_Static_assert(sizeof(struct head) == STATEFILE_HEAD_SIZE, "head");
_Static_assert(sizeof(struct tail) == STATEFILE_TAIL_SIZE, "tail");

static bool is_zero(const unsigned char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

bool state_text(char *field, size_t size, const char *text)
{
	size_t i, length = strlen(text);

	if (length >= size)
		return false;
	for (i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	strncpy(field, text, size); /* fills up with zeros */
	return true;
}

/* Terminated, printable, and nothing behind the end. */
static bool is_text(const char *field, size_t size)
{
	size_t length = strnlen(field, size), i;

	for (i = 0; i < length; i++)
		if (field[i] < ' ' || field[i] > '~')
			return false;
	return length < size && is_zero((const unsigned char *)field + length, size - length);
}

static void sum_of(const void *bytes, size_t size, unsigned char out[SHA256_DIGEST_LENGTH])
{
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, bytes, size);
	SHA256Final(out, &sha);
}

static void sum_begin(struct state_sum *sum, const struct head *head)
{
	sum->length = 0;
	SHA256Init(&sum->sha);
	SHA256Update(&sum->sha, (const uint8_t *)head, sizeof(*head));
}

void state_begin(struct state_sum *sum, const struct state_identity *identity, unsigned char out[STATEFILE_HEAD_SIZE])
{
	struct head head = {.version = htole32(VERSION), .size = htole32(STATEFILE_HEAD_SIZE)};
	int i;

	memcpy(head.magic, head_magic, sizeof(head.magic));
	for (i = 0; i < 4; i++)
		head.pci_ids[i] = htole16(identity->pci_ids[i]);
	memcpy(head.api, identity->api, sizeof(head.api));
	memcpy(head.type, identity->type, sizeof(head.type));
	memcpy(head.name, identity->name, sizeof(head.name));
	sum_of(&head, offsetof(struct head, sum), head.sum);
	sum_begin(sum, &head);
	memcpy(out, &head, sizeof(head));
}

void state_add(struct state_sum *sum, const void *bytes, size_t length)
{
	SHA256Update(&sum->sha, bytes, length);
	sum->length += length;
}

static void sum_end(struct state_sum *sum, const struct tail *tail, unsigned char out[SHA256_DIGEST_LENGTH])
{
	SHA256Update(&sum->sha, (const uint8_t *)tail, offsetof(struct tail, sum));
	SHA256Final(out, &sum->sha);
}

void state_end(struct state_sum *sum, unsigned char out[STATEFILE_TAIL_SIZE])
{
	struct tail tail = {.length = htole64(sum->length)};

	memcpy(tail.magic, tail_magic, sizeof(tail.magic));
	sum_end(sum, &tail, tail.sum);
	memcpy(out, &tail, sizeof(tail));
}

const char *state_check_head(const unsigned char bytes[STATEFILE_HEAD_SIZE], struct state_identity *out,
							 struct state_sum *sum)
{
	unsigned char expected[SHA256_DIGEST_LENGTH];
	struct head head;
	int i;

	memcpy(&head, bytes, sizeof(head));
	if (memcmp(head.magic, head_magic, sizeof(head.magic)) != 0)
		return "this is not the saved state of a device";
	if (le32toh(head.version) != VERSION)
		return "its version is not one that this vgpuctl knows";
	sum_of(&head, offsetof(struct head, sum), expected);
	if (memcmp(head.sum, expected, sizeof(expected)) != 0)
		return "its head was altered: the checksum differs";
	if (le32toh(head.size) != STATEFILE_HEAD_SIZE || !is_text(head.api, sizeof(head.api)) ||
		!is_text(head.type, sizeof(head.type)) || !is_text(head.name, sizeof(head.name)) ||
		!is_zero(head.zero, sizeof(head.zero)) || !is_zero(head.zero_2, sizeof(head.zero_2)))
		return "its head is malformed";
	for (i = 0; i < 4; i++)
		out->pci_ids[i] = le16toh(head.pci_ids[i]);
	memcpy(out->api, head.api, sizeof(out->api));
	memcpy(out->type, head.type, sizeof(out->type));
	memcpy(out->name, head.name, sizeof(out->name));
	sum_begin(sum, &head);
	return NULL;
}

const char *state_check_tail(const unsigned char bytes[STATEFILE_TAIL_SIZE], uint64_t file_size, uint64_t *length)
{
	struct tail tail;

	memcpy(&tail, bytes, sizeof(tail));
	if (file_size < STATEFILE_HEAD_SIZE + STATEFILE_TAIL_SIZE ||
		memcmp(tail.magic, tail_magic, sizeof(tail.magic)) != 0)
		return "its end is missing: it was cut off, or something follows it";
	if (le64toh(tail.length) != file_size - STATEFILE_HEAD_SIZE - STATEFILE_TAIL_SIZE)
		return "it is not as long as it should be";
	if (!tail.length)
		return "it holds no state";
	*length = le64toh(tail.length);
	return NULL;
}

bool state_agrees(struct state_sum *sum, const unsigned char bytes[STATEFILE_TAIL_SIZE])
{
	unsigned char found[SHA256_DIGEST_LENGTH];
	struct tail tail;

	memcpy(&tail, bytes, sizeof(tail));
	sum_end(sum, &tail, found);
	return !memcmp(found, tail.sum, sizeof(found));
}

void state_hex(const unsigned char bytes[STATEFILE_TAIL_SIZE], char out[STATEFILE_HEX_SIZE])
{
	struct tail tail;
	size_t i;

	memcpy(&tail, bytes, sizeof(tail));
	for (i = 0; i < sizeof(tail.sum); i++)
		snprintf(out + 2 * i, 3, "%02x", tail.sum[i]);
}
