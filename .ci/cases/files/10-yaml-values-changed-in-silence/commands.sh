#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
cp v.yaml c.yaml; run sealcfg encrypt v.yaml
sealcfg decrypt v.yaml | diff c.yaml -
run sops decrypt v.yaml
run sealcfg encrypt v.json
