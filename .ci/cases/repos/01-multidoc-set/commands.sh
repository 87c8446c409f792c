#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
run sealcfg view --json two.yaml
printf x | run sealcfg set two.yaml "document 2: stringData.token" -
printf x | run sealcfg set two.yaml --document 2 stringData.token -
run sealcfg decrypt two.yaml
grep -c "^[^#]*: x$" two.yaml
