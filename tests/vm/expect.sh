# SPDX-License-Identifier: LGPL-2.1-or-later
# What the scripts that run vgpuctl in the test VM expect of it: sourced behind /lib/vm.sh.
# shellcheck shell=sh
err=/tmp/stderr

# is CODE TEXT COMMAND...: the command ends so and prints exactly this.
is() {
	vm_code=0
	vm_want=$1
	vm_text=$2
	shift 2
	vm_out=$("$@" 2>$err) || vm_code=$?
	[ "$vm_code" -eq "$vm_want" ] || vm_fail "$*: exit code $vm_code instead of $vm_want: $vm_out $(cat $err)"
	[ "$vm_out" = "$vm_text" ] || vm_fail "$*: printed '$vm_out' instead of '$vm_text'"
	echo "ok: $*"
}

# said TEXT...: the last command said each of them on standard error.
said() {
	for vm_word; do
		grep -qF -- "$vm_word" $err || vm_fail "standard error lacks '$vm_word': $(cat $err)"
	done
}

# has TEXT COMMAND...: the command succeeds and prints this among others.
has() {
	vm_text=$1
	shift
	vm_out=$("$@" 2>$err) || vm_fail "$*: $(cat $err)"
	printf '%s\n' "$vm_out" | grep -qF -- "$vm_text" || vm_fail "$*: lacks '$vm_text': $vm_out"
	echo "ok: $*"
}

# ends CODE COMMAND...: the command ends so, whatever it prints.
ends() {
	vm_code=0
	vm_want=$1
	shift
	"$@" >/tmp/stdout 2>$err || vm_code=$?
	[ "$vm_code" -eq "$vm_want" ] || vm_fail "$*: exit code $vm_code instead of $vm_want: $(cat /tmp/stdout $err)"
	echo "ok: $*"
}

# told TEXT...: the last command that ends() ran printed each of them, on standard output or error.
told() {
	for vm_word; do
		grep -qF -- "$vm_word" /tmp/stdout $err || vm_fail "lacks '$vm_word': $(cat /tmp/stdout $err)"
	done
}

# holds TEXT FILE: the file holds this and nothing else.
holds() {
	[ "$(cat "$2")" = "$1" ] || vm_fail "$2: '$(cat "$2")' instead of '$1'"
}
