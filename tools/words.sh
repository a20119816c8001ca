#!/usr/bin/env bash
# Looks for what does not belong into a commit: left-overs, error texts that
# say nothing, and paths of the machine that it was written on.
set -uo pipefail

rc=0
look() { # what it is, pattern, globs...
	local what=$1 pattern=$2 includes=()
	shift 2
	for glob in "$@"; do includes+=(--include="$glob"); done
	if grep -rnEI "$pattern" . "${includes[@]}" \
		--exclude-dir={.git,bin,data,dist,gen,node_modules,testdata} --exclude={Dockerfile,go.sum,go.work.sum,words.sh}; then
		echo "^ $what" >&2
		rc=1
	fi
}

look 'left-overs' '\b(TODO|FIXME|XXX|HACK)\b|not implemented' '*.go' '*.ts' '*.tsx' '*.proto' '*.sh'
look 'error texts that say nothing' 'Errorf\("(failed to|error |unable to|could not)' '*.go'
look 'paths of a machine' "$(printf '%s' "$PWD" | sed 's/[][\.*^$+?(){}|]/\\&/g')/|/(home|Users)/[a-z]+/|/root/" '*'
exit $rc
