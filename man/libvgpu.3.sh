#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Writes man page libvgpu(3), an overview of the API: libvgpu.3.sh OUT VERSION HEADER...
set -eu
here=$(dirname "$0")
exec >"$1"
version=$2
shift 2

# The sentence that a header's second comment opens with.
purpose() {
	awk 'FNR > 1 && /^\/\*/ { on = 1 } on { text = text " " $0 } on && /\*\// { exit }
		END { gsub(/\/\*|\*\/| \* /, "", text); sub(/^ +/, "", text); sub(/\..*/, "", text); print text }' "$1"
}

# Text for roff: no escapes, no line that starts with a control character.
roff() {
	sed -e 's/\\/\\e/g' -e "s/^[.']/\\\\\&&/" -e 's/-/\\-/g'
}

cat <<END
.\" SPDX-License-Identifier: LGPL-2.1-or-later
.TH LIBVGPU 3 "" "libvgpu $version" "libvgpu"
.ad l
.nh
.SH NAME
libvgpu \- manage and use virtual GPUs
.SH SYNOPSIS
.B #include <vgpu/vgpu.h>
.PP
.B cc program.c \$(pkg-config \-\-cflags \-\-libs libvgpu)
.SH DESCRIPTION
Each object has a header of its own, where every function is documented: parameters and who owns them, each error and
what causes it.
.B vgpu/vgpu.h
includes them all.
.BR libvgpu (7)
tells what they have in common: errors, references, threads, names, records.
END
for header; do
	name=$(basename "$header")
	functions=$(awk -f "$here/functions.awk" "$header")
	[ -n "$functions" ] || continue
	printf '.SS vgpu/%s\n%s.\n' "$name" "$(purpose "$header" | roff)"
	printf '%s\n' "$functions" | roff |
		awk -F '\t' '{ sub(/^ /, "", $5); gsub(/@/, "", $4); printf ".TP\n.B %s\n%s%s.\n", $5, toupper(substr($4, 1, 1)), substr($4, 2) }'
done
cat <<'END'
.SH SEE ALSO
.BR libvgpu (7),
.BR vgpuctl (1)
END
