#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: makes the NVMe controller a stand-in for an NVIDIA GPU, and runs a program's tests on it.
#   nvidia.sh PROGRAM [ARGUMENT...]
set -eu
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

load vfio-pci
insmod /lib/standin/nvidia.ko
VM_PARENT=$(pci_find 1b36:0010)
VM_TYPE=1145
export VM_PARENT VM_TYPE
mkdir -p /var
[ "$1" = nvidia_vfs.sh ] || /usr/lib/nvidia/sriov-manage -e "$VM_PARENT"
exec "$@"
