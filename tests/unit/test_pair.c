/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pairs, the mdev's UUID that follows from them, and PCI addresses. */
#include "run_suite.h"
#include "util/pair.h"

#define UUID "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

START_TEST(pair_parse)
{
	struct vg_pair pair;
	char text[VG_PAIR_SIZE];

	ck_assert_int_eq(vg_pair_parse("6BA7B810-9DAD-11D1-80B4-00C04FD430C8", &pair), 0);
	ck_assert_str_eq(pair.uuid, UUID);
	ck_assert_uint_eq(pair.instance, 0);
	ck_assert_int_eq(vg_pair_parse(UUID ":65535", &pair), 0);
	ck_assert_uint_eq(pair.instance, 65535);
	vg_pair_format(&pair, text);
	ck_assert_str_eq(text, UUID ":65535");
}
END_TEST

START_TEST(pair_refuses)
{
	static const char *const bad[] = {"",
									  "x",
									  UUID ":",
									  UUID ":65536",
									  UUID ":-1",
									  UUID ":1x",
									  UUID "0",
									  UUID " ",
									  UUID ": 1",
									  "6ba7b8109dad11d180b400c04fd430c8",
									  "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
									  UUID ":99999999999999999999"};
	struct vg_pair pair = {.instance = 7};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(vg_pair_parse(bad[i], &pair) < 0, "took '%s'", bad[i]);
	ck_assert_uint_eq(pair.instance, 7);
}
END_TEST

/* The second value is Python's uuid.uuid5(uuid.NAMESPACE_DNS, "1"): the DNS namespace is UUID. */
START_TEST(mdev_uuid)
{
	struct vg_pair pair;
	char out[VG_UUID_SIZE];

	ck_assert_int_eq(vg_pair_parse(UUID, &pair), 0);
	vg_pair_mdev_uuid(&pair, out);
	ck_assert_str_eq(out, UUID);
	pair.instance = 1;
	vg_pair_mdev_uuid(&pair, out);
	ck_assert_str_eq(out, "b04965e6-a9bb-591f-8f8a-1adcb2c8dc39");
}
END_TEST

START_TEST(pci)
{
	static const char *const bad[] = {
		"",         "00:00",       "00:20.0",       "00:00.8",      "g0:00.0",     "00:00.0 ", "123456789:00:00.0",
		":00:00.0", "0:0:00:00.0", "0000:00:00.00", "0000-00:00.0", "+000:00:00.0"};
	char out[VG_PCI_SIZE];
	size_t i;

	ck_assert_int_eq(vg_pci_parse("3B:00.7", out), 0);
	ck_assert_str_eq(out, "0000:3b:00.7");
	ck_assert_int_eq(vg_pci_parse("10000:e1:1f.0", out), 0);
	ck_assert_str_eq(out, "10000:e1:1f.0");
	ck_assert_int_eq(vg_pci_parse("ffffffff:ff:1f.7", out), 0);
	ck_assert_str_eq(out, "ffffffff:ff:1f.7");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(vg_pci_parse(bad[i], out) < 0, "took '%s'", bad[i]);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {pair_parse, pair_refuses, mdev_uuid, pci, NULL};

	return run_suite("pair", tests);
}
