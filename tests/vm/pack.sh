# SPDX-License-Identifier: LGPL-2.1-or-later
# Packs the root file system of one run: the prepared base, and after it the payload that the caller wants.
# shellcheck shell=bash disable=SC2154 # here, trees, files and command are the caller's

# stage_files ROOT: the caller's trees and single files.
stage_files() {
	local root=$1 item from to
	for item in "${trees[@]}"; do
		cp -a "$item/." "$root"
	done
	for item in "${files[@]}"; do
		from=${item%:/*}
		to=/bin/${from##*/}
		[ "$from" = "$item" ] || to=/${item#*:/}
		mkdir -p "$root${to%/*}"
		cp "$from" "$root$to"
		chmod a+rx "$root$to"
	done
}

# library_dirs ROOT: where a tree that is unpacked packages keeps its libraries, in the form of LD_LIBRARY_PATH.
library_dirs() {
	printf '%s:' "$1/usr/local/lib" "$1/usr/local/lib/x86_64-linux-gnu" "$1/lib/x86_64-linux-gnu" "$1/usr/lib/x86_64-linux-gnu" "$1/usr/lib"
	printf '%s\n' "${LD_LIBRARY_PATH-}"
}

# The libraries go where the loader looks by itself, so that neither RUNPATH nor LD_LIBRARY_PATH matters in the guest.
stage_libraries() {
	local root=$1 loader=/lib64/ld-linux-x86-64.so.2 dest=$1/usr/lib/x86_64-linux-gnu program name arrow path _ dirs
	local programs=()
	mapfile -d '' -t programs < <(LC_ALL=C grep -rlaZP '\A\x7fELF' "$root")
	[ ${#programs[@]} -gt 0 ] || return 0
	mkdir -p "$dest" "$root/lib64"
	[ -e "$root$loader" ] || cp -L "$loader" "$root$loader"
	dirs=$(library_dirs "$root")
	while read -r name arrow path _; do
		case $arrow$path in
		"=>$root/lib/"* | "=>$root/usr/lib/"* | '=>') ;;
		"=>$root/"*) [ -e "$dest/$name" ] || ln -sfn "${path#"$root"}" "$dest/$name" ;;
		'=>not') die "a program of the guest needs $name, which is not found" ;;
		'=>/'*) [ -e "$dest/$name" ] || cp -L "$path" "$dest/$name" ;;
		esac
	done < <(for program in "${programs[@]}"; do
		LD_TRACE_LOADED_OBJECTS=1 "$loader" --library-path "$dirs" "$program" 2>/dev/null || : # static
	done | sort -u)
}

# stage_command ROOT: the command as a script, each of its words quoted. It may be a function of /lib/vm.sh.
stage_command() {
	local word
	[ ${#command[@]} -gt 0 ] || return 0
	{
		printf '. /lib/vm.sh\n'
		for word in "${command[@]}"; do
			printf " '%s'" "${word//\'/\'\\\'\'}"
		done
		printf '\n'
	} >"$1/vm/command"
}

stage_system() {
	local root=$1
	(cd "$root" && mkdir -p vm lib etc proc sys dev run tmp root out)
	cp "$here/init" "$root/init"
	cp "$here/guest.sh" "$root/lib/vm.sh"
	[ -e "$root/etc/passwd" ] || printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' \
		'nobody:x:65534:65534:nobody:/tmp:/bin/sh' 'user:x:1000:1000:user:/tmp:/bin/sh' >"$root/etc/passwd"
	[ -e "$root/etc/group" ] || printf '%s\n' root:x:0: tty:x:5: disk:x:6: video:x:44: kvm:x:104: render:x:105: \
		user:x:1000: nogroup:x:65534: >"$root/etc/group"
}

# pack BASE WORK: makes WORK/initrd. The kernel reads archives one after the other, later files replace earlier ones.
pack() {
	local root=$2/root
	mkdir "$root"
	stage_files "$root"
	stage_libraries "$root"
	stage_system "$root"
	stage_command "$root"
	(cd "$root" && find . -mindepth 1 -print0 | cpio --quiet --null -o -H newc -R 0:0) >"$2/payload"
	cat "$1" "$2/payload" >"$2/initrd"
	rm -rf "$root" "$2/payload"
}
