# shellcheck shell=bash
# What of us runs in containers: sourced, never run. A fleet is a compose project, named after how many brokers it has.

# FLEET names a fleet of another's own, for tests.
fleets=("${FLEET:-distributed-counter}" "${FLEET:-distributed-counter}-three")

# fleet_containers PROJECT [SERVICE-PREFIX [FLAG…]]: their ids; FLAG is one of docker ps, such as --all.
fleet_containers() {
  local project=$1 prefix=${2:-} id service
  shift $(($# > 2 ? 2 : $#))
  docker ps "$@" --filter "label=com.docker.compose.project=$project" \
    --format '{{.ID}} {{.Label "com.docker.compose.service"}}' 2>/dev/null |
    while read -r id service; do
      case $service in "$prefix"*) printf '%s\n' "$id" ;; esac
    done
}

# fleet_project: the project of BROKERS, or of the fleet whose brokers run, or the one with a single broker.
fleet_project() {
  case ${BROKERS:-} in
    1) printf '%s\n' "${fleets[0]}" ;;
    3) printf '%s\n' "${fleets[1]}" ;;
    *) if [ -n "$(fleet_containers "${fleets[1]}" kafka)" ]; then printf '%s\n' "${fleets[1]}"; else printf '%s\n' "${fleets[0]}"; fi ;;
  esac
}

# fleet_file PROJECT
fleet_file() { if [ "$1" = "${fleets[1]}" ]; then echo deploy/docker/three.yml; else echo docker-compose.yml; fi; }

# fleet_stop PREFIX: stops and removes the containers of all services whose names begin so, in every fleet. Volumes stay.
# Fails when there are none.
fleet_stop() {
  local project ids=()
  has_docker || return
  for project in "${fleets[@]}"; do mapfile -t -O ${#ids[@]} ids < <(fleet_containers "$project" "$1" --all); done
  [ ${#ids[@]} -gt 0 ] || return
  docker stop "${ids[@]}" >/dev/null
  docker rm -v "${ids[@]}" >/dev/null
  say "$1: ${#ids[@]} in containers stopped"
}

has_docker() { docker info >/dev/null 2>&1; }
has_compose() { docker compose version >/dev/null 2>&1; }

# has_images IMAGE…: whether all are there, or could be pulled now.
has_images() {
  local image
  for image in "$@"; do
    docker image inspect "$image" >/dev/null 2>&1 && continue
    say "pulling $image"
    docker pull -q "$image" || return 1
  done
}

# need_docker IMAGE…: says what is missing for containers, and ends.
need_docker() {
  has_docker || die "RUNNER=docker, but no Docker engine answers: start it, or try RUNNER=host"
  has_compose || die "RUNNER=docker, but docker compose 2 is missing, https://docs.docker.com/compose/install: install it, or try RUNNER=host"
  has_images "$@" || die "RUNNER=docker, but there is no image $* and it cannot be pulled: try RUNNER=host"
}
