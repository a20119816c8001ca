#!/usr/bin/env bash
# Fails where proto/gen, web/src/gen or the OpenAPI is not what the proto files of this checkout
# give.
set -euo pipefail

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
(cd proto && ../bin/buf generate -o "$fresh" && ../bin/buf generate --template buf.openapi.yaml -o "$fresh" && ../bin/buf generate --template buf.web.yaml -o "$fresh")
if [ ! -d "$fresh/gen" ]; then
	echo "buf generate wrote nothing" >&2
	exit 1
fi
if ! diff -rN proto/gen "$fresh/gen" >"$fresh/diff"; then
	head -n 40 "$fresh/diff"
	echo "proto/gen is not what proto/weiche gives: run make generate and commit the result" >&2
	exit 1
fi
if ! diff -rN web/src/gen "$fresh/web/src/gen" >"$fresh/diff"; then
	head -n 40 "$fresh/diff"
	echo "web/src/gen is not what proto/weiche gives: run make generate and commit the result" >&2
	exit 1
fi
if ! diff -u services/reference/openapi.yaml "$fresh/openapi.yaml" >"$fresh/diff"; then
	head -n 40 "$fresh/diff"
	echo "services/reference/openapi.yaml is not what proto/ gives: run make generate and commit the result" >&2
	exit 1
fi
