#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
printf 'creation_rules:\n  - age: %s\n    encrypted_comment_regex: seal-this\n' $REC > .sops.yaml
cp f.yaml s.yaml; run sops encrypt -i s.yaml
run sops decrypt s.yaml
run sops decrypt --ignore-mac s.yaml
run sealcfg decrypt s.yaml
run sealcfg sops decrypt --ignore-mac s.yaml
run sealcfg encrypt f.yaml; sealcfg decrypt f.yaml | cmp - "$HERE/in/f.yaml" && echo identical; run sops decrypt f.yaml
