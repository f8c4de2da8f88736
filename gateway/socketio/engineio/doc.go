// Package engineio is a server of the Engine.IO protocol, version 4: sessions
// that carry text and binary messages both ways over WebSocket or HTTP
// long-polling, and that may move from the second to the first.
//
// It hides the transports. Who uses it sees a [Session] that can be sent a
// [Message], and a [Receiver] that is told what the client sent and, once, why
// the session ended. Which transport a session is on, how packets are framed,
// joined and compressed, when a ping is due and who writes to the network is
// decided here.
//
//	         ServeHTTP
//	GET, POST │      │ WebSocket, with or without sid
//	          ▼      ▼
//	     polling   probe ──► link      one at a time holds the session
//	          │      │         │
//	          └──────┴────┬────┘
//	      Receiver ◄── Session ◄── Send
//	                      │
//	                   outbox          bounded; newest message per key
//
// A client costs one goroutine (the reader of its WebSocket, or the handler of
// its pending GET) and two timers at most; a second goroutine exists only while
// there is something to write. Nobody waits for a client: Send puts a message
// into a bounded queue, and a client that lets its queue overflow, or does not
// take a write for Config.WriteTimeout, is dropped.
//
// All timing is by package time and all connections come from the http.Server
// that calls ServeHTTP, so the whole runs under testing/synctest over net.Pipe.
package engineio
