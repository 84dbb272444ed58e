#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: quotas of virtual functions, on the stand-in for Intel's xe.
set -eu
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh
# shellcheck source-path=SCRIPTDIR source=expect.sh
. expect.sh
vm=c0ffee00-0000-4000-8000-000000000001

load vfio-pci
insmod /lib/standin/xe.ko
parent=$(pci_find 1b36:0010)
device=/sys/bus/pci/devices/$parent

# A GPU: no --any-class.
ends 0 vgpuctl parents -o name,backend,driver,vf_count,vf_total
told sriov xe
ends 0 vgpuctl create -p "$parent" -t vf-2 -a profile/exec_quantum_ms=20 -a profile/vram_quota=1073741824 $vm
! grep -q asked $err || vm_fail "nothing was rounded: $(cat $err)"
name=$(vgpuctl list $vm -o name --noheadings)
[ "$name" = "$(basename "$(readlink "$device/virtfn0")")" ] || vm_fail "$name is not the first function"
profile=$device/sriov_admin/vf1/profile
holds 20 "$profile/exec_quantum_ms"
holds 1073741824 "$profile/vram_quota"
holds 0 "$profile/preempt_timeout_us"
ends 0 vgpuctl show --no-open $vm
told '"name": "profile/vram_quota"' '"value": "1073741824"' '[low] normal high'

# The firmware rounds: what came is said.
ends 0 vgpuctl create -p "$parent" -t vf-2 -a profile/exec_quantum_ms=25 $vm:1
told "25 was asked for, the driver made it '30'"
ends 0 vgpuctl destroy $vm:1
holds 0 "$device/sriov_admin/vf2/profile/exec_quantum_ms"

# What the driver does not take takes all back, what was set before it too.
echo 7 >"$device/sriov_admin/vf2/profile/preempt_timeout_us"
ends 1 vgpuctl create -p "$parent" -t vf-2 -a profile/preempt_timeout_us=9 -a profile/vram_quota=8589934592 $vm:1
told vram_quota 'taken back'
holds 7 "$device/sriov_admin/vf2/profile/preempt_timeout_us"
other=$(basename "$(readlink "$device/virtfn1")")
! pci_driver "$other" || vm_fail 'it still has a driver'
holds '(null)' "/sys/bus/pci/devices/$other/driver_override"
[ "$(find /run/vgpu -name 'c0ffee00*' | wc -l)" -eq 1 ] || vm_fail "records: $(ls /run/vgpu)"
ends 5 vgpuctl create -p "$parent" -t vf-2 -a profile/lmem_quota=1 $vm:1
ends 1 vgpuctl create -p "$parent" -t vf-2 -a profile/sched_priority=high $vm:1

ends 0 vgpuctl destroy $vm
holds 0 "$profile/exec_quantum_ms"
holds 0 "$profile/vram_quota"
ends 0 vgpuctl vfs "$parent" --disable
