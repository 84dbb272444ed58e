#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: enabling and disabling virtual functions of the stand-in for an NVIDIA GPU, which refuses sriov_numvfs.
set -eu
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh
# shellcheck source-path=SCRIPTDIR source=expect.sh
. expect.sh
vm=c0ffee00-0000-4000-8000-000000000001
device=/sys/bus/pci/devices/$VM_PARENT

enabled() {
	[ "$(cat "$device/sriov_numvfs")" -eq "$1" ] || vm_fail "$(cat "$device/sriov_numvfs") functions instead of $1"
}

ends 0 vgpuctl types
told 'none is enabled'
ends 8 vgpuctl create -p "$VM_PARENT" -t 1145
told 'vgpuctl vfs'
ends 5 vgpuctl vfs "$VM_PARENT" --enable 2
told 'all virtual functions or none'
ends 2 vgpuctl vfs "$VM_PARENT" --enable 5
enabled 0

# The program can't get at the driver for a moment, and then can.
echo 3 >/run/unbindlock
ends 0 vgpuctl vfs "$VM_PARENT" --enable max
told '4 of 4'
enabled 4
[ "$(cat /run/unbindlock)" -eq 0 ] || vm_fail 'it was not tried again'
ends 0 vgpuctl vfs "$VM_PARENT" --enable 4
[ "$(wc -l </run/sriov-manage.log)" -eq 1 ] || vm_fail 'the program ran although there was nothing to do'
ends 6 vgpuctl vfs "$VM_PARENT" --enable 2
echo 1000 >/run/unbindlock
ends 1 vgpuctl vfs "$VM_PARENT" --disable --timeout 2
told unbindLock
enabled 4
echo 0 >/run/unbindlock

# Never under a vGPU, whoever made it.
ends 0 vgpuctl create -p "$VM_PARENT" -t 1145 $vm
ends 6 vgpuctl vfs "$VM_PARENT" --disable
ends 0 vgpuctl destroy $vm
echo 1145 >"$device/virtfn3/nvidia/current_vgpu_type"
ends 6 vgpuctl vfs "$VM_PARENT" --disable
echo 0 >"$device/virtfn3/nvidia/current_vgpu_type"
ends 0 vgpuctl vfs "$VM_PARENT" --disable
enabled 0
ends 0 vgpuctl vfs "$VM_PARENT" --disable

# GPU instances would be ended: what the driver's procfs says of them is made up here.
mkdir -p /tmp/proc/sys/kernel/random "/tmp/proc/driver/nvidia/gpus/$VM_PARENT" /tmp/proc/driver/nvidia/capabilities/gpu3/mig/gi1
cp /proc/sys/kernel/random/boot_id /tmp/proc/sys/kernel/random
printf 'Model: \t\t L40S\nDevice Minor: \t 3\n' >"/tmp/proc/driver/nvidia/gpus/$VM_PARENT/information"
ends 6 vgpuctl --proc /tmp/proc vfs "$VM_PARENT" --enable max
told 'GPU instances'
enabled 0

# Without the program the driver is the end of it.
mv /usr/lib/nvidia/sriov-manage /tmp
ends 5 vgpuctl vfs "$VM_PARENT" --enable max
told sriov-manage
mv /tmp/sriov-manage /usr/lib/nvidia
ends 0 vgpuctl vfs "$VM_PARENT" --enable max
ends 0 vgpuctl create -p "$VM_PARENT" -t 1145 $vm
ends 0 vgpuctl list $vm
ends 0 vgpuctl destroy $vm
