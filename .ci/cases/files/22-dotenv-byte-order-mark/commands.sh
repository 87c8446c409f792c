#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
mkdir environments; cp bom.env environments/dev.env
run sealcfg encrypt environments/dev.env
run sealcfg get dev TOKEN
run sealcfg view dev
run sops exec-env environments/dev.env 'echo "<$TOKEN>"'
