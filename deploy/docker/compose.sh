#!/usr/bin/env bash
# docker compose on the whole path, as make runs it:  deploy/docker/compose.sh ARGUMENT…
#
#   BROKERS     1 (docker-compose.yml) or 3 (deploy/docker/three.yml); by default as many as there are
#   PROCESSORS  how many processors there should be to start (as many as the file names)
#
# It adds what a file cannot say: version and commit of the images, processors beyond those of the file, and
# whether somebody made the network main-net by hand, which compose would not touch.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. deploy/docker/fleet.sh

network=${NETWORK:-main-net}
project=$(fleet_project)
file=$(fleet_file "$project")

# Made by compose it has compose's label, by whichever project.
if label=$(docker network inspect --format '{{index .Labels "com.docker.compose.network"}}' "$network" 2>/dev/null); then
  [ "$label" = main-net ] || export NETWORK_IS_MINE=true
fi

# What git says, where this is a clone of a repository.
if git rev-parse --git-dir >/dev/null 2>&1; then
  VERSION=${VERSION:-$(git describe --tags --always --dirty)}
  COMMIT=${COMMIT:-$(git rev-parse HEAD)}
  export VERSION COMMIT
fi

export COMPOSE_IGNORE_ORPHANS=true # the processors of another PROCESSORS
files=(--file "$file")
first=3 # that the file does not have
[ "$project" = "${fleets[0]}" ] || first=4
if [ "${PROCESSORS:-0}" -ge $first ]; then
  mkdir -p data/run
  more=data/run/$project.yml
  {
    printf '# Written by deploy/docker/compose.sh: processors beyond those of %s.\nservices:\n' "$file"
    for ((i = first; i <= PROCESSORS; i++)); do
      printf '  processor-%d: {extends: {file: %s, service: processor-1}, volumes: ["processor-%d:/data"]}\n' $i "$PWD/$file" $i
    done
    printf 'volumes:\n'
    for ((i = first; i <= PROCESSORS; i++)); do printf '  processor-%d:\n' $i; done
  } >"$more"
  files+=(--file "$more")
fi
exec docker compose --project-name "$project" "${files[@]}" "$@"
