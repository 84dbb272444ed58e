#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: the example of a virtual machine monitor, with two serial ports and KVM.
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

load mtty || vm_fail 'no mtty'
for module in ccp kvm kvm-amd; do
	! has_module "$module" || load "$module"
done
wait_for 5 test -e /dev/kvm || vm_fail 'no KVM'
make_mdev SOURCE mtty mtty-1
make_mdev TARGET mtty mtty-1
vmm "$SOURCE" "$TARGET" >/tmp/said || vm_fail "vmm: $(cat /tmp/said)"
cat /tmp/said
for device in "$SOURCE" "$TARGET"; do
	grep -q "^$device: 1 interrupt\$" /tmp/said || vm_fail "no interrupt of $device"
done
if [ "$(uname -r | cut -d . -f 1,2)" = 6.1 ]; then # its mtty can't migrate
	grep -q "^$SOURCE: no migration: " /tmp/said || vm_fail 'no word of migration'
else
	grep -q "^$TARGET: migrated, scratch register 0xa5\$" /tmp/said || vm_fail 'not migrated'
fi
