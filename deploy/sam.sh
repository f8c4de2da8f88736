#!/usr/bin/env bash
# The Lambda by sam local start-api, in the containers that AWS runs it in, at http://localhost:3000
# (without the stage in the path), until Ctrl-C:
#   deploy/sam.sh [FLAG…]    flags of sam local start-api
# The Kafka is that of make start-kafka RUNNER=docker, or of docker compose up, on the network main-net.
# Wants dist/videos/bootstrap for Linux on this machine's processor: make build-lambda.
#   LAMBDA_RUNTIME  provided.al2 (default) or provided.al2023
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh

network=${NETWORK:-main-net}
runtime=${LAMBDA_RUNTIME:-provided.al2}
case $(uname -m) in
  arm64 | aarch64) architecture=arm64 ;;
  *) architecture=x86_64 ;;
esac

command -v sam >/dev/null || die "sam is missing: pip install aws-sam-cli, or see https://docs.aws.amazon.com/serverless-application-model"
docker info >/dev/null 2>&1 || die "sam local needs Docker, and no engine answers: start it, or try make start-serverless"
docker network inspect "$network" >/dev/null 2>&1 ||
  die "there is no network $network: make start-kafka RUNNER=docker, or docker compose up, first"

flags=(--docker-network "$network" --warm-containers LAZY --port 3000
  --parameter-overrides "Architecture=$architecture LambdaRuntime=$runtime")
# sam asks the registry for a newer image at each start; with the image at hand, that can wait.
if docker image inspect "public.ecr.aws/lambda/provided:${runtime#provided.}-$architecture" >/dev/null 2>&1; then
  flags+=(--skip-pull-image)
fi
export SAM_CLI_TELEMETRY=${SAM_CLI_TELEMETRY:-0}
exec sam local start-api "${flags[@]}" "$@"
