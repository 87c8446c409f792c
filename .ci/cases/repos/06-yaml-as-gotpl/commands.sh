#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
run sealcfg decrypt secrets.yaml.gotpl
run sealcfg encrypt secrets.yaml.gotpl
run sops decrypt --input-type yaml --output-type yaml secrets.yaml.gotpl
