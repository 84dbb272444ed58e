# SPDX-License-Identifier: LGPL-2.1-or-later
# The cache of the test VM: folders that are built once, keyed by what they are made of, and Debian packages.
# shellcheck shell=bash

cache=${LIBVGPU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libvgpu}/vm
case $cache in
/*) ;;
*) cache=$PWD/$cache ;;
esac
PATH=$PATH:/usr/sbin:/sbin # depmod is there, and an ordinary user's PATH lacks it

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 125
}

note() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# need TOOL:PACKAGE...: says which packages to install if one of the tools (a command, or a file) is missing.
need() {
	local pair missing=
	for pair; do
		case $pair in
		/*) [ -e "${pair%:*}" ] ;;
		*) command -v "${pair%:*}" >/dev/null ;;
		esac || missing="$missing ${pair#*:}"
	done
	[ -z "$missing" ] || die "please install as root: apt-get install$missing"
}

# cache_path NAME RECIPE: the folder that was built as NAME by this RECIPE; fails if there is none.
cache_path() {
	local target
	target=$(readlink "$cache/$1") || return 1
	case $target in
	*"@$2") ;;
	*) return 1 ;;
	esac
	[ -d "$cache/$target" ] && printf '%s\n' "$cache/$target"
}

# cache_fill NAME VERSION RECIPE COMMAND...: unless it is there, runs COMMAND with an empty folder as its last
# argument, then puts that folder in place as NAME and removes the outdated ones. Two callers wait for each other.
cache_fill() {
	local name=$1 key="$1@$2@$3" old tmp failed
	shift 3
	need flock:util-linux
	mkdir -p "$cache"
	exec 9>"$cache/$name.lock"
	flock -n 9 || { note "$name: waiting for another run that prepares it" && flock 9; }
	if [ "$(readlink "$cache/$name")" != "$key" ] || [ ! -d "$cache/$key" ]; then
		note "preparing $key in $cache"
		tmp=$cache/$name.tmp
		rm -rf "$tmp" "${cache:?}/$key"
		mkdir "$tmp" "$tmp/out"
		# The lock ends with the last process that holds it: no child may keep it.
		# "||" here would switch off errexit in all of COMMAND.
		set +e
		(set -e && "$@" "$tmp/out") 9>&-
		failed=$?
		set -e
		[ "$failed" -ne 125 ] || exit 125 # die has said why
		[ "$failed" -eq 0 ] || die "$name: not prepared; what is left of the attempt: $tmp"
		mv "$tmp/out" "$cache/$key"
		rm -rf "$tmp"
		ln -sfn "$key" "$cache/$name.new"
		mv -T "$cache/$name.new" "$cache/$name"
	fi
	for old in "$cache/$name@"*; do
		[ "$old" = "$cache/$key" ] || rm -rf "$old"
	done
	exec 9>&-
}

# candidate PACKAGE: the version that apt would install; prints nothing if apt knows none.
candidate() {
	need apt-cache:apt
	LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \([^(]*\)$/\1/p'
}

# version_of NAME RECIPE PACKAGE...: the version of the first PACKAGE that apt knows. Where apt knows none (its lists
# may have been removed), what was prepared as NAME will do.
version_of() {
	local name=$1 recipe=$2 package version path
	shift 2
	for package; do
		version=$(candidate "$package")
		[ -z "$version" ] || { printf '%s\n' "$version" && return; }
	done
	path=$(cache_path "$name" "$recipe") || die "apt knows no package $*: run 'apt-get update' as root, or use Debian 12"
	path=${path#"$cache/$name@"}
	printf '%s\n' "${path%"@$recipe"}"
}

# package_depends PACKAGE PREFIX: the first dependency of PACKAGE whose name starts with PREFIX.
package_depends() {
	local name
	name=$(LC_ALL=C apt-cache depends --important "$1" | sed -n "s/^[ |]*Depends: \($2[^<]*\)\$/\1/p" | head -n 1)
	[ -n "$name" ] || die "package $1 depends on no $2*"
	printf '%s\n' "$name"
}

# fetch DIR PACKAGE...: downloads (an ordinary user may) and does not install.
fetch() {
	local dir=$1
	shift
	mkdir -p "$dir"
	(cd "$dir" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$@") ||
		die "cannot download $*: try 'apt-get update' as root first"
}

# unpack DIR DEB...: the whole of some packages.
unpack() {
	local dir=$1 deb
	shift
	for deb; do
		dpkg-deb -x "$deb" "$dir" || return 1
	done
}

# qemu_command DIR: sets the array qemu_program to the command that starts the QEMU of a folder that "kernels" prepared.
qemu_command() {
	# shellcheck disable=SC2034 # the caller's
	qemu_program=("$1/usr/lib64/ld-linux-x86-64.so.2" --library-path "$1/usr/lib/x86_64-linux-gnu"
		"$1/usr/bin/qemu-system-x86_64" -L "$1/usr/share/qemu" -L "$1/usr/share/seabios")
}
