#!/usr/bin/env bash
# Starts one Apache Kafka 4.1.1 (KRaft, broker and controller in one) and waits until it serves.
# Starting what runs already is no error. Everything can be set by the environment:
#
#   RUNNER            docker, host (its own jars, by Maven, on this machine's Java), or auto (default):
#                     Docker where an engine answers that has the image or can pull it, else host
#   KAFKA_PORT        on 127.0.0.1 (9094)
#   KAFKA_ADVERTISED_PORT  the port that the broker names to its clients as its own (KAFKA_PORT): that of a
#                     proxy between them, for tests
#   KAFKA_DATA        folder for data, log and pid (data/kafka); with Docker only the container's id is
#                     there, and the data in the volume $KAFKA_CONTAINER
#   KAFKA_FOREGROUND  1: become the broker, log to this terminal, end on a signal; readiness is the
#                     caller's business then
#   KAFKA_HEAP        the Java heap's bound (1g)
#   KAFKA_WAIT        seconds until it is given up (120)
#   KAFKA_CONTROLLER_PORT (KAFKA_PORT - 1), KAFKA_CONTAINER (distributed-counter-kafka)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/deploy/process.sh"

version=4.1.1
image=apache/kafka:$version
runner=${RUNNER:-auto}
port=${KAFKA_PORT:-9094}
advertised_port=${KAFKA_ADVERTISED_PORT:-$port}
controller_port=${KAFKA_CONTROLLER_PORT:-$((port - 1))}
container=${KAFKA_CONTAINER:-distributed-counter-kafka}
jars=$root/dist/kafka-$version
data=${KAFKA_DATA:-$root/data/kafka}
wait=${KAFKA_WAIT:-120}
network=main-net
RUN=$data

# One list for both ways: the image takes log.dirs as KAFKA_LOG_DIRS, and so on.
settings=(
  node.id=1
  process.roles=broker,controller
  controller.listener.names=CONTROLLER
  listener.security.protocol.map=INTERNAL:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
  # One broker: nothing can be replicated.
  offsets.topic.replication.factor=1
  transaction.state.log.replication.factor=1
  transaction.state.log.min.isr=1
  share.coordinator.state.topic.replication.factor=1
  share.coordinator.state.topic.min.isr=1
  # Fifty partitions of each would be most of what a start on a laptop has to open.
  offsets.topic.num.partitions=4
  transaction.state.log.num.partitions=4
  group.initial.rebalance.delay.ms=0
  num.partitions=3
  # Topics are made by the programs that know their settings, never by a typo.
  auto.create.topics.enable=false
)

has_docker() { docker info >/dev/null 2>&1; }

has_image() {
  docker image inspect "$image" >/dev/null 2>&1 && return
  say "pulling $image"
  docker pull -q "$image"
}

# choose_runner settles auto, and says what is missing where the choice was made by hand.
choose_runner() {
  case $runner in
    auto) if has_docker && has_image; then runner=docker; else runner=host; fi ;;
    docker)
      has_docker || die "RUNNER=docker, but no Docker engine answers: start it, or try RUNNER=host"
      has_image || die "RUNNER=docker, but there is no image $image and it cannot be pulled: try RUNNER=host"
      ;;
    host) ;;
    *) die "RUNNER=$runner: expected docker, host or auto" ;;
  esac
}

need_java() {
  local install="apt-get install default-jre-headless maven" java
  java=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p') || java=
  [ "${java:-0}" -ge 17 ] || die "Kafka needs Docker, or Java 17 or newer (found: ${java:-none}): $install"
  [ -e "$jars" ] || command -v mvn >/dev/null || die "Kafka needs Docker, or Maven to fetch its jars: $install"
}

# fetch_jars makes dist/kafka-… appear at once and complete, also when two tests want it together.
fetch_jars() {
  [ ! -e "$jars" ] || return 0
  say "fetching Kafka $version (45 MB) with Maven, once"
  mkdir -p "$root/dist"
  local new
  new=$(mktemp -d "$jars.XXXXXX")
  mvn -q -B -f "$root/deploy/kafka/pom.xml" dependency:copy-dependencies -Dkafka.version=$version \
    -DincludeScope=runtime -DoutputDirectory="$new" >"$new/log" 2>&1 ||
    { tail -15 "$new/log" >&2; rm -rf "$new"; die "Maven could not fetch Kafka: see above"; }
  chmod 755 "$new"
  [ -e "$jars" ] || mv "$new" "$jars"
  rm -rf "$new"
}

