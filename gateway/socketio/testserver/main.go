// Command testserver is the server that the official test suites of Engine.IO
// and Socket.IO expect, on one address:
//
//	go run ./gateway/socketio/testserver -addr localhost:3000
//
// /engine.io/ echoes messages. On /socket.io/ the namespaces "/" and "/custom"
// answer a CONNECT with an event "auth" that carries its payload, "message" with
// "message-back" and "message-with-ack" with its own arguments. It hides the
// few lines that make our server this one, and their times.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"distributed-counter/gateway/socketio"
	"distributed-counter/gateway/socketio/engineio"
)

// authDelay keeps the "auth" event out of the TCP segment of the CONNECT answer:
// the suite begins to listen for the second message only after it has handled
// the first, and its WebSocket client hands over all frames of a segment at once.
const authDelay = 5 * time.Millisecond

func main() {
	addr := flag.String("addr", "localhost:3000", "where to listen; the suites know only this")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr); err != nil {
		fmt.Fprintln(os.Stderr, "testserver:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, addr string) error {
	cfg := engineio.Config{
		PingInterval:   300 * time.Millisecond,
		PingTimeout:    200 * time.Millisecond,
		MaxPayload:     1_000_000,
		ConnectTimeout: time.Second,
		Origins:        []string{"*"},
	}
	io, err := socketio.New(socketio.Config{
		Engine:     cfg,
		Namespaces: map[string]socketio.Handler{"/": suite{}, "/custom": suite{}},
	})
	if err != nil {
		return err
	}
	cfg.Open = func(s *engineio.Session) engineio.Receiver { s.Establish(true); return echo{s} }
	engine := engineio.New(cfg)
	mux := http.NewServeMux()
	mux.Handle("/engine.io/", engine)
	mux.Handle("/socket.io/", io)

	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(io.Close(closing), engine.Close(closing))
}

// echo is a client of Engine.IO that gets back what it sends.
type echo struct{ session *engineio.Session }

// Receive implements engineio.Receiver.
func (e echo) Receive(binary bool, data []byte) error {
	e.session.Send(engineio.NewMessage("", engineio.Part{Binary: binary, Data: data}))
	return nil
}

// Closed implements engineio.Receiver.
func (echo) Closed(engineio.Reason) {}

// suite is the application that the suite of Socket.IO talks to.
type suite struct{}

// Connect implements socketio.Handler.
func (suite) Connect(s *socketio.Socket, auth json.RawMessage) error {
	if auth == nil {
		auth = json.RawMessage("{}")
	}
	time.AfterFunc(authDelay, func() { s.Emit("auth", auth) })
	return nil
}

// Event implements socketio.Handler.
func (suite) Event(s *socketio.Socket, e socketio.Event) {
	switch e.Name {
	case "message":
		s.EmitPayload("message-back", e.Payload)
	case "message-with-ack":
		e.AckPayload(e.Payload)
	}
}

// Disconnect implements socketio.Handler.
func (suite) Disconnect(*socketio.Socket, engineio.Reason) {}
