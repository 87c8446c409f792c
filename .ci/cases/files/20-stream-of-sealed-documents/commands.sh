#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
printf 'a: 1\n' > a.yaml; sealcfg encrypt a.yaml; printf 'b: 2\n' > b.yaml; (cat a.yaml; echo ---; cat b.yaml) > m1.yaml
cp b.yaml b2.yaml; sealcfg encrypt b2.yaml; (cat a.yaml; echo ---; cat b2.yaml) > m2.yaml
run sealcfg sops -d m1.yaml
run sealcfg sops -d m2.yaml
