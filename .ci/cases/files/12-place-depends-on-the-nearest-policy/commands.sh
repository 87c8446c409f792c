#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
mkdir secrets; printf 'a: 1\n' > secrets/x.yaml; sealcfg encrypt secrets/x.yaml
run sealcfg get secrets/x.yaml a
cp .sops.yaml secrets/.sops.yaml              # a policy of its own for the folder; no sealed file was touched
run sealcfg get secrets/x.yaml a
rm secrets/.sops.yaml; mkdir ../mono; cd ../mono; git init -q; cp -r ../p svc; rm -rf svc/.git; mv svc/.sops.yaml .   # the project becomes a folder of a monorepo
run sealcfg get svc/secrets/x.yaml a
