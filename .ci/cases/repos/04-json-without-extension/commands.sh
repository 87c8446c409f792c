#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
run sealcfg decrypt cfg
run sealcfg encrypt cfg
run sealcfg sops encrypt -i cfg
run sops decrypt --input-type json --output-type json cfg
