#!/usr/bin/env bash
# Runs a command with the settings of config/.env, where there is such a file:
#   deploy/env.sh COMMAND…
# What the environment says already wins over the file. Lines are NAME=value, taken as they are:
# nothing is expanded or executed.
set -euo pipefail
file=$(dirname "${BASH_SOURCE[0]}")/../config/.env

if [ -e "$file" ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    name=${line%%=*}
    if [[ $line =~ ^[A-Za-z_][A-Za-z0-9_]*= ]] && [ -z "${!name+set}" ]; then
      export "$name=${line#*=}"
    fi
  done <"$file"
fi
exec "$@"
