/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file that holds a device's saved state: a head that says of which device it is, the driver's stream as it is, and
 * a tail with its length and a checksum. vgpuctl-migrate(1) describes it. No I/O here: only bytes, none of them
 * trusted.
 */
#ifndef CLI_STATEFILE_H
#define CLI_STATEFILE_H

#include <sha2.h>
#include <stdbool.h>
#include <stdint.h>

#define STATEFILE_HEAD_SIZE 512
#define STATEFILE_TAIL_SIZE 64
#define STATEFILE_TYPE_SIZE 192
#define STATEFILE_NAME_SIZE 192
#define STATEFILE_API_SIZE 32
#define STATEFILE_HEX_SIZE (2 * SHA256_DIGEST_LENGTH + 1)

/* Which device a state is of. Texts are printable ASCII, "" where there is none. */
struct state_identity {
	char type[STATEFILE_TYPE_SIZE]; /* of a vGPU */
	char api[STATEFILE_API_SIZE];   /* its device API */
	char name[STATEFILE_NAME_SIZE]; /* the kernel's name: for people only */
	uint16_t pci_ids[4];            /* vendor, device, those of the subsystem; 0: not PCI */
};

/* Copies text into a field of an identity. False: it is too long, or not printable. */
bool state_text(char *field, size_t size, const char *text);

/* A checksum of all bytes from the head on, as they are written or read. */
struct state_sum {
	SHA2_CTX sha;
	uint64_t length; /* of the stream */
};

/* Fills the head, and begins the checksum with it. */
void state_begin(struct state_sum *sum, const struct state_identity *identity, unsigned char head[STATEFILE_HEAD_SIZE]);
/* The next bytes of the stream. */
void state_add(struct state_sum *sum, const void *bytes, size_t length);
/* Fills the tail. The checksum is used up. */
void state_end(struct state_sum *sum, unsigned char tail[STATEFILE_TAIL_SIZE]);

/* What is wrong with a head, a phrase for people; NULL: nothing, and *out is set and the checksum begun. */
const char *state_check_head(const unsigned char head[STATEFILE_HEAD_SIZE], struct state_identity *out,
							 struct state_sum *sum);
/* The same of the tail of a file of this size: *length becomes that of the stream. What it sums up is not looked at. */
const char *state_check_tail(const unsigned char tail[STATEFILE_TAIL_SIZE], uint64_t file_size, uint64_t *length);
/* Do the bytes that were added agree with the tail? The checksum is used up. */
bool state_agrees(struct state_sum *sum, const unsigned char tail[STATEFILE_TAIL_SIZE]);
/* The tail's checksum for people. */
void state_hex(const unsigned char tail[STATEFILE_TAIL_SIZE], char out[STATEFILE_HEX_SIZE]);

#endif
