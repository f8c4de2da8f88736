#!/usr/bin/env bash
# Removes all state: data/, and the containers and volumes of the compose project. Refuses while something runs on it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh
. deploy/docker/fleet.sh

RUN=data/run
for file in data/run/*.pid; do
  name=${file##*/}
  ! process_pid "${name%.pid}" >/dev/null || die "${name%.pid} runs: make stop-producer stop-processor stop-kafka"
done
for file in data/*/kafka.pid; do
  RUN=${file%/*}
  ! process_pid kafka >/dev/null || die "Kafka runs on $RUN: make stop-kafka, or await the end of a measurement"
done
for project in "${fleets[@]}"; do
  [ -z "$(fleet_containers "$project")" ] ||
    die "containers of $project run: make stop-gateway stop-producer stop-processor stop-kafka, or docker compose -p $project stop"
done
kafka=${COUNTER_KAFKA_ADDR:-localhost:9094}
! tcp_answers 127.0.0.1 "${kafka##*:}" || die "something serves Kafka at $kafka, perhaps make run on this data: stop it first"

# remove KIND FLAG…: what of a project docker KIND rm FLAG… takes away.
remove() {
  local kind=$1 ids
  shift
  mapfile -t ids < <(docker "$kind" ls --quiet ${all:+--all} --filter "label=com.docker.compose.project=$project")
  [ ${#ids[@]} = 0 ] || docker "$kind" rm "$@" "${ids[@]}" >/dev/null
}
if has_docker; then
  for project in "${fleets[@]}"; do
    all=1 remove container --volumes
    remove volume
    remove network
  done
fi
rm -rf data
say "data/ is gone, and the volumes of containers"
