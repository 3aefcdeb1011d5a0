#!/bin/sh
# tidy.sh SOURCE_ROOT BUILD_ROOT - clang-tidy with the checks of .clang-tidy
set -eu
build=$(cd "$2" && pwd)
tidy=$(command -v clang-tidy || command -v clang-tidy-14) || exit 77
cd "$1"
# the database of a gcc build: clang does not know all of its flags
find lib daemon fetcher -name '*.c' | sort | xargs -P 2 -n 4 "$tidy" -p "$build" --quiet --extra-arg=-w \
	2>/dev/null >"$build/tidy.out" || :
grep -E '(warning|error):' "$build/tidy.out" | sort -u >"$build/tidy.found" || :
cat "$build/tidy.found"
[ ! -s "$build/tidy.found" ]
