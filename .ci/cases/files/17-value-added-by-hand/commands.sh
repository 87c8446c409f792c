#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
sealcfg encrypt f.yaml; sed -i 's/^db:/db:\n  other: topsecret/' f.yaml
run sealcfg decrypt f.yaml
run env EDITOR=true sealcfg edit f.yaml
run sealcfg encrypt f.yaml
run sealcfg unset f.yaml db.other
