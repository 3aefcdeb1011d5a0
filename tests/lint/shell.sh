#!/bin/sh
# shell.sh SOURCE_ROOT - our scripts are POSIX sh; python compiles
set -eu
cd "$1"
bad=0
for f in $(git ls-files 2>/dev/null || find loket .ci config tests daemon proto -type f); do
	[ -f "$f" ] || continue
	first=$(head -n 1 "$f" | tr -d '\0')
	case $first in
	'#!/bin/sh'*)
		dash -n "$f" || bad=1
		if command -v shellcheck >/dev/null; then shellcheck -s sh "$f" || bad=1; fi
		[ -x "$f" ] || { echo "$f: not executable"; bad=1; }
		;;
	esac
	case $f in
	*.py) python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$f" || bad=1 ;;
	esac
done
exit $bad
