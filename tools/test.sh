#!/usr/bin/env bash
# Runs go test over every module of the workspace, then the tests of the pages, with
# units in node and the rest in Chromium, and ends with a count. Arguments go to go
# test as they are; with some, the pages are left out.
set -uo pipefail
cd "$(dirname "$0")/.."

if ! command -v "${CHROMIUM:-chromium}" >/dev/null; then
	echo 'Chromium is not there: installing it' >&2
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null ||
		{ echo 'the tests of the pages need Chromium: install it, or name it in CHROMIUM' >&2; exit 1; }
fi
make web/node_modules || exit 1

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Stories and kills take minutes on a machine that is busy: ten are no sign of a hang.
go test -timeout=30m "$@" work 2>&1 | tee "$log"
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
[ $# = 0 ] || exit "$rc"
(cd web && npx vitest run) || exit 1
exit "$rc"
