#!/usr/bin/env bash
# Builds older sops releases, which must read our files, once in the user's cache
# directory, and prints their paths, joined by colons, for SEALCFG_TEST_SOPS_OLD.
# Messages go to stderr. Each takes about a minute the first time.
set -euo pipefail

# 3.9.4: the last without the type time. 3.11.0: before the rewrite of the metadata.
versions=(v3.9.4 v3.11.0)
package=github.com/getsops/sops/v3/cmd/sops
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sealcfg-ci

# Outside the checkout, so that go neither reads nor changes its go.mod.
mkdir -p "$cache"
cd "$cache"
paths=()
for version in "${versions[@]}"; do
	dir=$cache/sops-${version#v}
	# An interrupted build leaves no program: go install moves it there at the end.
	if go version -m "$dir/sops" 2>/dev/null | grep -qE "^[[:space:]]+mod[[:space:]]+github.com/getsops/sops/v3[[:space:]]+$version([[:space:]]|$)"; then
		echo "sops $version is installed" >&2
	else
		echo "building sops $version" >&2
		GOBIN=$dir GOFLAGS=-mod=mod go install "$package@$version" >&2
	fi
	paths+=("$dir/sops")
done
(IFS=:; echo "${paths[*]}")
