#!/bin/sh
# hardening.sh SOURCE_ROOT - the release binary is what reliability asks for; skipped when it was not built
set -eu
binary=$1/build-release/daemon/loketd bad=0
command -v readelf >/dev/null || exit 77
[ -x "$binary" ] || { echo "no build-release: ./loket build makes it"; exit 77; }

want() { echo "$2" | grep -qE "$1" || { echo "missing: $3"; bad=1; }; }
want 'Type:.*DYN' "$(readelf -hW "$binary")" 'PIE'
segments=$(readelf -lW "$binary")
want 'GNU_RELRO' "$segments" 'RELRO'
want 'GNU_STACK.* RW +0x' "$segments" 'a stack that is not executable'
if echo "$segments" | grep -qE 'LOAD.* RWE '; then echo 'a segment is writable and executable'; bad=1; fi
dynamic=$(readelf -dW "$binary")
want 'BIND_NOW|Flags:.*NOW' "$dynamic" 'full RELRO (BIND_NOW)'
want 'PIE' "$dynamic" 'PIE flag'
if echo "$dynamic" | grep -qE 'R(UN)?PATH'; then echo 'a library path is built in'; bad=1; fi
symbols=$(readelf -sW --dyn-syms "$binary")
want '__stack_chk_fail' "$symbols" 'stack protector'
want '_chk@' "$symbols" '_FORTIFY_SOURCE'
exit $bad
