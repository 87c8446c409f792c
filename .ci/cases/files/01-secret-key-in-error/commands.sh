#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
printf 'a: 1\n' > f.yaml; sealcfg encrypt f.yaml
age-keygen -o made.txt 2>/dev/null; K=$(grep AGE-SECRET made.txt)   # a key made here, worth nothing
ssh-keygen -q -t ed25519 -N '' -f sshk
export SOPS_AGE_KEY_FILE=$KEYFILE
run env SOPS_AGE_KEY_FILE="$K" sealcfg decrypt f.yaml
run env SOPS_AGE_KEY_FILE= SOPS_AGE_KEY_CMD="$K" sealcfg decrypt f.yaml
run env SOPS_AGE_SSH_PRIVATE_KEY_FILE="$(cat sshk)" sealcfg decrypt f.yaml
printf 'b: 1\n' > g.yaml
run sealcfg sops encrypt --age "$K" g.yaml
run env SOPS_AGE_RECIPIENTS="$K" sealcfg sops encrypt g.yaml
run sealcfg sops rotate -i --rm-age "$K" f.yaml
