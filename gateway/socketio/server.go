package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"distributed-counter/gateway/socketio/engineio"
)

// closeTimeout is how long Run waits for clients that have been told to go.
const closeTimeout = 5 * time.Second

// Handler is the application's side of a namespace. For one client its methods
// are called one at a time and in order, for different clients at once; while
// one runs nothing more is read from that client.
type Handler interface {
	// Connect is asked whether the client may enter; auth is a JSON object, or
	// nil where the client sent none. What it sends to s arrives after the
	// confirmation. An error refuses: its text, or the whole of a *Refusal, goes
	// to the client.
	Connect(s *Socket, auth json.RawMessage) error
	// Event is told of an event from a client that has entered.
	Event(s *Socket, e Event)
	// Disconnect is called once for each client that had entered. The reason is
	// an engineio.Reason or one of the two namespace reasons of this package.
	Disconnect(s *Socket, reason engineio.Reason)
}

// Why a client leaves a namespace while its connection stays.
const (
	ClientDisconnect engineio.Reason = "client namespace disconnect"
	ServerDisconnect engineio.Reason = "server namespace disconnect"
)

// Refusal is an error of Handler.Connect that carries data for the client.
type Refusal struct {
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

// Error implements error.
func (r *Refusal) Error() string { return r.Message }

// Config says who is served and how. The fields of Engine are those of
// engineio.Config; its Open is set by New.
type Config struct {
	Engine engineio.Config
	// Namespaces maps each namespace's name, "/" among them, to its application.
	// A client that asks for another is refused with "Invalid namespace".
	Namespaces map[string]Handler
}

// Server serves Socket.IO on whatever path it is mounted; clients expect
// /socket.io/. Use New.
type Server struct {
	engine     *engineio.Server
	namespaces map[string]*Namespace
}

// New returns a Server that starts nothing until requests come.
func New(cfg Config) (*Server, error) {
	s := &Server{namespaces: make(map[string]*Namespace)}
	for name, handler := range cfg.Namespaces {
		if len(name) == 0 || name[0] != '/' || len(name) > maxNamespace {
			return nil, fmt.Errorf("namespace %q: want a slash first and at most %d bytes", name, maxNamespace)
		}
		s.namespaces[name] = newNamespace(name, handler)
	}
	cfg.Engine.Open = func(session *engineio.Session) engineio.Receiver {
		return &connection{server: s, session: session}
	}
	s.engine = engineio.New(cfg.Engine)
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Namespace returns the namespace of this name, nil where Config has none.
func (s *Server) Namespace(name string) *Namespace { return s.namespaces[name] }

// Stats reads the counters of the server.
func (s *Server) Stats() engineio.Stats { return s.engine.Stats() }

// Run waits until ctx is done and then closes the server, for at most five
// seconds. Clients that are told so connect again, to another replica.
func (s *Server) Run(ctx context.Context) error {
	<-ctx.Done()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := s.Close(closing); err != nil {
		return fmt.Errorf("close the Socket.IO server: %w", err)
	}
	return nil
}

// Close refuses new clients, ends all sessions and waits for them, until ctx is
// done.
func (s *Server) Close(ctx context.Context) error { return s.engine.Close(ctx) }

// refusal is the payload of a CONNECT_ERROR.
func refusal(err error) json.RawMessage {
	var r *Refusal
	if !errors.As(err, &r) {
		r = &Refusal{Message: err.Error()}
	}
	data, marshalErr := marshal(r)
	if marshalErr != nil {
		data, _ = marshal(&Refusal{Message: r.Message}) // a struct with one string
	}
	return data
}
