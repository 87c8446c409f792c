#!/usr/bin/env bash
# Builds the older sops releases that must read what we write, once, into a
# cache beside the user's others, and prints where they are: one path each,
# joined by colons, as SEALCFG_TEST_SOPS_OLD wants them. What it does is said on
# stderr. About a minute each the first time, nothing afterwards.
set -euo pipefail

# 3.9.4: the last without the type time. 3.11.0: before the rewrite of the metadata.
versions=(v3.9.4 v3.11.0)
package=github.com/getsops/sops/v3/cmd/sops
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sealcfg-ci

# Outside of the checkout, so that go.mod is neither asked nor changed.
mkdir -p "$cache"
cd "$cache"
paths=()
for version in "${versions[@]}"; do
	dir=$cache/sops-${version#v}
	# A build that was interrupted leaves no program: go install moves it there at the end.
	if go version -m "$dir/sops" 2>/dev/null | grep -qE "^[[:space:]]+mod[[:space:]]+github.com/getsops/sops/v3[[:space:]]+$version([[:space:]]|$)"; then
		echo "sops $version is there" >&2
	else
		echo "building sops $version" >&2
		GOBIN=$dir GOFLAGS=-mod=mod go install "$package@$version" >&2
	fi
	paths+=("$dir/sops")
done
(IFS=:; echo "${paths[*]}")
