#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: a created vGPU is ready only when udev has finished with its nodes, however long its rules take.
set -eu
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh
uuid=6ba7b810-9dad-11d1-80b4-00c04fd430c8

fail() {
	echo "udev.sh: $*" >&2
	exit 1
}

load samples
mkdir -p /run/udev/rules.d
echo 'SUBSYSTEM=="vfio|vfio-dev", PROGRAM="/bin/sleep 0.7", MODE="0624"' >/run/udev/rules.d/50-slow.rules
# shellcheck disable=SC2119 # without coldplug
start_udev || fail "udev does not start"

# without waiting for the node the rule has not been carried out: it is slow enough to be seen
vgpuctl create -p mtty -t mtty-1 --wait sysfs "$uuid" >/dev/null
group=$(vgpuctl --json list "$uuid" | sed -n 's/.*"iommu_group": \([0-9]*\).*/\1/p')
[ "$(stat -c %a "/dev/vfio/$group")" = 600 ] || fail "the rule was faster than create: this test proves nothing"
vgpuctl destroy "$uuid"
udevadm settle

for round in 1 2 3; do
	vgpuctl create -p mtty -t mtty-1 "$uuid" >/dev/null
	group=$(vgpuctl --json list "$uuid" | sed -n 's/.*"iommu_group": \([0-9]*\).*/\1/p')
	[ "$(stat -c %a "/dev/vfio/$group")" = 624 ] || fail "round $round: create did not wait for udev"
	vgpuctl destroy "$uuid"
done

# the owner that was asked for is not undone by a rule that comes late
vgpuctl create -p mtty -t mtty-1 --owner 1000:1001 "$uuid" >/dev/null
group=$(vgpuctl --json list "$uuid" | sed -n 's/.*"iommu_group": \([0-9]*\).*/\1/p')
udevadm settle
[ "$(stat -c '%u:%g %a' "/dev/vfio/$group")" = '1000:1001 624' ] || fail "owner: $(stat -c '%u:%g %a' "/dev/vfio/$group")"
vgpuctl destroy "$uuid"

# a rule that takes longer than the deadline: the vGPU is taken back
if vgpuctl create -p mtty -t mtty-1 --timeout 0.2 "$uuid" 2>/tmp/why; then
	fail "create did not keep its deadline"
fi
grep -q 'was not finished by udev in time' /tmp/why || fail "$(cat /tmp/why)"
[ -z "$(vgpuctl list)" ] || fail "something is left: $(vgpuctl list)"
echo "udev: ok"
