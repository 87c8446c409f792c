#!/usr/bin/env bash
# Builds the servers for the tests of key providers and prints their paths as lines
# for the shell:
#
#     eval "$(.ci/services.sh)"
#
# Slow builds are done once and kept in a cache, under the hash of their sources.
# Messages go to stderr.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sealcfg-ci

# cached NAME DIRECTORY builds the module in DIRECTORY, unless it was built before
# from the same files by the same Go, and sets $program.
cached() {
	local name=$1 dir=$2 key part
	key=$(cd "$dir" && { go env GOVERSION GOOS GOARCH; sha256sum -- go.mod go.sum *.go; } | sha256sum | cut -c1-16)
	program=$cache/$name-$key/$name
	if [ -x "$program" ]; then
		return
	fi
	echo "building $name (once; it takes minutes)" >&2
	mkdir -p "${program%/*}"
	part=$(mktemp "${program%/*}/.build-XXXXXX")
	if ! (cd "$dir" && GOWORK=off go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$part" .) >&2; then
		rm -f "$part"
		return 1
	fi
	mv "$part" "$program" # as a whole: another run may be building it too
}

cached vault .ci/vault
printf 'export SEALCFG_TEST_VAULT=%q\n' "$program"
