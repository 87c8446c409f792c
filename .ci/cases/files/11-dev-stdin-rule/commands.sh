#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
age-keygen -o team.txt 2>/dev/null; R2=$(age-keygen -y team.txt)
printf 'creation_rules:\n  - path_regex: ^/dev/stdin$\n    age: %s\n  - path_regex: dev\\.yaml$\n    age: %s\n' $REC $R2 > .sops.yaml
printf 'a: 1\n' > dev.yaml; who() { grep -o "age1[a-z0-9]*" | sed "s/$REC/RULE-1/;s/$R2/RULE-2/"; }
echo "sops, redirected: $(sops encrypt --input-type yaml --output-type yaml /dev/stdin < dev.yaml | who)"
echo "sealcfg, piped: $(cat dev.yaml | sealcfg sops encrypt --input-type yaml --output-type yaml /dev/stdin | who)"
echo "sealcfg, redirected: $(sealcfg sops encrypt --input-type yaml --output-type yaml /dev/stdin < dev.yaml | who)"
