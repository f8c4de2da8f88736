// A viewer in JavaScript, on WebSocket only, as the original's page was.
//
//   node watch.mjs client-4.5|client-newest URL EVENT ID...
//
// With POLLING=only in the environment it knows no WebSocket. It registers the
// ids, prints each event as a line of JSON, and leaves with
// status 0 once EVENT has come for every id, with 1 after ten seconds.

const [name, url, event, ...ids] = process.argv.slice(2);
const patience = 10_000; // milliseconds
const { io } = await import(name);

const missing = new Set(ids);
const transport = process.env.POLLING === "only" ? "polling" : "websocket";
const socket = io(url, { transports: [transport] });

const finish = (status, why) => {
  console.error(`${name}: ${why}`);
  socket.disconnect();
  process.exit(status);
};
setTimeout(() => finish(1, `nothing for ${[...missing]} within ${patience} ms`), patience);

socket.on("connect", () => {
  socket.emit("register_room", { rooms: ids });
  for (const minutes of [1, 5, 10]) {
    socket.emit(`consume_${minutes}_min_aggregations`, {});
  }
});
socket.on("connect_error", (error) => finish(1, error.message));
socket.on("error_message", (message) => finish(1, JSON.stringify(message)));
socket.onAny((received, payload) => {
  console.log(JSON.stringify([received, payload]));
  if (received !== event) return;
  missing.delete(payload.id ?? payload.video_uid);
  if (missing.size === 0) finish(0, `${event} came for ${ids.length} ids`);
});
