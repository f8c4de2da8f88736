"""A viewer in Python, which starts with polling and upgrades.

    python watch.py URL EVENT ID...

With POLLING=only in the environment it does not upgrade. It registers the ids,
prints each event as a line of JSON, and leaves with
status 0 once EVENT has come for every id, with 1 after ten seconds.
"""

import json
import os
import sys
import threading
from importlib.metadata import version

import socketio

PATIENCE = 10  # seconds
NAMES = ["live_counts", "live_aggregations_1", "live_aggregations_5", "live_aggregations_10"]

url, wanted, *ids = sys.argv[1:]
missing = set(ids)
complete = threading.Event()
printing = threading.Lock()
client = socketio.Client(reconnection=False)


def listen(name):
    def received(payload):
        with printing:  # each event is handled in a thread of its own
            print(json.dumps([name, payload]), flush=True)
        if name == wanted:
            missing.discard(payload.get("id", payload.get("video_uid")))
            if not missing:
                complete.set()

    client.on(name, received)


for name in NAMES:
    listen(name)

only_polling = os.environ.get("POLLING") == "only"
client.connect(url, transports=["polling"] if only_polling else None)
client.emit("register_room", {"rooms": ids})
for minutes in (1, 5, 10):
    client.emit(f"consume_{minutes}_min_aggregations", {})
came = complete.wait(PATIENCE)
transport = client.transport()
client.disconnect()

label = f"python-socketio {version('python-socketio')}"
if not came:
    sys.exit(f"{label}: nothing for {missing} within {PATIENCE} s")
expected = "polling" if only_polling else "websocket"
if transport != expected:
    sys.exit(f"{label}: is on {transport}, want {expected}")
print(f"{label}: {wanted} came for {len(ids)} ids", file=sys.stderr)
