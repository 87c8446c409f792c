#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
cp f.env c.env; run sealcfg encrypt c.env
run sealcfg sops exec-env c.env 'printf "<%s>\n" "$DIR" "$JSON"'
run sealcfg get c.env DIR
printf 'C:\\new' | sealcfg set c.env DIR -; echo "[rc $?]"
