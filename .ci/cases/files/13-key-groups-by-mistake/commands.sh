#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
age-keygen -o k2.txt 2>/dev/null; R2=$(age-keygen -y k2.txt)
printf 'creation_rules:\n  - key_groups:\n      - age:\n          - %s\n      - age:\n          - %s\n' $REC $R2 > .sops.yaml
printf 'a: 1\n' > f.yaml
run sealcfg encrypt f.yaml
cat $KEYFILE k2.txt > both.txt
run env SOPS_AGE_KEY_FILE=both.txt sealcfg encrypt f.yaml
run sealcfg view f.yaml
printf 'creation_rules:\n  - age: %s\n    key_groups:\n      - age: [%s]\n' $R2 $REC > .sops.yaml; printf 'a: 1\n' > g.yaml
run sealcfg encrypt g.yaml
