#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds a tree that looks like the root of a host with an NVIDIA GPU of COUNT virtual functions, of which every other
# one has a vGPU: vfs.sh DIR COUNT. tests/fixtures/build.sh would take a minute for them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$1 count=$2
mkdir -p "$dir"
"$here/../fixtures/build.sh" "$dir" bare
gpu=sys/devices/pci0000:3a/0000:3a:00.0
cd "$dir/bare"
mkdir -p "$gpu/0000:3b:00.0" sys/bus/pci/devices sys/bus/pci/drivers/nvidia sys/class/vfio-dev dev/vfio/devices

# put FOLDER FILE TEXT
put() {
	printf '%s\n' "$3" >"$1/$2"
}

# ids FOLDER ADDRESS: what every function has.
ids() {
	put "$1" vendor 0x10de
	put "$1" device 0x26b9
	put "$1" class 0x030200
	put "$1" numa_node 0
	ln -s ../../../../bus/pci/drivers/nvidia "$1/driver"
	ln -s ../../../../bus/pci "$1/subsystem"
	ln -s "../../../devices/pci0000:3a/0000:3a:00.0/$2" "sys/bus/pci/devices/$2"
	ln -s "../../../../devices/pci0000:3a/0000:3a:00.0/$2" "sys/bus/pci/drivers/nvidia/$2"
}

ids "$gpu/0000:3b:00.0" 0000:3b:00.0
put "$gpu/0000:3b:00.0" sriov_totalvfs "$count"
put "$gpu/0000:3b:00.0" sriov_numvfs "$count"
number=0
while [ "$number" -lt "$count" ]; do
	address=$(printf '0000:%02x:%02x.%d' $((0x3b + (number + 4) / 256)) $(((number + 4) / 8 % 32)) $(((number + 4) % 8)))
	folder=$gpu/$address
	mkdir -p "$folder/nvidia" "$folder/vfio-dev/vfio$number" "sys/kernel/iommu_groups/$number"
	ids "$folder" "$address"
	ln -s "../$address" "$gpu/0000:3b:00.0/virtfn$number"
	ln -s ../0000:3b:00.0 "$folder/physfn"
	ln -s "../../../../kernel/iommu_groups/$number" "$folder/iommu_group"
	put "$folder/vfio-dev/vfio$number" dev "244:$number"
	ln -s "../../devices/pci0000:3a/0000:3a:00.0/$address/vfio-dev/vfio$number" "sys/class/vfio-dev/vfio$number"
	put "$folder/nvidia" current_vgpu_type $((number % 2 * 1145))
	if [ $((number % 2)) -eq 0 ]; then
		printf 'ID    : vGPU Name\n1145  : NVIDIA L40S-1B\n1148  : NVIDIA L40S-2Q\n'
	fi >"$folder/nvidia/creatable_vgpu_types"
	number=$((number + 1))
done
mv "$dir/bare" "$dir/functions"
