#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
run sealcfg decrypt secret.yaml
cp secret.yaml secret-2.yaml
printf new | run sealcfg set secret.yaml stringData.TOKEN -
run sealcfg rekey --yes secret.yaml
printf "stringData:\n  a: b\n" >secret-new.yaml
run sealcfg encrypt secret-new.yaml
run sops decrypt secret.yaml
