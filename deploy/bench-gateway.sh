#!/usr/bin/env bash
# Measures the gateway on a Kafka of its own, which is stopped afterwards; the
# arguments go to bench/gateway (-h lists them).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case " $* " in
*" -hostile "*) ;; # ours alone
*)
  mkdir -p dist/reference
  cp bench/gateway/reference/* dist/reference
  (cd dist/reference && npm ci --silent --no-audit --no-fund)
  ;;
esac
export RUNNER=host KAFKA_PORT=${BENCH_KAFKA_PORT:-19194} KAFKA_DATA=$PWD/data/bench-gateway-kafka
rm -rf "$KAFKA_DATA"
trap 'deploy/kafka/stop.sh; rm -rf "$KAFKA_DATA"' EXIT
deploy/kafka/start.sh
dist/bench-gateway -broker "127.0.0.1:$KAFKA_PORT" "$@"
