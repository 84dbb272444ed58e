/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same tests over each way to a device: by group, by iommufd, by vfio-user. What a device is, stands in a table of
 * facts; tests ask the facts, and the way only where it is what they are about.
 */
#ifndef TESTS_ACCESS_ACCESS_TEST_H
#define TESTS_ACCESS_ACCESS_TEST_H

#include "vm/dma_test.h"

#define REGIONS 10

/* A register that keeps what is written to it. */
struct place {
	uint32_t region;
	uint32_t offset;
	unsigned width;
};

/* What a reset does with such a register. */
enum reset { RESET_NONE = 0, RESET_KEEPS, RESET_CLEARS };

/* Paths, as bits. */
#define BY_KERNEL 1u
#define BY_USER 2u

struct facts {
	const char *name;
	struct {
		uint64_t size;
		uint32_t flags;
	} regions[REGIONS];
	/* Has the device send an interrupt of index raises; and takes its cause away. NULL: it never does. */
	void (*raise)(void);
	void (*acknowledge)(void);
	/* Copies between IOVAs, at most copy_most bytes. False: the device says that it could not. NULL: it has no DMA. */
	bool (*copy)(uint64_t from, uint64_t to, uint32_t length);
	uint64_t migration;      /* VGPU_MIGRATION_FLAG_*; 0: it can't */
	struct place scratch[4]; /* ended by a width of 0 */
	uint32_t id;             /* the first word of config space */
	uint32_t beyond;         /* an index that it has no region of */
	uint32_t irqs[3];        /* how many vectors of INTx, MSI and MSI-X */
	uint32_t irq_flags[2];   /* of INTx and MSI */
	uint32_t raises;
	uint32_t copy_most;
	uint32_t source;  /* where it shows what it shows: VGPU_DISPLAY_* */
	unsigned display; /* by which paths it can be asked for that: BY_* */
	enum reset reset;
	int memory;           /* the region that is memory, and can be mapped; -1: none */
	int edid;             /* region; -1: none */
	bool memory_by_calls; /* it is read and written where it says (which mdpy's and mbochs' are not) */
	bool maps_parts;      /* of it any part can be mapped */
	bool silences;        /* its driver takes one vector's eventfd away */
	bool logs;            /* dirty pages */
	bool sets_mode;       /* the guest does, by the registers of bochs-display; else it shows 640x480 from the start */
	bool asks_back;       /* its host can ask for it (IRQ REQ) */
};

extern const struct facts *facts;
extern enum vgpu_access way;
extern bool by_calls_only; /* nothing can be mapped */

/* Of the test that runs: the device is open, and may do DMA. */
extern struct vgpu_context *ctx;
extern struct vgpu_vfio *vfio;

/* NULL: there are no such facts. */
const struct facts *facts_find(const char *name);
bool has_display(void);
bool has_memory_map(void);

/* Opens the device, alone with dma (NULL: its own). */
void open_device(struct vgpu_dma *dma);
/* The other device of the same type, beside the first. */
struct vgpu_vfio *open_other(void);
void close_device(void);
/* A DEVICE of this way that does not exist. */
const char *missing_device(void);
/* What somebody else has opened, to be handed over; and its end. */
struct vgpu_vfio_fds open_nodes(void);
void close_nodes(const struct vgpu_vfio_fds *fds);
/* The host takes the device back, which ends when the handle is closed; it is gone; it is there again. */
void host_begin(void);
void host_end(void);
void host_return(void);

void expect_ok(int r);
uint64_t get(const struct place *place);
void put(const struct place *place, uint64_t value);
uint64_t get_at(uint32_t region, uint64_t offset, unsigned width);
void put_at(uint32_t region, uint64_t offset, unsigned width, uint64_t value);
int make_eventfd(void);
/* How many interrupts came; 0 after this time without one. What a server asks for meanwhile is done. */
uint64_t take(int fd, int timeout_ms);

#define expect_irq(fd) ck_assert_uint_ge(take(fd, 10000), 1)
#define expect_no_irq(fd) ck_assert_uint_eq(take(fd, 50), 0)

/* Each adds what the facts have of it. */
void add_open_bodies(TCase *tcase);
void add_region_bodies(TCase *tcase);
void add_map_bodies(TCase *tcase);
void add_irq_bodies(TCase *tcase);
void add_dma_bodies(TCase *tcase);
void add_state_bodies(TCase *tcase);
void add_dirty_bodies(TCase *tcase);
void add_display_bodies(TCase *tcase);

#endif
