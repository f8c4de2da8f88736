#!/usr/bin/env bash
# Follows the logs of all that runs, processes and containers, until Ctrl-C:  deploy/logs.sh
#   FOLLOW  0: what there is, and no more
#   LINES   of the past, from each (20)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh
. deploy/docker/fleet.sh

lines=${LINES:-20}
follow=()
[ "${FOLLOW:-1}" = 0 ] || follow=(--follow)
shopt -s nullglob
files=(data/run/*.log data/kafka/kafka.lo[g] data/kafka-[23]/kafka.log)
jobs=()
trap '[ ${#jobs[@]} = 0 ] || kill "${jobs[@]}" 2>/dev/null || true' EXIT
if [ ${#files[@]} -gt 0 ]; then
  tail --lines "$lines" "${follow[@]/--follow/--follow=name}" "${files[@]}" &
  jobs+=($!)
fi
if has_docker && has_compose; then
  for project in "${fleets[@]}"; do
    [ -n "$(fleet_containers "$project" "" --all)" ] || continue
    docker compose --project-name "$project" --file "$(fleet_file "$project")" logs --tail "$lines" "${follow[@]}" &
    jobs+=($!)
  done
fi
[ ${#jobs[@]} -gt 0 ] || die "nothing runs, nor has left a log: make start-kafka start-producer start-processor"
wait
