#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: makes the devices that display_test opens, runs it, and then vgpuctl on them, whose screenshots
# display_test compares.
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

# make_mdev VARIABLE PARENT TYPE
make_mdev() {
	vm_uuid=$(new_uuid)
	mdev_create "$2" "$3" "$vm_uuid" || vm_fail "no $3"
	export "$1=$vm_uuid"
}

# is CODE TEXT COMMAND...: the command ends so and prints exactly this.
is() {
	vm_code=0
	vm_want=$1
	vm_text=$2
	shift 2
	vm_out=$("$@" 2>/tmp/stderr) || vm_code=$?
	[ "$vm_code" -eq "$vm_want" ] || vm_fail "$*: exit code $vm_code instead of $vm_want: $vm_out $(cat /tmp/stderr)"
	[ "$vm_out" = "$vm_text" ] || vm_fail "$*: printed '$vm_out' instead of '$vm_text'"
	echo "ok: $*"
}

# said TEXT: the last command said it on standard error.
said() {
	grep -qF -- "$1" /tmp/stderr || vm_fail "standard error lacks '$1': $(cat /tmp/stderr)"
}

# has TEXT: the last command printed it.
has() {
	printf '%s\n' "$vm_out" | grep -qF -- "$1" || vm_fail "the output lacks '$1': $vm_out"
}

screenshots() {
	# what the driver paints itself
	is 0 "$MDPY_XGA.png" vgpuctl screenshot "$MDPY_XGA"
	is 0 '1024 768' display_test gradient "$MDPY_XGA.png"
	is 0 '640 480' display_test paint "$MDPY"
	is 0 "$MDPY.png" vgpuctl screenshot "$MDPY"
	is 0 '640 480' display_test compare "$MDPY.png"
	[ "$(stat -c %a "$MDPY.png")" = 640 ] || vm_fail 'the mode is not that of the umask'
	is 0 '1920 1080' display_test paint "$MDPY_HD"
	echo old >here.png
	ln -s here.png link.png
	for vm_access in $vm_accesses; do
		is 0 link.png vgpuctl screenshot "$MDPY_HD" link.png --access "$vm_access"
		[ -L link.png ] || vm_fail 'the link is gone'
		is 0 '1920 1080' display_test compare here.png
		rm here.png
		touch here.png
		vgpuctl screenshot "$MDPY_HD" - --access "$vm_access" >out.png || vm_fail 'no screenshot on standard output'
		is 0 '1920 1080' display_test compare out.png
	done
	is 0 /dev/null vgpuctl screenshot "$MDPY_HD" /dev/null
	[ -c /dev/null ] || vm_fail '/dev/null was replaced'
	vgpuctl --json screenshot "$MDPY" a.png >json || vm_fail 'no document'
	for vm_line in '"file": "a.png"' '"width": 640' '"height": 480' '"format": "XRGB8888"' '"source": "region"'; do
		grep -qF "$vm_line" json || vm_fail "the document lacks $vm_line"
	done
	is 0 '640 480' display_test compare a.png
}

failures() {
	rm -f ./*.png
	mkdir full
	mount -t tmpfs -o size=64k none full
	is 1 '' vgpuctl screenshot "$MDPY" full/a.png
	said 'No space left on device'
	[ -z "$(ls full)" ] || vm_fail 'a part of a file is left'
	umount full
	is 1 '' vgpuctl screenshot "$MDPY" nowhere/a.png
	said 'No such file or directory'
	is 1 '' vgpuctl screenshot "$MDPY" full
	said 'Is a directory'
	vgpuctl screenshot "$MDPY" - >/dev/full 2>/tmp/stderr && vm_fail 'a full disk is no error'
	said 'No space left on device'
	is 5 '' vgpuctl screenshot "$MTTY"
	said 'its driver shows no picture'
	is 1 '' vgpuctl screenshot "$MBOCHS_2" none.png
	said 'no picture yet'
	for vm_write in '502 640' '504 480' '506 32' '508 1'; do
		is 0 '' vgpuctl write "$MBOCHS_2" "bar2+0x${vm_write% *}" "${vm_write#* }" -w 2
	done
	is 5 '' vgpuctl screenshot "$MBOCHS_2" none.png
	said 'the driver does not let its dmabuf be mapped'
	[ -z "$(ls ./*.png 2>/dev/null)" ] || vm_fail 'a file was made'
}

# shows ROW OPTION...: vgpuctl edid succeeds, and shows this row.
shows() {
	vm_text=$1
	shift
	vgpuctl edid "$MBOCHS_2" --noheadings "$@" >row || vm_fail "edid $*"
	vm_out=$(tr -s ' ' <row | sed 's/^ //')
	[ "$vm_out" = "$vm_text" ] || vm_fail "edid $*: shows '$vm_out' instead of '$vm_text'"
	echo "ok: edid $*"
}

edid() {
	shows '9 - - 0 800 600 1024'
	for vm_access in $vm_accesses; do
		shows '9 up 800x600@60.01 128 800 600 1024' --set 800x600 --access "$vm_access"
		shows '9 down 640x480@75.00 128 800 600 1024' --set 640x480@75 --link down --access "$vm_access"
		shows '9 up 640x480@75.00 128 800 600 1024' --link up --access "$vm_access"
	done
	is 2 '' vgpuctl edid "$MBOCHS_2" --set 1024x768
	said 'the EDID has a mode of 1024x768, the device shows at most 800x600'
	is 2 '' vgpuctl edid "$MBOCHS_2" --set 4096x100
	said 'an EDID cannot tell this mode'
	vm_out=$(vgpuctl --json edid "$MBOCHS_2") || vm_fail 'no document'
	has '"mode": "640x480@75.00"'
	has '"valid": true'
	has '"blob": "00ffffffffffff00'
	is 5 '' vgpuctl edid "$MDPY"
	said 'its driver takes no EDID'
}

load samples || vm_fail 'no sample drivers'
make_mdev MTTY mtty mtty-1
make_mdev MDPY mdpy mdpy-vga
make_mdev MDPY_XGA mdpy mdpy-xga
make_mdev MDPY_HD mdpy mdpy-hd
make_mdev MBOCHS mbochs mbochs-small
make_mdev MBOCHS_2 mbochs mbochs-small
BOCHS=$(pci_find 1234:1111)
export BOCHS
bind_vfio_pci "$BOCHS" || vm_fail "vfio-pci does not take $BOCHS"
vm_accesses=group
[ ! -e /dev/iommu ] || vm_accesses='group iommufd'

display_test all || exit
# a dmabuf that can be mapped comes from udmabuf, which Debian's 6.1 has not
case $(uname -r) in
6.1.*) [ ! -e /dev/udmabuf ] || dmabuf_test || exit ;;
*) dmabuf_test || exit ;;
esac
mkdir /tmp/shots
cd /tmp/shots || exit
umask 027
screenshots
failures
edid
