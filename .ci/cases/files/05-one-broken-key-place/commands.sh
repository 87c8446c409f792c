#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
printf 'a: 1\n' > f.yaml; sops encrypt -i f.yaml
K=$(grep AGE-SECRET $KEYFILE)
run env SOPS_AGE_KEY="$K" SOPS_AGE_KEY_FILE=/run/secrets/none sops -d f.yaml
run env SOPS_AGE_KEY="$K" SOPS_AGE_KEY_FILE=/run/secrets/none sealcfg sops -d f.yaml
run env SOPS_AGE_KEY=oops SOPS_AGE_KEY_FILE=$KEYFILE sops -d f.yaml
run env SOPS_AGE_KEY=oops SOPS_AGE_KEY_FILE=$KEYFILE sealcfg decrypt f.yaml
run env SOPS_AGE_KEY_FILE=/run/secrets/none sealcfg rekey --dry-run f.yaml   # documented to work without a key
export GNUPGHOME=$W/gpg; mkdir -m 700 $GNUPGHOME
gpg --batch --quiet --passphrase '' --quick-gen-key 'T <t@example.org>' rsa2048 encr never 2>/dev/null
FP=$(gpg --list-keys --with-colons 2>/dev/null | awk -F: '/^fpr/{print $10; exit}')
printf 'creation_rules:\n  - pgp: %s\n' $FP > .sops.yaml; printf 'a: pg\n' > g.yaml; sops encrypt -i g.yaml
run env SOPS_AGE_KEY_FILE=/run/secrets/none sops -d g.yaml
run env SOPS_AGE_KEY_FILE=/run/secrets/none sealcfg decrypt g.yaml           # a file that no age key has to do with
gpgconf --kill gpg-agent
