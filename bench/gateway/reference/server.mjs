// The same fan-out by the reference implementation: rooms by register_room, and
// each line of the standard input, a running count, to the room of its video.
//
//   node server.mjs PORT

import { createInterface } from "node:readline";
import { Server } from "socket.io";

const io = new Server(Number(process.argv[2]), {
  pingInterval: 25000,
  pingTimeout: 60000,
  perMessageDeflate: { threshold: 1024 },
});

io.on("connection", (socket) => {
  socket.on("register_room", ({ rooms }) => {
    for (const room of socket.rooms) {
      if (room !== socket.id) socket.leave(room);
    }
    for (const room of rooms) socket.join(room);
  });
});

createInterface({ input: process.stdin }).on("line", (line) => {
  const counts = JSON.parse(line);
  io.to(counts.video_uid).emit("live_counts", counts);
});

process.on("SIGTERM", () => process.exit(0));
