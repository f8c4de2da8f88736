#!/usr/bin/env bash
# Everything that can be judged without running the programs. All steps run, also after one that
# found something; the last line and the status say whether one did.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. deploy/process.sh

failed=()
# step NAME COMMAND…
step() {
  local name=$1
  shift
  say "$name"
  "$@" || failed+=("$name")
}

formatted() {
  local files
  files=$(find . \( -name node_modules -o -path ./dist -o -path ./data \) -prune -o -name '*.go' -exec gofmt -l {} +) || return 1
  [ -z "$files" ] || { say "gofmt -w is needed for:" "$files"; return 1; }
}

step format formatted
step vet go vet ./...
step staticcheck go tool staticcheck ./...
step tidy go mod tidy -diff
step architecture go test ./docs/...
[ ${#failed[@]} = 0 ] || die "make check: failed: ${failed[*]}"
say "nothing found"
