#!/usr/bin/env bash
# Runs the cases in files/, repos/ and settings/ and compares their output with their
# want.txt. Each case is a fault that a user, an attacker or a bug report of another
# project found, and that was fixed.
#
#   run.sh [-u] [CASE...]    -u writes want.txt; CASE is a path such as files/01-*
#
# A case of files/ or repos/ is a commands.sh that runs in a scratch project
# with the inputs of in/. A case of settings/ is a Go program. No case may
# print a private key; run.sh checks that for all of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
cases=$PWD

update=
if [ "${1:-}" = -u ]; then
	update=1
	shift
fi
[ "$#" -gt 0 ] || set -- files/* repos/* settings/[0-9]*

export GOFLAGS=-buildvcs=false
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
(cd ../.. && go build -o "$bin/" ./cmd/sealcfg ./cmd/sealcfg-kms)
go build -C ../.. -o "$bin/age-keygen" filippo.io/age/cmd/age-keygen
export PATH="$bin:$PATH"

# normalize replaces values that differ between runs: paths, times, ciphertexts,
# hashes, and recipients that the case made.
normalize() {
	sed -E \
		-e "s|$1|SCRATCH|g" -e "s|$cases|CASES|g" \
		-e 's/("enc": "-----BEGIN AGE ENCRYPTED FILE-----).*(-----END)/\1…\2/' \
		-e 's/ENC\[AES256_GCM,[^]]*(\]|$)/ENC[…]/g' \
		-e 's/20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]+Z/TIME/g' \
		-e 's/\b([0-9A-F]{40}|[0-9A-F]{128})\b/HASH/g' \
		-e 's/git-blob-[A-Za-z0-9]+/git-blob/g' -e 's#/tmp/[a-z-]*[0-9]+#TMP#g' -e 's#(/tmp/)?\b[a-z-]*[0-9]{8,}#TMP#g' -e 's/0x[0-9a-f]{6,}/0xN/g' \
		-e 's/\b(index|commit) [0-9a-f.]{7,}/\1 HASH/' \
		-e "s/$2/RECIPIENT/g" -e 's/age1[0-9a-z]{58}/AGE1/g' -e 's/age1[0-9a-z]{4,}(\.\.\.[0-9a-z]*)?/AGE1/g'
}

failed=0
for dir in "$@"; do
	dir=${dir%/}
	scratch=$(mktemp -d)
	install -m 600 key.txt "$scratch/key.txt"
	if [ -e "$dir/commands.sh" ]; then
		SCRATCH=$scratch bash "$dir/commands.sh" >"$scratch/output" 2>&1 </dev/null || true
	elif [ -e "$dir/main.go" ]; then
		GOWORK=off go build -C settings -o "$scratch/program" "./$(basename "$dir")"
		(cd settings && SOPS_AGE_KEY_FILE=$scratch/key.txt HOME=$scratch "$scratch/program") >"$scratch/output" 2>&1 </dev/null || true
	else
		echo "$dir: neither commands.sh nor main.go" >&2
		exit 2
	fi
	if grep -qE 'AGE-SECRET-KEY-|BEGIN [A-Z ]*PRIVATE KEY' "$scratch/output"; then
		echo "FAILED $dir: it prints a private key"
		failed=$((failed + 1))
	fi
	normalize "$scratch" "$(age-keygen -y key.txt)" <"$scratch/output" >"$scratch/got"
	if [ -n "$update" ]; then
		cp "$scratch/got" "$dir/want.txt"
	elif [ ! -e "$dir/want.txt" ] || ! diff -u --label "$dir/want.txt" --label got "$dir/want.txt" "$scratch/got"; then
		echo "FAILED $dir"
		failed=$((failed + 1))
	fi
	rm -rf "$scratch"
done
if [ "$failed" -ne 0 ]; then
	echo "$failed cases failed; after a change on purpose: .ci/cases/run.sh -u CASE"
	exit 1
fi
echo "$# cases ok"
