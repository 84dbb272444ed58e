# SPDX-License-Identifier: LGPL-2.1-or-later
# Helpers for scripts in the test VM, where this file is /lib/vm.sh: modules, PCI devices, mdevs, udev.
# shellcheck shell=sh

vm_fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# wait_for SECONDS COMMAND...: repeats COMMAND until it succeeds.
wait_for() {
	vm_tries=$(($1 * 20))
	shift
	until "$@"; do
		vm_tries=$((vm_tries - 1))
		[ "$vm_tries" -gt 0 ] || return 1
		usleep 50000
	done
}

# listed NAME FILE...: one of these lists of the kernel's has the module.
listed() {
	vm_name=$(echo "$1" | sed 's/[-_]/[-_]/g')
	shift
	(cd "/lib/modules/$(uname -r)" && grep -Eqs "(^|/)$vm_name\.ko(:|\$)" "$@")
}

# has_module NAME: this kernel has it, loadable or built in.
has_module() {
	listed "$1" modules.dep modules.builtin
}

# load_module NAME [PARAM=VALUE ...]: no error if it is there already or built in.
load_module() {
	[ ! -d "/sys/module/$(echo "$1" | tr - _)" ] || return 0
	listed "$1" modules.builtin || modprobe "$@"
}

# load WHAT [PARAM=VALUE ...]: vfio (all of the core), mdev, samples (all three, each given the parameters), or a
# module: mtty, mdpy, mbochs, vfio-pci, nvme, ...
load() {
	case $1 in
	vfio)
		load_module vfio && load_module vfio_iommu_type1 || return 1
		! has_module iommufd || load_module iommufd
		;;
	samples)
		shift
		load mtty "$@" && load mdpy "$@" && load mbochs "$@"
		;;
	mtty | mdpy | mbochs | mdev | vfio-pci) load vfio && load_module "$@" ;;
	*) load_module "$@" ;;
	esac
}

# pci_find VENDOR:DEVICE: prints the addresses of all such devices; fails if there is none.
pci_find() {
	vm_found=1
	for vm_dev in /sys/bus/pci/devices/*; do
		read -r vm_vendor <"$vm_dev/vendor"
		read -r vm_device <"$vm_dev/device"
		if [ "$vm_vendor:$vm_device" = "0x${1%:*}:0x${1#*:}" ]; then
			echo "${vm_dev##*/}"
			vm_found=0
		fi
	done
	return "$vm_found"
}

# pci_driver BDF: prints the driver that is bound to the device; fails if none is.
pci_driver() {
	[ -e "/sys/bus/pci/devices/$1/driver" ] || return 1
	vm_link=$(readlink "/sys/bus/pci/devices/$1/driver")
	echo "${vm_link##*/}"
}

# bind_pci BDF DRIVER: takes the device from the driver that has it and gives it to DRIVER.
bind_pci() {
	echo "$2" >"/sys/bus/pci/devices/$1/driver_override" || return 1
	if [ "$(pci_driver "$1")" != "$2" ]; then
		[ ! -e "/sys/bus/pci/devices/$1/driver" ] || echo "$1" >"/sys/bus/pci/devices/$1/driver/unbind"
		echo "$1" >/sys/bus/pci/drivers_probe
	fi
	[ "$(pci_driver "$1")" = "$2" ]
}

bind_vfio_pci() {
	load vfio-pci && bind_pci "$1" vfio-pci
}

# iommu_group DEVICE: prints the number of the IOMMU group of a device's folder in sysfs.
iommu_group() {
	[ -e "$1/iommu_group" ] || return 1
	vm_link=$(readlink "$1/iommu_group")
	echo "${vm_link##*/}"
}

# mdev_create PARENT TYPE UUID, for example: mdev_create mtty mtty-1 "$(new_uuid)"
mdev_create() {
	echo "$3" >"/sys/class/mdev_bus/$1/mdev_supported_types/$2/create"
}

mdev_remove() {
	echo 1 >"/sys/bus/mdev/devices/$1/remove"
}

new_uuid() {
	cat /proc/sys/kernel/random/uuid
}

# make_mdev VARIABLE PARENT TYPE: makes an mdev, whose name goes to an exported variable; or fails the test.
make_mdev() {
	vm_uuid=$(new_uuid)
	mdev_create "$2" "$3" "$vm_uuid" || vm_fail "no $3"
	export "$1=$vm_uuid"
}

# take_pci VARIABLE BDF: binds a device to vfio-pci and exports its address, or fails the test.
take_pci() {
	bind_vfio_pci "$2" || vm_fail "vfio-pci does not take $2"
	export "$1=$2"
}

# start_udev [coldplug]: Debian's udev, if the run was given its folder. With coldplug, it first handles all that is
# there already, and loads a driver for each device as a real boot does; that takes some seconds.
start_udev() {
	mkdir -p /run/udev
	/lib/systemd/systemd-udevd --daemon --resolve-names=never >/dev/null || return 1
	[ "${1-}" = coldplug ] || return 0
	udevadm trigger --type=subsystems --action=add
	udevadm trigger --type=devices --action=add
	udevadm settle
}
