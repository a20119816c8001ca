#!/usr/bin/env bash
# Fails where the proto files break what an earlier commit promised; proto/buf.yaml
# says what is promised. The earlier commit is where this branch left main; on main
# it is the last commit where something is changed and not committed, and the one
# before where nothing is. It needs no network: where there is no such commit, as
# in a clone of depth 1, that is said.
set -euo pipefail

head=$(git rev-parse --verify --quiet HEAD) || head=
base=
for main in origin/main main; do
	base=$(git merge-base HEAD "$main" 2>/dev/null) && break
done
if [ -z "$base" ] || [ "$base" = "$head" ]; then
	if [ -n "$(git status --porcelain -- proto)" ]; then
		base=$head
	else
		base=$(git rev-parse --verify --quiet HEAD~1) || base=
	fi
fi
if [ -z "$base" ]; then
	echo "NOT RUN: buf breaking: there is no earlier commit to compare with"
	exit 0
fi

earlier=$(mktemp -d)
trap 'rm -rf "$earlier"' EXIT
git archive "$base" proto | tar -x -C "$earlier"
if ! (cd proto && ../bin/buf breaking --against "$earlier/proto"); then
	echo "the proto files break what $(git rev-parse --short "$base") promised; proto/buf.yaml says what that is" >&2
	exit 1
fi
echo "buf breaking: nothing breaks what $(git rev-parse --short "$base") promised"
