#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
cp f.ini c.ini; sealcfg encrypt c.ini
sealcfg decrypt c.ini | cmp - f.ini && echo "sealcfg: identical"
cp f.ini s.ini; sops encrypt -i s.ini
echo "-- sops, sealed by sops"; sops decrypt s.ini; echo "-- sops, sealed by sealcfg"; sops decrypt c.ini
