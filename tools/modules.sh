#!/usr/bin/env bash
# Checks that each module is tidy and, outside the workspace, builds alone.
set -uo pipefail

export GOWORK=off
rc=0
fail() { echo "$1" >&2; rc=1; }
for mod in */go.mod docs/examples/go.mod; do
	dir=$(dirname "$mod")
	go -C "$dir" mod tidy -diff || fail "$mod is not tidy: run (cd $dir && GOWORK=off go mod tidy)"
	# tools has tool lines and no code; bin/ is built from those.
	[ "$dir" = tools ] && continue
	go -C "$dir" build ./... && go -C "$dir" vet ./... || fail "$dir does not build alone"
done
exit $rc
