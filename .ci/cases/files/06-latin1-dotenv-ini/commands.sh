#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
for f in a.env b.env c.ini; do
  cp $f s.${f##*.}; x=s.${f##*.}; sops encrypt -i $x; echo "[sops seals $f: rc $?]"
  sops decrypt $x | cmp - $f && echo "sops gives the same bytes back"
  run sealcfg decrypt $x
done
run sealcfg encrypt a.env
