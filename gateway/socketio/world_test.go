package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"distributed-counter/gateway/socketio"
	"distributed-counter/gateway/socketio/engineio"
	"distributed-counter/gateway/socketio/sockettest"

	"github.com/gorilla/websocket"
)

// world is a server on a network in memory, in a bubble of fake time. Its
// application is an app in the namespaces "/" and "/custom".
type world struct {
	*testing.T
	network *sockettest.Network
	server  *socketio.Server
	main    *socketio.Namespace
	app     *app
}

// app notes what happens. By default it answers "message" with "message-back",
// acknowledges "message-with-ack" and refuses who has the token "wrong".
type app struct {
	mu      sync.Mutex // guards what follows
	notes   []string
	sockets []*socketio.Socket

	connect func(*socketio.Socket, json.RawMessage) error // instead of the default
	event   func(*socketio.Socket, socketio.Event)        // likewise
}

func (a *app) note(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.notes = append(a.notes, fmt.Sprintf(format, args...))
}

func (a *app) Connect(s *socketio.Socket, auth json.RawMessage) error {
	a.note("connect %s %s", s.Namespace().Name(), auth)
	a.mu.Lock()
	a.sockets = append(a.sockets, s)
	a.mu.Unlock()
	if a.connect != nil {
		return a.connect(s, auth)
	}
	switch string(auth) {
	case `{"token":"wrong"}`:
		return &socketio.Refusal{Message: "Not authorized", Data: map[string]int{"tries": 2}}
	case `{"token":"odd"}`:
		return errors.New("odd token")
	}
	return nil
}

func (a *app) Event(s *socketio.Socket, e socketio.Event) {
	a.note("event %s %s", s.Namespace().Name(), e.Name)
	if a.event != nil {
		a.event(s, e)
		return
	}
	switch e.Name {
	case "message":
		s.EmitPayload("message-back", e.Payload)
	case "message-with-ack":
		e.AckPayload(e.Payload)
	}
}

func (a *app) Disconnect(s *socketio.Socket, reason engineio.Reason) {
	a.note("disconnect %s %s", s.Namespace().Name(), reason)
}

// inWorld runs f in a bubble.
func inWorld(t *testing.T, cfg engineio.Config, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, network: sockettest.Listen(), app: new(app)}
		if cfg.PingInterval == 0 {
			cfg.PingInterval = time.Hour
		}
		server, err := socketio.New(socketio.Config{
			Engine:     cfg,
			Namespaces: map[string]socketio.Handler{"/": w.app, "/custom": w.app},
		})
		if err != nil {
			t.Fatal(err)
		}
		w.server, w.main = server, server.Namespace("/")
		serving := &http.Server{Handler: server}
		go serving.Serve(w.network)
		ctx, stop := context.WithCancel(context.Background())
		stopped := make(chan error)
		go func() { stopped <- server.Run(ctx) }()
		defer func() {
			stop()
			if err := <-stopped; err != nil {
				t.Errorf("run: got %v, want nil after it was cancelled", err)
			}
			serving.Close()
			if got := w.main.Sockets(); got != 0 || len(w.main.Rooms()) != 0 {
				t.Errorf("after the end: got %d sockets and rooms %q, want none", got, w.main.Rooms())
			}
		}()
		f(w)
	})
}

// options lead a client to the world.
func (w *world) options() sockettest.Options {
	return sockettest.Options{URL: "ws://server/socket.io/", Dial: w.network.DialContext}
}

// open opens a connection that has entered no namespace.
func (w *world) open() *sockettest.Client {
	w.Helper()
	c, err := sockettest.Open(w.Context(), w.options())
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { c.Close() })
	return c
}

// enter opens a connection to the main namespace.
func (w *world) enter() *sockettest.Client {
	w.Helper()
	c, err := sockettest.Connect(w.Context(), w.options())
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { c.Close() })
	return c
}

// socket returns the i-th that asked to connect.
func (w *world) socket(i int) *socketio.Socket {
	synctest.Wait()
	w.app.mu.Lock()
	defer w.app.mu.Unlock()
	return w.app.sockets[i]
}

func (w *world) send(c *sockettest.Client, packets ...string) {
	w.Helper()
	for _, p := range packets {
		if err := c.SendText(p); err != nil {
			w.Fatalf("send %q: %v", p, err)
		}
	}
}

// read expects these packets next.
func (w *world) read(c *sockettest.Client, want ...string) {
	w.Helper()
	for _, packet := range want {
		if got, err := c.ReadText(); err != nil || got != packet {
			w.Errorf("got %q and error %v, want %q", got, err, packet)
		}
	}
}

// quiet expects nothing for a second of fake time; c is of no use afterwards.
func (w *world) quiet(c *sockettest.Client) {
	w.Helper()
	c.Conn.SetReadDeadline(time.Now().Add(time.Second))
	if got, err := c.ReadText(); err == nil {
		w.Errorf("got %q, want nothing", got)
	}
}

// closed expects the connection's end, and no packet before it.
func (w *world) closed(c *sockettest.Client, code int) {
	w.Helper()
	got, err := c.ReadText()
	if !websocket.IsCloseError(err, code) {
		w.Errorf("got %q and error %v, want close code %d", got, err, code)
	}
}

// noted expects what the application was told, since the last time.
func (w *world) noted(want ...string) {
	w.Helper()
	synctest.Wait()
	w.app.mu.Lock()
	defer w.app.mu.Unlock()
	if got := w.app.notes; fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		w.Errorf("the application was told %q, want %q", got, want)
	}
	w.app.notes = nil
}
