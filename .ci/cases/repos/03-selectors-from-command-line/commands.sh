#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
run sealcfg view secret.yaml
printf new | run sealcfg set secret.yaml stringData.TOKEN -
printf new | run sealcfg set --keep-rules secret.yaml stringData.TOKEN -
printf new | run sealcfg sops set --value-stdin secret.yaml "[\"stringData\"][\"TOKEN\"]" <<<"\"newer\""
run sealcfg rekey --yes secret.yaml
run sealcfg rekey --yes --keep-rules secret.yaml
run sops decrypt secret.yaml
