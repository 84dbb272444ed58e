#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Looks at the source without running it: lint.sh format|tidy|shell|man|text BUILD
set -eu
cd "$(dirname "$0")/../.."
what=$1 build=$2

# skip_without TOOL PACKAGE
skip_without() {
	command -v "$1" >/dev/null && return
	echo "skipped: $1 is missing (Debian package $2)"
	exit 77
}

# files PATTERN...: what git tracks, or would.
files() {
	git -c safe.directory='*' ls-files -co --exclude-standard -- "$@" | while read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}

format() {
	skip_without clang-format-14 clang-format-14
	files '*.c' '*.h' | xargs clang-format-14 --dry-run -Werror
}

# Only what is compiled here: a file that CMake does not know has no flags.
tidy() {
	skip_without clang-tidy-14 clang-tidy-14
	sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$build/compile_commands.json" | sort -u |
		xargs -P "$(nproc)" -n 4 clang-tidy-14 -p "$build" --quiet 2>/dev/null # it counts what it did not show
}

shell() {
	skip_without shellcheck shellcheck
	files '*.sh' run .ci/run tests/vm tests/qemu tests/bench | while read -r file; do
		head -n 1 "$file" | grep -q '^#!.*sh$' && printf '%s\n' "$file"
	done | sort -u | xargs shellcheck -x
}

man() {
	skip_without groff groff-base
	failed=0
	for page in $(files 'man/*.[0-9]') $(find "$build/man" -name '*.[0-9]'); do
		said=$(groff -man -Tutf8 -ww -z -rCHECKSTYLE=1 "$page" 2>&1)
		[ -z "$said" ] || { printf '%s\n' "$said" && failed=1; }
	done
	return "$failed"
}

# What must not be in any file, and what must be in each.
text() {
	words='/work[/]|/tmp/wt[-]|debian[.]org|pypi[.]org|FIX[M]E|TO[D]O'
	failed=0
	! files | grep -v '^COPYING$' | xargs grep -nIE "$words" || failed=1
	! files '*.c' '*.h' '*.sh' '*.txt' '*.cmake' run | xargs grep -nE '[ 	]$' || failed=1
	for file in $(files '*.c' '*.h' '*.sh' '*.awk' '*CMakeLists.txt' '*.cmake' run .ci/run 'tests/vm/*' 'tests/qemu/*' 'tests/bench/*'); do
		case $file in *.md | *.config) continue ;; esac
		case $file in
		tests/vm/standin/* | tests/qemu/module/*) licence=GPL-2.0-only ;; # parts of a kernel
		*) licence=LGPL-2.1-or-later ;;
		esac
		head -n 2 "$file" | grep -q "SPDX-License-Identifier: $licence" || { echo "$file: no licence line" && failed=1; }
	done
	return "$failed"
}

skip_without git git
"$what"
