#!/usr/bin/env bash
# Stops the Kafka that start.sh started with the same KAFKA_DATA, or in the compose project, and nothing else. Its data
# stays.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/deploy/process.sh"
. "$root/deploy/docker/fleet.sh"
. "$root/deploy/kafka/nodes.sh"

# Three stop at the same time: one after the other, the last would have no majority of controllers left to say goodbye to.
bound=30 # seconds until SIGKILL
stopped=0
for i in 1 2 3; do
  RUN=$(folder $i)
  [ -e "$RUN/kafka.pid" ] || continue
  process_stop kafka $bound &
  stopped=$((stopped + 1))
done
wait
if [ -z "${KAFKA_DATA:-}" ]; then fleet_stop kafka && stopped=$((stopped + 1)); fi
((stopped > 0)) || say "kafka is not running"
