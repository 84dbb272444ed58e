#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Fills a folder that is copied to / of the test VM with the stand-ins for drivers, built for a kernel:
# standin.sh KERNEL FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernel=$1 root=$2

"$here/kernels" modules "$kernel" "$here/standin" "$root.build"
rm -rf "$root"
mkdir -p "$root/lib/standin" "$root/usr/lib/nvidia"
cp "$root.build"/*.ko "$root/lib/standin"
cp "$here/standin/sriov-manage" "$root/usr/lib/nvidia"
