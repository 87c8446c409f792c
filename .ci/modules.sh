#!/usr/bin/env bash
# Lists the directories of the modules in the workspace: "." and "./services/aws" and so on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
go work edit -json go.work | jq -r '.Use[].DiskPath'
