/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of guest memory: ranges, how each is reached, who has borrowed of them, which pages are dirty. */
#ifndef VG_PROVIDER_GUEST_TABLE_H
#define VG_PROVIDER_GUEST_TABLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define VG_GUEST_PAGE UINT64_C(4096) /* of dirty bitmaps */

/*
 * Mapped and touched; mapped, but touched only by the kernel on our behalf, whom a page that is gone does not kill (its
 * owner can cut it off; and by write(2) the kernel would wait for what the owner does to the file); or by messages.
 */
enum vg_guest_way { VG_GUEST_MAPPED = 1, VG_GUEST_COPIED, VG_GUEST_MESSAGES };

struct vg_guest_range {
	atomic_int refs; /* the table's, and one of each borrower */
	uint64_t iova;
	uint64_t size;
	uint32_t flags; /* VGPU_GUEST_* */
	enum vg_guest_way way;
	char *at;  /* where it is mapped */
	void *map; /* its whole mapping, from the page that it starts in */
	size_t map_size;
	uint64_t *dirty; /* a bit a page, from the page of iova on; NULL: not logged */
};

/* Addresses whose writes are logged. */
struct vg_guest_watch {
	uint64_t first;
	uint64_t last;
};

struct vg_guest {
	pthread_mutex_t lock;
	struct vg_guest_range **ranges; /* ordered by IOVA */
	size_t count;
	size_t room;
	size_t max;
	size_t borrowed; /* how many times, of all ranges */
	bool connected;
	bool held; /* nothing can be borrowed now: the vGPU is at rest */
	bool logging;
	struct vg_guest_watch *watched; /* what the log is of, in order */
	size_t watch_count;             /* 0: of all */
	size_t dirty_bytes;             /* of all bitmaps */
	bool can_message;               /* the client's layout of messages is known */
	struct vg_transfer *queue;      /* transfers that need messages, for the loop to take */
	struct vg_transfer **queue_end;
	pthread_cond_t done; /* a transfer that a thread waits for may be */
};

/* What a client asks for. */
struct vg_guest_map {
	uint64_t iova;
	uint64_t size;
	uint32_t flags;
	int fd; /* -1: there is none */
	uint64_t offset;
	bool trust;
};

void vg_guest_init(struct vg_guest *guest, size_t max);
void vg_guest_free(struct vg_guest *guest);
/*
 * Adds a range: 0, -EEXIST (it overlaps), -EINVAL, -ENOSPC (there are too many), -ERANGE (beyond the file), -ENOMEM, or
 * an -errno of the kernel. The descriptor stays the caller's.
 */
int vg_guest_add(struct vg_guest *guest, const struct vg_guest_map *map);
/* Takes out the range of exactly this place; -ENOENT. */
int vg_guest_remove(struct vg_guest *guest, uint64_t iova, uint64_t size);
/* Is there such a range? */
bool vg_guest_has(struct vg_guest *guest, uint64_t iova, uint64_t size);
/* Takes all out; a log goes on. */
void vg_guest_unmap_all(struct vg_guest *guest);
/* Takes all out, and ends a log. */
void vg_guest_clear(struct vg_guest *guest);
/* The range that holds iova, or NULL. Under the lock. */
struct vg_guest_range *vg_guest_at(const struct vg_guest *guest, uint64_t iova);
/* A reference, for a borrower; is dropped by vg_guest_give_back(). Under the lock. */
void vg_guest_borrow(struct vg_guest *guest, struct vg_guest_range *range);
/* True where the last borrowed memory came back. */
bool vg_guest_give_back(struct vg_guest *guest, struct vg_guest_range *range);
size_t vg_guest_borrowed(struct vg_guest *guest);
void vg_guest_hold(struct vg_guest *guest, bool held);

/* A copy from or to guest memory, over as many ranges as it needs. */
struct vg_transfer {
	struct vg_transfer *next;
	bool is_write;
	uint64_t iova;
	char *buf; /* not written to by a write */
	size_t length;
	size_t done;
	void (*end)(struct vg_transfer *transfer, int result); /* on the loop */
	void (*fn)(void *data, int result);                    /* the caller's */
	void *data;
	bool finished; /* under the lock, for a thread that waits; and its result */
	int result;
	size_t part; /* of the message that is under way */
	uint16_t id;
	int64_t deadline;
};

/*
 * Goes on with a transfer as far as no message is needed. 0: it is done; -EINPROGRESS: a message of transfer->part
 * bytes is needed next; or -errno. Nothing is borrowed afterwards: the transfer counts as borrowed as a whole.
 */
int vg_transfer_go_on(struct vg_guest *guest, struct vg_transfer *transfer);
/* Takes the first of the queue, or NULL. */
struct vg_transfer *vg_transfer_take(struct vg_guest *guest);

/*
 * Logs dirty pages of these addresses, in any order; count 0: of all. 0, -EINVAL (they overlap, or there is a log
 * already), -ENOSPC or -ENOMEM.
 */
int vg_guest_log_start(struct vg_guest *guest, const struct vg_guest_watch *watched, size_t count);
/* 0, or -EINVAL (there is no log). */
int vg_guest_log_stop(struct vg_guest *guest);
/* Ends a log, if there is one. Under the lock, as the next two. */
void vg_guest_log_end(struct vg_guest *guest);
/* Of a new range, if there is a log. */
int vg_guest_log_range(struct vg_guest *guest, struct vg_guest_range *range);
void vg_guest_log_drop(struct vg_guest *guest, struct vg_guest_range *range);
void vg_guest_mark(struct vg_guest *guest, uint64_t iova, uint64_t length);
/*
 * Moves the dirty bits of [iova, iova + length) into bitmap (cleared, a bit for page_size bytes): 0, or -EINVAL (there
 * is no log, or not of all of it).
 */
int vg_guest_log_report(struct vg_guest *guest, uint64_t iova, uint64_t length, uint64_t page_size, uint64_t *bitmap);

#endif
