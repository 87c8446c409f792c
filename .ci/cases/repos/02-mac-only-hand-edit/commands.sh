#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
run sops decrypt secret.yaml
run sealcfg decrypt secret.yaml
printf two | run sealcfg set secret.yaml stringData.TOKEN -
run sops decrypt secret.yaml
