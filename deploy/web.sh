#!/usr/bin/env bash
# The page: builds it, compares it, tests it. Installs Node.js where it is missing or too old, and what
# the page is made with, from its lock file, where that has changed.
#
#   deploy/web.sh start    the development server, for a gateway at http://localhost:8000
#   deploy/web.sh build    web/dist anew; commit it
#   deploy/web.sh check    fails when web/dist is not what the sources give
#   deploy/web.sh test     unit tests, then Chromium against the programs in dist/, all of them real
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh
. deploy/node.sh

# tool NAME [ARGUMENT…]: one of those that the page is made with.
tool() {
  local -A at=([tsc]=typescript/bin/tsc [vite]=vite/bin/vite.js [vitest]=vitest/vitest.mjs)
  "$node" "node_modules/${at[$1]}" "${@:2}"
}

need_chromium() {
  local as_root=""
  [ -z "${CHROMIUM:-}" ] || return 0
  [ ! -x /usr/bin/chromium ] || return 0
  command -v apt-get >/dev/null || die "Chromium is missing: name one with CHROMIUM=/path/to/chromium"
  if [ "$(id -u)" != 0 ]; then
    as_root=sudo
    sudo -n true 2>/dev/null || die "Chromium is missing, and installing takes root: apt-get install chromium"
  fi
  say "installing chromium"
  $as_root apt-get update -qq || die "apt-get update failed: see above"
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium >/dev/null ||
    die "apt-get could not install chromium: see above"
}

build() {
  tool tsc --noEmit
  tool vite build --logLevel warn --emptyOutDir --outDir "$1"
}

# check builds into a folder of its own, so that what is committed stays as it is.
check() {
  build ../dist/web
  diff -rq dist ../dist/web || die "web/dist is not what its sources give: make build-web, and commit web/dist"
  say "web/dist is what its sources give"
}

need_node
cd web
need_packages "what the page is made with (110 MB in web/node_modules)"
case ${1:-} in
  start) tool vite ;;
  build) build dist ;;
  check) check ;;
  test)
    need_chromium
    tool tsc --noEmit
    tool vitest run
    tool vitest run --config vitest.browser.config.ts
    ;;
  *) die "usage: deploy/web.sh start | build | check | test" ;;
esac
