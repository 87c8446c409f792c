#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
printf 'a: 1\nb: two\n' > f.yaml; git add -A; git commit -qm plain
sealcfg encrypt f.yaml; git commit -qam sealed
printf three | sealcfg set f.yaml b -; git commit -qam changed
echo '*.yaml diff=sealcfg' > .gitattributes; git config diff.sealcfg.textconv 'sealcfg sops -d'   # as docs/commands.md says
run git --no-pager log -p --format='== %s' -- f.yaml
printf 'x: 1\n' > values.yaml; git add -A; git commit -qm v; printf 'x: 2\n' > values.yaml
run git --no-pager diff
run env SOPS_AGE_KEY_FILE= git --no-pager diff HEAD~2 HEAD -- f.yaml     # a colleague without the key
