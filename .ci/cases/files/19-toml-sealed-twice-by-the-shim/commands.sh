#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
printf 'a = 1\n' > q.toml; sealcfg encrypt q.toml
run sealcfg sops -e -i q.toml
head -2 q.toml | cut -c1-50
