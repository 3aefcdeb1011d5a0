#!/bin/sh
# tidy.sh SOURCE_ROOT BUILD_ROOT - clang-tidy with the checks of .clang-tidy
set -eu
tidy=$(command -v clang-tidy || command -v clang-tidy-14) || exit 77
cd "$1"
# the database of a gcc build: clang does not know all of its flags
find lib daemon -name '*.c' | sort | xargs -P 2 -n 4 "$tidy" -p "$2" --quiet --extra-arg=-w \
	2>/dev/null >"$2/tidy.out" || :
grep -E '(warning|error):' "$2/tidy.out" | sort -u >"$2/tidy.found" || :
cat "$2/tidy.found"
[ ! -s "$2/tidy.found" ]
