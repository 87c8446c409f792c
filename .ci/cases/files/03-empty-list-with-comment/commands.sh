#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
sops encrypt -i f.yaml; echo "[sops encrypt rc $?]"
run sops decrypt f.yaml
run sealcfg decrypt f.yaml
run sealcfg rekey --yes f.yaml
run env EDITOR=true sealcfg edit f.yaml
run sealcfg sops -d f.yaml
