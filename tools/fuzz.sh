#!/usr/bin/env bash
# Finds every Fuzz target of the workspace and runs each for FUZZTIME. With an
# argument, only those whose "package Name" matches it as a regular expression.
set -euo pipefail

targets=$(go test -list '^Fuzz' work | awk '/^Fuzz/ { n[++k] = $1 } /^ok/ { for (i = 1; i <= k; i++) print $2, n[i]; k = 0 }' |
	grep -E -e "${1:-.}" || true)
if [ -z "$targets" ]; then
	echo "no Fuzz target found${1:+ that matches $1}" >&2
	exit 1
fi

failed=()
while read -r package name; do
	echo "== $package $name"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-10s}" "$package" </dev/null || failed+=("$package $name")
done <<<"$targets"

echo
printf '%d Fuzz targets, %s each, %d failed\n' "$(wc -l <<<"$targets")" "${FUZZTIME:-10s}" "${#failed[@]}"
[ ${#failed[@]} = 0 ] || { printf '  %s\n' "${failed[@]}"; exit 1; }
