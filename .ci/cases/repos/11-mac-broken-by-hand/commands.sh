#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
run sops decrypt secret.yaml
run sealcfg decrypt secret.yaml
run sealcfg rekey --accept-mac secret.yaml
run sealcfg rekey --accept-mac --yes secret.yaml
run sealcfg decrypt secret.yaml
run sops decrypt secret.yaml
