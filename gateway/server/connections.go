package server

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// connectionsPerClient is how many connections there may be, WebSockets aside,
// for each client that there may be: a polling one has a GET and a POST.
const connectionsPerClient = 2

// connections bounds and counts what the listener accepts until it becomes a
// WebSocket, from where on Socket.IO does. Who never ends a request has no
// session that could be refused or closed: the http.Server drops it in silence.
type connections struct {
	most       int // at once
	perAddress int // of those that have not had a request yet; 0: no bound
	unserved   prometheus.Counter
	refused    *prometheus.CounterVec

	mu      sync.Mutex // guards what follows, and every connection
	open    map[net.Conn]*connection
	waiting map[string]int // connections that have not had a request, by address
}

// connection is one of them.
type connection struct {
	address string
	waits   bool // for its first request, and counts as waiting
}

// connectionKey is where a request's context has its connection.
type connectionKey struct{}

// newConnections reads the bounds. Behind a proxy all have the proxy's address,
// and it is the proxy that waits for requests.
func newConnections(cfg Config) *connections {
	c := &connections{most: connectionsPerClient * cfg.MaxClients, perAddress: cfg.MaxPerAddress,
		open: make(map[net.Conn]*connection), waiting: make(map[string]int),
		unserved: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "counter_gateway_connections_unserved_total", Help: "Connections that ended without a whole request.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "counter_gateway_connections_refused_total", Help: "Connections that were closed at once, because there were too many.",
		}, []string{"bound"}),
	}
	if cfg.AddressHeader != "" {
		c.perAddress = 0
	}
	return c
}

// serve makes the server tell of its connections.
func (c *connections) serve(s *http.Server) {
	next := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if known, is := r.Context().Value(connectionKey{}).(*connection); is {
			c.served(known)
		}
		next.ServeHTTP(w, r)
	})
	s.ConnContext, s.ConnState = c.accept, c.change
}

// accept is told of each connection first. One too many is closed before anybody
// has read from it.
func (c *connections) accept(ctx context.Context, conn net.Conn) context.Context {
	k := &connection{address: hostOf(conn.RemoteAddr().String())}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.open) >= c.most:
		c.refuse(conn, "all")
	case c.perAddress > 0 && c.waiting[k.address] >= c.perAddress:
		c.refuse(conn, "address")
	default:
		k.waits = true
		c.waiting[k.address]++
	}
	c.open[conn] = k
	return context.WithValue(ctx, connectionKey{}, k)
}

// refuse closes a connection. The caller holds mu.
func (c *connections) refuse(conn net.Conn, bound string) {
	c.refused.WithLabelValues(bound).Inc()
	_ = conn.Close() // the server will find it closed
}

// change is told what becomes of a connection.
func (c *connections) change(conn net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.open[conn]
	if k == nil {
		return
	}
	delete(c.open, conn)
	if k.waits {
		c.unserved.Inc()
		c.arrive(k)
	}
}

// served is told of each request.
func (c *connections) served(k *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.waits {
		c.arrive(k)
	}
}

// arrive ends the wait for a request. The caller holds mu.
func (c *connections) arrive(k *connection) {
	k.waits = false
	if c.waiting[k.address]--; c.waiting[k.address] == 0 {
		delete(c.waiting, k.address)
	}
}
