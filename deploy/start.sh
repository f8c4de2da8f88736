#!/usr/bin/env bash
# Starts the API, the gateway or processors as processes of this machine, and waits until each is ready:
#   deploy/start.sh producer
#   deploy/start.sh gateway
#   deploy/start.sh processor [N]    those of 1…N that do not run yet; number i keeps its state in
#                                    data/processor-i
# They stay when the terminal goes; logs and pids are in data/run. Settings come from the environment
# (make runs this under deploy/env.sh). START_WAIT: for how many seconds one is waited for (60).
# FOREGROUND=1: become the first that does not run yet, log to this terminal, end on Ctrl-C.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh

RUN=data/run
wait=${START_WAIT:-60}

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

data=${COUNTER_DATA_DIR:-data}
case ${1:-} in
  producer)
    start producer "$data" dist/functions
    api=${COUNTER_API_ADDR:-:3000}
    say "likes: curl -X POST http://localhost:${api##*:}/dev/videos/93f98662-8907-4f43-bb4c-280501481046/likes"
    ;;
  gateway)
    start gateway "$data" dist/gateway
    gateway=${COUNTER_GATEWAY_ADDR:-:8000}
    say "counts: http://localhost:${gateway##*:}/videos/trending"
    ;;
  processor)
    [[ ${2:-1} =~ ^[1-9][0-9]?$ ]] || die "N=$2: expected how many processors, 1 to 99"
    for ((i = 1; i <= ${2:-1}; i++)); do start "processor-$i" "$data/processor-$i" dist/processor; done
    ;;
  *) die "usage: deploy/start.sh producer | gateway | processor [N]" ;;
esac
