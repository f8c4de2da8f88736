#!/usr/bin/env bash
# The Lambda by serverless offline, on this machine without Docker, until Ctrl-C:
#   deploy/serverless.sh [FLAG…]    flags of serverless offline start
# The Kafka is that of the settings. Installs what package-lock.json says, the first time and when it
# has changed.
#   deploy/serverless.sh test       tests the plugin, and packages as for a deployment
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh

needs="Node.js 20.19 or newer with npm, https://nodejs.org"
command -v npm >/dev/null || die "npm is missing: install $needs"
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
  die "Node.js $(node --version) is too old: install $needs"
if ! cmp -s package-lock.json node_modules/.from; then
  say "installing serverless offline (140 MB in node_modules), once"
  npm ci --silent --no-audit --no-fund
  cp package-lock.json node_modules/.from
fi

export SLS_TELEMETRY_DISABLED=1
serverless=node_modules/.bin/serverless
if [ "${1:-}" = test ]; then
  node --test --test-reporter=dot functions/offline
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  $serverless package --stage dev --package "$folder"
  # The plugin is for serverless offline alone: what is deployed is the bootstrap.
  grep -q '"Runtime": *"provided.al2"' "$folder/cloudformation-template-update-stack.json" ||
    die "the packaged function does not run on provided.al2"
  exit
fi
exec $serverless offline start --stage dev "$@"
