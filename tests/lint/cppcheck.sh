#!/bin/sh
# cppcheck.sh SOURCE_ROOT BUILD_ROOT
set -eu
command -v cppcheck >/dev/null || exit 77
cd "$1"
cppcheck --quiet -j 2 --std=c11 --language=c --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	--suppressions-list=tests/lint/cppcheck.known --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches -D__GNUC__=12 -D_GNU_SOURCE -DHAVE_SYSTEMD \
	--library=posix --library=gnu --include=tests/lint/cppcheck.h -I . -I "$2" lib daemon fetcher
