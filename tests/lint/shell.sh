#!/bin/sh
# shell.sh SOURCE_ROOT - our scripts are POSIX sh; python compiles
set -eu
cd "$1"
bad=0
for f in $(grep -rlI '^#!/bin/sh' loket .ci config tests daemon proto systemd); do
	first=$(head -n 1 "$f")
	case $first in
	'#!/bin/sh'*)
		dash -n "$f" || bad=1
		if command -v shellcheck >/dev/null; then shellcheck -s sh "$f" || bad=1; fi
		[ -x "$f" ] || { echo "$f: not executable"; bad=1; }
		;;
	esac
done
find lib daemon proto tests config -name '*.py' -print0 | xargs -0 python3 -c '
import ast, sys
for name in sys.argv[1:]:
    with open(name) as f:
        ast.parse(f.read(), name)
' || bad=1
exit $bad
