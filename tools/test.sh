#!/usr/bin/env bash
# Runs go test over every module of the workspace and ends with a count.
# Arguments go to go test as they are.
set -uo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT
go test "$@" work 2>&1 | tee "$log"
rc=$?

count() { grep -cE "$1" "$log"; }
echo
grep -E '^FAIL[[:space:]]+[^[:space:]]' "$log" | sed 's/^/  /'
grep -E '^ *--- FAIL' "$log" | sed 's/^/  /'
printf '%s: %d packages passed (%d cached), %d failed, %d without tests, in %d s\n' \
	"go test${*:+ $*} work" "$(count '^ok[[:space:]]')" "$(count '^ok[[:space:]].*\(cached\)')" \
	"$(count '^FAIL[[:space:]]+[^[:space:]]')" "$(count '\[no test files\]$')" "$SECONDS"
if [ "$(count '^(ok|FAIL)[[:space:]]')" = 0 ]; then
	echo "no test ran"
	exit 1
fi
exit "$rc"
