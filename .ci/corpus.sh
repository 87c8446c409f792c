#!/bin/sh
# Downloads the modules with the YAML files that the corpus tests read. A module in the
# module cache is not downloaded again.
set -eu
list=$(cd "$(dirname "$0")/.." && pwd)/internal/test/corpus/modules.txt
# Outside the checkout, so that go neither reads nor changes its go.mod.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
grep -v '^#' "$list" | while read -r module; do
	[ -z "$module" ] && continue
	echo "corpus: $module"
	GOFLAGS=-mod=mod go mod download "$module"
done
