#!/bin/sh
# units.sh UNIT_FOLDER - the sandbox of the service stays at 2.0 or better, and the units are well-formed
set -eu
command -v systemd-analyze >/dev/null || exit 77
systemd-analyze security --offline=yes --threshold=20 --no-pager "$1/loketd.service" | tail -n 1
# verify wants the programs to exist, and they need not on a build machine
if SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --recursive-errors=no "$1/loketd.service" "$1/loketd.socket" 2>&1 |
	grep -vE 'is not executable|Failed to|SO_PASSCRED|not found|Cannot|Transport endpoint|No such file' | grep .; then
	exit 1
fi
