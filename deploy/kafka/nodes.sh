# shellcheck shell=bash
# Kafka brokers as processes of this machine, from Kafka's own jars: sourced, never run. Wants root, say and die.

version=4.1.1
port=${KAFKA_PORT:-9094}
controller_port=${KAFKA_CONTROLLER_PORT:-$((port - 1))}
data=${KAFKA_DATA:-$root/data/kafka}
jars=$root/dist/kafka-$version

# folder I: where broker I has its data, log and pid.
folder() { if [ "$1" = 1 ]; then printf '%s\n' "$data"; else printf '%s-%d\n' "$data" "$1"; fi; }

# nodes_running: how many run.
nodes_running() {
  local i RUN count=0
  for i in 1 2 3; do
    RUN=$(folder $i)
    ! process_pid kafka >/dev/null || count=$((count + 1))
  done
  printf '%d\n' $count
}

# nodes_of_data: of how many brokers the data is, or BROKERS where there is none. A broker that was alone cannot become
# one of three.
nodes_of_data() {
  local have=${BROKERS:-1}
  if [ -e "$(folder 2)/topics" ] || [ -e "$(folder 3)/topics" ]; then have=3; elif [ -e "$(folder 1)/topics" ]; then have=1; fi
  [ "${BROKERS:-$have}" = "$have" ] || die "$data is of BROKERS=$have: make clean-data removes it, KAFKA_DATA= names another"
  printf '%d\n' "$have"
}

# settings_of I BROKERS sets settings to what is the same wherever the broker runs; docker-compose.yml and
# deploy/docker/three.yml say the same.
settings_of() {
  local copies=$2 in_sync=$((($2 + 1) / 2))
  settings=(
    node.id="$1"
    process.roles=broker,controller
    controller.listener.names=CONTROLLER
    listener.security.protocol.map=INTERNAL:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
    # One broker: nothing can be replicated. Three: one may go.
    default.replication.factor="$copies"
    min.insync.replicas=$in_sync
    offsets.topic.replication.factor="$copies"
    transaction.state.log.replication.factor="$copies"
    transaction.state.log.min.isr=$in_sync
    share.coordinator.state.topic.replication.factor="$copies"
    share.coordinator.state.topic.min.isr=$in_sync
    # Fifty partitions of each would be most of what a start on a laptop has to open.
    offsets.topic.num.partitions=4
    transaction.state.log.num.partitions=4
    group.initial.rebalance.delay.ms=0
    num.partitions=3
    # Topics are made by the programs that know their settings, never by a typo.
    auto.create.topics.enable=false
  )
}

# prepare I BROKERS formats the broker's folder the first time, and sets command to what runs it.
prepare() {
  local i folder own control voters id
  folder=$(folder "$1") own=$((port + $1 - 1)) control=$((controller_port - $1 + 1))
  voters=1@127.0.0.1:$controller_port
  for ((i = 2; i <= $2; i++)); do voters+=,$i@127.0.0.1:$((controller_port - i + 1)); done
  settings_of "$1" "$2"
  settings+=(
    "log.dirs=$folder/topics"
    inter.broker.listener.name=OUTSIDE
    "controller.quorum.voters=$voters"
    "listeners=OUTSIDE://127.0.0.1:$own,CONTROLLER://127.0.0.1:$control"
    "advertised.listeners=OUTSIDE://127.0.0.1:$((${KAFKA_ADVERTISED_PORT:-$port} + $1 - 1))"
  )
  mkdir -p "$folder"
  printf '%s\n' "${settings[@]}" >"$folder/server.properties"
  local java=(java -Xms256m "-Xmx${KAFKA_HEAP:-1g}" -XX:+UseG1GC -cp "$jars/*"
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS"
    -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info)
  if [ ! -e "$folder/topics/meta.properties" ]; then
    # All brokers of a cluster have its id; a broker whose disk was lost is told it by another.
    id=$({ cat "$data"/topics/meta.properties "$data"-*/topics/meta.properties 2>/dev/null || true; } | sed -n 's/^cluster.id=//p' | sed q)
    [ -n "$id" ] || id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '=')
    "${java[@]}" kafka.tools.StorageTool format -t "$id" -c "$folder/server.properties" >"$folder/format.log" 2>&1 ||
      { tail -5 "$folder/format.log" >&2; die "Kafka could not format $folder/topics: see above"; }
  fi
  command=("${java[@]}" kafka.Kafka "$folder/server.properties")
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
