// Package socketio is a server of the Socket.IO protocol, version 5, on
// [distributed-counter/gateway/socketio/engineio].
//
// It hides the protocol: connections to namespaces, event names and arguments,
// acknowledgements, binary attachments, and which clients are in which room.
// The application sees a [Socket] per client and namespace, is told of events
// through a [Handler], and sends a [Message] to a socket, a room or everybody.
// The package knows nothing of what the messages mean.
//
// A message for many is encoded, framed and compressed once. Messages of one
// key overtake each other: a client that is behind gets the newest alone.
package socketio
