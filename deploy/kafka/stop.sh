#!/usr/bin/env bash
# Stops the Kafka that start.sh started with the same KAFKA_DATA, and nothing else. Its data stays.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/deploy/process.sh"

RUN=${KAFKA_DATA:-$root/data/kafka}
if [ -s "$RUN/container" ]; then
  id=$(cat "$RUN/container")
  if [ -n "$(docker ps -q --no-trunc --filter "id=$id")" ]; then
    docker stop --time 30 "$id" >/dev/null
    say "kafka stopped"
  else
    say "kafka is not running"
  fi
  docker rm -fv "$id" >/dev/null 2>&1 || true
  rm -f "$RUN/container"
else
  process_stop kafka 30
fi
