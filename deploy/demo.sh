#!/usr/bin/env bash
# The whole path in one process, fast enough to watch: a "minute" is two seconds, so a "10min" window
# closes every twenty. It makes likes by itself. Its state is thrown away at each start.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh

export COUNTER_DATA_DIR=data/demo COUNTER_PANE=2s COUNTER_GRACE=1s COUNTER_IDLE_AFTER=500ms
export COUNTER_API_DEADLINE=800ms MODE=dev COUNTER_DEV_INTERVAL=100ms

# Another one that runs must not lose the ground under its feet; it has the port that we would want.
kafka=${COUNTER_KAFKA_ADDR:-localhost:9094}
if tcp_answers 127.0.0.1 "${kafka##*:}"; then
  die "$kafka is in use, by make run, another make demo or make start-kafka: stop that first"
fi
rm -rf "$COUNTER_DATA_DIR"
exec dist/standalone
