#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
printf 'a: x\n' > f.yaml; sealcfg encrypt f.yaml
printf '\xff\x00\xfe' > raw; sealcfg set f.yaml key --from-file raw
printf 'line' | sealcfg set f.yaml one -; printf 'line\n' > l; sealcfg set f.yaml two --from-file l
for k in key one two; do
  echo "$k: get $(sealcfg get f.yaml $k | xxd -p), decrypt --extract $(sealcfg decrypt f.yaml --extract $k | xxd -p), sops --extract $(sops -d --extract "[\"$k\"]" f.yaml | xxd -p)"
done
cp raw k.bin; sealcfg encrypt k.bin; echo "k.bin: get $(sealcfg get k.bin data | xxd -p), decrypt $(sealcfg decrypt k.bin | xxd -p)"
