#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# EDIDs that libvgpu makes conform in the eyes of edid-decode, which reads the mode from them: edid_decode.sh UNIT_EDID
set -eu
command -v edid-decode >/dev/null || { echo 'skipped: edid-decode is missing (Debian package edid-decode)' && exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for mode in '640 480 60000' '800 600 75000' '1024 768 60000' '1366 768 59940' '1920 1080 60000' '1920 1200 144000' \
	'2560 1600 60000' '3840 2160 60000' '4095 2160 30000' '720 4095 60000' '1280 720 400000' '1920 1080 24000'; do
	# shellcheck disable=SC2086
	"$1" $mode >"$work/edid"
	edid-decode --check "$work/edid" >"$work/said" || { cat "$work/said" && echo "$mode does not conform" && exit 1; }
	grep -q '^EDID conformity: PASS' "$work/said" || { cat "$work/said" && exit 1; }
	width=${mode%% *} height=${mode#* }
	grep -q "DTD 1: *${width}x${height% *} " "$work/said" || { cat "$work/said" && echo "no mode $mode" && exit 1; }
done
