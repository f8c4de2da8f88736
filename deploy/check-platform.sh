#!/usr/bin/env bash
# Judges what the platforms are told, without running it:  deploy/check-platform.sh [STEP…]
#   sam         template.yaml, by sam validate --lint
#   serverless  the plugin that runs the Lambda, and serverless.yml by what serverless package makes of it
#   compose     docker-compose.yml and deploy/docker/three.yml, by docker compose config, or where that is missing
#               by the loader that it is made of
# All steps run, also after one that found something; the status says whether one did.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. deploy/process.sh

loader=github.com/compose-spec/compose-go/v2/cmd@v2.9.1

compose() {
  local file
  for file in docker-compose.yml deploy/docker/three.yml; do
    if docker compose version >/dev/null 2>&1; then
      docker compose --file $file config --quiet || return 1
    else
      (cd "$(dirname $file)" && go run $loader "$(basename $file)" >/dev/null) || return 1
    fi
  done
}

[ $# -gt 0 ] || set -- sam serverless compose
failed=()
for step in "$@"; do
  case $step in
    sam) deploy/sam.sh check || failed+=(sam) ;;
    serverless) { deploy/lambda.sh own && deploy/serverless.sh test; } || failed+=(serverless) ;;
    compose) compose || failed+=(compose) ;;
    *) die "$step: expected sam, serverless or compose" ;;
  esac
done
[ ${#failed[@]} = 0 ] || die "deploy/check-platform.sh: failed: ${failed[*]}"
say "nothing found in $*"
