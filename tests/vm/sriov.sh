#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: plain SR-IOV on the NVMe controller as it is. sriov.sh [PROGRAM [ARGUMENT...]]: instead, a program.
set -eu
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh
# shellcheck source-path=SCRIPTDIR source=expect.sh
. expect.sh
vm=c0ffee00-0000-4000-8000-000000000001

load nvme
VM_PARENT=$(pci_find 1b36:0010)
VM_TYPE=vf-4
VM_ANY_CLASS=1
export VM_PARENT VM_TYPE VM_ANY_CLASS
device=/sys/bus/pci/devices/$VM_PARENT
wait_for 10 pci_driver "$VM_PARENT" >/dev/null || vm_fail 'nvme does not take the controller'
if [ $# -gt 0 ]; then
	load vfio-pci
	exec "$@"
fi

# vf N: its PCI address.
vf() {
	basename "$(readlink "$device/virtfn$1")"
}

# It is no GPU: a parent only for those who say so.
ends 0 vgpuctl parents
! grep -q sriov /tmp/stdout || vm_fail 'a disk is a parent'
ends 3 vgpuctl types -p "$VM_PARENT"
ends 0 vgpuctl --any-class types
told vf-1 vf-2 vf-4 'the whole device'
ends 3 vgpuctl --any-class create -p "$VM_PARENT" -t vf-5
ends 3 vgpuctl --any-class create -p "$VM_PARENT" -t vf-0
holds 0 "$device/sriov_numvfs"

# Without vfio-pci there is a way out; with it, create enables the functions, and no driver of the host takes them.
if [ ! -d /sys/bus/pci/drivers/vfio-pci ]; then
	ends 5 vgpuctl --any-class create -p "$VM_PARENT" -t vf-4 $vm
	told 'modprobe vfio-pci'
	ends 0 vgpuctl --any-class vfs "$VM_PARENT" --disable
fi
load vfio-pci
ends 0 vgpuctl --any-class create -p "$VM_PARENT" -t vf-4 $vm
holds 4 "$device/sriov_numvfs"
holds 0 "$device/sriov_drivers_autoprobe"
name=$(vgpuctl list -o name --noheadings $vm)
[ "$(pci_driver "$name")" = vfio-pci ] || vm_fail 'its driver is another'
holds vfio-pci "/sys/bus/pci/devices/$name/driver_override"
ends 0 vgpuctl list # without --any-class too: libvgpu has made it
told $vm vf-4 ready
ends 0 vgpuctl read $vm config -n 4
told '00000000  36 1b 10 00'
ends 0 vgpuctl --any-class types
told 'one of 4 equal functions'
ends 8 vgpuctl --any-class create -p "$VM_PARENT" -t vf-2
told 'vgpuctl vfs'
ends 7 vgpuctl --any-class create -p "$VM_PARENT" -t vf-4 $vm

# What something else bound is not free, to vfio-pci too; nor what is kept for another driver.
other=$(vf 3)
[ "$other" != "$name" ] || other=$(vf 2)
bind_vfio_pci "$other"
ends 0 vgpuctl --any-class list -o name,owner
told "$other foreign"
ends 1 vgpuctl --any-class destroy "$other"
told 'has not made it'
ends 8 vgpuctl --any-class create -p "$other" -t vf-4
kept=$(vf 1)
[ "$kept" != "$name" ] || kept=$(vf 0)
echo pci-stub >"/sys/bus/pci/devices/$kept/driver_override"
ends 8 vgpuctl --any-class create -p "$kept" -t vf-4
ends 0 vgpuctl --any-class create -p "$VM_PARENT" -t vf-4 $vm:1
ends 8 vgpuctl --any-class create -p "$VM_PARENT" -t vf-4 $vm:2
echo >"/sys/bus/pci/devices/$kept/driver_override"
ends 0 vgpuctl --any-class create -p "$kept" -t vf-4 $vm:2
ends 0 vgpuctl list $vm:2 -o name
told "$kept"
ends 0 vgpuctl --any-class types
told 'has a driver'

# Their number changes only through 0, and never under a vGPU; forced, a foreign one goes.
ends 6 vgpuctl --any-class vfs "$VM_PARENT" --disable
ends 6 vgpuctl --any-class vfs "$VM_PARENT" --enable 2
ends 0 vgpuctl --any-class destroy "$other" --force
for number in 0 1 2; do
	ends 0 vgpuctl destroy $vm:$number
done
holds '(null)' "/sys/bus/pci/devices/$kept/driver_override"
! pci_driver "$kept" || vm_fail 'it still has a driver'
holds 4 "$device/sriov_numvfs"
ends 6 vgpuctl --any-class vfs "$VM_PARENT" --enable 2
ends 0 vgpuctl --any-class vfs "$VM_PARENT" --disable
holds 1 "$device/sriov_drivers_autoprobe"
ends 0 vgpuctl --any-class vfs "$VM_PARENT" --enable 2
ends 0 vgpuctl --any-class create -p "$VM_PARENT" -t vf-2 $vm

# In use: refused.
exec 7<>"/dev/vfio/$(iommu_group "/sys/bus/pci/devices/$(vgpuctl list $vm -o name --noheadings)")"
ends 6 vgpuctl destroy $vm
exec 7>&-
ends 0 vgpuctl destroy $vm
ends 0 vgpuctl list
! grep -q vf- /tmp/stdout || vm_fail 'something is left'
[ -z "$(ls /run/vgpu)" ] || vm_fail "records are left: $(ls /run/vgpu)"
