#!/usr/bin/env bash
# The page: builds it, compares it, tests it. Wants Node; installs what the page is made with, from
# its lock file, where that has changed.
#
#   deploy/web.sh start    the development server, for a gateway at http://localhost:8000
#   deploy/web.sh build    web/dist anew; commit it
#   deploy/web.sh check    fails when web/dist is not what the sources give
#   deploy/web.sh test     unit tests, then Chromium against the programs in dist/, all of them real
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../web"
. ../deploy/process.sh

need_node() {
  local needs="Node.js 20.19 or newer with npm, https://nodejs.org"
  command -v npm >/dev/null && command -v node >/dev/null || die "Node.js is missing: install $needs"
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
    die "Node.js $(node --version) is too old: install $needs"
  cmp -s package-lock.json node_modules/.from && return
  say "installing what the page is made with (110 MB in web/node_modules), once"
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.from
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

# check builds into a folder of its own, so that what is committed stays as it is.
check() {
  local fresh=../dist/web
  npx tsc --noEmit
  npx vite build --logLevel warn --outDir "$fresh" --emptyOutDir
  diff -rq dist "$fresh" || die "web/dist is not what its sources give: make build-web, and commit web/dist"
  say "web/dist is what its sources give"
}

need_node
case ${1:-} in
  start) exec npx vite ;;
  build) npx tsc --noEmit && npx vite build ;;
  check) check ;;
  test)
    need_chromium
    npx tsc --noEmit
    npx vitest run
    npx vitest run --config vitest.browser.config.ts
    ;;
  *) die "usage: deploy/web.sh start | build | check | test" ;;
esac
