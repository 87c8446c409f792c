#!/usr/bin/env bash
# Tests that Flux decrypts the files of sealcfg. Builds the command, encrypts a
# directory with it, and runs the tests of this module on the result. The first build
# takes minutes, because it contains most of Flux; later builds take seconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
here=$PWD

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd ../.. && go build -o "$work/sealcfg" ./cmd/sealcfg)

# Two demo identities for these tests. They protect no secret.
alice_key=AGE-SECRET-KEY-15205YUFKQDP4J4XXY84FVGZNJ7CDKHZ096SZ2NAP2QF7M5Q9VZ7QPU7KDW
bob_key=AGE-SECRET-KEY-1JRH2RJ2JKY8GM96NWLM57MN05Y5U3TMP8TLMHJWVUJEH8E2V2CVS30WHAK
alice=age1lzf4l6uzy87gttqzhr6z747hgxqeqjhe39mm4lps5nxxj7u8kdns62kww0
bob=age1c3twpu6hmzd0pha3jfng2yjghk404fukhjyjnz3xj9j69k7s0vyqkesflu
printf '%s\n%s\n' "$alice_key" "$bob_key" >"$work/keys.txt"

# sealcfg ARGUMENT... runs the command in the directory, without the user's configuration.
sealcfg() {
	env -i HOME="$work/home" SOPS_AGE_KEY_FILE="$work/keys.txt" "$work/sealcfg" -q -C "$work/sealed" "$@"
}

cp -r plain "$work/sealed"
cat >"$work/sealed/.sops.yaml" <<POLICY
creation_rules:
  - path_regex: '^groups/'
    shamir_threshold: 2
    encrypted_regex: ^(data|stringData)\$
    key_groups:
      - age: [$alice]
      - age: [$bob]
  - path_regex: '^(secrets|patches)/'
    encrypted_regex: ^(data|stringData)\$
    mac_only_encrypted: true
    age: $alice
  - age: $alice,$bob
POLICY
(cd plain && find . -type f ! -name kustomization.yaml | sort) | while read -r file; do
	sealcfg encrypt "$file"
done
# Files that sealcfg changed and rekeyed.
echo 'after: the change' | sealcfg set secrets/changed.yaml stringData.password - --type str
echo 5433 | sealcfg set files/config.json db.port - --type int
echo 'with spaces' | sealcfg set app.env ADDED - --type str
sealcfg rekey --yes files/settings.ini
[ "$(grep -rlE 'hunter2|the change' "$work/sealed" | wc -l)" -eq 0 ] || { echo "a secret is not encrypted"; exit 1; }

SEALCFG_FLUX_SEALED=$work/sealed SEALCFG_FLUX_KEYS=$work/keys.txt GOWORK=off go test -count=1 "$@" "$here"
