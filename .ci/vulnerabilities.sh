#!/usr/bin/env bash
# Runs govulncheck, which reports known vulnerabilities in code that we call. It
# fails for required modules. Vulnerabilities of Go itself are only reported: a newer
# Go fixes them, not a change of our code.
#
# Its database is on vuln.go.dev. The same reports are a Go module, golang.org/x/vulndb,
# so this needs nothing but the module proxy. If the download fails, nothing is checked;
# standard output and the file $SEALCFG_CI_NOTES report this.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

note() {
	echo "*** $*"
	[ -z "${SEALCFG_CI_NOTES:-}" ] || echo "$*" >>"$SEALCFG_CI_NOTES"
}

# Into a separate module cache, because no other step needs these 70 MB.
if ! GOMODCACHE=$work/mod GOFLAGS=-modcacherw go mod download -json golang.org/x/vulndb@latest >"$work/module" 2>"$work/why"; then
	note "govulncheck was NOT RUN: there is no database (golang.org/x/vulndb cannot be downloaded)"
	cat "$work/module" "$work/why"
	exit 0
fi
reports=$(jq -r .Dir "$work/module")/data/osv

# The layout that govulncheck reads: index/ and ID/.
mkdir -p "$work/db/index"
ln -s "$reports" "$work/db/ID"
cat "$reports"/GO-*.json | jq -c '{id, modified, aliases, paths: [.affected[]?.package.name]}' >"$work/all"
jq -s '{modified: (map(.modified) | max)}' "$work/all" >"$work/db/index/db.json"
jq -s '[.[] | {id, modified, aliases}]' "$work/all" >"$work/db/index/vulns.json"
jq -s '[.[] | {id, modified, path: .paths[]}] | unique | group_by(.path) | map({path: .[0].path, vulns: map({id, modified})})' \
	"$work/all" >"$work/db/index/modules.json"
count=$(wc -l <"$work/all")
echo "$count reports, $(jq -r .Version "$work/module")"
[ "$count" -gt 4000 ]

# findings PATTERN... lists the vulnerable modules that we call: module, version, fixed version, report.
findings() {
	govulncheck -db "file://$work/db" -format json "$@" >"$work/json"
	jq -r 'select(.finding.trace[0].function) | .finding | [.trace[0].module, .trace[0].version, .fixed_version // "-", .osv] | @tsv' "$work/json" | sort -u
}

# A program with a known vulnerability first. Without it, an empty database would look like success.
mkdir "$work/known"
cat >"$work/known/go.mod" <<'END'
module example.com/known

go 1.26.0

require gopkg.in/yaml.v3 v3.0.0-20210107192922-496545a6307b
END
cat >"$work/known/main.go" <<'END'
package main

import "gopkg.in/yaml.v3"

func main() { _ = yaml.Unmarshal(nil, new(any)) }
END
(cd "$work/known" && GOFLAGS=-mod=mod go mod tidy && findings .) | grep -q '^gopkg.in/yaml.v3'
echo "it finds a known vulnerability"

findings $(go list work) >"$work/found"
grep -v '^stdlib' "$work/found" >"$work/modules" || true
if grep '^stdlib' "$work/found"; then
	note "$(go env GOVERSION) has $(grep -c '^stdlib' "$work/found") known vulnerabilities that our code may reach; build releases with $(grep '^stdlib' "$work/found" | cut -f 3 | sort -V | tail -1 | sed 's/^v/go/') or newer"
fi
if [ -s "$work/modules" ]; then
	echo "our code calls vulnerable code (module, version, fixed in, report):"
	cat "$work/modules"
	exit 1
fi
echo "no module that we require has a known vulnerability that our code may reach"
