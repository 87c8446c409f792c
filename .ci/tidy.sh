#!/usr/bin/env bash
# Tidies go.mod and go.sum of all modules of the workspace, or with -diff fails if one
# is not tidy.
#
# go mod tidy ignores go.work, and go.mod files contain no replace lines: go install
# rejects them in a command. So this script tidies a copy that takes the modules of the
# repository from their directories.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
export GOWORK=off

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rc=0
for dir in $(.ci/modules.sh); do
	cp "$dir/go.mod" "$dir/go.sum" "$work"
	replaced=()
	for other in $(.ci/modules.sh); do
		[ "$other" != "$dir" ] || continue
		path=github.com/sealcfg/sealcfg${other#.}
		replaced+=("$path")
		go mod edit -replace "$path=$root/${other#./}" "$work/go.mod"
	done
	(cd "$dir" && go mod tidy -modfile="$work/go.mod")
	for path in "${replaced[@]}"; do
		go mod edit -dropreplace "$path" "$work/go.mod"
	done
	go mod edit -fmt "$work/go.mod"
	for file in go.mod go.sum; do
		if [ "${1:-}" != -diff ]; then
			cp "$work/$file" "$dir/$file"
		elif ! diff -u --label "$dir/$file" --label tidy "$dir/$file" "$work/$file"; then
			rc=1
		fi
	done
done
exit "$rc"
