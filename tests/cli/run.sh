#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Plays a transcript: run.sh FILE. Its lines that begin with "$ " are commands for the shell, with vgpuctl in PATH, in a
# folder with the trees of tests/fixtures/build.sh ($FIXTURES). What they print has to be what the file says: standard
# output as it is, but empty lines as ".", standard error behind "! ", and an exit code other than 0 as "? CODE".
# VGPU_REGENERATE=1 rewrites the file. VGPUCTL is the program, VGPU_WRAPPER a command that it is run with.
set -eu
transcript=$1
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin" "$dir/hosts"
export FIXTURES="$here/../fixtures/build.sh"
# only the hosts that it speaks of: building them all is most of the time
hosts=$(for host in full idle bare shared sriov nvidia; do ! grep -qw "$host" "$transcript" || echo "$host"; done)
# shellcheck disable=SC2086
[ -z "$hosts" ] || "$FIXTURES" "$dir/hosts" $hosts

cat >"$dir/bin/vgpuctl" <<END
#!/bin/sh
exec ${VGPU_WRAPPER-} "$VGPUCTL" "\$@"
END
chmod +x "$dir/bin/vgpuctl"

play() {
	while IFS= read -r line; do
		case $line in
		'$ '*)
			printf '%s\n' "$line"
			code=0
			(cd "$dir/hosts" && PATH=$dir/bin:$PATH LC_ALL=C.UTF-8 sh -c "${line#??}") >"$dir/out" 2>"$dir/err" </dev/null ||
				code=$?
			sed "s|$dir/hosts|@|g; s/^\$/./" "$dir/out"
			sed "s|$dir/hosts|@|g; s|^|! |" "$dir/err"
			[ "$code" -eq 0 ] || echo "? $code"
			;;
		'#'* | '') printf '%s\n' "$line" ;;
		esac
	done <"$transcript"
}

play >"$dir/played"
if [ -n "${VGPU_REGENERATE-}" ]; then
	cp "$dir/played" "$transcript"
else
	diff -u "$transcript" "$dir/played"
fi
