#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: runs bench_region against a sample device that can be mapped, and one that can't.
set -u
# shellcheck source-path=SCRIPTDIR source=../vm/guest.sh
. /lib/vm.sh
load samples || vm_fail 'no sample drivers'
mtty=$(new_uuid)
mdpy=$(new_uuid)
mdev_create mtty mtty-1 "$mtty"
mdev_create mdpy mdpy-vga "$mdpy"
echo "mtty, kernel $(uname -r), processor emulated"
bench_region "$mtty" || exit
echo "mdpy"
bench_region "$mdpy" 16
