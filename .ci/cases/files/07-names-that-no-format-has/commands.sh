#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
cp app.env .env.production
run sealcfg encrypt .env.production
head -c 40 .env.production; echo
cp app.env .env.staging
run sealcfg encrypt --input-type dotenv .env.staging
run sealcfg decrypt .env.staging
run sealcfg encrypt .env.staging            # what the hint says
head -c 40 .env.staging; echo
printf 'a: 1\n' > z.yaml; sealcfg encrypt z.yaml; cp z.yaml z.yaml.bak
run sealcfg encrypt z.yaml.bak
cp up.yaml UP.YAML; run sealcfg encrypt UP.YAML; head -c 12 UP.YAML; echo
run sops encrypt .env.production
