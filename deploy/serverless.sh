#!/usr/bin/env bash
# The Lambda by serverless offline, on this machine without Docker, until Ctrl-C:
#   deploy/serverless.sh [FLAG…]    flags of serverless offline start
# The Kafka is that of the settings. Installs what package-lock.json says, the first time and when it
# has changed.
#   deploy/serverless.sh test       tests the plugin, and what would be deployed
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh
. deploy/node.sh

need_node
need_packages "serverless offline (140 MB in node_modules)"
export SLS_TELEMETRY_DISABLED=1
if [ "${1:-}" = test ]; then
  "$node" --test --test-reporter=dot functions/offline/*.test.js deploy/*.test.js
  exit
fi
exec "$node" node_modules/.bin/serverless offline start --stage dev "$@"
