#!/bin/sh
# spectral.sh ROOT BUILD - proto/openapi.json against the NL API Design Rules, with Spectral (package-lock.json).
# Skipped (77) where the rules or the package cannot be had. LOKET_ADR_RULES names the rules when they are elsewhere.
set -eu
root=$1
work=$2/spectral
rules=${LOKET_ADR_RULES:-$root/../shared/commonground/adr/spectral-v2.1.0.yml}
here=$root/tests/contract

skip() {
	echo "skipped: $1"
	exit 77
}

[ -f "$rules" ] || skip "no rules at $rules"
command -v npm >/dev/null || skip "no npm"
mkdir -p "$work"
cp "$here/package.json" "$here/package-lock.json" "$work"
if ! cmp -s "$work/package-lock.json" "$work/installed"; then
	(cd "$work" && timeout 150 npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1) || skip "npm cannot install: $work/npm.log"
	cp "$work/package-lock.json" "$work/installed"
fi
sed "s|RULES|$(realpath "$rules")|" "$here/spectral.yml" >"$work/rules.yml"
cd "$work"
exec node_modules/.bin/spectral lint --fail-severity warn --ruleset rules.yml "$root/proto/openapi.json"
