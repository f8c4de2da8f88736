#!/usr/bin/env bash
# Starts the API, the gateway or processors, and waits until each is ready:
#   deploy/start.sh producer
#   deploy/start.sh gateway
#   deploy/start.sh runner           only says which RUNNER it would be
#   deploy/start.sh processor [N]    those of 1…N that do not run yet; number i keeps its state in
#                                    data/processor-i, or in a volume processor-i
#
#   RUNNER      host: processes of this machine. They stay when the terminal goes; logs and pids are in data/run.
#               docker: containers of the compose project, whose settings come from config/.env alone.
#               auto (default): containers where the Kafka of the compose project runs, else processes
#   START_WAIT  for how many seconds one is waited for (60; for containers 600, since images may have to be built)
#   FOREGROUND  1: become the first process that does not run yet, log to this terminal, end on Ctrl-C
#
# Settings come from the environment (make runs this under deploy/env.sh). Where three brokers of make start-kafka run,
# or BROKERS=3 says so, KAFKA_BROKERS names all three unless it is set, and topics are made with three copies.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh
. deploy/docker/fleet.sh
root=$PWD
. deploy/kafka/nodes.sh

RUN=data/run
wait=${START_WAIT:-60}

# choose_runner settles auto.
choose_runner() {
  runner=${RUNNER:-auto}
  case $runner in
    auto) runner=host; [ -z "$(fleet_containers "$(fleet_project)" kafka)" ] || ! has_compose || runner=docker ;;
    docker) need_docker golang:1.26-bookworm debian:bookworm-slim ;;
    host) ;;
    *) die "RUNNER=$runner: expected docker, host or auto" ;;
  esac
}

# brokers_of_three sets KAFKA_BROKERS and COUNTER_REPLICATION where Kafka is three brokers.
brokers_of_three() {
  [ -z "${KAFKA_BROKERS:-}" ] || return 0
  [ "${BROKERS:-}" = 3 ] || [ -e "$(folder 2)/kafka.pid" ] || [ -n "$(fleet_containers "${fleets[1]}" kafka)" ] || return 0
  export KAFKA_BROKERS=localhost:$port,localhost:$((port + 1)),localhost:$((port + 2)) COUNTER_REPLICATION=3
}

# in_fleet SERVICE…: starts those services of the compose project that do not run; those that do stay as they are.
in_fleet() {
  local flags=(--detach --wait --wait-timeout "${START_WAIT:-600}" --no-recreate) project service missing=0
  project=$(fleet_project)
  for service in "$@"; do [ -n "$(fleet_containers "$project" "$service")" ] || missing=1; done
  [ $missing = 0 ] || flags+=(--build)
  # Kafka runs already, perhaps without one of its brokers: then it is not for us to start.
  [ -z "$(fleet_containers "$project" kafka)" ] || flags+=(--no-deps)
  deploy/docker/compose.sh --progress quiet up "${flags[@]}" "$@" || die "not started: see above and make logs"
  say "$*: ready, in containers; log: make logs"
}

# start NAME DIRECTORY COMMAND
start() {
  local name=$1 port=9100
  if process_pid "$name" >/dev/null; then
    say "$name runs already (pid $(process_pid "$name")), log: $RUN/$name.log"
    return
  fi
  while tcp_answers 127.0.0.1 $port; do port=$((port + 1)); done
  local admin=${COUNTER_ADMIN_ADDR:-localhost:$port}
  local program=(env "COUNTER_DATA_DIR=$2" "COUNTER_ADMIN_ADDR=$admin" "$3")
  [ "${FOREGROUND:-}" != 1 ] || exec "${program[@]}"
  process_start "$name" "${program[@]}"
  await "$name" "$admin"
}

# await NAME ADMIN-ADDRESS
await() {
  local begin=$SECONDS host=${2%:*}
  until [ "$(http_status /readyz "${host:-localhost}" "${2##*:}")" = 200 ]; do
    if ! process_pid "$1" >/dev/null; then
      tail -10 "$RUN/$1.log" >&2
      rm -f "$RUN/$1.pid"
      die "$1 ended while it started: see above"
    fi
    if ((SECONDS - begin >= wait)); then
      tail -10 "$RUN/$1.log" >&2
      die "$1 is not ready after $wait s and goes on trying; log: $RUN/$1.log"
    fi
    sleep 0.1
  done
  say "$1 is ready; log: $RUN/$1.log; metrics: http://${host:-localhost}:${2##*:}/metrics"
}

state=${COUNTER_DATA_DIR:-data}
case ${1:-} in
  producer | gateway) ;;
  runner) choose_runner; say "$runner"; exit ;;
  processor) [[ ${2:-1} =~ ^[1-9][0-9]?$ ]] || die "N=$2: expected how many processors, 1 to 99" ;;
  *) die "usage: deploy/start.sh producer | gateway | processor [N]" ;;
esac
choose_runner
brokers_of_three
case $1-$runner in
  producer-host) start producer "$state" dist/functions ;;
  producer-docker) in_fleet api ;;
  gateway-host) start gateway "$state" dist/gateway ;;
  gateway-docker) in_fleet gateway-1 ;;
  processor-host)
    for ((i = 1; i <= ${2:-1}; i++)); do start "processor-$i" "$state/processor-$i" dist/processor; done
    ;;
  processor-docker)
    export PROCESSORS=${2:-1}
    services=()
    for ((i = 1; i <= PROCESSORS; i++)); do services+=("processor-$i"); done
    in_fleet "${services[@]}"
    ;;
esac
case $1 in
  producer)
    api=${COUNTER_API_ADDR:-:3000}
    say "likes: curl -X POST http://localhost:${api##*:}/dev/videos/93f98662-8907-4f43-bb4c-280501481046/likes"
    ;;
  gateway)
    gateway=${COUNTER_GATEWAY_ADDR:-:8000}
    say "counts: http://localhost:${gateway##*:}/videos/trending"
    ;;
esac
