#!/usr/bin/env bash
# Stops what deploy/start.sh or docker compose started, and nothing else:  deploy/stop.sh producer | gateway | processor
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh
. deploy/docker/fleet.sh

RUN=data/run
bound=30 # seconds until SIGKILL; a clean stop takes about one
case ${1:-} in producer | gateway | processor) ;; *) die "usage: deploy/stop.sh producer | gateway | processor" ;; esac

stopped=0
for file in "$RUN/$1".pid "$RUN/$1"-*.pid; do
  [ -e "$file" ] || continue
  name=${file##*/}
  process_stop "${name%.pid}" $bound &
  stopped=$((stopped + 1))
done
wait
service=$1
[ "$service" != producer ] || service=api
fleet_stop "$service" && stopped=$((stopped + 1))
[ $stopped -gt 0 ] || say "no $1 runs"
