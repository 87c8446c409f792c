#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
mkdir environments; cp app.env environments/dev.env
run sealcfg encrypt environments/dev.env
run sealcfg get dev TOKEN
run sealcfg sops exec-env environments/dev.env 'echo $TOKEN'
printf newest | sealcfg set dev TOKEN -; echo "[rc $?]"
run sealcfg sops exec-env environments/dev.env 'echo $TOKEN'
run sops exec-env environments/dev.env 'echo $TOKEN'
cp two.ini environments/test.ini
run sealcfg encrypt environments/test.ini
run sealcfg get test s.a
printf newest | sealcfg set test s.a -; echo "[rc $?]"
run sealcfg decrypt test
