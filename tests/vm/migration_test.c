/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of migration on a real kernel. migration_test.sh makes the devices. */
#include "migration_test.h"

#include <linux/serial_reg.h>
#include <string.h>
#include <sys/utsname.h>

bool can_migrate(void)
{
	struct utsname name;

	uname(&name);
	return strncmp(name.release, "6.1.", 4) != 0; /* its mtty has no migration */
}

static void put(struct vgpu_vfio *vfio, uint32_t bar, uint32_t reg, uint8_t value)
{
	ck_assert_int_eq(vgpu_region_write_value(vfio, bar, reg, 1, value), 0);
}

static uint8_t get(struct vgpu_vfio *vfio, uint32_t bar, uint32_t reg)
{
	uint64_t value = 0;

	ck_assert_int_eq(vgpu_region_read_value(vfio, bar, reg, 1, &value), 0);
	return (uint8_t)value;
}

void port_put(struct vgpu_vfio *vfio, uint32_t bar, uint8_t byte)
{
	put(vfio, bar, UART_TX, byte);
}

void port_fill(struct vgpu_vfio *vfio, uint32_t bar, uint8_t scratch, const char *text)
{
	put(vfio, bar, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT);
	put(vfio, bar, UART_LCR, UART_LCR_WLEN8);
	put(vfio, bar, UART_IER, UART_IER_RDI | UART_IER_RLSI);
	put(vfio, bar, UART_MCR, UART_MCR_DTR | UART_MCR_RTS);
	put(vfio, bar, UART_SCR, scratch);
	for (; *text; text++)
		port_put(vfio, bar, (uint8_t)*text);
}

void port_expect(struct vgpu_vfio *vfio, uint32_t bar, uint8_t scratch, const char *text)
{
	ck_assert_uint_eq(get(vfio, bar, UART_SCR), scratch);
	ck_assert_uint_eq(get(vfio, bar, UART_LCR), UART_LCR_WLEN8);
	ck_assert_uint_eq(get(vfio, bar, UART_IER), UART_IER_RDI | UART_IER_RLSI);
	ck_assert_uint_eq(get(vfio, bar, UART_MCR), UART_MCR_DTR | UART_MCR_RTS);
	for (; *text; text++) {
		ck_assert_uint_eq(get(vfio, bar, UART_LSR) & UART_LSR_DR, UART_LSR_DR);
		ck_assert_uint_eq(get(vfio, bar, UART_RX), (uint8_t)*text);
	}
	ck_assert_uint_eq(get(vfio, bar, UART_LSR) & UART_LSR_DR, 0);
}

struct vgpu_migration *open_session(struct vgpu_context *ctx, struct vgpu_vfio *vfio)
{
	struct vgpu_migration *session = NULL;
	int r = vgpu_migration_open(vfio, &session);

	ck_assert_msg(r == 0, "open: %d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	return session;
}

void set_state(struct vgpu_context *ctx, struct vgpu_migration *session, enum vgpu_migration_state state)
{
	int r = vgpu_migration_set_state(session, state);

	ck_assert_msg(r == 0, "%s: %d: %s", vgpu_migration_state_get_name(state), r,
				  vgpu_error_get_message(vgpu_context_get_error(ctx)));
	expect_state(session, state);
}

void expect_state(struct vgpu_migration *session, enum vgpu_migration_state state)
{
	enum vgpu_migration_state is = VGPU_MIGRATION_STATE_ERROR;

	ck_assert_int_eq(vgpu_migration_read_state(session, &is), 0);
	ck_assert_str_eq(vgpu_migration_state_get_name(is), vgpu_migration_state_get_name(state));
}

void expect_usable(struct vgpu_context *ctx, struct vgpu_vfio *vfio)
{
	struct vgpu_migration *session = open_session(ctx, vfio);

	expect_state(session, VGPU_MIGRATION_STATE_RUNNING);
	vgpu_migration_close(session);
	port_fill(vfio, VGPU_REGION_BAR0, 0x77, "it lives");
	port_expect(vfio, VGPU_REGION_BAR0, 0x77, "it lives");
}

int main(void)
{
	Suite *suite = suite_create("migration");
	int paths = has_iommufd() ? 2 : 1;

	if (can_migrate()) {
		add_session_tests(suite, paths);
		add_file_tests(suite, paths);
		add_failure_tests(suite, paths);
		add_dirty_tests(suite, paths);
	}
	add_unsupported_tests(suite, paths);
	return run_suite(suite);
}
