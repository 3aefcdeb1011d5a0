#!/bin/sh
# units.sh UNIT_FOLDER - the sandbox of the service stays at 2.0 or better, and the units are well-formed
set -eu
bad=0
command -v systemd-analyze >/dev/null || exit 77
for unit in loketd@.service loketd-fetch@.service loket-asterisk.service; do
	said=$(systemd-analyze security --offline=yes --threshold=20 --no-pager "$1/$unit") || bad=1
	echo "$said" | tail -n 1
done
# verify wants the programs to exist, and they need not on a build machine
if SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --recursive-errors=no "$1/loketd@.service" "$1/loketd.socket" "$1/loketd@.socket" "$1/loketd-fetch.socket" "$1/loketd-fetch@.service" \
	"$1/loket-asterisk.service" 2>&1 |
	grep -vE 'is not executable|Failed to|SO_PASSCRED|not found|Cannot|Transport endpoint|No such file' | grep .; then
	exit 1
fi
exit $bad
