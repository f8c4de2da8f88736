#!/usr/bin/env bash
# Removes all state: data/, and the volume of a Kafka in Docker. Refuses while something runs on it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh

RUN=data/run
for file in data/run/*.pid; do
  name=${file##*/}
  ! process_pid "${name%.pid}" >/dev/null || die "${name%.pid} runs: make stop-producer stop-processor stop-kafka"
done
RUN=data/kafka
! process_pid kafka >/dev/null || die "Kafka runs: make stop-kafka"
kafka=${COUNTER_KAFKA_ADDR:-localhost:9094}
! tcp_answers 127.0.0.1 "${kafka##*:}" || die "something serves Kafka at $kafka, perhaps make run on this data: stop it first"

volume=${KAFKA_CONTAINER:-distributed-counter-kafka}
if docker volume inspect "$volume" >/dev/null 2>&1; then
  docker volume rm "$volume" >/dev/null || die "Kafka runs in Docker: make stop-kafka"
fi
rm -rf data
say "data/ is gone"
