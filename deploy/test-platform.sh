#!/usr/bin/env bash
# The whole path as it is run: a fleet of containers by compose, on ports, a network and volumes of its own, and likes
# through all three doors at once, the Lambda in SAM, the Lambda in serverless offline, and the API in a container. In
# the middle a processor's container is killed with -9. The judge of make test-kafka reads all topics from their first
# record on, recounts, and compares with what was acknowledged; the images and the two gateways are looked at too.
#   LIKES  through each door (150)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh

need() { command -v "$1" >/dev/null || die "make test-platform needs $1: $2"; }
need docker "a Docker engine with compose 2, https://docs.docker.com/engine/install"
docker info >/dev/null 2>&1 || die "make test-platform needs a Docker engine, and none answers: start it, on Debian with systemctl start docker or dockerd"
docker compose version >/dev/null 2>&1 || die "make test-platform needs docker compose 2, https://docs.docker.com/compose/install"
need curl "apt-get install curl"

dir=$(mktemp -d)
RUN=$dir
likes=${LIKES:-150}
settle=90 # seconds, for the last window of ten panes of two seconds, and a slow machine
export FLEET=distributed-counter-test-$$ NETWORK=counter-test-$$ SUBNET=172.31.$(($$ % 256)).0/24 ENV_FILE=$dir/env BROKERS=1
. deploy/docker/fleet.sh
compose() { deploy/docker/compose.sh --progress quiet "$@"; }

# take VARIABLE… gives each a port that is free, all different.
taken=()
take() {
  local name port
  for name in "$@"; do
    port=$((RANDOM % 10000 + 20000))
    while [[ " ${taken[*]} " == *" $port "* ]] || tcp_answers 127.0.0.1 $port; do port=$((port + 1)); done
    taken+=("$port")
    export "$name=$port"
  done
}
take KAFKA_PORT API_PORT GATEWAY_1_PORT GATEWAY_2_PORT sam_port offline_port lambda_port
cat >"$ENV_FILE" <<'EOF'
MODE=prod
COUNTER_PANE=2s
EOF

cleanup() {
  local status=$? name
  for name in sam offline; do [ ! -e "$RUN/$name.pid" ] || process_stop $name 20 >/dev/null; done
  exec 3>&-
  if [ $status != 0 ]; then
    for name in sam offline; do [ ! -e "$RUN/$name.log" ] || { say "-- $name"; tail -5 "$RUN/$name.log"; }; done
    compose logs --tail 15 2>/dev/null || true
  fi
  compose down --volumes --timeout 30 >/dev/null 2>&1 || say "left behind: docker compose -p $FLEET down --volumes"
  rm -rf "$dir"
}
trap cleanup EXIT

# door NAME URL: waits until a way in answers.
door() {
  local begin=$SECONDS
  until curl -sf --max-time 10 -o /dev/null "$2/videos/metadata"; do
    ((SECONDS - begin < 120)) || die "$1 does not answer at $2"
    sleep 0.5
  done
  say "$1 answers at $2 after $((SECONDS - begin)) s"
}

videos=(93f98662-8907-4f43-bb4c-280501481046 platform-a platform-b platform-c platform-d platform-e)

