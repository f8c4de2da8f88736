#!/usr/bin/env bash
# Starts Apache Kafka 4.1.1 (KRaft, brokers and controllers in one) and waits until it serves. Starting what
# runs already is no error. Everything can be set by the environment:
#
#   RUNNER            docker, host (its own jars, by Maven, on this machine's Java), or auto (default):
#                     Docker where an engine with compose answers that has the image or can pull it, else host
#   BROKERS           1, or 3 of which one may be lost; by default what was started before, or else 1
#   KAFKA_PORT        on 127.0.0.1 (9094); of three brokers also the two after it
#   KAFKA_HEAP        the Java heap's bound, of each broker (1g)
#   KAFKA_WAIT        seconds until it is given up (120)
#
# On the host also:
#   KAFKA_DATA        folder for data, log and pid (data/kafka); brokers 2 and 3 have KAFKA_DATA-2 and -3
#   KAFKA_CONTROLLER_PORT  KAFKA_PORT - 1; of three also the two before it
#
# For tests, which have one broker of their own:
#   KAFKA_ADVERTISED_PORT  the port that the broker names to its clients as its own (KAFKA_PORT): that of a
#                     proxy between them
#   KAFKA_FOREGROUND  1: become the broker, log to this terminal, end on a signal; readiness is the
#                     caller's business then
#   KAFKA_CONTAINER   with RUNNER=docker, the name of a container and volume outside of the compose project
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/deploy/process.sh"
. "$root/deploy/docker/fleet.sh"
. "$root/deploy/kafka/nodes.sh"

image=apache/kafka:$version
runner=${RUNNER:-auto}
container=${KAFKA_CONTAINER:-}
wait=${KAFKA_WAIT:-120}

# choose_runner settles auto, and says what is missing where the choice was made by hand. What runs already decides first.
choose_runner() {
  case $runner in
    auto)
      runner=host
      if ((running == 0)) && has_docker && { [ -n "$container" ] || has_compose; } && has_images "$image"; then runner=docker; fi
      ;;
    docker) need_docker "$image" ;;
    host) ;;
    *) die "RUNNER=$runner: expected docker, host or auto" ;;
  esac
}

# in_fleet starts the brokers of the compose project. Containers find them as kafka.broker.1.local:9092 and so on, on
# main-net.
in_fleet() {
  local services=(kafka) project
  project=$(fleet_project)
  [ "$project" = "${fleets[0]}" ] || services+=(kafka-2 kafka-3)
  [ -n "$(fleet_containers "$project" kafka)" ] || free_port
  say "starting Kafka $version (docker, ${#services[@]} of ${#services[@]} brokers)"
  export KAFKA_PORT=$port KAFKA_PORT_2=$((port + 1)) KAFKA_PORT_3=$((port + 2))
  "$root/deploy/docker/compose.sh" --progress quiet up --detach --wait --wait-timeout "$wait" "${services[@]}" ||
    die "Docker could not start it: see above and docker compose -p $project logs kafka; RUNNER=host does without"
  say "Kafka serves at $(addresses ${#services[@]}) after $SECONDS s; log: make logs; stop it with make stop-kafka"
}

# alone starts a broker in a container of a test's own, with the settings of one on the host. It talks to itself by a
# listener inside: the address that it advertises may be that of a test's proxy, which no container can reach.
alone() {
  local s name command
  settings_of 1 1
  settings+=(
    log.dirs=/var/lib/kafka/data
    controller.quorum.voters=1@localhost:9093
    inter.broker.listener.name=INTERNAL
    listeners=INTERNAL://localhost:9092,OUTSIDE://:9094,CONTROLLER://:9093
    "advertised.listeners=INTERNAL://localhost:9092,OUTSIDE://127.0.0.1:${KAFKA_ADVERTISED_PORT:-$port}"
  )
  command=(docker run --rm --name "$container" --publish "127.0.0.1:$port:9094"
    --volume "$container:/var/lib/kafka/data" --env "KAFKA_HEAP_OPTS=-Xms256m -Xmx${KAFKA_HEAP:-1g}")
  for s in "${settings[@]}"; do
    name=$(tr a-z. A-Z_ <<<"${s%%=*}")
    command+=(--env "KAFKA_$name=${s#*=}")
  done
  docker rm -fv "$container" >/dev/null 2>&1 || true
  exec "${command[@]}" "$image"
}

# on_host starts those brokers that do not run.
on_host() {
  local i brokers
  brokers=$(nodes_of_data)
  if ((running == brokers)); then
    say "Kafka runs already, at $(addresses "$brokers")"
    return
  fi
  ((running > 0)) || free_port
  need_java
  fetch_jars
  if [ "${KAFKA_FOREGROUND:-}" = 1 ]; then
    prepare 1 "$brokers"
    exec "${command[@]}"
  fi
  say "starting Kafka $version (host, $((brokers - running)) of $brokers brokers)"
  for ((i = 1; i <= brokers; i++)); do
    RUN=$(folder $i)
    process_pid kafka >/dev/null && continue
    prepare $i "$brokers"
    process_start kafka "${command[@]}"
  done
  for ((i = 1; i <= brokers; i++)); do await $i; done
  say "Kafka serves at $(addresses "$brokers") after $SECONDS s; log: $data/kafka.log; stop it with make stop-kafka"
}

# await returns when broker I serves: it writes its line once it is registered, unfenced and has opened its listeners.
await() {
  local begin=$SECONDS
  RUN=$(folder "$1")
  until [[ $(cat "$RUN/kafka.log") == *"Kafka Server started"* ]] && tcp_answers 127.0.0.1 $((port + $1 - 1)); do
    process_pid kafka >/dev/null || { tail -15 "$RUN/kafka.log" >&2; die "Kafka ended while it started: see above"; }
    ((SECONDS - begin < wait)) || { tail -15 "$RUN/kafka.log" >&2; die "Kafka did not start within $wait s: see above"; }
    sleep 0.2
  done
}

# addresses BROKERS: where clients find them.
addresses() {
  local i list=localhost:$port
  for ((i = 2; i <= $1; i++)); do list+=,localhost:$((port + i - 1)); done
  printf '%s\n' "$list"
}

free_port() {
  ! tcp_answers 127.0.0.1 "$port" ||
    die "localhost:$port is in use, by another Kafka or by make run: stop that, or choose with KAFKA_PORT="
}

case ${BROKERS:-1} in 1 | 3) ;; *) die "BROKERS=$BROKERS: expected 1 or 3" ;; esac
running=$(nodes_running)
choose_runner
if [ "$runner" = host ]; then on_host; elif [ -n "$container" ]; then alone; else in_fleet; fi
