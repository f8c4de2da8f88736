#!/usr/bin/env bash
# The Lambda by sam local start-api, in the containers that AWS runs it in, at http://localhost:3000
# (without the stage in the path), until Ctrl-C:
#   deploy/sam.sh [FLAG…]    flags of sam local start-api
#   deploy/sam.sh check      judges template.yaml; needs no Docker, and fetches a sam where there is none
#   deploy/sam.sh emulator   prints where the emulator is that runs in sam's containers, for this machine; fetches sam too
# The Kafka is that of make start-kafka RUNNER=docker, or of docker compose up, on the network main-net.
# Wants dist/videos/bootstrap for Linux on this machine's processor: make build-lambda.
#   LAMBDA_RUNTIME  provided.al2 (default) or provided.al2023
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh

release=1.170.0 # of sam, where it is fetched: another one judges by other rules

# need_sam sets $sam to a sam of that release: the one at hand, or one in dist/sam.
need_sam() {
  sam=sam
  [ "$(sam --version 2>/dev/null)" != "SAM CLI, version $release" ] || return 0
  sam=dist/sam/bin/sam
  [ "$($sam --version 2>/dev/null)" != "SAM CLI, version $release" ] || return 0
  deploy/deps.sh clients # Python with venv
  say "fetching sam $release into dist/sam, once"
  rm -rf dist/sam
  python3 -m venv dist/sam
  dist/sam/bin/pip install --quiet --disable-pip-version-check --no-compile "aws-sam-cli==$release"
}

network=${NETWORK:-main-net}
runtime=${LAMBDA_RUNTIME:-provided.al2}
case $(uname -m) in
  arm64 | aarch64) architecture=arm64 ;;
  *) architecture=x86_64 ;;
esac

export SAM_CLI_TELEMETRY=${SAM_CLI_TELEMETRY:-0}
if [ "${1:-}" = check ]; then
  need_sam
  "$sam" validate --lint
  exit
fi

if [ "${1:-}" = emulator ]; then
  need_sam >&2
  python=$(sed -n '1s/^#!//p' "$(command -v "$sam")") # that of sam's own environment
  "$python" -c "import samcli, pathlib; print(pathlib.Path(samcli.__path__[0]) / 'local/rapid/aws-lambda-rie-$architecture')"
  exit
fi

sam=sam
command -v sam >/dev/null || need_sam
docker info >/dev/null 2>&1 || die "sam local needs Docker, and no engine answers: start it, or try make start-serverless"
docker network inspect "$network" >/dev/null 2>&1 ||
  die "there is no network $network: make start-kafka RUNNER=docker, or docker compose up, first"

flags=(--docker-network "$network" --warm-containers LAZY --port 3000
  --parameter-overrides "Architecture=$architecture LambdaRuntime=$runtime")
# sam asks the registry for a newer image at each start; with the image at hand, that can wait.
if docker image inspect "public.ecr.aws/lambda/provided:${runtime#provided.}-$architecture" >/dev/null 2>&1; then
  flags+=(--skip-pull-image)
fi
exec "$sam" local start-api "${flags[@]}" "$@"
