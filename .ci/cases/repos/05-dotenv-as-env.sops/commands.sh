#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
run sealcfg decrypt .env.sops
run sealcfg encrypt .env.sops
run sops decrypt --input-type dotenv --output-type dotenv .env.sops
