#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds trees that look like the roots of hosts with many vGPUs: DIR/foreign, and DIR/ours, where records make all of
# them libvgpu's: tree.sh DIR COUNT. The host is one of tests/fixtures/build.sh, which would take a minute for them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$1 count=$2

# An archive of the vGPUs, on two of the host's parents by turns.
archive() {
	awk -v count="$count" '
	function entry(name, mode, data) {
		printf "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++inode, mode, 0, 0, 1, 0,
			length(data), 0, 0, 0, 0, length(name) + 1, 0
		printf "%s", name
		zeros(4 - (110 + length(name)) % 4)
		printf "%s", data
		zeros((4 - length(data) % 4) % 4)
	}
	function zeros(n) { while (n-- > 0) printf "%c", 0 }
	function folder(name) { entry(name, 16877, "") } # 040755
	function file(name, data) { entry(name, 33188, data) } # 0100644
	function link(name, data, up, parts, n) { # data: from the top of sysfs
		n = split(name, parts, "/") - 2
		for (up = ""; n > 0; n--) up = up "../"
		entry(name, 41471, up data) # 0120777
	}
	function vgpu(number, parent, type, driver, uuid, device, node, group) {
		uuid = sprintf("5f0e%04x-3d6c-4a7b-9e21-%012x", number * 40503 % 65536, number)
		device = parent "/" uuid
		node = "vfio" number
		group = "kernel/iommu_groups/" number + 100
		folder("sys/" device); folder("sys/" device "/power")
		file("sys/" device "/remove", ""); file("sys/" device "/uevent", "DRIVER=" driver "\n")
		link("sys/" device "/driver", "bus/mdev/drivers/" driver)
		link("sys/" device "/iommu_group", group)
		link("sys/" device "/mdev_type", parent "/mdev_supported_types/" type)
		link("sys/" device "/subsystem", "bus/mdev")
		folder("sys/" device "/vfio-dev"); folder("sys/" device "/vfio-dev/" node)
		file("sys/" device "/vfio-dev/" node "/dev", "244:" number "\n")
		link("sys/class/vfio-dev/" node, device "/vfio-dev/" node)
		link("sys/bus/mdev/devices/" uuid, device)
		link("sys/bus/mdev/drivers/" driver "/" uuid, device)
		link("sys/" parent "/mdev_supported_types/" type "/devices/" uuid, device)
		folder("sys/" group); folder("sys/" group "/devices")
		link("sys/" group "/devices/" uuid, device)
		file("dev/vfio/" number + 100, ""); file("dev/vfio/devices/" node, "")
	}
	BEGIN {
		folder("sys/class/vfio-dev"); folder("sys/bus/mdev/drivers/mtty"); folder("sys/bus/mdev/drivers/kvmgt")
		folder("dev/vfio/devices")
		for (i = 0; i < count; i++)
			if (i % 2) vgpu(i, "devices/virtual/mtty/mtty", "mtty-1", "mtty")
			else vgpu(i, "devices/pci10000:00/10000:00:02.0", "i915-GVTg_V5_4", "kvmgt")
		entry("TRAILER!!!", 0, "")
	}'
}

# host NAME
host() {
	"$here/../fixtures/build.sh" "$dir" idle
	mv "$dir/idle" "$dir/$1"
	archive | (cd "$dir/$1" && cpio --quiet -id)
}

mkdir -p "$dir"
host foreign
host ours
mkdir "$dir/ours/run/vgpu"
boot=$(cut -c 1-8 "$dir/ours/proc/sys/kernel/random/boot_id")
find "$dir/ours/sys/devices" -name '5f0e*-3d6c-*' -type d -printf '%f %i %h\n' | while read -r uuid inode parent; do
	printf '%s:0,ready,%s,%x,mdev,%s,%s\n' "$uuid" "$boot" "$inode" "${parent##*/}" "$uuid"
done | (cd "$dir/ours/run/vgpu" && xargs touch)
