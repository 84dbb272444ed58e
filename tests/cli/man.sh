#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each command has a man page, which explains the options and columns that the command's help names, and no others.
# VGPUCTL is the program.
set -eu
man=$(cd "$(dirname "$0")/../../man" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
if ! command -v groff >/dev/null; then
	echo 'skipped: groff is missing (Debian package groff-base)'
	exit 77
fi

# options: those at the start of indented lines of standard input, one a line.
options() {
	sed -n 's/^  *\(-.*\)/\1/p' | sed 's/   *.*//' | grep -oE '(^|, )--?[a-z-]+' | sed 's/^, //' | sort
}

# same WHAT PAGE: the help's words are the page's.
same() {
	if ! diff -u --label "help: $1" --label "man: $1" "$dir/help" "$dir/man"; then
		echo "$2 does not explain what the help names"
		failed=1
	fi
}

# compare PAGE SECTION COMMAND...: compares the page with the section of the help.
compare() {
	page=$man/$1.1 section=$2
	shift 2
	groff -man -Tascii -P-cbou -rLL=500n -rHY=0 "$page" >"$dir/text"
	"$VGPUCTL" "$@" -h >"$dir/all"
	sed -n "/^$section:/,/^\$/p" "$dir/all" | options >"$dir/help"
	sed -n '/^OPTIONS/,/^[A-NP-Z]/p' "$dir/text" | options >"$dir/man"
	same options "$page"
	sed -n '/^Columns/,/^$/{/^ /p}' "$dir/all" | tr -d '*' | tr -s ' ' '\n' | grep . | sort >"$dir/help" || :
	[ ! -s "$dir/help" ] || columns
}

columns() {
	sed -n '/^OUTPUT/,/^[A-NP-Z]/s/^       \([a-z_]*\)\( .*\|$\)/\1/p' "$dir/text" | grep . | sort >"$dir/man"
	same columns "$page"
}

compare vgpuctl 'Global options'
commands=$("$VGPUCTL" -h | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
[ -n "$commands" ]
for command in $commands; do
	compare "vgpuctl-$command" Options "$command"
	groff -man -Tascii -P-cbou -rLL=500n "$man/vgpuctl.1" | grep -q "^ *$command (see vgpuctl-$command(1))" || {
		echo "vgpuctl(1) does not name $command"
		failed=1
	}
done
# a page whose command is gone
for page in "$man"/vgpuctl-*.1; do
	command=${page##*/vgpuctl-}
	printf '%s\n' "$commands" | grep -qx "${command%.1}" || {
		echo "$page: no such command"
		failed=1
	}
done
exit "$failed"
