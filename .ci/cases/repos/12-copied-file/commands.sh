#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
run sops decrypt apps/b/secret.yaml
run sealcfg decrypt apps/a/secret.yaml
run sealcfg decrypt apps/b/secret.yaml
run sealcfg rekey --yes apps/b/secret.yaml
run sealcfg decrypt apps/b/secret.yaml
