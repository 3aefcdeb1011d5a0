#!/bin/sh
# hardening.sh SOURCE_ROOT - the release binaries are what reliability asks for; skipped when they were not built
set -eu
bad=0
command -v readelf >/dev/null || exit 77

want() { echo "$2" | grep -qE "$1" || { echo "$binary: missing: $3"; bad=1; }; }
for binary in "$1/build-release/daemon/loketd" "$1/build-release/fetcher/loketd-fetch"; do
	[ -x "$binary" ] || { echo "no build-release: ./loket build makes it"; exit 77; }
	want 'Type:.*DYN' "$(readelf -hW "$binary")" 'PIE'
	segments=$(readelf -lW "$binary")
	want 'GNU_RELRO' "$segments" 'RELRO'
	want 'GNU_STACK.* RW +0x' "$segments" 'a stack that is not executable'
	if echo "$segments" | grep -qE 'LOAD.* RWE '; then echo "$binary: a segment is writable and executable"; bad=1; fi
	dynamic=$(readelf -dW "$binary")
	want 'BIND_NOW|Flags:.*NOW' "$dynamic" 'full RELRO (BIND_NOW)'
	want 'PIE' "$dynamic" 'PIE flag'
	if echo "$dynamic" | grep -qE 'R(UN)?PATH'; then echo "$binary: a library path is built in"; bad=1; fi
	symbols=$(readelf -sW --dyn-syms "$binary")
	want '__stack_chk_fail' "$symbols" 'stack protector'
	want '_chk@' "$symbols" '_FORTIFY_SOURCE'
done
exit $bad
