#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds the fuzz targets and runs each from its corpus: run.sh BUILD SECONDS [TARGET...]. What it finds is kept in
# BUILD/found; what is new and of use in BUILD/corpus. A longer run is the same with more seconds.
set -eu
build=$1 seconds=$2
shift 2
source=$(cd "$(dirname "$0")/../.." && pwd)
if ! command -v clang-14 >/dev/null; then
	echo "skipped: clang-14 is missing (Debian package clang-14)"
	exit 77
fi
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang-14 -DVGPU_FUZZ=ON >/dev/null
# shellcheck disable=SC2046 # a word is a target
[ $# -gt 0 ] || set -- $(sed -n 's/^vgpu_fuzz_target(\([a-z_]*\).*/\1/p; s/^foreach(name \(.*\))/\1/p' "$source/tests/fuzz/CMakeLists.txt")
failed=0
for name in "$@"; do
	cmake --build "$build" --target "fuzz_$name" >"$build/fuzz_$name.log" || { tail -n 40 "$build/fuzz_$name.log" && exit 1; }
	mkdir -p "$build/corpus/$name" "$build/found"
	echo "fuzz_$name: $seconds seconds"
	"$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
		-artifact_prefix="$build/found/$name-" -print_final_stats=1 "$build/corpus/$name" "$source/tests/fuzz/corpus/$name" \
		>"$build/fuzz_$name.log" 2>&1 || { failed=1 && tail -n 60 "$build/fuzz_$name.log"; }
	grep -E 'stat::number_of_executed_units|cov:.*DONE' "$build/fuzz_$name.log" || true
done
exit "$failed"
