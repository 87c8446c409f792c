#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
cat > .sops.yaml <<X
creation_rules:
  - age: $REC
    encrypted_regex: ^password$
    mac_only_encrypted: true
X
cp app.yaml s.yaml; sops encrypt -i s.yaml; sealcfg encrypt app.yaml
sed -i 's/v1.2.3/v1.2.4/' app.yaml s.yaml        # what an update bot does, without a key
run sops decrypt s.yaml
run sops decrypt app.yaml
run sealcfg decrypt s.yaml
run sealcfg decrypt app.yaml
run sealcfg sops -d app.yaml
run sealcfg rekey --yes app.yaml
run sealcfg rekey --accept-unbound --yes app.yaml
