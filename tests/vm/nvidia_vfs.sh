#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: enabling and disabling virtual functions of the stand-in for an NVIDIA GPU, which refuses sriov_numvfs.
set -eu
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh
vm=c0ffee00-0000-4000-8000-000000000001
device=/sys/bus/pci/devices/$VM_PARENT
err=/tmp/stderr

# is CODE COMMAND...: the command ends so.
is() {
	vm_code=0
	vm_want=$1
	shift
	"$@" >/tmp/stdout 2>$err || vm_code=$?
	[ "$vm_code" -eq "$vm_want" ] || vm_fail "$*: exit code $vm_code instead of $vm_want: $(cat /tmp/stdout $err)"
	echo "ok: $*"
}

# said TEXT: the last command did, on standard output or error.
said() {
	grep -qF -- "$1" /tmp/stdout $err || vm_fail "lacks '$1': $(cat /tmp/stdout $err)"
}

enabled() {
	[ "$(cat "$device/sriov_numvfs")" -eq "$1" ] || vm_fail "$(cat "$device/sriov_numvfs") functions instead of $1"
}

is 0 vgpuctl types
said 'none is enabled'
is 8 vgpuctl create -p "$VM_PARENT" -t 1145
said 'vgpuctl vfs'
is 5 vgpuctl vfs "$VM_PARENT" --enable 2
said 'all virtual functions or none'
is 2 vgpuctl vfs "$VM_PARENT" --enable 5
enabled 0

# The program can't get at the driver for a moment, and then can.
echo 3 >/run/unbindlock
is 0 vgpuctl vfs "$VM_PARENT" --enable max
said '4 of 4'
enabled 4
[ "$(cat /run/unbindlock)" -eq 0 ] || vm_fail 'it was not tried again'
is 0 vgpuctl vfs "$VM_PARENT" --enable 4
[ "$(wc -l </run/sriov-manage.log)" -eq 1 ] || vm_fail 'the program ran although there was nothing to do'
is 6 vgpuctl vfs "$VM_PARENT" --enable 2
echo 1000 >/run/unbindlock
is 1 vgpuctl vfs "$VM_PARENT" --disable --timeout 2
said unbindLock
enabled 4
echo 0 >/run/unbindlock

# Never under a vGPU, whoever made it.
is 0 vgpuctl create -p "$VM_PARENT" -t 1145 $vm
is 6 vgpuctl vfs "$VM_PARENT" --disable
is 0 vgpuctl destroy $vm
echo 1145 >"$device/virtfn3/nvidia/current_vgpu_type"
is 6 vgpuctl vfs "$VM_PARENT" --disable
echo 0 >"$device/virtfn3/nvidia/current_vgpu_type"
is 0 vgpuctl vfs "$VM_PARENT" --disable
enabled 0
is 0 vgpuctl vfs "$VM_PARENT" --disable

# GPU instances would be ended: what the driver's procfs says of them is made up here.
mkdir -p /tmp/proc/sys/kernel/random "/tmp/proc/driver/nvidia/gpus/$VM_PARENT" /tmp/proc/driver/nvidia/capabilities/gpu3/mig/gi1
cp /proc/sys/kernel/random/boot_id /tmp/proc/sys/kernel/random
printf 'Model: \t\t L40S\nDevice Minor: \t 3\n' >"/tmp/proc/driver/nvidia/gpus/$VM_PARENT/information"
is 6 vgpuctl --proc /tmp/proc vfs "$VM_PARENT" --enable max
said 'GPU instances'
enabled 0

# Without the program the driver is the end of it.
mv /usr/lib/nvidia/sriov-manage /tmp
is 5 vgpuctl vfs "$VM_PARENT" --enable max
said sriov-manage
mv /tmp/sriov-manage /usr/lib/nvidia
is 0 vgpuctl vfs "$VM_PARENT" --enable max
is 0 vgpuctl create -p "$VM_PARENT" -t 1145 $vm
is 0 vgpuctl list $vm
is 0 vgpuctl destroy $vm
