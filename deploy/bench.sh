#!/usr/bin/env bash
# Measures on a Kafka of its own, which is stopped afterwards. The first argument
# is the program in dist/: bench, bench-latency or bench-restore; the others go to
# it (-h lists them). With PEERS=1 the peers are measured in the same run as
# bench, by the programs in PEERS_DIR.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
program=$1
shift
export RUNNER=host KAFKA_PORT=${BENCH_KAFKA_PORT:-19094} KAFKA_DATA=$root/data/$program-kafka
rm -rf "$KAFKA_DATA"
trap 'deploy/kafka/stop.sh; rm -rf "$KAFKA_DATA"' EXIT
deploy/kafka/start.sh
read -r pid _ <"$KAFKA_DATA/kafka.pid"
broker_pid=()
[ "$program" != bench ] || broker_pid=(-broker-pid "$pid")
peers=()
if [ "${PEERS:-}" = 1 ] && [ "$program" = bench ]; then
  [ -x "${PEERS_DIR:-}/bench.sh" ] || { echo "PEERS=1 needs PEERS_DIR, the folder of the peers' bench.sh" >&2; exit 1; }
  # What the peers build is kept; they tell the broker's CPU by its process.
  export PEERS_TMP=${PEERS_TMP:-$root/dist/peers}
  mkdir -p "$PEERS_TMP/kafka"
  printf '%s' "$pid" >"$PEERS_TMP/kafka/pid"
  peers=(-peers "$PEERS_DIR" -who "${PEERS_WHO:-ceiling,ours,kstreams-eos-emit,kstreams-eos-emit-64m}")
fi
"dist/$program" -broker "127.0.0.1:$KAFKA_PORT" "${broker_pid[@]}" -dir "$root/data" "${peers[@]}" "$@"
