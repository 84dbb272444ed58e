# SPDX-License-Identifier: LGPL-2.1-or-later
# Reads public headers; prints for each documented function: header, name, version since, what it does, prototype,
# divided by tabs. man/libvgpu.3 is made from it, and tests/abi checks it.

function flush_function() {
	gsub(/[ \t]+/, " ", prototype)
	sub(/;.*/, ";", prototype)
	if (name != "" && index(prototype, name "("))
		printf "%s\t%s\t%s\t%s\t%s\n", header, name, since, brief, prototype
	name = prototype = ""
}

function parse_comment(    rest) {
	name = brief = since = ""
	if (!match(comment, /vgpu_[a-z0-9_]+\(\) - /))
		return
	name = substr(comment, RSTART, RLENGTH - 5)
	rest = substr(comment, RSTART + RLENGTH)
	brief = rest
	sub(/\n.*/, "", brief)
	sub(/ *(Since:|Return:|\*\/).*/, "", brief)
	sub(/\.$/, "", brief)
	if (match(rest, /Since: [0-9.]+[0-9]/))
		since = substr(rest, RSTART + 7, RLENGTH - 7)
}

FNR == 1 {
	header = FILENAME
	sub(/.*\//, "", header)
	in_comment = 0
	name = prototype = ""
}

/^\/\*\*/ {
	in_comment = 1
	comment = ""
}

in_comment {
	comment = comment $0 "\n"
	if (/\*\//) {
		in_comment = 0
		parse_comment()
	}
	next
}

name != "" && !/^[ \t]*\*/ {
	prototype = prototype " " $0
	if (/;/)
		flush_function()
}
