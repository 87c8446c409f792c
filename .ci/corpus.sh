#!/bin/sh
# Fetches the modules whose YAML files the corpus tests read. Safe to run again:
# what is in the module cache is not fetched twice.
set -eu
list=$(cd "$(dirname "$0")/.." && pwd)/internal/corpus/modules.txt
# Outside of the checkout, so that go.mod is neither asked nor changed.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
grep -v '^#' "$list" | while read -r module; do
	[ -z "$module" ] && continue
	echo "corpus: $module"
	GOFLAGS=-mod=mod go mod download "$module"
done
