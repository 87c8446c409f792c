#!/usr/bin/env bash
# Builds the commands twice from the same sources, in different directories, the second
# time with an empty cache. Fails unless both builds are equal byte for byte.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
one=$work/one two=$work/another/folder/with/a/longer/name
for folder in "$one" "$two"; do
	mkdir -p "$folder"
	git ls-files -co --exclude-standard -z | while IFS= read -r -d '' f; do [ ! -e "$f" ] || printf '%s\0' "$f"; done |
		tar -c --null -T - | tar -x -C "$folder"
done

# build FOLDER FLAG... builds the commands there, with the flags of a release.
build() {
	local folder=$1
	shift
	(cd "$folder" && CGO_ENABLED=0 go build -buildvcs=false "$@" -o bin/ ./cmd/sealcfg ./cmd/sealcfg-kms)
}

build "$one" -trimpath
GOCACHE=$work/cache build "$two" -trimpath
for command in sealcfg sealcfg-kms; do
	cmp "$one/bin/$command" "$two/bin/$command"
	sha256sum "$one/bin/$command" | sed "s| .*/| |"
	# Without -trimpath, the path of the sources would be in the binary.
	if grep -qF "$work" "$one/bin/$command"; then
		echo "$command contains the path of its build directory"
		exit 1
	fi
done

(cd "$two" && CGO_ENABLED=0 go build -buildvcs=false -o bin/other ./cmd/sealcfg)
if cmp -s "$one/bin/sealcfg" "$two/bin/other"; then
	echo "the build without -trimpath is equal too, so the comparison proves nothing"
	exit 1
fi
echo "equal, byte for byte"
