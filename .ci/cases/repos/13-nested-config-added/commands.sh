#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
run sops decrypt apps/a/secret.yaml
run sealcfg decrypt apps/a/secret.yaml
printf new | run sealcfg set apps/a/secret.yaml stringData.TOKEN -
run sealcfg decrypt apps/a/secret.yaml
