#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
printf 'a: 1\n' > f.yaml; cp f.yaml s.yaml; sealcfg encrypt f.yaml; sops encrypt -i s.yaml
python3 -c "import os; [os.setxattr(f,'user.team',b'ops') for f in ('f.yaml','s.yaml')]"
printf 2 | sealcfg set f.yaml a -; sops set s.yaml '["a"]' 2
python3 -c "import os; [print(f, os.listxattr(f)) for f in ('f.yaml','s.yaml')]"
