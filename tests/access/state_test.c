/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resets, and migration: states, the stream, into another device, and what is refused. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "access_test.h"

#define PATTERN 0x3c3ca5a55a5ac3c3

static struct vgpu_migration *session;

static uint64_t pattern(void)
{
	return PATTERN & UINT64_MAX >> (64 - 8 * facts->scratch[0].width);
}

/* What a flag says is a hint: the sample drivers lack it, and can. */
START_TEST(reset)
{
	struct vgpu_reset_set *set = NULL;
	int r;

	open_device(NULL);
	if (facts->scratch[0].width)
		put(&facts->scratch[0], pattern());
	r = vgpu_vfio_reset(vfio);
	if (facts->reset == RESET_NONE) {
		expect_failure(ctx, r, -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
		ck_assert_str_ne(vgpu_error_get_hint(vgpu_context_get_error(ctx)), "");
	} else {
		expect_ok(r);
	}
	if (facts->scratch[0].width)
		ck_assert_uint_eq(get(&facts->scratch[0]), facts->reset == RESET_CLEARS ? 0 : pattern());
	ck_assert_uint_eq(config(vfio, 0, 4), facts->id);
	ck_assert_int_eq(vgpu_vfio_reset(NULL), -EINVAL);
	/* none of these has a slot or a bus of its own */
	expect_failure(ctx, vgpu_reset_set_find(vfio, &set), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_vfio_hot_reset(vfio), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_reset_set_find(vfio, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_ptr_null(set);
	close_device();
}
END_TEST

/* Mappings stay over a reset: of BARs, and of memory for DMA. */
START_TEST(reset_keeps_mappings)
{
	struct vgpu_mapping *mapping;
	volatile uint32_t *pixels;
	unsigned char *mem = memory(MIB);

	open_device(NULL);
	expect_ok(vgpu_dma_map(vgpu_vfio_get_dma(vfio), 16 * MIB, mem, MIB, RW));
	expect_ok(vgpu_region_map(vfio, (uint32_t)facts->memory, NULL, &mapping));
	pixels = vgpu_mapping_get_address(mapping);
	expect_ok(vgpu_vfio_reset(vfio));
	pixels[77] = 0x12345678;
	ck_assert_uint_eq(pixels[77], 0x12345678);
	if (facts->memory_by_calls)
		ck_assert_uint_eq(get_at((uint32_t)facts->memory, 4 * 77, 4), 0x12345678);
	expect_map(vgpu_vfio_get_dma(vfio), 16 * MIB, 16 * MIB, mem, MIB, RW);
	if (facts->copy) {
		expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_MSI, 0, 1, NULL));
		ck_assert(facts->copy(16 * MIB, 16 * MIB + 8192, 64));
		ck_assert_int_eq(memcmp(mem, mem + 8192, 64), 0);
	}
	vgpu_mapping_unmap(mapping);
	close_device();
	munmap(mem, MIB);
}
END_TEST

static void begin(void)
{
	open_device(NULL);
	session = NULL;
	expect_ok(vgpu_migration_open(vfio, &session));
}

static void end(void)
{
	ck_assert_ptr_null(vgpu_migration_close(session));
	close_device();
}

static void expect_state(enum vgpu_migration_state state)
{
	enum vgpu_migration_state is = VGPU_MIGRATION_STATE_ERROR;

	expect_ok(vgpu_migration_read_state(session, &is));
	ck_assert_str_eq(vgpu_migration_state_get_name(is), vgpu_migration_state_get_name(state));
}

static void set_state(enum vgpu_migration_state state)
{
	expect_ok(vgpu_migration_set_state(session, state));
	expect_state(state);
}

START_TEST(states)
{
	struct vgpu_migration *another = NULL;
	char byte;

	begin();
	ck_assert_uint_eq(vgpu_migration_get_flags(session), facts->migration);
	expect_state(VGPU_MIGRATION_STATE_RUNNING);
	expect_failure(ctx, vgpu_migration_open(vfio, &another), -EBUSY, VGPU_CAUSE_IN_USE);
	ck_assert_ptr_null(another);
	set_state(VGPU_MIGRATION_STATE_STOP);
	set_state(VGPU_MIGRATION_STATE_STOP);
	ck_assert_int_eq(vgpu_migration_get_fd(session), -1);
	expect_failure(ctx, (int)vgpu_migration_read(session, &byte, 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, (int)vgpu_migration_write(session, "x", 1), -EINVAL, VGPU_CAUSE_INVALID);
	set_state(VGPU_MIGRATION_STATE_RUNNING);
	set_state(VGPU_MIGRATION_STATE_STOP_COPY); /* by way of STOP */
	ck_assert_int_eq((int)vgpu_migration_read(session, &byte, 1), 1);
	expect_failure(ctx, (int)vgpu_migration_write(session, "x", 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, (int)vgpu_migration_read(session, NULL, 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, (int)vgpu_migration_read(session, &byte, 0), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_ERROR), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_migration_set_state(session, (enum vgpu_migration_state)8), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_migration_set_state(session, (enum vgpu_migration_state) - 1), -EINVAL,
				   VGPU_CAUSE_INVALID);
	expect_state(VGPU_MIGRATION_STATE_STOP_COPY);
	/* closing gives up what is under way, and only that */
	vgpu_migration_close(session);
	session = NULL;
	expect_ok(vgpu_migration_open(vfio, &session));
	expect_state(VGPU_MIGRATION_STATE_RUNNING);
	set_state(VGPU_MIGRATION_STATE_STOP);
	vgpu_migration_close(session);
	expect_ok(vgpu_migration_open(vfio, &session));
	expect_state(VGPU_MIGRATION_STATE_STOP);
	expect_ok(vgpu_migration_stop(session));
	expect_state(VGPU_MIGRATION_STATE_RUNNING);
	end();
}
END_TEST

/* States that a driver has only with their flag. */
START_TEST(states_by_flag)
{
	static const struct {
		enum vgpu_migration_state state;
		uint64_t flags;
	} all[] = {
		{VGPU_MIGRATION_STATE_RUNNING_P2P, VGPU_MIGRATION_FLAG_P2P},
		{VGPU_MIGRATION_STATE_PRE_COPY, VGPU_MIGRATION_FLAG_PRE_COPY},
		{VGPU_MIGRATION_STATE_PRE_COPY_P2P, VGPU_MIGRATION_FLAG_P2P | VGPU_MIGRATION_FLAG_PRE_COPY},
	};
	size_t i;

	begin();
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if ((facts->migration & all[i].flags) == all[i].flags)
			set_state(all[i].state);
		else
			expect_failure(ctx, vgpu_migration_set_state(session, all[i].state), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	}
	set_state(VGPU_MIGRATION_STATE_RUNNING);
	set_state(VGPU_MIGRATION_STATE_STOP_COPY);
	if (facts->migration & VGPU_MIGRATION_FLAG_PRE_COPY)
		expect_failure(ctx, vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_PRE_COPY), -EINVAL,
					   VGPU_CAUSE_REFUSED);
	expect_state(VGPU_MIGRATION_STATE_STOP_COPY);
	end();
}
END_TEST

/* Has something in the device that a migration carries over. */
static void mark(uint64_t value)
{
	put(&facts->scratch[0], value);
	if (facts->memory_by_calls)
		put_at((uint32_t)facts->memory, 5 * MIB, 8, value);
}

static void expect_mark(uint64_t value)
{
	ck_assert_uint_eq(get(&facts->scratch[0]), value);
	if (facts->memory_by_calls)
		ck_assert_uint_eq(get_at((uint32_t)facts->memory, 5 * MIB, 8), value);
}

/* Into the other device, and back to this one; the first goes on as it was where that is asked for. */
START_TEST(save_and_load)
{
	struct vgpu_migration_opts opts = {.size = sizeof(opts), .state = VGPU_MIGRATION_STATE_RUNNING};
	int file = memfd_create("state", MFD_CLOEXEC);
	struct vgpu_vfio *first, *other;

	if (_i)
		opts.flags = VGPU_MIGRATION_SAVE_PRE_COPY;
	open_device(NULL);
	other = open_other();
	mark(pattern());
	expect_ok(vgpu_migration_save(vfio, file, &opts));
	expect_mark(pattern());
	mark(0);
	ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
	first = vfio;
	vfio = other;
	expect_ok(vgpu_migration_load(vfio, file, NULL));
	expect_mark(pattern());
	vgpu_vfio_close(other);
	vfio = first;
	expect_mark(0);
	close_device();
	close(file);
}
END_TEST

/* All that the stream has now. */
static size_t read_all(unsigned char *to, size_t room)
{
	size_t done = 0;
	ssize_t n;

	while ((n = vgpu_migration_read(session, to + done, room - done < 1000 ? room - done : 1000)) > 0)
		done += (size_t)n;
	ck_assert_int_eq((int)n, 0);
	return done;
}

/* The device runs, and is changed, while it is read. */
START_TEST(live)
{
	struct vgpu_migration_progress progress;
	const size_t room = 256 * 1024;
	unsigned char *stream = malloc(room);
	size_t size, done;
	ssize_t n;
	int r;

	begin();
	mark(pattern());
	set_state(VGPU_MIGRATION_STATE_PRE_COPY);
	r = vgpu_migration_read_progress(session, &progress);
	if (way == VGPU_ACCESS_USER)
		expect_failure(ctx, r, -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	else
		expect_ok(r);
	size = read_all(stream, room);
	ck_assert_uint_gt(size, 0);
	ck_assert_uint_eq(read_all(stream + size, room - size), 0);
	mark(pattern() >> 1);
	size += read_all(stream + size, room - size);
	mark(pattern() >> 2);
	set_state(VGPU_MIGRATION_STATE_STOP_COPY);
	size += read_all(stream + size, room - size);
	set_state(VGPU_MIGRATION_STATE_STOP);
	expect_failure(ctx, vgpu_migration_read_progress(session, &progress), -EINVAL, VGPU_CAUSE_INVALID);
	set_state(VGPU_MIGRATION_STATE_RUNNING);
	expect_mark(pattern() >> 2);
	end();
	vfio = open_other();
	expect_ok(vgpu_migration_open(vfio, &session));
	set_state(VGPU_MIGRATION_STATE_RESUMING);
	for (done = 0; done < size; done += (size_t)n) {
		n = vgpu_migration_write(session, stream + done, size - done < 777 ? size - done : 777);
		ck_assert_int_gt((int)n, 0);
	}
	set_state(VGPU_MIGRATION_STATE_RUNNING);
	expect_mark(pattern() >> 2);
	end();
	free(stream);
}
END_TEST

/* What is cut short, longer, or something else, is no state; the device runs all the same afterwards. */
START_TEST(bad_state)
{
	int file = memfd_create("state", MFD_CLOEXEC), r;
	off_t size;

	open_device(NULL);
	mark(pattern());
	expect_failure(ctx, vgpu_migration_load(vfio, file, NULL), -ENODATA, VGPU_CAUSE_BAD_DATA);
	expect_mark(pattern()); /* not touched before the first byte */
	expect_ok(vgpu_migration_save(vfio, file,
								  &(struct vgpu_migration_opts){.size = sizeof(struct vgpu_migration_opts),
																.state = VGPU_MIGRATION_STATE_RUNNING}));
	size = lseek(file, 0, SEEK_CUR);
	ck_assert_int_eq(ftruncate(file, size - 1), 0);
	ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
	expect_failure(ctx, vgpu_migration_load(vfio, file, NULL), -EINVAL, VGPU_CAUSE_BAD_DATA);
	ck_assert_str_ne(vgpu_error_get_hint(vgpu_context_get_error(ctx)), "");
	ck_assert_int_eq(pwrite(file, "another driver's state", 22, 0), 22);
	ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
	r = vgpu_migration_load(vfio, file, NULL);
	ck_assert_int_lt(r, 0); /* each driver has its own word for it */
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_BAD_DATA);
	session = NULL;
	expect_ok(vgpu_migration_open(vfio, &session));
	expect_state(VGPU_MIGRATION_STATE_RUNNING);
	vgpu_migration_close(session);
	mark(pattern());
	expect_mark(pattern());
	close_device();
	close(file);
}
END_TEST

START_TEST(mistakes)
{
	struct vgpu_migration_opts opts = {.size = sizeof(opts), .state = VGPU_MIGRATION_STATE_RESUMING};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	open_device(NULL);
	ck_assert_int_eq(vgpu_migration_open(NULL, &session), -EINVAL);
	expect_failure(ctx, vgpu_migration_open(vfio, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(vgpu_migration_save(NULL, 1, NULL), -EINVAL);
	expect_failure(ctx, vgpu_migration_save(vfio, 1000, NULL), -EBADF, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_migration_save(vfio, null, NULL), -EBADF, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_migration_load(vfio, null, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	opts.flags = 1u << 31;
	expect_failure(ctx, vgpu_migration_save(vfio, 1, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	close_device();
	close(null);
}
END_TEST

START_TEST(cannot_migrate)
{
	struct vgpu_migration *none = NULL;

	open_device(NULL);
	expect_failure(ctx, vgpu_migration_open(vfio, &none), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_ptr_null(none);
	expect_failure(ctx, vgpu_migration_save(vfio, STDOUT_FILENO, NULL), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	close_device();
}
END_TEST

void add_state_bodies(TCase *tcase)
{
	tcase_add_test(tcase, reset);
	if (facts->reset != RESET_NONE && has_memory_map())
		tcase_add_test(tcase, reset_keeps_mappings);
	if (!facts->migration) {
		tcase_add_test(tcase, cannot_migrate);
		return;
	}
	tcase_add_test(tcase, states);
	tcase_add_test(tcase, states_by_flag);
	tcase_add_loop_test(tcase, save_and_load, 0, facts->migration & VGPU_MIGRATION_FLAG_PRE_COPY ? 2 : 1);
	if (facts->migration & VGPU_MIGRATION_FLAG_PRE_COPY)
		tcase_add_test(tcase, live);
	tcase_add_test(tcase, bad_state);
	tcase_add_test(tcase, mistakes);
}