# send NAME URL: likes one after the other, each answer into the log that the judge reads.
send() {
  local i video status answer
  for ((i = 0; i < likes; i++)); do
    # Every other like is the first video's.
    video=${videos[$((i % 2 * (1 + i / 2 % (${#videos[@]} - 1))))]}
    status=$(curl -s --max-time 15 -o "$dir/$1.body" -w '%{http_code}' -X POST "$2/videos/$video/likes") || status=000
    case $status in
      200) if grep -q "$video" "$dir/$1.body"; then answer=acknowledged; else answer=unknown; fi ;;
      4*) answer=refused ;;
      *) answer=unknown ;;
    esac
    printf '%s %s %s\n' "$(date +%s%3N)" $answer "$video" >>"$dir/answers.$1"
  done
}

labels="development unknown" # where this is no clone of a repository
! git rev-parse --git-dir >/dev/null 2>&1 || labels="$(git describe --tags --always --dirty) $(git rev-parse HEAD)"

# image SERVICE: what is promised of each image, asked of a container that runs.
image() {
  local id got
  id=$(fleet_containers "$FLEET" "$1" | sed q)
  got=$(docker inspect --format '{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.State.Health.Status}} {{.Config.StopSignal}}' "$id")
  [ "$got" = "counter true healthy SIGTERM" ] || die "$1: user, read-only root, health and stop signal are: $got"
  got=$(docker inspect --format '{{index .Config.Labels "org.opencontainers.image.version"}} {{index .Config.Labels "org.opencontainers.image.revision"}}' "$id")
  [ "$got" = "$labels" ] || die "$1: version and commit are: $got"
  [ "$(docker exec "$id" id -u)" = 10001 ] || die "$1 does not run as 10001"
  ! docker exec "$id" touch /usr/local/x 2>/dev/null || die "$1 can write to its root"
  say "$1: not root, read-only root, healthy, labelled $got"
}

say "building and starting the fleet"
deploy/lambda.sh "$(uname -m)"
go build -o dist/ ./chaos/checker
compose build || die "the images could not be built"
compose up --detach --wait kafka || die "Kafka did not come up"

# The judge wants to see all records, and processors delete those of the log that they are done with: it comes first. Its
# input ends when the load is over.
mkfifo "$dir/end"
dist/checker -brokers "localhost:$KAFKA_PORT" -answers "$dir/answers" -pane 2s -grace 5s -wait ${settle}s \
  <"$dir/end" >"$dir/verdict" 2>&1 &
checker=$!
exec 3>"$dir/end"

compose up --detach --wait --wait-timeout 300 || die "the fleet did not come up"
say "the fleet is up after $SECONDS s"
for service in processor-1 processor-2 api gateway-1 gateway-2; do image $service; done

process_start sam deploy/sam.sh --port "$sam_port" 3>&-
process_start offline env "KAFKA_BROKERS=localhost:$KAFKA_PORT" deploy/serverless.sh --httpPort "$offline_port" --lambdaPort "$lambda_port" 3>&-
door "the API in a container" "http://localhost:$API_PORT/dev"
door "sam local start-api" "http://localhost:$sam_port"
door "serverless offline" "http://localhost:$offline_port/dev"

say "$likes likes through each door"
senders=()
send api "http://localhost:$API_PORT/dev" & senders+=($!)
send sam "http://localhost:$sam_port" & senders+=($!)
send offline "http://localhost:$offline_port/dev" & senders+=($!)

sleep 5
victim=$(fleet_containers "$FLEET" processor-2 | sed q)
pid=$(docker inspect --format '{{.State.Pid}}' "$victim")
# Not by docker kill: that is taken for a wish that it stay down.
docker run --rm --pid host --user 0 --entrypoint bash distributed-counter/processor -c "kill -9 $pid"
say "processor-2 (pid $pid) was killed with -9 in the middle"
wait "${senders[@]}"
cat "$dir"/answers.* >"$dir/answers"
for name in api sam offline; do
  say "$name: $(cut -d' ' -f2 "$dir/answers.$name" | sort | uniq -c | sed 's/^ *//' | paste -sd, | sed 's/,/, /g')"
done
begin=$SECONDS
until [ "$(docker inspect --format '{{.State.Health.Status}} {{.State.Pid}}' "$victim")" != "healthy $pid" ] &&
  [ "$(docker inspect --format '{{.State.Health.Status}}' "$victim")" = healthy ]; do
  ((SECONDS - begin < 120)) || die "processor-2 did not come back"
  sleep 0.5
done
say "processor-2 is healthy again, restarted $(docker inspect --format '{{.RestartCount}}' "$victim") time"

say "the judge:"
exec 3>&-
wait $checker && status=0 || status=$?
cat "$dir/verdict"
[ "$status" = 0 ] || die "not exactly once"

# total GATEWAY-PORT VIDEO
total() { curl -sf "http://localhost:$1/videos/$2/likes" | sed -n 's/.*"total":\([0-9]*\).*/\1/p'; }
for video in "${videos[@]}"; do
  want=$(grep -c " acknowledged $video\$" "$dir/answers")
  most=$((want + $(grep -c " unknown $video\$" "$dir/answers" || true)))
  one=$(total "$GATEWAY_1_PORT" "$video") two=$(total "$GATEWAY_2_PORT" "$video")
  if [ "$one" != "$two" ] || ((one < want || one > most)); then
    die "$video: acknowledged $want to $most, the gateways show $one and $two"
  fi
done
for port in "$GATEWAY_1_PORT" "$GATEWAY_2_PORT"; do curl -sf "http://localhost:$port/" | grep -qi '<!doctype html>' || die "no page at $port"; done
say "both gateways show the same totals, as acknowledged, and the page"

begin=$SECONDS
docker stop "$victim" >/dev/null
[ "$(docker inspect --format '{{.State.ExitCode}}' "$victim")" = 0 ] || die "processor-2 did not end by SIGTERM with status 0"
say "processor-2 stopped with status 0, $((SECONDS - begin)) s after SIGTERM"
say "make test-platform: passed in $SECONDS s"
