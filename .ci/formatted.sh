#!/usr/bin/env bash
# Encrypts envfile/testdata/formatted/plain.yaml and runs YAML formatters on the encrypted file. It needs the
# network; the tests read the results.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

prettier=3.10.1
yamlfmt=v0.21.0
recipient=age1lzf4l6uzy87gttqzhr6z747hgxqeqjhe39mm4lps5nxxj7u8kdns62kww0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work/npm" "prettier@$prettier"
GOBIN=$work go install "github.com/google/yamlfmt/cmd/yamlfmt@$yamlfmt"
go build -o "$work/sealcfg" ./cmd/sealcfg

cd envfile/testdata/formatted
rm -f encrypted*.yaml
"$work/sealcfg" encrypt -o - -r "$recipient" plain.yaml >encrypted.yaml
prettier() { "$work/npm/node_modules/.bin/prettier" --log-level warn "$@"; }
prettier encrypted.yaml >encrypted-prettier.yaml
prettier --single-quote --tab-width 4 --print-width 40 --no-bracket-spacing encrypted.yaml >encrypted-prettier-options.yaml
"$work/yamlfmt" -in <encrypted.yaml >encrypted-yamlfmt.yaml
"$work/yamlfmt" -in -formatter retain_line_breaks=true,indentless_arrays=true,include_document_start=true,pad_line_comments=2 \
	<encrypted.yaml >encrypted-yamlfmt-options.yaml
ls -l
