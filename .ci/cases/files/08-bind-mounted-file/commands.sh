#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
printf 'a: one\n' > f.yaml; cp f.yaml s.yaml; sealcfg encrypt f.yaml; sops encrypt -i s.yaml; cp f.yaml "$W/back"; mv "$W/back" back.yaml
export REC; unshare -m bash -c '
mount --bind back.yaml f.yaml; cp s.yaml s2.yaml; mount --bind s2.yaml s.yaml
sops set s.yaml "[\"a\"]" "\"two\""; echo "[sops set rc $?]"
printf two | sealcfg set f.yaml a -; echo "[sealcfg set rc $?]"
EDITOR="sed -i s/one/two/" sealcfg edit f.yaml; echo "[sealcfg edit rc $?]"
sealcfg rekey --yes f.yaml; echo "[sealcfg rekey rc $?]"
ls -A | grep sealcfg-'