# in_host sets command: what runs the broker on this machine's Java.
in_host() {
  need_java
  fetch_jars
  mkdir -p "$data"
  settings+=(
    "log.dirs=$data/topics"
    "controller.quorum.voters=1@127.0.0.1:$controller_port"
    "listeners=OUTSIDE://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller_port"
    "advertised.listeners=OUTSIDE://127.0.0.1:$advertised_port"
    inter.broker.listener.name=OUTSIDE
  )
  printf '%s\n' "${settings[@]}" >"$data/server.properties"
  local java=(java -Xms256m "-Xmx${KAFKA_HEAP:-1g}" -XX:+UseG1GC -cp "$jars/*"
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS"
    -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info)
  if [ ! -e "$data/topics/meta.properties" ]; then
    local id
    id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '=')
    "${java[@]}" kafka.tools.StorageTool format -t "$id" -c "$data/server.properties" >"$data/format.log" 2>&1 ||
      { tail -5 "$data/format.log" >&2; die "Kafka could not format $data/topics: see above"; }
  fi
  command=("${java[@]}" kafka.Kafka "$data/server.properties")
}

# in_docker sets command: what runs the broker in a container.
# main-net is where containers find it, as kafka.broker.1.local:9092.
in_docker() {
  docker network inspect "$network" >/dev/null 2>&1 ||
    docker network create --subnet 172.30.0.0/16 "$network" >/dev/null
  mkdir -p "$data"
  settings+=(
    log.dirs=/var/lib/kafka/data
    controller.quorum.voters=1@localhost:9093
    listeners=INTERNAL://:9092,OUTSIDE://:9094,CONTROLLER://:9093
    "advertised.listeners=INTERNAL://kafka.broker.1.local:9092,OUTSIDE://127.0.0.1:$advertised_port"
    inter.broker.listener.name=INTERNAL
  )
  [ ! -s "$data/container" ] || docker rm -fv "$(cat "$data/container")" >/dev/null 2>&1 || true
  command=(docker run --name "$container" --hostname kafka.broker.1.local
    --network "$network" --network-alias kafka.broker.1.local
    --publish "127.0.0.1:$port:9094" --volume "$container:/var/lib/kafka/data"
    --env "KAFKA_HEAP_OPTS=-Xms256m -Xmx${KAFKA_HEAP:-1g}")
  local s name
  for s in "${settings[@]}"; do
    name=$(tr a-z. A-Z_ <<<"${s%%=*}")
    command+=(--env "KAFKA_$name=${s#*=}")
  done
  if [ "${KAFKA_FOREGROUND:-}" = 1 ]; then command+=(--rm); else command+=(--detach); fi
  command+=("$image")
}

runs_in_docker() {
  [ -s "$data/container" ] && [ -n "$(docker ps -q --no-trunc --filter "id=$(cat "$data/container")" 2>/dev/null)" ]
}
runs() { if [ "$runner" = docker ]; then runs_in_docker; else process_pid kafka >/dev/null; fi; }
log() { if [ "$runner" = docker ]; then docker logs "$container" 2>&1; else cat "$data/kafka.log"; fi; }

# await returns when the broker serves: it writes its line once it is registered, unfenced and has
# opened its listeners.
await() {
  local begin=$SECONDS
  until [[ $(log) == *"Kafka Server started"* ]] && tcp_answers 127.0.0.1 "$port"; do
    runs || { log | tail -15 >&2; die "Kafka ended while it started: see above"; }
    ((SECONDS - begin < wait)) || { log | tail -15 >&2; die "Kafka did not start within $wait s: see above"; }
    sleep 0.2
  done
}

if process_pid kafka >/dev/null || runs_in_docker; then
  say "Kafka runs already, at localhost:$port"
  exit
fi
if tcp_answers 127.0.0.1 "$port"; then
  die "localhost:$port is in use, by another Kafka or by make run: stop that, or choose with KAFKA_PORT="
fi
choose_runner
"in_${runner}"
[ "${KAFKA_FOREGROUND:-}" != 1 ] || exec "${command[@]}"
say "starting Kafka $version ($runner)"
if [ "$runner" = docker ]; then
  "${command[@]}" >"$data/container" ||
    die "Docker could not start it: see above; KAFKA_CONTAINER= chooses another name, RUNNER=host does without"
  where="docker logs $container"
else
  process_start kafka "${command[@]}"
  where=$data/kafka.log
fi
await
say "Kafka serves at localhost:$port after $SECONDS s; log: $where; stop it with make stop-kafka"
